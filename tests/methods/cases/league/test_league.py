"""League tables: case mix taken out, luck drawn in, ties told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cases.experiments.draws import DrawnCases, draw_cases
from analysis.methods.cases.league.case_mix import case_mix, league
from analysis.methods.cases.league.funnel import funnel
from analysis.methods.cases.league.groups import cannot_tell, ranks


def table_of(drawn: DrawnCases, **how: object) -> pd.DataFrame:
    expected = case_mix(drawn.cases, drawn.features, "promised", model=LinearRegression(), splits=2)
    return league(drawn.cases, "agent", "promised", expected, **how)


def test_observed_and_expected_are_by_hand():
    cases = pd.DataFrame({"agent": list("aabb"), "customer": range(4), "promised": [1.0, 1.0, 0.0, 1.0]})
    expected = pd.Series([0.5, 0.7, 0.3, 0.5])
    found = league(cases, "agent", "promised", expected, fewest=2).set_index("agent")
    # Expected values are first raised from 0.5 to the 0.75 of all cases.
    assert found["expected"].to_dict() == pytest.approx({"a": 0.85, "b": 0.65})
    assert found["estimate"].to_dict() == pytest.approx({"a": 0.15, "b": -0.15})
    ratio = league(cases, "agent", "promised", expected, measure="ratio", fewest=2).set_index("agent")
    assert ratio["estimate"].to_dict() == pytest.approx({"a": 2 / 1.8, "b": 1 / 1.2})


def test_adjustment_takes_out_what_the_cases_bring():
    """An agent with easy cases looks best in plain shares and isn't."""
    rng = np.random.default_rng(1)
    agent = np.repeat(["easy", "hard", "plain"], 1500)
    x = np.repeat([0.6, -0.6, 0.0], 1500) + rng.uniform(-0.4, 0.4, 4500)
    own = np.repeat([-0.05, 0.05, 0.0], 1500)
    cases = pd.DataFrame({"agent": agent, "customer": range(4500)})
    cases["promised"] = (rng.random(4500) < 0.45 + 0.3 * x + own).astype(float)
    # The model is fitted within agents' overlap: an intercept and a slope that no agent's own tilts much.
    expected = pd.Series(0.45 + 0.3 * x)
    found = league(cases, "agent", "promised", expected)
    plain = cases.groupby("agent")["promised"].mean()
    assert plain.idxmax() == "easy"
    assert found["agent"].tolist() == ["hard", "plain", "easy"]


def test_limits_hold_alone_and_shrunken_and_ranks_too():
    hits, nearer = [], []
    for seed in range(12):
        drawn = draw_cases(40, 8000, 0.04, seed)
        found = table_of(drawn, seed=seed)
        truth, place = found["agent"].map(drawn.truth), found["agent"].map(drawn.truth.rank(ascending=False))
        alone = (found["lower"] <= truth) & (truth <= found["upper"])
        drawn_in = (found["shrunken_lower"] <= truth) & (truth <= found["shrunken_upper"])
        hits.append(
            [alone.mean(), drawn_in.mean(), place.between(found["rank_lower"], found["rank_upper"]).mean()]
        )
        nearer.append([((found[name] - truth) ** 2).mean() for name in ("shrunken", "estimate")])
    alone, drawn_in, rank = np.mean(hits, axis=0)
    shrunken, plain = np.mean(nearer, axis=0)
    assert shrunken < 0.7 * plain
    assert 0.91 <= alone <= 0.98 and 0.91 <= drawn_in <= 0.98 and rank >= 0.91


def test_agents_who_are_all_alike_are_one_group():
    drawn = draw_cases(15, 6000, 0.0, 3)
    found = table_of(drawn)
    assert set(found["group"]) == {"A"}
    assert found[["better_than", "worse_than"]].to_numpy().sum() == 0
    assert found["shrunken"].abs().max() < 0.6 * found["estimate"].abs().max()


def test_sure_pairs_are_nearly_always_right():
    right, sure = 0, 0
    for seed in range(8):
        drawn = draw_cases(20, 8000, 0.06, 50 + seed)
        found = table_of(drawn)
        order = found["agent"].map(drawn.truth).to_numpy()
        for place, row in enumerate(found.itertuples()):
            below = [
                i for i in range(len(found)) if not set(row.group) & set(found["group"].iloc[i]) and i > place
            ]
            sure += len(below)
            right += int((order[below] < order[place]).sum())
    assert sure > 100 and right / sure > 0.97


def test_a_small_agent_with_a_good_record_is_drawn_to_the_others():
    drawn = draw_cases(10, 4000, 0.03, 5)
    few = pd.DataFrame({"agent": "new", "customer": range(9000, 9012), "promised": [1.0] * 9 + [0.0] * 3})
    cases = pd.concat([drawn.cases, few], ignore_index=True)
    found = league(cases, "agent", "promised", pd.Series(0.45, cases.index)).set_index("agent")
    assert found["estimate"].idxmax() == "new" and found.loc["new", "estimate"] > 0.25
    assert found.loc["new", "shrunken"] < 0.5 * found.loc["new", "estimate"]


def test_a_perfect_record_is_not_without_error():
    drawn = draw_cases(10, 4000, 0.03, 5)
    few = pd.DataFrame({"agent": "new", "customer": range(9000, 9012), "promised": 1.0})
    cases = pd.concat([drawn.cases, few], ignore_index=True)
    found = league(cases, "agent", "promised", pd.Series(0.45, cases.index)).set_index("agent")
    # Its own cases, all alike, say nothing of its error; the variance of all agents does.
    assert found.loc["new", "se"] > 0.08


def test_too_few_clusters_are_counted_and_not_judged():
    drawn = draw_cases(5, 2000, 0.05, 6)
    few = pd.DataFrame({"agent": "new", "customer": range(9000, 9003), "promised": 1.0})
    cases = pd.concat([drawn.cases, few], ignore_index=True)
    found = league(cases, "agent", "promised", pd.Series(0.45, cases.index))
    assert found["agent"].iloc[-1] == "new" and found["cases"].iloc[-1] == 3
    assert found.iloc[-1][["estimate", "shrunken", "rank"]].isna().all()


def test_calls_to_the_same_customers_widen_an_agents_limits():
    drawn = draw_cases(6, 3000, 0.05, 7)
    copies = pd.concat([drawn.cases] * 4, ignore_index=True)
    once = league(drawn.cases, "agent", "promised", pd.Series(0.45, drawn.cases.index)).set_index("agent")["se"]
    again = league(copies, "agent", "promised", pd.Series(0.45, copies.index)).set_index("agent")["se"]
    assert again.to_numpy() == pytest.approx(once[again.index].to_numpy())


def test_where_less_is_better_the_order_turns():
    drawn = draw_cases(12, 6000, 0.06, 8)
    up, down = table_of(drawn), table_of(drawn, better="lower")
    assert up["agent"].tolist() == down["agent"].tolist()[::-1]
    assert down["shrunken"].is_monotonic_increasing


def test_ranks_and_groups_are_by_hand():
    draws = np.array([[5.0, 3.0, 2.0, 0.0]] * 60 + [[5.0, 2.0, 3.0, 0.0]] * 40)
    assert ranks(draws)["rank"].tolist() == pytest.approx([1.0, 2.4, 2.6, 4.0])
    assert ranks(draws)["best"].tolist() == [1.0, 0.0, 0.0, 0.0]
    found = cannot_tell(draws)
    assert found["group"].tolist() == ["A", "B", "B", "C"]
    assert found["better_than"].tolist() == [3, 1, 1, 0]


def test_groups_of_equals_overlap():
    rng = np.random.default_rng(1)
    draws = np.array([2.0, 1.0, 0.0]) + 0.45 * rng.standard_normal((4000, 3))
    assert cannot_tell(draws)["group"].tolist() == ["A", "AB", "B"]


def test_the_funnel_narrows_with_size_and_holds_most_of_equals():
    beyond = []
    for seed in range(10):
        found = funnel(table_of(draw_cases(40, 8000, 0.0, 100 + seed)), widened=False)
        beyond.append(found.points["beyond_0.95"].mean())
    assert 0.02 < np.mean(beyond) < 0.09
    wide = found.limits[found.limits["level"] == 0.95]
    assert wide["upper"].is_monotonic_decreasing and (wide["lower"] == -wide["upper"]).all()
    # Limits shrink with the square root of size.
    ends = wide.iloc[[0, -1]]
    assert (ends["upper"] ** 2 * ends["size"]).nunique() == 1 or np.ptp(ends["upper"] ** 2 * ends["size"]) < 1e-9


def test_overdispersion_widens_the_funnel():
    table = table_of(draw_cases(40, 8000, 0.08, 9))
    plain, wide = funnel(table, widened=False), funnel(table)
    assert plain.overdispersion == 1.0 and wide.overdispersion > 1.5
    assert plain.points["beyond_0.998"].sum() > wide.points["beyond_0.998"].sum()
    assert (wide.limits["upper"] / plain.limits["upper"]).round(9).nunique() == 1


def test_a_funnel_of_ratios_is_about_one():
    found = funnel(table_of(draw_cases(10, 4000, 0.03, 10), measure="ratio"), "ratio")
    assert found.limits["lower"].max() < 1 < found.limits["upper"].min()
    assert (found.limits["lower"] * found.limits["upper"]).to_numpy() == pytest.approx(1.0)


def test_what_no_table_can_be_made_of_is_refused():
    drawn = draw_cases(5, 500, 0.05, 1)
    flat = pd.Series(0.45, drawn.cases.index)
    with pytest.raises(ParameterError, match="measure is 'odds'"):
        league(drawn.cases, "agent", "promised", flat, measure="odds")
    with pytest.raises(InputError, match="the cases have no column agency; they have agent, customer, promised"):
        league(drawn.cases, "agency", "promised", flat)
    with pytest.raises(InputError, match="missing promised in 500 of 500 cases"):
        league(drawn.cases.assign(promised=np.nan), "agent", "promised", flat)
    with pytest.raises(InputError, match="expected has another index"):
        league(drawn.cases, "agent", "promised", flat.iloc[::-1])
