"""Whether the order that comes out first of several is shown to be better than the printed formula's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import ParameterError
from analysis.methods.segmentation.queues.evidence import better_queue
from analysis.methods.segmentation.queues.priority import PERFECT, RANDOM, value_of_better_queue
from analysis.methods.segmentation.treatments.decisions import ValuedDecisions, value_decisions

Orders = dict[str, pd.Series]
DRAWS = 400
LEAD, DIFFERENCE = 0.025 + 2 * np.sqrt(0.025 * 0.975 / DRAWS), 0.05 + 2 * np.sqrt(0.05 * 0.95 / DRAWS)
"""A lead is one side of 95% limits, a difference either side; two standard errors of so many draws are allowed."""


def drawn(seed: int, units: int, rules: int, lift: float = 0.0) -> tuple[ValuedDecisions, Orders]:
    """Two accounts a customer, agent or robot by lot, skewed cash, and rules that rank by nothing, two of them in
    opposite order. Agents add 20 to some accounts and nothing to others; with `lift`, so much to the fifth that
    the order "leader" puts first."""
    rng = np.random.default_rng(seed)
    customer = np.repeat(np.arange(units // 2), 2)
    agent, moved, special = rng.random(units) < 0.5, rng.random(units) < 0.5, rng.random(units) < 0.2
    cash = 100 * rng.lognormal(0, 1, units) + 50 * rng.standard_normal(units // 2)[customer]
    frame = pd.DataFrame({"arm": np.where(agent, "agent", "robot"), "probability": 0.5, "attempts": 2.0})
    frame["fold"], frame["cured"] = rng.integers(0, 32, units // 2)[customer], 1.0
    frame["paid"] = cash + agent * (20 * moved + lift * special)
    orders = {f"rule {number}": pd.Series(rng.standard_normal(units)) for number in range(rules)}
    orders |= {"opposite": -orders["rule 0"], "printed": pd.Series(rng.standard_normal(units))}
    leader = {"leader": pd.Series(special + 0.1 * rng.random(units))} if lift else {}
    return value_decisions(frame), orders | leader


def compared(valued: ValuedDecisions, orders: Orders, seed: int = 0) -> pd.DataFrame:
    """The orders against the printed formula's, the best first."""
    found = better_queue(valued, orders, "agent", "robot", "printed", seed=seed)
    return found[found["score"] != RANDOM].sort_values("money_per_1000_calls", ascending=False)


def test_of_equally_good_orders_the_first_is_shown_to_lead_no_more_often_than_the_level_allows() -> None:
    leads, differs = [], []
    for seed in range(DRAWS):
        found = compared(*drawn(seed, 1000, rules=7), seed=seed)
        lower, upper = found[["difference_lower", "all_lower"]], found[["difference_upper", "all_upper"]]
        leads.append(lower.to_numpy()[0] > 0)
        differs.append(((lower.to_numpy() > 0) | (upper.to_numpy() < 0)).any(axis=0))
    (lead_alone, lead), (differ_alone, differ) = np.mean(leads, axis=0), np.mean(differs, axis=0)
    assert lead <= LEAD and differ <= DIFFERENCE
    # What is corrected: limits of each difference alone show a difference too often.
    assert lead_alone > lead and differ_alone > DIFFERENCE


def test_an_order_that_is_truly_better_is_found_to_lead() -> None:
    found = [compared(*drawn(seed, 1000, rules=3, lift=300.0), seed=seed).iloc[0] for seed in range(40)]
    assert np.mean([row["score"] == "leader" and row["all_lower"] > 0 for row in found]) > 0.9


def test_limits_for_all_are_wider_than_those_of_each_and_around_the_same_difference() -> None:
    found = compared(*drawn(1, 600, rules=3)).query("score != 'printed'")
    assert (found["all_lower"] < found["difference_lower"]).all()
    assert (found["all_upper"] > found["difference_upper"]).all()
    middle = (found["all_lower"] + found["all_upper"]) / 2
    assert middle.to_numpy() == pytest.approx(found["difference"].to_numpy())


def test_one_order_against_the_reference_has_the_limits_that_it_has_alone() -> None:
    valued, orders = drawn(2, 600, rules=1)
    found = compared(valued, {name: orders[name] for name in ("rule 0", "printed")}).set_index("score")
    alone, of_all = (found.loc["rule 0", [f"{kind}_lower", f"{kind}_upper"]] for kind in ("difference", "all"))
    assert of_all.to_list() == pytest.approx(alone.to_list())


def test_what_nobody_picks_has_no_limits_for_all_and_costs_the_others_nothing() -> None:
    """The reference, random and perfect order, and an order whose front is the reference's."""
    valued, orders = drawn(3, 600, rules=2)
    found = compared(valued, orders).set_index("score")
    more = compared(valued, orders | {"same front": 2 * orders["printed"]}).set_index("score")
    assert more.loc[["printed", "same front"], ["all_lower", "all_upper"]].isna().all(axis=None)
    assert more.loc["rule 0", "all_lower"] == pytest.approx(found.loc["rule 0", "all_lower"])
    money, fold = valued.money["value"], valued.log.fold
    table = value_of_better_queue({"ours": orders["printed"]}, money, fold, "ours").set_index("score")
    assert table["all_lower"].isna().all() and {RANDOM, PERFECT} < set(table.index)


def test_random_order_may_be_what_all_are_compared_with() -> None:
    valued, orders = drawn(4, 600, rules=2)
    found = better_queue(valued, orders, "agent", "robot", RANDOM).set_index("score")
    assert found.loc[list(orders), "all_lower"].notna().all() and np.isnan(found.loc[RANDOM, "all_lower"])


def test_a_level_that_is_no_fraction_is_refused() -> None:
    valued, orders = drawn(5, 200, rules=1)
    with pytest.raises(ParameterError, match="level is 95; give a fraction"):
        better_queue(valued, orders, "agent", "robot", "printed", level=95)
