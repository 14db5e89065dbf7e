"""What whole paths lose, month by month, and how it differs from what their anchors tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from point_shifts import point_only

from analysis.core.states import Buckets
from analysis.methods.stress.projection.book import Book, read_book, without_new_business
from analysis.methods.stress.projection.projection import project_book, scenario_shifts
from analysis.methods.stress.projection.recovery import RecoveryCurve, project_recoveries
from analysis.methods.stress.reverse.intervals import DrawnLoss, drawn_shifts
from analysis.methods.stress.reverse.net_loss import NetLoss, read_variables
from analysis.methods.stress.reverse.path_loss import PathLoss, draw_all, loss_limits, path_losses
from analysis.methods.stress.reverse.search import LinearShifts, reverse_stress
from analysis.methods.stress.satellites.drivers import driver_series
from analysis.methods.stress.satellites.fit import assumed
from analysis.methods.stress.satellites.satellite import Published, Satellite
from analysis.methods.stress.scenarios.plausibility import Plausibility, plausibility

BUCKETS = Buckets((1, 30, 60, 90))
HORIZON, MONTHS = 36, 24


@pytest.fixture(scope="module")
def book(panel: tuple[pd.DataFrame, pd.DataFrame]) -> Book:
    return read_book(*panel, BUCKETS, date(2025, 12, 31), 12)


@pytest.fixture(scope="module")
def satellites() -> dict[str, Satellite]:
    entry = {"unemployment": Published(0.25, 0.06), "gdp": Published(-0.05, 0.02)}
    return {
        "entry": assumed("entry", entry),
        "recovery": assumed("recovery", {"unemployment": Published(-0.1, 0.03)}),
    }


@pytest.fixture(scope="module")
def judged(history: pd.DataFrame, satellites: dict[str, Satellite]) -> Plausibility:
    return plausibility(history, HORIZON, read_variables(satellites), draws=500)


@pytest.fixture(scope="module")
def loss(book: Book, satellites: dict[str, Satellite], history: pd.DataFrame) -> PathLoss:
    groups = len(book.groups)
    curve = RecoveryCurve(book.groups, np.full((groups, 6), 0.03), np.ones((groups, 6)))
    return PathLoss(book, satellites, curve, history, MONTHS)


@pytest.fixture(scope="module")
def value(loss: PathLoss, judged: Plausibility) -> NetLoss:
    linear = LinearShifts(loss.satellites, judged, loss.history, loss.ahead, loss.book.reference)
    return NetLoss(without_new_business(loss.book), linear, loss.curve, MONTHS)


def still(history: pd.DataFrame) -> pd.DataFrame:
    """Nothing changes for 36 months."""
    index = pd.date_range("2026-01-31", periods=HORIZON, freq="ME", name="month")
    return pd.DataFrame([history.iloc[-1]] * HORIZON, index=index)


def shock(history: pd.DataFrame, first: int, last: int, points: float) -> pd.DataFrame:
    """Unemployment higher by `points` from the first to the last of some months ahead, and back at once."""
    path = still(history)
    path.iloc[first - 1 : last, path.columns.get_loc("unemployment_rate")] += points / 100
    return path


def test_a_paths_loss_is_that_of_the_projection_of_its_own_months(loss: PathLoss, history: pd.DataFrame) -> None:
    path = shock(history, 7, 11, 5.0)
    closed = without_new_business(loss.book)
    drivers = driver_series(pd.concat([history, path]))
    shifts = point_only(scenario_shifts(loss.satellites, drivers, closed, MONTHS, draws=1))
    lost = project_book(closed, shifts, MONTHS).flow("charged_off")
    fresh = RecoveryCurve(loss.curve.groups, loss.curve.rate, np.zeros_like(loss.curve.claims))
    cash = project_recoveries(lost, fresh, loss.shifts(path)["recovery"])
    assert loss.expected(path) == pytest.approx(float(lost.sum() - cash.sum()), rel=1e-9)


def test_a_shock_between_the_anchors_costs_though_the_anchors_do_not_see_it(
    loss: PathLoss, value: NetLoss, judged: Plausibility, history: pd.DataFrame
) -> None:
    calm, hit = still(history), shock(history, 7, 11, 5.0)
    assert judged.changes(hit) == pytest.approx(judged.changes(calm))
    by_anchors = [float(value(judged.changes(path)[None])[0]) for path in (calm, hit)]
    assert by_anchors[0] == pytest.approx(by_anchors[1], rel=1e-12)
    table = path_losses(loss, {"calm": calm, "hit": hit}, judged, 40, 0.95, 0).set_index("scenario")
    assert table.loc["hit", "net_loss"] > 1.05 * table.loc["calm", "net_loss"]
    assert table.loc["hit", "upper_parameter"] > table.loc["calm", "upper_parameter"]


def test_on_the_breaking_path_months_and_anchors_tell_the_same(
    loss: PathLoss, value: NetLoss, judged: Plausibility, history: pd.DataFrame
) -> None:
    limit = 1.3 * loss.expected(still(history))
    found = reverse_stress(value, limit, judged, history)
    assert loss.expected(found.path) == pytest.approx(limit, rel=1e-3)
    shifts = drawn_shifts(loss.satellites, judged, history, loss.ahead, loss.book.reference, 30, 4)
    by_anchors = DrawnLoss(without_new_business(loss.book), shifts, loss.curve, MONTHS).expected(found.changes)
    by_months = loss.drawn(found.path, draw_all(loss.satellites, 30, 4))[0]
    assert by_months == pytest.approx(by_anchors, rel=1e-9)
    row = path_losses(loss, {"breaking": found.path}, judged, 30, 0.95, 4).iloc[0]
    assert row["distance"] == pytest.approx(found.distance, rel=1e-9)
    assert row["quantile"] == found.quantile


def test_what_happens_after_the_months_counted_costs_nothing(loss: PathLoss, history: pd.DataFrame) -> None:
    assert loss.expected(shock(history, MONTHS + 1, HORIZON, 5.0)) == pytest.approx(loss.expected(still(history)))


def test_new_business_comes_on_top_only_where_it_is_asked_for(loss: PathLoss, history: pd.DataFrame) -> None:
    fresh = np.zeros_like(loss.book.balance.inflow)
    fresh[:, 0] = 1_000.0
    lent = replace(loss, book=replace(loss.book, balance=replace(loss.book.balance, inflow=fresh)))
    path = still(history)
    assert lent.expected(path, new_business=True) > lent.expected(path) == loss.expected(path) > 0


def test_chance_makes_limits_of_a_loss_no_narrower(loss: PathLoss, history: pd.DataFrame) -> None:
    drawn = loss.drawn(shock(history, 1, 12, 2.0), draw_all(loss.satellites, 40, 3), 3)
    told = loss_limits(*drawn, 0.9)
    assert told["lower"] <= told["lower_parameter"] < told["upper_parameter"] <= told["upper"]
