"""Work by bucket from work by days, and staff from projected arrears."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.core.parameters.stress import WORK
from analysis.core.states import Buckets
from analysis.methods.stress.capacity.call_centre import Centre
from analysis.methods.stress.capacity.feedback import (
    Assumptions,
    bucket_stock,
    month_profile,
    need_by_draw,
    need_limits,
    staff_needed,
    work_by_bucket,
)
from analysis.methods.stress.capacity.staffing import ServiceTarget
from analysis.methods.stress.projection.book import read_book
from analysis.methods.stress.projection.projection import Projection, Shifts, project_book

BUCKETS = Buckets((1, 30, 60, 90))


@pytest.fixture
def given() -> Assumptions:
    work = work_by_bucket([one.model_dump() for one in WORK], BUCKETS)
    target = ServiceTarget(0.8, 20.0)
    return Assumptions(work, month_profile((1, 2, 1), 20), target, 180.0, Centre(), 0.2, 0.5)


def test_each_bucket_takes_the_work_of_the_days_it_begins_at(given: Assumptions) -> None:
    attempts = given.work.set_index("bucket")["attempts"]
    assert attempts.to_dict() == {"current": 0.0, "1–29": 3.0, "30–59": 6.0, "60–89": 6.0, "90+": 4.0}


def test_a_months_calls_are_shared_out_in_full(given: Assumptions) -> None:
    assert len(given.profile) == 60 and given.profile.sum() == pytest.approx(1.0)


def test_twice_the_arrears_need_more_agents_than_today_and_today_none_more(given: Assumptions) -> None:
    months = pd.date_range("2025-12-31", periods=2, freq="ME")
    stock = pd.DataFrame(
        [(month, bucket, 500.0 * (1 + place)) for place, month in enumerate(months) for bucket in BUCKETS.labels],
        columns=["month", "bucket", "accounts"],
    )
    table = staff_needed(stock, given, None)
    np.testing.assert_allclose(table["overload"].iloc[0], 1.0)
    assert table["overload"].iloc[1] > 1.5
    assert staff_needed(stock, given, 1000.0)["missing_agents"].max() == 0


@pytest.fixture
def projection(panel: tuple[pd.DataFrame, pd.DataFrame]) -> Projection:
    book, random = read_book(*panel, BUCKETS, date(2025, 12, 31), 12), np.random.default_rng(4)
    drawn = 0.5 + random.normal(0, 0.2, (60, 1)) * np.ones((60, 6))
    return project_book(book, Shifts({"entry": np.full(6, 0.5)}, {"entry": drawn}, {"entry": 0.05}), 6)


def test_what_the_point_path_needs_is_what_its_stock_needs(given: Assumptions, projection: Projection) -> None:
    table = staff_needed(bucket_stock(projection), given, 10.0)
    needed, made = need_by_draw(projection, given, "point", 10.0)
    assert needed[0] == pytest.approx(table["needed_agents"].to_numpy(), rel=1e-9)
    assert made[0] == pytest.approx(table["contacts_made"].to_numpy(), rel=1e-9)


def test_limits_of_staff_hold_the_expected_need_and_widen_with_what_is_not_known(
    given: Assumptions, projection: Projection
) -> None:
    point = need_by_draw(projection, given, "point", 10.0)[0][0]
    table = need_limits(projection, given, float(point[0]), 0.95)
    last = table.iloc[-1]
    assert last["needed_lower"] < point[-1] < last["needed_upper"]
    # Today's book is known.
    assert table["needed_lower"].iloc[0] == table["needed_upper"].iloc[0] == pytest.approx(point[0])
    alone = last["needed_upper_parameter"] - last["needed_lower_parameter"]
    assert 0 < alone <= 1.1 * (last["needed_upper"] - last["needed_lower"])
    assert last["most_needed_lower"] < point[1:].max() < last["most_needed_upper"]
    assert 0 <= last["contacts_least_lower"] <= last["contacts_least_upper"] <= 1
    assert 0 <= last["months_short_lower"] <= last["months_short_upper"] <= 6
