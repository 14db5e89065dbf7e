"""Reverse stress: the nearest economy that exhausts a limit, run forward again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest
from point_shifts import point_only

from analysis.core.errors import ParameterError
from analysis.core.scenarios import LIMITS, Scenario
from analysis.core.states import Buckets
from analysis.methods.stress.projection.book import Book, read_book
from analysis.methods.stress.projection.paths import run
from analysis.methods.stress.projection.projection import project_book, scenario_shifts
from analysis.methods.stress.reverse.search import LinearShifts, Value, reverse_stress
from analysis.methods.stress.reverse.tornado import tornado
from analysis.methods.stress.satellites.drivers import driver_series
from analysis.methods.stress.satellites.fit import assumed
from analysis.methods.stress.satellites.satellite import Published, Satellite
from analysis.methods.stress.scenarios.paths import monthly_path
from analysis.methods.stress.scenarios.plausibility import (
    Plausibility,
    path_from_changes,
    plausibility,
)

BUCKETS = Buckets((1, 30, 60, 90))
MONTHS = 12
VARIABLES = ["unemployment_rate", "gdp_yoy", "cpi_yoy", "industry_index"]


@pytest.fixture(scope="module")
def judged(history: pd.DataFrame) -> Plausibility:
    return plausibility(history, MONTHS, VARIABLES, draws=500)


@pytest.fixture(scope="module")
def book(panel: tuple[pd.DataFrame, pd.DataFrame]) -> Book:
    return read_book(*panel, BUCKETS, date(2025, 12, 31), 12)


@pytest.fixture(scope="module")
def satellites() -> dict[str, Satellite]:
    entry = {"unemployment": Published(0.25), "gdp": Published(-0.05), "industry": Published(-0.2, lag=1)}
    return {"entry": assumed("entry", entry), "cure": assumed("cure", {"unemployment": Published(-0.15)})}


@pytest.fixture(scope="module")
def linear(
    judged: Plausibility, book: Book, satellites: dict[str, Satellite], history: pd.DataFrame
) -> LinearShifts:
    months = list(pd.date_range("2026-01-31", periods=MONTHS, freq="ME"))
    return LinearShifts(satellites, judged, history, months, book.reference)


@pytest.fixture(scope="module")
def loss(book: Book, linear: LinearShifts) -> Value:
    return lambda x: run(book, linear(x), MONTHS)["balance"].flows["charged_off"].sum(axis=(1, 2))


def forward(path: pd.DataFrame, history: pd.DataFrame, book: Book, satellites: dict[str, Satellite]) -> float:
    """The loss by the long way: monthly path, drivers, satellites, projection."""
    drivers = driver_series(pd.concat([history, path]))
    shifts = point_only(scenario_shifts(satellites, drivers, book, MONTHS, draws=1))
    return float(project_book(book, shifts, MONTHS).flow("charged_off").sum())


@pytest.mark.parametrize("factor", [1.1, 1.4])
def test_the_solution_run_forward_exhausts_the_limit_exactly(
    factor: float, loss: Value, judged: Plausibility, history: pd.DataFrame, book: Book,
    satellites: dict[str, Satellite],
) -> None:  # fmt: skip
    limit = factor * float(loss(np.zeros((1, len(judged.covariance))))[0])
    found = reverse_stress(loss, limit, judged, history)
    assert found.reached and not found.at_once
    assert forward(found.path, history, book, satellites) == pytest.approx(limit, rel=1e-3)
    assert judged.distance(found.path) == pytest.approx(found.distance, rel=1e-9)


def test_no_nearer_economy_exhausts_the_limit(
    loss: Value, judged: Plausibility, history: pd.DataFrame, make_scenario: Callable[..., Scenario]
) -> None:
    size = len(judged.covariance)
    limit = 1.3 * float(loss(np.zeros((1, size)))[0])
    found = reverse_stress(loss, limit, judged, history)
    random, root = np.random.default_rng(0), np.linalg.cholesky(judged.covariance)
    others = random.normal(size=(400, size))
    # Half of them close to the solution's own direction, where a nearer one would be.
    others[200:] = np.linalg.solve(root, found.changes) + 0.3 * random.normal(size=(200, size))
    nearer = 0.98 * found.distance * others / np.linalg.norm(others, axis=1)[:, None]
    assert loss(nearer @ root.T).max() < limit
    scenario = judged.changes(monthly_path(make_scenario(), history))
    again = reverse_stress(loss, limit, judged, history, [scenario])
    assert again.distance == pytest.approx(found.distance, rel=1e-3)


def test_a_linear_loss_has_the_closed_form_solution(judged: Plausibility, history: pd.DataFrame) -> None:
    # min √(x'C⁻¹x) with 100 + g'x = L: distance (L − 100) / √(g'Cg), at x along C g.
    g = np.zeros(len(judged.covariance))
    g[:2] = 3.0, -1.0
    found = reverse_stress(lambda x: 100.0 + x @ g, 103.0, judged, history)
    spread = np.sqrt(g @ judged.covariance @ g)
    assert found.distance == pytest.approx(3.0 / spread, rel=1e-4)
    assert found.changes == pytest.approx(judged.covariance @ g * 3.0 / spread**2, rel=1e-2, abs=1e-4)


def test_a_higher_limit_needs_a_less_plausible_economy(
    loss: Value, judged: Plausibility, history: pd.DataFrame
) -> None:
    base = float(loss(np.zeros((1, len(judged.covariance))))[0])
    found = [reverse_stress(loss, factor * base, judged, history).distance for factor in (1.05, 1.2, 1.5)]
    assert found == sorted(found)


def test_a_limit_that_is_exhausted_anyway_needs_no_change(
    loss: Value, judged: Plausibility, history: pd.DataFrame
) -> None:
    base = float(loss(np.zeros((1, len(judged.covariance))))[0])
    found = reverse_stress(loss, 0.9 * base, judged, history)
    assert found.at_once and found.reached and found.distance == 0.0 and found.quantile == 0.0


def test_where_no_economy_within_ranges_exhausts_the_limit_the_worst_found_is_told(
    loss: Value, judged: Plausibility, history: pd.DataFrame
) -> None:
    base = float(loss(np.zeros((1, len(judged.covariance))))[0])
    found = reverse_stress(loss, 1e4 * base, judged, history)
    assert not found.reached and base < found.value < 1e4 * base
    for name in ("unemployment_rate", "gdp_yoy", "cpi_yoy"):
        low, high = LIMITS[name]
        assert found.path[name].between(low - 1e-9, high + 1e-9).all()


def test_the_linear_map_equals_the_long_way(
    book: Book, satellites: dict[str, Satellite], history: pd.DataFrame
) -> None:
    # As the chapter has it: judged over 36 months at its own anchors, losses over fewer.
    judged = plausibility(history, 36, VARIABLES, draws=500)
    assert judged.anchors == (6, 12, 24, 36)
    ahead = list(pd.date_range("2026-01-31", periods=24, freq="ME"))
    linear = LinearShifts(satellites, judged, history, ahead, book.reference)
    x = np.random.default_rng(3).normal(size=len(judged.covariance))
    drivers = driver_series(pd.concat([history, path_from_changes(judged, x, history, whole_path())]))
    shifts = scenario_shifts(satellites, drivers, book, 24, draws=1)
    for step, values in linear(x).items():
        assert values[0] == pytest.approx(shifts.point[step], abs=1e-9)


def test_what_comes_after_the_months_of_the_loss_is_left_to_history(
    book: Book, satellites: dict[str, Satellite], history: pd.DataFrame
) -> None:
    judged = plausibility(history, 36, VARIABLES, draws=500)
    ahead = list(pd.date_range("2026-01-31", periods=12, freq="ME"))
    linear = LinearShifts(satellites, judged, history, ahead, book.reference)

    def lost(x: np.ndarray) -> np.ndarray:
        return run(book, linear(x), 12)["balance"].flows["charged_off"].sum(axis=(1, 2))

    nothing = np.zeros((1, len(judged.covariance)))
    found = reverse_stress(lost, 1.2 * float(lost(nothing)[0]), judged, history)
    near, far = found.changes[: 2 * len(VARIABLES)], found.changes[2 * len(VARIABLES) :]
    # The later changes that history makes most likely, given the earlier ones: their conditional mean.
    inner = judged.covariance[: len(near), : len(near)]
    assert far == pytest.approx(
        judged.covariance[len(near) :, : len(near)] @ np.linalg.solve(inner, near), rel=1e-2
    )
    assert found.distance == pytest.approx(np.sqrt(near @ np.linalg.solve(inner, near)), rel=1e-4)


def whole_path() -> pd.DatetimeIndex:
    return pd.date_range("2026-01-31", periods=36, freq="ME", name="month")


@pytest.mark.parametrize("limit", [0.0, -5.0, np.nan])
def test_a_limit_of_nothing_is_refused(
    limit: float, loss: Value, judged: Plausibility, history: pd.DataFrame
) -> None:
    with pytest.raises(ParameterError, match=r"limit is .*; give an amount above 0"):
        reverse_stress(loss, limit, judged, history)


def test_the_tornado_ranks_variables_by_what_they_do(loss: Value, judged: Plausibility) -> None:
    table = tornado(loss, judged)
    assert table["swing"].is_monotonic_decreasing and table["share"].iloc[0] == 1.0
    rows = table.set_index("variable")
    assert (
        rows.loc["unemployment_rate", "up"]
        > rows.loc["unemployment_rate", "value"]
        > rows.loc["unemployment_rate", "down"]
    )
    assert rows.loc["gdp_yoy", "up"] < rows.loc["gdp_yoy", "down"]
    # No satellite reads prices.
    assert rows.loc["cpi_yoy", "swing"] == 0.0


def test_a_variable_moves_by_as_many_deviations_as_asked(judged: Plausibility) -> None:
    spread = judged.spread().loc[MONTHS, "gdp_yoy"]
    last = len(judged.covariance) - len(VARIABLES) + VARIABLES.index("gdp_yoy")
    table = tornado(lambda x: x[:, last], judged, 3.0).set_index("variable")
    assert table.loc["gdp_yoy", ["down", "up"]].tolist() == pytest.approx([-3 * spread, 3 * spread])
    with pytest.raises(ParameterError, match="deviations is 0"):
        tornado(lambda x: x[:, 0], judged, 0)
