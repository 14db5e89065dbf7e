"""Cash after charge-off: by month with both intervals, and how early it comes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.methods.stress.projection.cash import recoveries, recovery_timing

MONTHS = list(pd.date_range("2026-01-31", periods=4, freq="ME"))


def drawn(by_month: list[float], spread: float, draws: int = 500) -> np.ndarray:
    """Draws of two products' cash, which is `by_month` twice on average."""
    random = np.random.default_rng(int(spread * 10))
    return np.repeat(np.array(by_month)[None, :, None], 2, axis=2) * random.normal(1, spread, (draws, 1, 1))


@pytest.fixture
def cash() -> dict[str, dict[str, np.ndarray]]:
    early, late = [4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 6.0]
    return {
        name: {
            "point": np.repeat(np.array(months)[None, :, None], 2, axis=2),
            "parameter": drawn(months, 0.1),
            "total": drawn(months, 0.2),
        }
        for name, months in (("base", early), ("worse", late))
    }


def test_recoveries_are_told_by_month_with_both_intervals(cash: dict[str, dict[str, np.ndarray]]) -> None:
    table = recoveries(cash, MONTHS)
    assert table[table["scenario"] == "base"]["expected"].tolist() == [8.0, 6.0, 4.0, 2.0]
    assert list(table[table["scenario"] == "worse"]["month"]) == MONTHS
    assert (table["lower"] < table["lower_parameter"]).all() and (table["upper"] > table["upper_parameter"]).all()


def test_half_of_the_cash_and_that_of_the_first_months_equal_a_hand_count(
    cash: dict[str, dict[str, np.ndarray]],
) -> None:
    table = recovery_timing(cash, first=2).set_index(["scenario", "measure"])["expected"]
    # Of 20: 8, then 14. Of 24: 2, 6, 12: exactly half by the third.
    assert (table["base", "half"], table["worse", "half"]) == (2.0, 3.0)
    assert (table["base", "first"], table["worse", "first"]) == (14.0, 6.0)
    assert (table["base", "first_share"], table["worse", "first_share"]) == (14 / 20, 6 / 24)


def test_limits_of_timing_are_quantiles_over_draws() -> None:
    paths = np.zeros((100, 4, 1))
    paths[:50, 0], paths[50:, 3] = 1.0, 3.0
    point = np.ones((1, 4, 1))
    one = recovery_timing({"a": {"point": point, "parameter": point, "total": paths}}, 1).set_index("measure")
    assert one.loc["half", ["expected", "lower", "upper"]].tolist() == [2.0, 1.0, 4.0]
    assert one.loc["first_share", ["expected", "lower", "upper"]].tolist() == [0.25, 0.0, 1.0]
    assert one.loc["half", ["lower_parameter", "upper_parameter"]].tolist() == [2.0, 2.0]


def test_where_no_cash_comes_it_has_no_timing() -> None:
    none = dict.fromkeys(("point", "parameter", "total"), np.zeros((3, 4, 1)))
    table = recovery_timing({"a": none}).set_index("measure")["expected"]
    assert table["first"] == 0 and np.isnan(table["half"]) and np.isnan(table["first_share"])
