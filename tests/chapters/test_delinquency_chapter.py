"""What the delinquency chapter leaves, and that its numbers agree with each other."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from chapter_runs import Left, numbers_of

from analysis.core.states import Buckets

NOW, BEFORE, YEAR_AGO = "2025Q4", "2025Q3", "2024Q4"
ROLLS = ["from_state", "to_state", "accounts", "balance", "rate", "rate_lower", "rate_upper", "period"]


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
