"""The mix of a projected book: whole, and arrears that come from products."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import ParameterError
from analysis.core.states import Buckets
from analysis.methods.stress.projection.book import Book, read_book
from analysis.methods.stress.projection.mix import arrears_by_product, bucket_mix
from analysis.methods.stress.projection.projection import Projection, Shifts, project_book

Panel = tuple[pd.DataFrame, pd.DataFrame]
BUCKETS = Buckets((1, 30, 60, 90))


def projected(book: Book, entry: float) -> Projection:
    drawn = np.full((80, 9), entry) + np.random.default_rng(1).normal(0, 0.1, (80, 1))
    return project_book(book, Shifts({"entry": np.full(9, entry)}, {"entry": drawn}, {"entry": 0.1}), 9, 3)


@pytest.fixture(scope="module")
def both(panel: Panel) -> dict[str, Projection]:
    book = read_book(*panel, BUCKETS, date(2025, 12, 31), 12)
    return {"base": projected(book, 0.0), "worse": projected(book, 0.8)}


def test_buckets_of_a_month_hold_all_that_is_open(both: dict[str, Projection]) -> None:
    months = [both["base"].months[3], both["base"].months[-1]]
    mix = bucket_mix(both, months)
    assert list(mix["bucket"].unique()) == list(BUCKETS.labels) and list(mix["month"].unique()) == months
    assert mix.groupby(["scenario", "month"])["expected"].sum().to_numpy() == pytest.approx(1.0)
    for name, one in both.items():
        table = one.table().query("group == 'all' and basis == 'balance'").set_index(["measure", "month"])
        for month in months:
            own = mix[(mix["scenario"] == name) & (mix["month"] == month)].set_index("bucket")
            opened = table.loc[("open", month), "expected"]
            for bucket in BUCKETS.labels:
                told = table.loc[(f"stock:{bucket}", month), "expected"] / opened
                assert own.loc[bucket, "expected"] == pytest.approx(told)
            assert (own["lower"] < own["upper"]).all()


def test_what_products_add_sums_to_the_rise_of_the_rate(both: dict[str, Projection]) -> None:
    month = both["base"].months[5]
    parts = arrears_by_product(both["worse"], both["base"], month)
    rates = {
        name: one.table().query("group == 'all' and basis == 'balance' and measure == 'overdue_30'")
        for name, one in both.items()
    }
    told = {name: rate.set_index("month").loc[month, "expected"] for name, rate in rates.items()}
    assert parts["expected"].sum() == pytest.approx(told["worse"] - told["base"])
    assert parts["worse"].sum() == pytest.approx(told["worse"])
    # Four fifths of the accounts are cards, and both products answer alike.
    assert parts["product"].iloc[0] == "card" and parts["expected"].is_monotonic_decreasing
    assert ((parts["lower"] < parts["expected"]) & (parts["expected"] < parts["upper"])).all()


def test_a_scenario_adds_nothing_to_itself(both: dict[str, Projection]) -> None:
    parts = arrears_by_product(both["base"], both["base"], both["base"].months[0])
    assert (parts[["expected", "lower", "upper"]] == 0).all(axis=None)


def test_a_month_that_is_not_projected_is_refused(both: dict[str, Projection]) -> None:
    with pytest.raises(ParameterError, match="month is 2025-12; projected are 2026-01 to 2026-09"):
        bucket_mix(both, [pd.Timestamp("2025-12-31")])
    with pytest.raises(ParameterError, match="month is 2027-01"):
        arrears_by_product(both["worse"], both["base"], pd.Timestamp("2027-01-31"))
