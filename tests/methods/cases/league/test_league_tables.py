"""League tables made ready: places, pairs told apart, and the skill that cases were drawn with."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from analysis.methods.cases.league.against_truth import league_against_truth
from analysis.methods.cases.league.groups import cannot_tell
from analysis.methods.cases.league.tables import adjusted_league, both_ends, rank_spans, told_apart
from analysis.statistics.shrinkage import draw, shrink

SKILL = {"G1": 0.5, "G2": 0.1, "G3": 0.0, "G4": -0.1, "G5": -0.5}
CURE = {
    "3": {"hazard": 0.2, "hazard_of_those_who_can": 0.5},
    "4": {"hazard": 0.1, "hazard_of_those_who_can": 0.4},
}


def draw_cases(skill: dict[str, float], cases: int, seed: int, hard: float = 0.0) -> pd.DataFrame:
    """Conversations of agents by log-odds of skill; `hard`: the first agent's cases are harder by a feature."""
    rng = np.random.default_rng(seed)
    entity = np.array(list(skill))[rng.integers(0, len(skill), cases)]
    x = rng.standard_normal(cases) + hard * (entity == next(iter(skill)))
    chance = expit(-0.2 - 0.8 * x + pd.Series(entity).map(skill).to_numpy())
    made = {"entity": entity, "outcome": (rng.random(cases) < chance).astype(float)}
    return pd.DataFrame(made | {"customer": rng.integers(0, cases // 2, cases), "sampled": 1.0, "x": x})


def test_the_best_with_the_hardest_cases_is_first_once_cases_are_equal():
    found = adjusted_league(draw_cases(SKILL, 6000, 1, hard=1.0))
    assert found is not None
    assert found["entity"].iloc[0] == "G1"
    assert found["number"].tolist() == [1, 2, 3, 4, 5]
    assert found.loc[found["plain"].idxmax(), "entity"] != "G1"
    assert found["events"].sum() == pytest.approx(draw_cases(SKILL, 6000, 1, hard=1.0)["outcome"].sum())


@pytest.mark.parametrize(
    "cases",
    [
        draw_cases(SKILL, 150, 1),
        draw_cases(SKILL, 2000, 1).assign(outcome=1.0),
        draw_cases({"G1": 0.0}, 2000, 1),
        draw_cases(SKILL, 2000, 1).head(0),
    ],
    ids=["few cases", "one outcome", "one agent", "none"],
)
def test_where_there_is_nothing_to_compare_there_is_no_table(cases: pd.DataFrame):
    assert adjusted_league(cases) is None


def test_cases_of_which_nothing_is_known_are_compared_as_they_are():
    cases = draw_cases(SKILL, 3000, 2).assign(x=1.0)
    found = adjusted_league(cases)
    assert found is not None
    assert found["expected"].to_numpy() == pytest.approx(cases["outcome"].mean())


def test_the_pairs_told_apart_are_those_of_the_groups():
    found = adjusted_league(draw_cases(SKILL, 4000, 3))
    assert found is not None
    apart = told_apart(found)
    draws = draw(shrink(found["estimate"], found["se"]))
    assert apart is not None
    assert apart.pairs == cannot_tell(draws)["better_than"].sum() == found["better_than"].sum()
    assert (apart.best, apart.last) == (1, 5)
    assert 0 < apart.lower < apart.difference < apart.upper


def test_equal_agents_are_seldom_told_apart():
    equal = dict.fromkeys(SKILL, 0.0)
    tables = [adjusted_league(draw_cases(equal, 1500, seed)) for seed in range(12)]
    told = [table is not None and told_apart(table) is not None for table in tables]
    assert np.mean(told) <= 0.17


def test_true_differences_are_skill_at_the_share_that_cases_had():
    cases = draw_cases(SKILL, 20_000, 4)
    found = adjusted_league(cases)
    assert found is not None
    table = league_against_truth(
        found.rename(columns={"entity": "agent"}), "agent", "promise", {"agents": SKILL}, 3
    )
    assert table["arm"].tolist() == found["entity"].tolist()
    assert np.average(table["truth"], weights=found["cases"]) == pytest.approx(0, abs=1e-12)
    by_hand = expit(logit(0.45) + 0.5) - 0.45
    assert table["truth"].iloc[0] == pytest.approx(by_hand, abs=0.02)
    assert table["covered"].mean() >= 0.8


def test_an_agencys_true_difference_is_of_those_who_can_cure():
    made = {"agency": ["a", "b"], "cases": [10, 10], "expected": [0.3, 0.3], "estimate": [0.1, -0.1]}
    table = pd.DataFrame(made).assign(shrunken=0.0, shrunken_lower=-1.0, shrunken_upper=1.0)
    truth = {"agencies": {"a": 0.3, "b": -0.3}, "cure": {"by_missed_payments": CURE}}
    found = league_against_truth(table, "agency", "back", truth, horizon=3)
    cured = [0.4 * (1 - (1 - expit(logit(0.5) + s)) * (1 - expit(logit(0.4) + s))) for s in (0.3, -0.3)]
    assert found["truth"].diff().iloc[1] == pytest.approx(cured[1] - cured[0])
    # With two months only the first month after the placement's own counts.
    shorter = league_against_truth(table, "agency", "back", truth, horizon=2)
    assert shorter["truth"].diff().iloc[1] == pytest.approx(0.4 * (expit(-0.3) - expit(0.3)))


def test_what_the_simulator_does_not_tell_has_no_truth():
    found = adjusted_league(draw_cases(SKILL, 2000, 5))
    assert found is not None
    as_channels = found.rename(columns={"entity": "channel"})
    assert league_against_truth(as_channels, "channel", "right_party", {"agents": SKILL}, 3).empty
    as_agents = found.rename(columns={"entity": "agent"})
    assert league_against_truth(as_agents, "agent", "promise", {"agents": {"G99": 1.0}}, 3).empty


def test_long_tables_are_printed_by_their_ends_and_those_without_a_place_are_not():
    table = pd.DataFrame({"number": range(1, 16), "estimate": 0.1}).assign(suppressed=False)
    table.loc[14, "estimate"] = np.nan
    assert both_ends(table)["number"].tolist() == [1, 2, 3, 4, 5, 10, 11, 12, 13, 14]
    assert len(both_ends(table.head(12))) == 12
    spans = pd.DataFrame({"rank_lower": [1.0, 2.0, np.nan], "rank_upper": [3.0, 2.0, np.nan]})
    assert rank_spans(spans, "—") == ["1–3", "2", "—"]
