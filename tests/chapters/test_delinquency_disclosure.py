"""What the delinquency chapter must not tell: single accounts."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from chapter_runs import Left

COUNTS = (
    "accounts",
    "accounts_overdue",
    "cured",
    "entered",
    "right_party",
    "contacted",
    "ended",
    "open",
    "spells",
)


def test_no_small_cell_is_left_unmarked(standard: Left) -> None:
    for name, frame in standard.tables.items():
        rows = frame[~frame["suppressed"]] if "suppressed" in frame.columns else frame
        rows = rows[rows["basis"] == "accounts"] if "basis" in rows.columns and name != "roll_rates" else rows
        for column in COUNTS:
            if column in rows.columns:
                assert not rows[column].between(1, 2).any(), f"{name}.{column}"
        if {"numerator", "denominator"} <= set(rows.columns) and name not in ("alerts", "quality"):
            few = rows[["numerator", "denominator"]].astype(float)
            assert not few["numerator"].between(0.5, 2.5).any(), f"{name}: few events"
            assert not few["denominator"].between(0.5, 9.5).any(), f"{name}: small cells"
            assert not (few["denominator"] - few["numerator"]).between(0.5, 2.5).any(), f"{name}: few without"


def test_withheld_rows_tell_nothing(standard: Left) -> None:
    for name, frame in standard.tables.items():
        if "suppressed" in frame.columns:
            gone = frame[frame["suppressed"]]
            told = [c for c in ("numerator", "accounts", "rate", "rate_lower", "rate_upper") if c in gone.columns]
            assert gone[told].isna().all(None), name
            if name not in ("roll_rates",):
                sizes = [c for c in ("denominator", "units", "clusters", "balance") if c in gone.columns]
                assert gone[sizes].isna().all(None), name


def test_no_single_charge_off_is_told_by_the_forecasts_judgement(standard: Left) -> None:
    judged = standard.table("forecast_judged").query("measure == 'charged_off_in_month' and basis == 'accounts'")
    assert not judged["actual"].between(1, 2).any()


def test_the_forecast_does_not_repeat_the_stock_it_starts_from(standard: Left) -> None:
    ahead = standard.table("forecast").query("basis == 'accounts'")
    stock = ahead[ahead["measure"].str.startswith("stock:")]
    assert not ((stock["lower"] == stock["upper"]) & stock["expected"].between(1, 9)).any()


LADDER = ["overdue_1", "overdue_30", "overdue_60", "overdue_90"]
BAD = ["ever_30", "ever_90", "charged_off"]


def of_accounts(left: Left, name: str) -> pd.DataFrame:
    frame = left.table(name)
    return frame[frame["basis"] == "accounts"]


def few(difference: pd.Series | np.ndarray) -> np.ndarray:
    """Differences of counts that tell of one or two accounts."""
    size = np.abs(np.asarray(difference, dtype=float))
    return (size > 0.5) & (size < 2.5)


@pytest.mark.parametrize(
    ("name", "keys", "nested"),
    [
        ("delinquency", ["dimension", "value", "period"], LADDER),
        ("delinquency_monthly", ["dimension", "value", "month"], LADDER),
        ("flows", ["dimension", "value", "period"], ["cure", "sustained_cure"]),
        ("flows_monthly", ["month"], ["cure", "sustained_cure"]),
        ("vintages", ["start", "cohort", "since"], BAD),
    ],
)
def test_no_few_accounts_lie_between_two_nested_measures(
    standard: Left, name: str, keys: list[str], nested: list[str]
) -> None:
    counts = of_accounts(standard, name).pivot(index=keys, columns="measure", values="numerator")
    assert counts[nested].notna().any().all()
    for wide, narrow in combinations(nested, 2):
        assert not few(counts[wide] - counts[narrow]).any(), f"{wide} less {narrow}"


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("vintages", ["start", "measure", "cohort"]),
        ("recoveries", ["dimension", "value", "cohort"]),
    ],
)
def test_no_step_of_a_curve_tells_of_few_accounts(standard: Left, name: str, keys: list[str]) -> None:
    shown = of_accounts(standard, name).query("not suppressed").sort_values("since")
    steps = shown.groupby(keys)["numerator"].diff()
    assert steps.notna().sum() > 50
    assert not few(steps).any()


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("delinquency", ["period", "measure"]),
        ("delinquency_monthly", ["month", "measure"]),
        ("flows", ["period", "measure"]),
        ("recoveries", ["cohort", "since"]),
    ],
)
def test_no_withheld_group_follows_from_its_total(standard: Left, name: str, at: list[str]) -> None:
    frame = of_accounts(standard, name)
    whole = frame[frame["dimension"] == "all"].set_index(at)["numerator"].dropna()
    for _, groups in frame[frame["dimension"] != "all"].groupby("dimension"):
        shown = groups.groupby(at)["numerator"].sum(min_count=1).reindex(whole.index).fillna(0.0)
        gone = groups.groupby(at)["suppressed"].sum().reindex(whole.index).fillna(0)
        some = (gone > 0) & (gone < groups.groupby(at).size().reindex(whole.index))
        assert not (some & (gone == 1)).any()
        assert not few((whole - shown)[some]).any()


def test_the_quarters_end_tells_no_more_in_one_table_than_in_the_other(standard: Left) -> None:
    ends, months = of_accounts(standard, "delinquency"), of_accounts(standard, "delinquency_monthly")
    now = ends[ends["period"] == "2025Q4"].set_index(["dimension", "value", "measure"])["suppressed"]
    last = months[months["month"] == months["month"].max()]
    same = last.set_index(["dimension", "value", "measure"])["suppressed"]
    pd.testing.assert_series_equal(now.reindex(same.index), same)


def test_a_page_says_that_ages_were_pooled(standard: Left) -> None:
    captions = {details.get("label"): details.get("caption", "") for details, _ in standard.shown}
    for label in ("opening", "entry", "recovery"):
        assert "at least 3 accounts" in captions[f"fig-delinquency-{label}"]


def test_the_table_prints_no_number_of_a_row_that_is_withheld(standard: Left) -> None:
    rows = standard.table("delinquency").query("dimension == 'all' and period == '2025Q4'")
    printed = standard.markdown("tbl-delinquency-standing").splitlines()[2:]
    marked = ["withheld" in line or "n<10" in line for line in printed]
    assert marked == rows["suppressed"].tolist()
