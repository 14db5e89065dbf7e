"""Peaks: of months ahead, of each draw alone, with values that their limits hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.core.states import Buckets
from analysis.methods.stress.projection.book import Book, read_book
from analysis.methods.stress.projection.peaks import overdue_rate, peaks
from analysis.methods.stress.projection.projection import Projection, Shifts, measures, project_book

Panel = tuple[pd.DataFrame, pd.DataFrame]
BUCKETS = Buckets((1, 30, 60, 90))


@pytest.fixture(scope="module")
def book(panel: Panel) -> Book:
    return read_book(*panel, BUCKETS, date(2025, 12, 31), 12)


@pytest.fixture(scope="module")
def severe(book: Book) -> Projection:
    wave = 0.8 * np.sin(np.arange(24) / 6)
    drawn = wave * np.random.default_rng(4).normal(1.0, 0.3, (400, 1))
    return project_book(book, Shifts({"entry": wave}, {"entry": drawn}, {"entry": 0.2}), 24, 7)


def test_the_overdue_rate_is_that_of_the_projections_table(book: Book, severe: Projection) -> None:
    for days in (30, 90):
        told = measures(severe.total["balance"], book)["all", f"overdue_{days}"]
        assert overdue_rate(severe.total["balance"], book, days) == pytest.approx(told)


def test_limits_are_quantiles_of_each_draws_own_maximum(book: Book, severe: Projection) -> None:
    found = peaks({"severe": severe}, 30, 0.9).iloc[0]
    highest = [max(path[1:]) for path in overdue_rate(severe.total["balance"], book)]
    alone = [max(path[1:]) for path in overdue_rate(severe.parameter["balance"], book)]
    assert found["expected"] == pytest.approx(np.mean(highest))
    assert [found["lower"], found["upper"]] == pytest.approx(np.quantile(highest, [0.05, 0.95]))
    told = [found["lower_parameter"], found["upper_parameter"]]
    assert told == pytest.approx(np.quantile(alone, [0.05, 0.95]))


def test_the_peak_itself_lies_no_lower_than_the_month_of_the_expected_peak(severe: Projection) -> None:
    found = peaks({"severe": severe}).iloc[0]
    path = severe.table().query("group == 'all' and basis == 'balance' and measure == 'overdue_30'")
    there = path[path["month"] == found["month"]].iloc[0]
    assert there["expected"] == path["expected"].iloc[1:].max()
    assert found["lower"] >= there["lower"] and found["upper"] >= there["upper"]


def test_todays_rate_is_no_peak_of_the_months_ahead(book: Book) -> None:
    stock = book.balance.stock.copy()
    stock[:, 2] = stock[:, 0]
    many_late = replace(book, balance=replace(book.balance, stock=stock))
    calm = {"entry": np.full(12, -1.0)}
    shifts = Shifts(calm, {"entry": np.tile(calm["entry"], (50, 1))}, {"entry": 0.3})
    one = project_book(many_late, shifts, 12)
    found = peaks({"calm": one}).iloc[0]
    assert found["start"] > found["upper"]
    assert found["month"] > pd.Timestamp(many_late.start)
    assert found["lower"] < found["expected"] < found["upper"], "a peak that is not yet known has an interval"


def test_a_mean_that_few_draws_carry_still_lies_within_its_limits(book: Book) -> None:
    drawn = np.zeros((200, 6))
    drawn[:3] = 12.0
    found = peaks({"a": project_book(book, Shifts({"entry": np.zeros(6)}, {"entry": drawn}, {}), 6)}, level=0.5)
    assert found["lower"].iloc[0] <= found["expected"].iloc[0] <= found["upper"].iloc[0]
