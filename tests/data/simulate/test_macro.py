"""The economy: long before the accounts, independent of seed and length, with one industry in decline."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.data.simulate.macro import macro_path
from analysis.data.simulate.parameters import INDUSTRIES


def test_a_month_is_the_same_however_long_the_path_is() -> None:
    short, long = macro_path(60), macro_path(200)
    for name, values in short.items():
        np.testing.assert_allclose(values, long[name][-60:], rtol=1e-12, err_msg=name)


def test_one_industry_fell_by_more_than_a_tenth_in_the_last_year() -> None:
    path = macro_path(120)
    change = {
        name: path[f"industry_index_{name}"][-1] / path[f"industry_index_{name}"][-13] - 1 for name in INDUSTRIES
    }
    assert [name for name, value in change.items() if value < -0.10] == ["construction"]


def test_industry_indices_start_at_100_ten_years_before_the_end() -> None:
    path = macro_path(121)
    assert all(path[f"industry_index_{name}"][0] == pytest.approx(100) for name in INDUSTRIES)


def test_unemployment_rose_by_most_of_a_point_over_the_window() -> None:
    unemployment = macro_path(36)["unemployment_rate"]
    assert unemployment[-3:].mean() - unemployment[:3].mean() > 0.008


def test_the_economy_is_told_for_years_before_the_first_account_month(demo) -> None:
    assert demo.value("select count(*) from macro where month < (select min(month) from months)") >= 84
    assert demo.value("select max(month) from macro") == demo.value("select max(month) from months")
