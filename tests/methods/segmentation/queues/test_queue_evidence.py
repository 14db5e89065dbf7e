"""Money by depth of queue, measured on randomised decisions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from flow_truth import FLOW

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.queues.evidence import (
    better_queue,
    incremental_money,
    queue_evidence,
    ranking_power,
)
from analysis.methods.segmentation.treatments.decisions import value_decisions
from analysis.methods.segmentation.treatments.draws import draw_log
from analysis.statistics.qini import qini_curve


@pytest.fixture(scope="module")
def drawn():
    return draw_log(FLOW, 4000, seed=21)


@pytest.fixture(scope="module")
def valued(drawn):
    return value_decisions(drawn.decisions)


@pytest.fixture(scope="module")
def scores(drawn):
    """True uplift, and the cash that comes anyway: due from those who cure without an agent."""
    uplift = drawn.value["agent"] - drawn.value["robot"]
    return {"uplift": uplift, "cash anyway": drawn.value["robot"], "strain": drawn.features["strain"]}


def two_arms() -> pd.DataFrame:
    """Four accounts worked by agents and four by robots, probability one half; two folds."""
    return pd.DataFrame(
        {
            "arm": ["agent", "robot"] * 4,
            "probability": 0.5,
            "fold": [0, 0, 1, 1] * 2,
            "paid": [50.0, 10.0, 70.0, 30.0, 20.0, 20.0, 40.0, 40.0],
            "cured": 1.0,
            "attempts": [4.0, 1.0, 2.0, 1.0, 4.0, 1.0, 2.0, 1.0],
        }
    )


def test_gross_and_incremental_money_at_a_depth_by_hand():
    """Top half: paid 160; agents there brought 120 ÷ ½ and robots 40 ÷ ½, so that agents add 240 − 80."""
    log = value_decisions(two_arms())
    order = pd.Series([8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0])
    nothing = pd.DataFrame(0.0, index=order.index, columns=["agent", "robot"])
    found = queue_evidence(log, {"order": order}, "agent", "robot", nothing, depths=(0.5, 1.0))
    rows = found[found["score"] == "order"].set_index("depth")
    assert rows["gross"].to_dict() == {0.5: 160.0, 1.0: 280.0}
    assert rows["incremental"].to_dict() == pytest.approx({0.5: 160.0, 1.0: 160.0})
    assert rows["calls"].to_dict() == {0.5: 12.0, 1.0: 24.0}
    assert rows.loc[0.5, "incremental_per_1000_calls"] == pytest.approx(160 / 12 * 1000)


def test_the_sum_of_incremental_money_is_the_gain_of_the_qini_curve(valued, scores):
    """With weights of mean 1 in the arms the two differ only by how they norm the weights."""
    found = queue_evidence(valued, scores, "agent", "robot", depths=(0.3, 1.0))
    curve = qini_curve(valued.log, scores["uplift"], "agent", "robot", (0.3, 1.0))
    own = found[found["score"] == "uplift"]["incremental"].to_numpy() / valued.log.units
    assert own == pytest.approx(curve["gain"].to_numpy(), abs=0.4 * (curve["upper"] - curve["lower"]).max() / 2)


def test_incremental_money_sums_to_what_treating_a_group_adds(drawn, valued):
    found = incremental_money(valued, "agent", "robot")
    group = drawn.features["segment"] == "high_risk"
    true = (drawn.value["agent"] - drawn.value["robot"])[group].mean()
    error = found[group].std() / np.sqrt(group.sum())
    assert abs(found[group].mean() - true) < 3 * error


def test_95_percent_intervals_cover_the_true_money_at_a_depth():
    hits = []
    for seed in range(60):
        log = draw_log(FLOW, 1000, seed=500 + seed)
        true = log.value["agent"] - log.value["robot"]
        score = {"cash anyway": log.value["robot"], "strain": log.features["strain"]}
        found = queue_evidence(value_decisions(log.decisions), score, "agent", "robot", depths=(0.2, 0.5))
        for name, values in score.items():
            rows = found[found["score"] == name]
            top = [true[values.rank(ascending=False) <= depth * len(true)].sum() for depth in rows["depth"]]
            hits.append((rows["incremental_lower"] <= top) & (top <= rows["incremental_upper"]))
    assert 0.91 <= np.mean(hits) <= 0.99


def test_an_order_by_cash_that_comes_anyway_leads_in_gross_cash_and_not_in_incremental_money():
    """Those who pay without being called pay most; calling them adds nothing."""
    rng = np.random.default_rng(5)
    units = 6000
    pays, moved = rng.random(units) < 0.5, rng.random(units) < 0.5
    agent = rng.random(units) < 0.5
    frame = pd.DataFrame({"arm": np.where(agent, "agent", "robot"), "probability": 0.5, "attempts": 2.0})
    frame["fold"], frame["cured"] = rng.integers(0, 32, units), 1.0
    frame["paid"] = 1000.0 * pays + 200.0 * (agent & moved & ~pays) + rng.normal(0, 50, units)
    order = {"cash": pd.Series(pays + 0.0), "uplift": pd.Series((moved & ~pays) + 0.0)}
    log = value_decisions(frame)
    found = queue_evidence(log, order, "agent", "robot", depths=(0.25,)).set_index("score")
    assert found.loc["cash", "gross_lower"] > found.loc["uplift", "gross_upper"]
    assert found.loc["uplift", "incremental_lower"] > found.loc["cash", "incremental_upper"]
    gap = better_queue(log, order, "agent", "robot", "cash", 0.25).set_index("score").loc["uplift"]
    assert gap["difference_lower"] < 200.0 / 2.0 * 1000 < gap["difference_upper"]
    power = ranking_power(log, order, "agent", "robot")
    rows = power[power["measure"] == "qini"].set_index("score")
    assert rows.loc["uplift", "lower"] > 0 > rows.loc["cash", "upper"]


def test_a_difference_from_the_reference_is_that_of_the_two_amounts_and_none_from_itself(valued, scores):
    found = better_queue(valued, scores, "agent", "robot", "strain").set_index("score")
    amounts = found["money_per_1000_calls"]
    assert found["difference"].to_dict() == pytest.approx((amounts - amounts["strain"]).to_dict())
    assert found.loc["strain", "difference"] == 0 and "random order" in found.index
    assert "perfect order" not in found.index
    assert found["calls"].iloc[0] == pytest.approx(0.2 * 8000 * valued.calls_an_account("agent"))


def test_an_unknown_reference_a_score_of_other_units_and_no_score_are_refused(valued, scores):
    with pytest.raises(ParameterError, match="reference 'priority' is not among the scores"):
        better_queue(valued, scores, "agent", "robot", "priority")
    with pytest.raises(InputError, match="score 'uplift': 10 rows, but the log has 8,000"):
        queue_evidence(valued, {"uplift": scores["uplift"].head(10)}, "agent", "robot")
    with pytest.raises(InputError, match="no score was given"):
        queue_evidence(valued, {}, "agent", "robot")
    with pytest.raises(InputError, match="arm 'letter' was never logged"):
        ranking_power(valued, scores, "letter", "robot")


def test_money_per_calls_is_missing_where_attempts_are_not_recorded(drawn, scores):
    log = value_decisions(drawn.decisions.drop(columns="attempts"))
    found = queue_evidence(log, scores, "agent", "robot", depths=(0.5,))
    assert found["incremental_per_1000_calls"].isna().all() and found["incremental"].notna().all()
