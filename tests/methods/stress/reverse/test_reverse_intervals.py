"""How sure a breaking path is, told by draws; and that a provision is held against today's book alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from point_shifts import point_only

from analysis.core.states import Buckets
from analysis.methods.stress.projection.book import Book, read_book, without_new_business
from analysis.methods.stress.projection.expected import expected_charge_offs
from analysis.methods.stress.projection.paths import run
from analysis.methods.stress.projection.projection import project_book, scenario_shifts
from analysis.methods.stress.projection.recovery import RecoveryCurve, project_recoveries
from analysis.methods.stress.reverse.intervals import (
    DrawnLoss,
    distance_limits,
    drawn_distances,
    drawn_shifts,
)
from analysis.methods.stress.reverse.net_loss import NetLoss, net_loss, read_variables
from analysis.methods.stress.reverse.search import LinearShifts, reverse_stress
from analysis.methods.stress.reverse.tornado import tornado, tornado_limits
from analysis.methods.stress.satellites.drivers import driver_series
from analysis.methods.stress.satellites.fit import assumed
from analysis.methods.stress.satellites.satellite import Published, Satellite
from analysis.methods.stress.scenarios.plausibility import Plausibility, plausibility

BUCKETS = Buckets((1, 30, 60, 90))
MONTHS = 12
DRAWS = 40


@pytest.fixture(scope="module")
def book(panel: tuple[pd.DataFrame, pd.DataFrame]) -> Book:
    return read_book(*panel, BUCKETS, date(2025, 12, 31), 12)


@pytest.fixture(scope="module")
def satellites() -> dict[str, Satellite]:
    entry = {"unemployment": Published(0.25, 0.06), "gdp": Published(-0.05, 0.02)}
    cure = {"unemployment": Published(-0.15, 0.05)}
    return {"entry": assumed("entry", entry), "cure": assumed("cure", cure)}


@pytest.fixture(scope="module")
def judged(history: pd.DataFrame, satellites: dict[str, Satellite]) -> Plausibility:
    return plausibility(history, MONTHS, read_variables(satellites), draws=500)


@pytest.fixture(scope="module")
def curve(book: Book) -> RecoveryCurve:
    groups = len(book.groups)
    return RecoveryCurve(book.groups, np.full((groups, 6), 0.03), np.ones((groups, 6)))


def ahead() -> list[pd.Timestamp]:
    return list(pd.date_range("2026-01-31", periods=MONTHS, freq="ME"))


@pytest.fixture(scope="module")
def value(
    book: Book, satellites: dict[str, Satellite], judged: Plausibility, history: pd.DataFrame, curve: RecoveryCurve
) -> NetLoss:
    linear = LinearShifts(satellites, judged, history, ahead(), book.reference)
    return NetLoss(without_new_business(book), linear, curve, MONTHS)


def drawn_loss(
    book: Book,
    satellites: dict[str, Satellite],
    judged: Plausibility,
    history: pd.DataFrame,
    curve: RecoveryCurve,
    draws: int = DRAWS,
) -> DrawnLoss:
    shifts = drawn_shifts(satellites, judged, history, ahead(), book.reference, draws, 3)
    return DrawnLoss(without_new_business(book), shifts, curve, MONTHS)


@pytest.fixture(scope="module")
def drawn(
    book: Book, satellites: dict[str, Satellite], judged: Plausibility, history: pd.DataFrame, curve: RecoveryCurve
) -> DrawnLoss:
    return drawn_loss(book, satellites, judged, history, curve)


def test_the_breaking_path_run_forward_on_todays_book_exhausts_the_provision(
    value: NetLoss, book: Book, satellites: dict[str, Satellite], judged: Plausibility, history: pd.DataFrame,
    curve: RecoveryCurve,
) -> None:  # fmt: skip
    limit = 1.3 * float(value(np.zeros((1, len(judged.covariance))))[0])
    found = reverse_stress(value, limit, judged, history)
    drivers = driver_series(pd.concat([history, found.path]))
    closed = without_new_business(book)
    shifts = point_only(scenario_shifts(satellites, drivers, closed, MONTHS, draws=1))
    lost = project_book(closed, shifts, MONTHS).flow("charged_off")
    none_before = RecoveryCurve(curve.groups, curve.rate, np.zeros_like(curve.claims))
    forward = float(lost.sum() - project_recoveries(lost, none_before).sum())
    assert forward == pytest.approx(limit, rel=1e-3)


def test_new_business_loses_more_than_todays_book_alone(
    book: Book, curve: RecoveryCurve, value: NetLoss, judged: Plausibility
) -> None:
    nothing, fresh = np.zeros((1, len(judged.covariance))), np.zeros_like(book.balance.inflow)
    fresh[:, 0] = 1_000.0
    lent = replace(book, balance=replace(book.balance, inflow=fresh))
    whole = NetLoss(lent, value.shifts, curve, MONTHS)(nothing)[0]
    assert whole > value(nothing)[0] > 0


def test_a_book_without_new_business_only_runs_off(book: Book) -> None:
    closed = without_new_business(book)
    stock = run(closed, {"entry": np.zeros((1, MONTHS))}, MONTHS)["accounts"].stock[0]
    inside = stock[:, :, : len(BUCKETS.labels)].sum(axis=(1, 2))
    assert (np.diff(inside) < 0).all()


def test_fast_charge_offs_equal_those_of_the_projection(book: Book) -> None:
    random = np.random.default_rng(1)
    shifts = {step: random.normal(0, 0.5, (30, MONTHS)) for step in ("entry", "cure", "stay", "charge_off")}
    fast = expected_charge_offs(book.balance, book.buckets, shifts, MONTHS)
    whole = run(book, shifts, MONTHS)["balance"].flows["charged_off"]
    assert fast == pytest.approx(whole, rel=1e-12)
    # Chance goes the long way, by whole matrices: its mean over many draws is the expectation.
    same = {step: np.repeat(values[:1], 400, axis=0) for step, values in shifts.items()}
    by_chance = run(book, same, MONTHS, np.random.default_rng(2))["balance"].flows["charged_off"]
    assert by_chance.sum(axis=(1, 2)).mean() == pytest.approx(fast[0].sum(), rel=0.02)


def test_draws_of_certain_elasticities_are_the_point_estimates(
    book: Book, judged: Plausibility, history: pd.DataFrame, curve: RecoveryCurve, value: NetLoss
) -> None:
    sure = {
        "entry": assumed("entry", {"unemployment": Published(0.25), "gdp": Published(-0.05)}),
        "cure": assumed("cure", {"unemployment": Published(-0.15)}),
    }
    one = drawn_loss(book, sure, judged, history, curve, 3)
    limit = 1.3 * float(value(np.zeros((1, len(judged.covariance))))[0])
    found = reverse_stress(value, limit, judged, history)
    assert one.expected(found.changes) == pytest.approx(np.full(3, found.value), rel=1e-9)
    distances = drawn_distances(one, limit, found, judged, history)
    assert distances == pytest.approx(np.full(3, found.distance), rel=1e-3)


def test_each_draws_distance_is_that_of_a_search_of_its_own(
    drawn: DrawnLoss, value: NetLoss, judged: Plausibility, history: pd.DataFrame
) -> None:
    limit = 1.3 * float(value(np.zeros((1, len(judged.covariance))))[0])
    found = reverse_stress(value, limit, judged, history)
    distances = drawn_distances(drawn, limit, found, judged, history)
    for draw in (0, 7, 21):
        base = {step: values[draw] for step, values in drawn.shifts.base.items()}
        slopes = {step: values[draw] for step, values in drawn.shifts.slopes.items()}

        def alone(x: np.ndarray, base: dict = base, slopes: dict = slopes) -> np.ndarray:
            moved = {step: base[step] + np.atleast_2d(x) @ slopes[step] for step in base}
            return net_loss(drawn.book, moved, drawn.curve, MONTHS)

        own = reverse_stress(alone, limit, judged, history, [found.changes])
        assert distances[draw] == pytest.approx(own.distance, rel=1e-2)


def test_where_no_economy_breaks_the_distance_has_no_end_and_says_how_often(
    drawn: DrawnLoss, value: NetLoss, judged: Plausibility, history: pd.DataFrame
) -> None:
    limit = 1e4 * float(value(np.zeros((1, len(judged.covariance))))[0])
    found = reverse_stress(value, limit, judged, history)
    distances = drawn_distances(drawn, limit, found, judged, history)
    assert np.isinf(distances).all()
    told = distance_limits(distances, judged, 0.95)
    assert told["never"] == 1.0 and np.isnan(told["distance_upper"])
    assert told["quantile_upper"] == judged.quantile(np.inf)


def test_a_limit_lost_anyway_is_at_no_distance(
    drawn: DrawnLoss, value: NetLoss, judged: Plausibility, history: pd.DataFrame
) -> None:
    limit = 0.5 * float(value(np.zeros((1, len(judged.covariance))))[0])
    found = reverse_stress(value, limit, judged, history)
    assert (drawn_distances(drawn, limit, found, judged, history) == 0).all()


def test_the_tornados_limits_hold_its_values_where_elasticities_are_uncertain(
    drawn: DrawnLoss, value: NetLoss, judged: Plausibility
) -> None:
    table = tornado_limits(drawn.expected, tornado(value, judged, 2.0), judged, 2.0, 0.95).set_index("variable")
    row = table.loc["unemployment_rate"]
    assert row["up_lower"] < row["up"] < row["up_upper"]
    assert 0 < row["swing_lower"] < row["swing"] < row["swing_upper"]
    assert (table["swing_lower"] >= 0).all()
