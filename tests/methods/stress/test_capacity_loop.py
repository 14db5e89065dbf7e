"""Work by bucket from work by days, and staff from projected arrears."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.core.parameters.stress import WORK
from analysis.core.states import Buckets
from analysis.methods.stress.capacity import Centre
from analysis.methods.stress.capacity_loop import Assumptions, month_profile, staff_needed, work_by_bucket
from analysis.methods.stress.staffing import ServiceTarget

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
