"""Estimates beside what was drawn: known hazards, bounds on the never-cure share, and recovery."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.methods.cure.never_cure import CUT_SHORT, PROVEN, never_cure
from analysis.methods.cure.truth import (
    COLUMNS,
    hazards_against_truth,
    never_against_truth,
    recovery_against_truth,
    redefault_against_truth,
    relapse_against_truth,
)

HAZARDS = (0.5, 0.3, 0.2, 0.1)


def drawn(rows: int, seed: int, hazards: tuple[float, ...] = HAZARDS, losing: float = 0.05) -> pd.DataFrame:
    """Spells with these monthly chances of a cure, and `losing` of charge-off where none came."""
    rng = np.random.default_rng(seed)
    alive, months, exits = (
        np.ones(rows, dtype=bool),
        np.zeros(rows, dtype=int),
        np.full(rows, "open", dtype=object),
    )
    for hazard in hazards:
        cured = alive & (rng.random(rows) < hazard)
        lost = alive & ~cured & (rng.random(rows) < losing)
        months[alive] += 1
        exits[cured], exits[lost] = "cured", "charged_off"
        alive &= ~cured & ~lost
    folds = rng.integers(0, 32, rows)
    return pd.DataFrame({"entry": 0, "duration": months, "exit": exits, "fold": folds, "spells": 1})


def monthly(hazards: tuple[float, ...] = HAZARDS) -> dict[str, Any]:
    return {"cure": {"by_month_of_spell": {str(k + 1): {"hazard": h} for k, h in enumerate(hazards)}}}


def test_the_monthly_chances_are_found_and_covered() -> None:
    table = hazards_against_truth(drawn(20_000, 1), monthly())
    assert list(table) == COLUMNS
    assert table["group"].tolist() == ["1", "2", "3", "4"]
    np.testing.assert_allclose(table["rate"], HAZARDS, atol=0.015)
    assert table["truth"].tolist() == list(HAZARDS)
    # Each misses by chance once in twenty.
    assert table["covered"].sum() >= 3
    assert table.loc[0, "denominator"] == 20_000
    np.testing.assert_allclose(table["rate"], table["numerator"] / table["denominator"])


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    held = [hazards_against_truth(drawn(600, 100 + s), monthly(), least=10)["covered"] for s in range(60)]
    # 240 intervals: 95% are meant to; below 0.90 has a chance under one in a thousand.
    assert 0.90 <= np.concatenate(held).mean() < 1.0


def test_a_wrong_truth_is_not_covered() -> None:
    table = hazards_against_truth(drawn(20_000, 2), monthly((0.6, 0.3, 0.2, 0.1)))
    assert table["covered"].tolist() == [False, True, True, True]


def test_late_entries_count_only_from_when_they_are_seen() -> None:
    cells = drawn(20_000, 3)
    late = cells.assign(entry=np.arange(len(cells)) % 3)
    late = late[late["duration"] > late["entry"]]
    table = hazards_against_truth(late, monthly())
    assert table["covered"].all()
    assert table.loc[0, "denominator"] < 7_000


def test_months_with_few_at_risk_are_left_out() -> None:
    table = hazards_against_truth(drawn(300, 4), monthly(), least=100)
    assert (table["denominator"] >= 100).all() and len(table) < 4


def test_months_whose_truth_is_not_known_are_left_out() -> None:
    known = monthly()
    known["cure"]["by_month_of_spell"]["3"]["hazard"] = None
    assert hazards_against_truth(drawn(5_000, 5), known)["group"].tolist() == ["1", "2", "4"]


def never(**columns: object) -> pd.DataFrame:
    """never_cure()'s table for the whole and one product, both readings."""
    frame = pd.DataFrame(
        {
            "product": ["all", "all", "card", "card"],
            "reading": [PROVEN, CUT_SHORT, PROVEN, CUT_SHORT],
            "spells": [1000, 1000, 600, 600],
            "rate": [0.30, 0.20, 0.30, 0.20],
            "rate_lower": [0.27, 0.17, 0.27, 0.17],
            "rate_upper": [0.33, 0.23, 0.33, 0.23],
            "sufficient": [True, True, True, False],
        }
    )
    return frame.assign(**columns)


def shares(whole: float | None = 0.2, card: float | None = 0.2) -> dict[str, Any]:
    return {"never_cure": {"all": {"share": whole}, "by_product": {"card": {"share": card}}}}


def test_with_charge_off_as_proof_the_truth_may_lie_anywhere_below() -> None:
    table = never_against_truth(never(), shares()).set_index(["measure", "group"])["covered"]
    assert table["never_proven", "all"] and table["never_proven", "card"]
    above = never_against_truth(never(), shares(0.34)).set_index(["measure", "group"])["covered"]
    assert not above["never_proven", "all"]


def test_with_charge_off_as_an_end_of_watching_the_interval_must_hold_the_truth() -> None:
    for truth, held in ((0.2, True), (0.1, False), (0.25, False)):
        table = never_against_truth(never(), shares(truth)).set_index(["measure", "group"])
        assert table.loc[("never_cut_short", "all"), "covered"] == held


def test_a_reading_that_must_not_be_told_is_not_judged() -> None:
    found = set(zip(*never_against_truth(never(), shares())[["measure", "group"]].T.to_numpy(), strict=True))
    assert found == {("never_proven", "all"), ("never_cut_short", "all"), ("never_proven", "card")}


def test_products_without_a_truth_are_left_out() -> None:
    assert set(never_against_truth(never(), shares(card=None))["group"]) == {"all"}
    assert set(never_against_truth(never(product=["all", "all", "auto", "auto"]), shares())["group"]) == {"all"}


def test_counts_are_shares_of_the_spells() -> None:
    table = never_against_truth(never(), shares()).set_index(["measure", "group"])
    assert table.loc[("never_proven", "card"), ["numerator", "denominator"]].tolist() == [180, 600]


def test_no_group_large_enough_leaves_an_empty_table() -> None:
    few = never_cure(drawn(50, 6).assign(product="card"), ["product"])
    assert len(few) == 0
    table = never_against_truth(few, shares())
    assert list(table) == COLUMNS and len(table) == 0


def test_the_bound_holds_where_some_who_could_cure_are_charged_off_first() -> None:
    rng = np.random.default_rng(7)
    wait = np.where(rng.random(8000) < 0.25, 999, rng.geometric(0.3, 8000))
    gone = np.where(rng.random(8000) < 0.3, rng.integers(2, 6, 8000), 30)
    cells = pd.DataFrame(
        {
            "entry": 0,
            "duration": np.minimum(wait, gone),
            "exit": np.where(wait <= gone, "cured", "charged_off"),
            "fold": rng.integers(0, 32, 8000),
            "spells": 1,
        }
    )
    table = never_against_truth(never_cure(cells).assign(product="all"), shares(0.25)).set_index("measure")
    assert table.loc["never_proven", "rate_lower"] > 0.25 and table.loc["never_proven", "covered"]
    assert table.loc["never_cut_short", "rate"] == pytest.approx(0.25, abs=0.02)
    assert table.loc["never_cut_short", "covered"]


def curve(**columns: object) -> pd.DataFrame:
    """recovery_curve()'s table in two months since charge-off."""
    frame = pd.DataFrame(
        {
            "value": ["all", "all", "card", "auto"],
            "since": [12, 24, 24, 24],
            "charged_off": [5000.0, 4000.0, 3000.0, 1000.0],
            "rate": [0.15, 0.2, 0.1, 0.4],
            "lower": [0.1, 0.15, 0.08, 0.3],
            "upper": [0.2, 0.25, 0.12, 0.5],
        }
    )
    return frame.assign(**columns)


def test_recovery_is_judged_at_its_own_month() -> None:
    truth = {"recovery": {"within_24_months": 0.22, "by_product": {"card": 0.2, "auto": None}}}
    table = recovery_against_truth(curve(), truth).set_index("group")
    # What no claim could be followed for has no truth.
    assert list(table.index) == ["all", "card"]
    assert table["covered"].tolist() == [True, False]
    assert table.loc["all", ["numerator", "denominator"]].tolist() == [800.0, 4000.0]


def test_recovery_followed_for_less_is_not_judged() -> None:
    truth = {"recovery": {"within_24_months": 0.22, "by_product": {}}}
    assert len(recovery_against_truth(curve(since=12), truth)) == 0


CHAIN = pd.CategoricalDtype(["1–29", "30–59", "probation_1", "cured_2", "cured_3", "charged_off"], ordered=True)


def stepped(back: dict[str, int], held: int, month: str) -> pd.DataFrame:
    """`held` steps out of each state of `back` a fold, as many of them into arrears as it says."""
    rows = [
        {"from_state": state, "to_state": to, "fold": fold, "accounts": n}
        for state, again in back.items()
        for fold in range(4)
        for to, n in (("1–29", again), ("cured_3", held - again))
    ]
    frame = pd.DataFrame(rows).assign(month=pd.Timestamp(month), broken=False)
    return frame.astype({"from_state": CHAIN, "to_state": CHAIN})


def relapses(months: dict[str, dict[str, tuple[int, float]]]) -> dict[str, Any]:
    told = {
        month: {j: {"at_risk": n, "hazard": h} for j, (n, h) in cells.items()} for month, cells in months.items()
    }
    return {"relapse": {"by_month": told}}


def test_the_chance_of_falling_back_is_held_against_that_of_the_same_months() -> None:
    steps = stepped({"probation_1": 20, "cured_2": 10}, 100, "2025-06-30")
    truth = relapses({"2025-06-30": {"1": (300, 0.20), "2": (200, 0.30)}, "2025-07-31": {"1": (900, 0.90)}})
    table = relapse_against_truth(steps, truth).set_index("group")
    assert table["rate"].to_dict() == pytest.approx({"1": 0.2, "2": 0.1})
    assert table["truth"].to_dict() == pytest.approx({"1": 0.2, "2": 0.3})
    assert table["covered"].tolist() == [True, False]


def test_states_that_few_were_seen_in_are_not_held_against_the_truth() -> None:
    steps = stepped({"probation_1": 2}, 20, "2025-06-30")
    truth = {"relapse": {"by_month": {"2025-06-30": {"1": {"at_risk": 80, "hazard": 0.1}}}}}
    assert relapse_against_truth(steps, truth).empty
    assert len(relapse_against_truth(steps, truth, least=80)) == 1


def test_without_relapses_in_the_truth_there_is_nothing_to_hold_against_it() -> None:
    assert relapse_against_truth(stepped({"probation_1": 2}, 20, "2025-06-30"), {}).empty
    again = pd.DataFrame({"value": ["all"], "numerator": [5], "denominator": [50], "rate": [0.2]})
    assert redefault_against_truth(again.assign(lower=0.1, upper=0.3), {}, date(2024, 1, 31)).empty


def test_re_defaults_are_held_against_cures_from_the_month_on_that_the_rates_begin_after() -> None:
    known = {"2024-05-31": (100, 90), "2024-06-30": (100, 30), "2024-07-31": (300, 50)}
    months = {month: {"cures": cures, "again": again} for month, (cures, again) in known.items()}
    again = pd.DataFrame(
        {
            "value": ["all", "card"],
            "numerator": [50, 50],
            "denominator": [500, 500],
            "rate": [0.19, 0.9],
            "lower": [0.17, 0.8],
            "upper": [0.21, 1.0],
        }
    )
    table = redefault_against_truth(again, {"redefault": {"by_month": months}}, date(2024, 6, 30))
    assert table["truth"].tolist() == [80 / 400] and table["covered"].tolist() == [True]
    assert list(table) == COLUMNS
