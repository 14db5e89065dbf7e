"""Effects of treatments held to the truth of what logs and whole portfolios were drawn from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from flow_truth import FLOW
from sklearn.linear_model import LinearRegression

from analysis.data.panel.decisions import decisions
from analysis.data.portfolio import open_portfolio
from analysis.data.simulate import simulate
from analysis.methods.segmentation.treatments.decisions import ValuedDecisions, arm_effects, value_decisions
from analysis.methods.segmentation.treatments.draws import SEGMENTS, draw_log
from analysis.statistics.outcome_model import cross_fitted_outcomes

SEEDS = (10, 11, 12)
HORIZON = 4
"""The month of the decision and three more: in the simulator a decision acts from the month after it."""


def true_effects(measure: str) -> pd.Series:
    """Mean true effect by segment and arm over 200,000 accounts."""
    drawn = draw_log(FLOW, 100_000, seed=1)
    table = getattr(drawn, measure)
    added = table.sub(table["robot"], axis=0).groupby(drawn.features["segment"]).mean()
    return pd.Series(added.stack())


@pytest.mark.parametrize(("measure", "adjusted"), [("success", True), ("value", False)], ids=["scores", "means"])
def test_95_percent_intervals_cover_the_true_effect_of_each_arm_in_each_segment(measure, adjusted):
    """80 logs here, so the limits are wide; benchmarks/uplift_coverage.py does it with 1,000."""
    true, hits = true_effects(measure), []
    for seed in range(80):
        drawn = draw_log(FLOW, 1000, seed=900 + seed)
        valued, outcomes = value_decisions(drawn.decisions), None
        if adjusted:
            coded = drawn.features[["amount_due", "strain"]]
            predicted = cross_fitted_outcomes(valued.rewarded(measure), coded, LinearRegression(), 2)
            outcomes = {measure: predicted}
        found = arm_effects(valued, "robot", drawn.features[["segment"]], outcomes, (measure,))
        truth = true.loc[list(zip(found["segment"], found["arm"], strict=True))].to_numpy()
        hits.append(((found["lower"] <= truth) & (truth <= found["upper"])).to_numpy())
    covered = np.mean(hits, axis=0)
    assert covered.min() > 0.85, covered
    assert 0.92 <= np.mean(covered) <= 0.98


@pytest.fixture(scope="module")
def portfolios(tmp_path_factory) -> list[tuple[dict, dict[str, ValuedDecisions], dict[str, pd.DataFrame]]]:
    """Whole simulated portfolios: what truth.json tells, decisions valued, and their segments."""
    return [read(tmp_path_factory.mktemp("portfolio") / str(seed), seed) for seed in SEEDS]


def read(folder: Path, seed: int) -> tuple[dict, dict[str, ValuedDecisions], dict[str, pd.DataFrame]]:
    simulate(folder, accounts=6000, seed=seed)
    portfolio = open_portfolio(folder)
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    accounts = portfolio.table("accounts").select("account_id", "origination_score").to_pandas()
    score = accounts.set_index("account_id")["origination_score"]
    valued, segments = {}, {}
    for name in ("robot_vs_agent", "flow_policy"):
        found = decisions(portfolio, name, HORIZON)
        valued[name] = value_decisions(found, success_col="back_3", name=name)
        place = np.searchsorted(
            truth["segments"]["origination_score_edges"], found["account_id"].map(score), "right"
        )
        table = pd.DataFrame({"segment": np.array(SEGMENTS)[place]}, index=found.index)
        segments[name] = table.loc[valued[name].log.index]
    return truth["experiments"], valued, segments


@pytest.mark.parametrize("name", ["robot_vs_agent", "flow_policy"])
def test_success_by_arm_and_segment_is_what_the_portfolio_realised(portfolios, name):
    for truth, valued, segments in portfolios:
        told = truth[name]["outcomes"]["cured_within_3"]
        log = valued[name].rewarded("success")
        arm = np.array(log.arms)[log.chosen]
        found = pd.Series(log.reward).groupby([segments[name]["segment"].to_numpy(), arm]).mean()
        true = {(s, a): told[s]["realised"][a] for s in SEGMENTS for a in truth[name]["arms"]}
        assert found.to_dict() == pytest.approx(true, abs=2e-6)


def test_intervals_cover_the_effects_that_whole_portfolios_were_drawn_with(portfolios):
    """Each account's own probability under every arm is the truth; 3 portfolios × (3 + 9) effects.

    A segment's arms share a reference, so that misses come together: of the 288 effects of 24 portfolios (seeds 10
    to 33) 94.4% were covered, of the 36 of seeds 1 to 3 only 83%. Held here is what chance seldom exceeds.
    """
    missed, distance = [], []
    for seed, (truth, valued, segments) in zip(SEEDS, portfolios, strict=True):
        for name, log in valued.items():
            told = truth[name]["outcomes"]["cured_within_3"]
            for row in arm_effects(log, "robot", segments[name], measures=("success",)).itertuples():
                true = told[row.segment]["cured"][row.arm] - told[row.segment]["cured"]["robot"]
                distance.append((row.effect - true) / row.se)
                if not row.lower <= true <= row.upper:
                    missed.append((seed, name, row.segment, row.arm))
    assert len(distance) == 36
    assert len(missed) <= 6, missed
    assert np.abs(distance).max() < 4 and abs(np.mean(distance)) < 0.6
