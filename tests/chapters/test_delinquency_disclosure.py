"""What the delinquency chapter must not tell: single accounts."""

from __future__ import annotations

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
