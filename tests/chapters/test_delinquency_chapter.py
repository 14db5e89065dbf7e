"""The delinquency chapter, run from its first cell to its last."""

from __future__ import annotations

import re
from dataclasses import asdict
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from chapter_runs import Left, make_project, run_cells
from small_portfolios import EDGES, a_month_without_rows, write

from analysis.core.errors import ContractError
from analysis.core.states import Buckets
from analysis.data.check import require_valid

NOW, BEFORE, YEAR_AGO = "2025Q4", "2025Q3", "2024Q4"
ROLLS = ["from_state", "to_state", "accounts", "balance", "rate", "rate_lower", "rate_upper", "period"]
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


def numbers_of(left: Left, name: str, **labels: str) -> pd.DataFrame:
    frame = left.table(name)
    for column, value in labels.items():
        frame = frame[frame[column] == value]
    return frame


# What it leaves -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["roll_rates", "delinquency", "vintages", "forecast", "funnel"])
def test_the_results_that_others_build_on_are_there(standard: Left, name: str) -> None:
    assert len(standard.table(name)) > 0


def test_roll_rates_have_the_columns_that_others_build_on(standard: Left) -> None:
    assert set(ROLLS) <= set(standard.table("roll_rates").columns)
    assert {NOW, BEFORE, YEAR_AGO} == set(standard.table("roll_rates")["period"])


def test_nothing_is_left_out_where_all_tables_are_there(standard: Left) -> None:
    assert standard.left_out == {}


def test_the_first_page_gets_eight_to_twelve_headlines(standard: Left) -> None:
    assert 8 <= len(standard.headlines) <= 12


def test_no_headline_lacks_its_interval_or_a_comparison(standard: Left) -> None:
    for headline in standard.headlines.values():
        there = (headline.value, headline.lower, headline.upper, headline.previous, headline.year_ago)
        assert None not in there, headline.key
        assert headline.lower <= headline.value <= headline.upper, headline.key


def test_headlines_are_the_numbers_of_the_results(standard: Left) -> None:
    shown = numbers_of(standard, "delinquency", measure="overdue_30", basis="balance", dimension="all")
    rates = shown.set_index("period")["rate"]
    headline = standard.headlines["overdue_30"]
    assert (headline.value, headline.previous, headline.year_ago) == tuple(rates[[NOW, BEFORE, YEAR_AGO]])
    cures = numbers_of(standard, "flows", measure="cure", basis="accounts", dimension="all").set_index("period")
    assert standard.headlines["cure"].value == cures.loc[NOW, "rate"]


def test_results_hold_no_account_or_customer(standard: Left, demo: Path) -> None:
    people = pq.read_table(demo / "accounts.parquet", columns=["account_id", "customer_id"]).to_pandas()
    known = set(people["account_id"]) | set(people["customer_id"])
    for name, frame in standard.tables.items():
        assert not [column for column in frame.columns if column.endswith("_id")], name
        for column in frame.select_dtypes(["object", "string", "category"]):
            assert not known & set(frame[column].astype(str)), f"{name}.{column}"
    words = set(re.findall(r"\w+", standard.texts))
    assert not known & words


def test_no_sentence_has_a_hole(standard: Left) -> None:
    assert not re.search(r"\b(nan|None|NaT|inf)\b|\{\{|—\s+of\b", standard.prose)


# What must agree ------------------------------------------------------------------------------------------------


def test_the_roll_rates_of_a_start_sum_to_one(standard: Left) -> None:
    rolled = standard.table("roll_rates")
    whole = ~rolled.groupby(["period", "from_state"], observed=True)["suppressed"].transform("any")
    sums = rolled[whole].groupby(["period", "from_state"], observed=True)[["rate", "balance_rate"]].sum()
    assert len(sums) >= 3
    np.testing.assert_allclose(sums["rate"], 1.0)
    np.testing.assert_allclose(sums["balance_rate"], 1.0)


def test_accounts_stepped_into_current_are_those_current_in_the_stock(standard: Left, demo: Path) -> None:
    months = pq.read_table(demo / "months.parquet", columns=["account_id", "month", "status", "days_past_due"])
    months = months.to_pandas().sort_values(["account_id", "month"])
    months["before"] = months.groupby("account_id")["status"].shift()
    ends = pd.to_datetime(months["month"]).isin(pd.to_datetime(["2025-10-31", "2025-11-30", "2025-12-31"]))
    current = (months["status"] == "open") & (months["days_past_due"] == 0) & (months["before"] == "open")
    into = numbers_of(standard, "roll_rates", period=NOW, to_state="current")
    assert not into["suppressed"].any() or into["accounts"].sum() < (ends & current).sum()
    if not into["suppressed"].any():
        assert into["accounts"].sum() == (ends & current).sum()


def test_entries_are_the_steps_out_of_current(standard: Left) -> None:
    rolled = numbers_of(standard, "roll_rates", period=NOW, from_state="current")
    entered = rolled[~rolled["to_state"].isin(["current", "charged_off", "paid_off", "sold", "closed"])]
    headline = standard.headlines["entry"]
    assert headline.denominator == rolled["from_accounts"].iloc[0]
    shown = entered["accounts"].fillna(0).sum()
    assert shown <= headline.numerator
    if not entered["suppressed"].any():
        assert shown == headline.numerator


def test_cures_are_the_steps_into_current(standard: Left) -> None:
    late = numbers_of(standard, "roll_rates", period=NOW, to_state="current")
    late = late[late["from_state"].isin(Buckets().labels[1:])]
    headline = standard.headlines["cure"]
    assert 0 < late["accounts"].fillna(0).sum() <= headline.numerator
    assert 0 < late["from_accounts"].sum() <= headline.denominator


def test_mix_and_rate_effects_add_up_to_the_change(standard: Left) -> None:
    effects, headline = standard.table("mix"), standard.headlines["overdue_30"]
    np.testing.assert_allclose(effects["effect"], effects["mix_effect"] + effects["rate_effect"])
    assert effects["effect"].sum() == pytest.approx(headline.value - headline.previous, abs=1e-12)


def test_the_last_month_of_the_series_is_the_quarters_end(standard: Left) -> None:
    series = numbers_of(standard, "delinquency_monthly", dimension="all", measure="overdue_30", basis="balance")
    assert series.sort_values("month")["rate"].iloc[-1] == pytest.approx(standard.headlines["overdue_30"].value)
    assert series["month"].max() == pd.Timestamp("2025-12-31")


def test_the_forecast_begins_after_the_last_month_known(standard: Left) -> None:
    ahead = standard.table("forecast")
    assert ahead["month"].min() == pd.Timestamp("2026-01-31")
    assert ahead["month"].nunique() == 12
    assert (ahead["lower"] <= ahead["expected"]).all()
    assert (ahead["expected"] <= ahead["upper"]).all()


def test_overdue_rates_fall_with_the_days_that_they_ask_for(standard: Left) -> None:
    shown = (
        standard.table("delinquency")
        .query("dimension == 'all'")
        .pivot_table(index=["period", "basis"], columns="measure", values="rate")
    )
    for milder, harder in combinations(["overdue_1", "overdue_30", "overdue_60", "overdue_90"], 2):
        assert (shown[milder] >= shown[harder]).all()


# What must not be told ------------------------------------------------------------------------------------------


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


# As of ----------------------------------------------------------------------------------------------------------


def test_what_comes_later_changes_no_result(seen_then: tuple[Left, Left]) -> None:
    whole, then = seen_then
    assert set(whole.tables) == set(then.tables)
    for name, frame in whole.tables.items():
        pd.testing.assert_frame_equal(frame, then.table(name), check_exact=False, rtol=1e-12, obj=name)


def test_what_comes_later_changes_no_headline(seen_then: tuple[Left, Left]) -> None:
    whole, then = seen_then
    assert list(whole.headlines) == list(then.headlines)
    for key, headline in whole.headlines.items():
        other = asdict(then.headlines[key])
        for name, value in asdict(headline).items():  # sums of money may be added up in another order
            assert value == (pytest.approx(other[name], rel=1e-12) if isinstance(value, float) else other[name])
    assert whole.left_out == then.left_out


def test_what_comes_later_changes_no_sentence(seen_then: tuple[Left, Left]) -> None:
    whole, then = seen_then
    assert whole.prose == then.prose


# Where its assumptions fail -------------------------------------------------------------------------------------


def test_the_hard_variant_gives_every_section(hard: Left, standard: Left) -> None:
    assert hard.left_out == {}
    assert set(hard.tables) == set(standard.tables)
    assert set(re.findall(r"\{#(sec-[\w-]+)\}", hard.prose)) == set(
        re.findall(r"\{#(sec-[\w-]+)\}", standard.prose)
    )


@pytest.mark.parametrize("variant", ["standard", "hard"])
def test_the_coverage_told_is_the_coverage_of_the_table(variant: str, request: pytest.FixtureRequest) -> None:
    left = request.getfixturevalue(variant)
    judged = left.table("truth").dropna(subset=["rate"])
    held = (judged["rate_lower"] <= judged["truth"]) & (judged["truth"] <= judged["rate_upper"])
    assert (held == judged["covered"].astype(bool)).all()
    assert f"{held.sum()} of {len(judged)} intervals hold the truth" in left.prose


def test_most_intervals_hold_the_truth_where_the_assumptions_hold(standard: Left) -> None:
    # 95% are meant to; under that, fewer than 12 of 16 has a chance below one in a thousand
    assert standard.table("truth")["covered"].astype(bool).mean() >= 0.75


# Real data ------------------------------------------------------------------------------------------------------


def test_the_golden_counts_of_the_taiwanese_clients(taiwan_window: Left) -> None:
    rolled = numbers_of(taiwan_window, "roll_rates", period="2005-04–2005-08")
    counts = rolled.pivot_table(index="from_state", columns="to_state", values="accounts", observed=True)
    states = list(Buckets((1, 90)).labels)
    assert counts.loc[states, states].to_numpy(dtype=int).tolist() == [
        [100988, 5242, 0], [3738, 7879, 759], [145, 444, 805]
    ]  # fmt: skip
    assert counts.drop(columns=states).to_numpy().sum() == 0


def test_the_golden_counts_are_not_suppressed(taiwan_window: Left) -> None:
    rolled = numbers_of(taiwan_window, "roll_rates", period="2005-04–2005-08")
    assert not rolled["suppressed"].any()
    assert rolled["accounts"].sum() == 4 * 30_000


def test_the_step_into_the_break_is_in_no_pooled_quarter(taiwan_quarter: Left) -> None:
    rolled = numbers_of(taiwan_quarter, "roll_rates", period="2005Q3")
    assert rolled.drop_duplicates("from_state")["from_accounts"].sum() <= 2 * 30_000
    current = rolled[rolled["from_state"] == "current"]["from_accounts"].iloc[0]
    assert current == taiwan_quarter.headlines["entry"].denominator == 52_277


def test_the_step_into_the_break_is_shown_apart(taiwan_quarter: Left) -> None:
    assert "tbl-delinquency-apart" in taiwan_quarter.labels
    apart = taiwan_quarter.markdown("tbl-delinquency-apart")
    assert "| September 2005 | Current | Current | 22,735 |" in apart
    assert "no rate of this chapter pools them" in taiwan_quarter.prose


def test_levels_are_not_compared_across_the_break(taiwan_quarter: Left) -> None:
    for key in ("overdue_30", "npl", "overdue_1"):
        headline = taiwan_quarter.headlines[key]
        assert (headline.previous, headline.year_ago) == (None, None)
    assert "something was recorded differently from September 2005 on" in taiwan_quarter.prose
    assert taiwan_quarter.table("delinquency")["period"].unique().tolist() == ["2005Q3"]


def test_what_the_data_cannot_fill_is_named(taiwan_quarter: Left) -> None:
    left_out = taiwan_quarter.left_out
    assert left_out["vintages"] == ["accounts.opened_on"]
    assert left_out["risk-map"] == ["accounts.region", "accounts.industry"]
    assert {"reach", "funnel", "hours", "first-contact"} <= set(left_out)
    for section, missing in left_out.items():
        assert f"{{#sec-delinquency-{section}}}" in taiwan_quarter.prose
        assert all(f"`{name}`" in taiwan_quarter.prose for name in missing)


def test_a_measure_that_is_not_recorded_has_no_rate(taiwan_quarter: Left) -> None:
    assert "No charge-off is recorded" in taiwan_quarter.prose
    assert "written_off" not in set(taiwan_quarter.table("flows")["measure"])
    assert "written_off" not in taiwan_quarter.headlines


# At the edge of the contract ------------------------------------------------------------------------------------


@pytest.mark.parametrize("edge", EDGES, indirect=True)
def test_the_chapter_runs_to_its_end_and_no_sentence_has_a_hole(edge: Left) -> None:
    assert (edge.folder / "headline.json").is_file()
    assert not re.search(r"\b(nan|None|NaT|inf)\b|\{\{", edge.prose)
    assert {"reach", "funnel", "hours", "first-contact", "risk-map"} <= set(edge.left_out)


@pytest.mark.parametrize("edge", EDGES, indirect=True)
def test_every_headline_at_the_edge_has_its_value_inside_its_interval(edge: Left) -> None:
    for headline in edge.headlines.values():
        assert headline.value is not None
        assert (headline.lower is None) == (headline.upper is None)


@pytest.mark.parametrize("edge", ["one_account"], indirect=True)
def test_a_single_account_is_told_nowhere(edge: Left) -> None:
    assert edge.headlines == {}
    for name, frame in edge.tables.items():
        told = [
            c for c in ("numerator", "accounts", "balance", "rate", "expected", "change") if c in frame.columns
        ]
        if name != "quality":
            assert frame[told].isna().all(None) or (frame[told].fillna(0) == 0).all(None), name
    assert "too small to" in edge.prose


@pytest.mark.parametrize("edge", ["required_columns_only"], indirect=True)
def test_cash_that_is_not_recorded_has_no_rate(edge: Left) -> None:
    assert "liquidation" not in set(edge.table("flows")["measure"]) | set(edge.table("flows_monthly")["measure"])
    assert "liquidation" not in edge.headlines


@pytest.mark.parametrize("edge", ["all_current", "all_ninety_days_late"], indirect=True)
def test_a_book_where_nothing_happens_has_a_forecast_that_says_so(edge: Left) -> None:
    final = numbers_of(edge, "forecast", measure="overdue_30", basis="balance").iloc[-1]
    assert final["expected"] == pytest.approx(edge.headlines["overdue_30"].value)


@pytest.mark.parametrize("edge", ["stale"], indirect=True)
def test_stale_data_are_compared_with_the_quarters_own_ends(edge: Left) -> None:
    months = numbers_of(edge, "delinquency_monthly", dimension="all", measure="overdue_30", basis="balance")
    rates = months.set_index("month")["rate"]
    headline = edge.headlines["overdue_30"]
    assert headline.as_of.isoformat() == "2025-10-31"
    assert headline.value == pytest.approx(rates[pd.Timestamp("2025-10-31")])
    assert headline.previous == pytest.approx(rates[pd.Timestamp("2025-09-30")])
    assert headline.year_ago == pytest.approx(rates[pd.Timestamp("2024-12-31")])


@pytest.mark.parametrize("edge", ["two_months", "one_month"], indirect=True)
def test_with_too_little_history_nothing_is_compared_or_forecast(edge: Left) -> None:
    assert all(headline.previous is None for headline in edge.headlines.values())
    assert "forecast" not in edge.headlines
    assert "no earlier quarter" in edge.prose


def test_a_month_without_rows_is_refused_before_any_chapter_runs(tmp_path: Path) -> None:
    folder = write(tmp_path / "gap", *a_month_without_rows())
    with pytest.raises(ContractError, match="months must follow one another without a gap"):
        require_valid(folder)


def test_a_window_and_states_can_be_chosen(tmp_path: Path, patch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "window", *EDGES["required_columns_only"]())
    chosen = {
        "delinquency.window": {"start": "2025-01", "end": "2025-12"},
        "delinquency.states": [1, 60],
        "delinquency.forecast_draws": 200,
    }
    left = run_cells(make_project(tmp_path / "root", folder, NOW), patch, chosen)
    rolled = left.table("roll_rates")
    assert "2025-01–2025-12" in set(rolled["period"])
    assert set(rolled["from_state"].astype(str)) <= set(Buckets((1, 60)).states)
    assert left.table("delinquency_monthly")["month"].nunique() == 12
    # the rate that is forecast keeps its 30 days, whatever the states shown
    assert left.headlines["forecast"].value is not None
