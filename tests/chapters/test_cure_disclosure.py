"""What the cure chapter must not tell: single accounts, and those who hold them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from chapter_runs import Left

FEW_EVENTS = {
    "spells_summary": ("spells", "ended"),
    "exits": ("begun", "gone"),
    "cure_curves": ("begun", "gone"),
    "calibration": ("spells", "events"),
    "residuals": ("at_risk", "observed"),
    "fairness": ("rows", "events"),
    "redefault": ("denominator", "numerator"),
    "truth": ("denominator", "numerator"),
}
"""Counted accounts or spells and how many of them had the event, by table."""

SIZES = {
    "never_cure": "spells",
    "profiles": "spells",
    "cycle_time": "spells",
    "state_forecast": "accounts",
    "expected_time": "from_accounts",
    "recovery_curve": "claims",
    "validation": "rows",
}
"""Tables of estimates, and on how many accounts or spells each rests."""


def shown(left: Left, name: str) -> pd.DataFrame:
    frame = left.table(name)
    return frame[~frame["suppressed"].astype(bool)] if "suppressed" in frame.columns else frame


def few(counts: pd.Series | np.ndarray) -> np.ndarray:
    """Counts, or differences of counts, that tell of one or two accounts."""
    size = np.abs(np.asarray(counts, dtype=float))
    return (size > 0.5) & (size < 2.5)


def test_results_hold_no_account_or_customer(cure: Left, demo: Path) -> None:
    people = pq.read_table(demo / "accounts.parquet", columns=["account_id", "customer_id"]).to_pandas()
    known = set(people["account_id"]) | set(people["customer_id"])
    for name, frame in cure.tables.items():
        assert not [column for column in frame.columns if column.endswith("_id")], name
        for column in frame.select_dtypes(["object", "string", "category"]):
            assert not known & set(frame[column].astype(str)), f"{name}.{column}"
    assert not known & set(re.findall(r"\w+", cure.texts))


@pytest.mark.parametrize("name", FEW_EVENTS)
def test_no_few_events_and_no_small_cell_are_shown(cure: Left, name: str) -> None:
    count, events = FEW_EVENTS[name]
    rows = shown(cure, name)
    assert len(rows) > 0
    assert not rows[count].astype(float).between(0.5, 9.5).any()
    assert not few(rows[events]).any()
    assert not few(rows[count] - rows[events]).any() or name in ("exits", "cure_curves", "spells_summary")


@pytest.mark.parametrize("name", SIZES)
def test_estimates_rest_on_ten_accounts_or_more(cure: Left, name: str) -> None:
    assert (shown(cure, name)[SIZES[name]] >= 10).all()


def test_recovery_rests_on_fifty_claims_or_more(cure: Left) -> None:
    assert (shown(cure, "recovery_curve")["claims"] >= 50).all()
    assert "paid" not in cure.table("recovery_curve").columns


@pytest.mark.parametrize("name", ["spells_summary", "exits", "cure_curves", "profiles", "recovery_curve"])
def test_withheld_rows_tell_nothing(cure: Left, name: str) -> None:
    frame = cure.table(name)
    gone = frame[frame["suppressed"]]
    sizes = ("spells", "ended", "begun", "gone", "claims", "charged_off")
    rates = ("rate", "rate_lower", "rate_upper", "lower", "upper", "overall", "highest", "lowest", "lift")
    assert gone[[c for c in (*sizes, *rates) if c in frame.columns]].isna().all(axis=None)


@pytest.mark.parametrize(("name", "keys"), [("exits", ["period"]), ("cure_curves", ["dimension", "value"])])
def test_no_step_of_a_curve_tells_of_few_spells(cure: Left, name: str, keys: list[str]) -> None:
    rows = shown(cure, name).query("exit != 'open'").sort_values("months")
    steps = rows.groupby([*keys, "exit"])["gone"].diff()
    assert steps.notna().sum() > 20
    assert not few(steps).any()


def test_what_is_judged_is_not_told_of_few_accounts(cure: Left) -> None:
    judged = cure.table("cure_forecast_judged").query("basis == 'accounts'")
    assert (judged["actual"] >= 10).all()
    then = shown(cure, "state_forecast_judged")
    assert (then["accounts"] >= 10).all() and not few(then["actual"]).any()


def test_the_forecast_of_states_does_not_repeat_a_small_stock(cure: Left) -> None:
    paths = cure.table("state_forecast")
    certain = paths["lower"] == paths["upper"]
    assert not (certain & paths["expected"].between(0.5, 2.5)).any()


def test_coefficients_come_with_no_counts(cure: Left) -> None:
    for name in ("cure_model", "hazards", "hazard_covariances", "hazard_coding", "stability"):
        counts = {"at_risk", "cured", "spells", "weight", "rows", "events", "accounts"}
        assert not counts & set(cure.table(name).columns), name


def test_values_of_covariates_with_a_coefficient_are_common(cure: Left) -> None:
    cells = pd.read_parquet(cure.work / "accounts" / "cure" / "hazard_cells.parquet")
    coding = cure.table("hazard_coding").query("kind == 'text'")
    for variable, levels in coding.groupby("variable")["level"]:
        if variable not in ("k", "state", "product_state", "contact_last_month", "treatment_last_month"):
            months = cells.groupby(variable)["at_risk"].sum()
            assert (months[levels.tolist()] >= 200).all(), variable
