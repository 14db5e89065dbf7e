"""Projections: the flow forecast where the economy adds nothing, worse where it is worse, uncertainty in its
parts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from point_shifts import point_only

from analysis.core.errors import ParameterError
from analysis.core.scenarios import Scenario
from analysis.core.states import Buckets
from analysis.methods.delinquency.flows import flows
from analysis.methods.stress.projection.book import Book, read_book
from analysis.methods.stress.projection.probability_of_default import default_states, marginal_default
from analysis.methods.stress.projection.projection import (
    Shifts,
    compare_scenarios,
    draw_steps,
    no_shifts,
    project_book,
    scenario_shifts,
)
from analysis.methods.stress.projection.recovery import RecoveryCurve, project_recoveries, recovery_curve
from analysis.methods.stress.projection.tilt import Tilt
from analysis.methods.stress.satellites.cells import CHAIN, kind_matrix
from analysis.methods.stress.satellites.drivers import STEPS, driver_series
from analysis.methods.stress.satellites.fit import assumed
from analysis.methods.stress.satellites.satellite import Published, Satellite
from analysis.methods.stress.scenarios.paths import monthly_path
from analysis.statistics.flows import project

Panel = tuple[pd.DataFrame, pd.DataFrame]
BUCKETS = Buckets((1, 30, 60, 90))
START = date(2025, 12, 31)
GONE = BUCKETS.states.index("charged_off")


@pytest.fixture(scope="module")
def book(panel: Panel) -> Book:
    return read_book(*panel, BUCKETS, START, 12)


@pytest.fixture(scope="module")
def satellites() -> dict[str, Satellite]:
    entry = {"unemployment": Published(0.2, 0.05), "gdp": Published(-0.04, 0.01)}
    other = {"unemployment": Published(-0.12, 0.04)}
    kinds = {"entry": entry, "cure": other, "better": other, "stay": other}
    return {step: assumed(step, one) for step, one in kinds.items()} | {
        "charge_off": assumed("charge_off", {"unemployment": Published(0.2, 0.05)})
    }


def constant(months: int = 12, draws: int = 1, **log_odds: float) -> Shifts:
    point = {step: np.full(months, value) for step, value in log_odds.items()}
    return Shifts(point, {step: np.tile(values, (draws, 1)) for step, values in point.items()}, {})


def test_without_elasticities_it_is_the_delinquency_chapters_flow_forecast(panel: Panel, book: Book) -> None:
    found = project_book(book, no_shifts(24), 24)
    for place, product in enumerate(book.groups):
        own = [table[table["value"] == product].assign(dimension="all") for table in panel]
        for basis in ("accounts", "balance"):
            rates = flows(own[0], own[1], BUCKETS, START, 12, basis)
            told = project(rates.start, rates.matrix, 24, rates.inflows.mean(axis=0))
            assert found.point[basis].stock[0, :, place] == pytest.approx(told, rel=1e-9, abs=1e-9)


def test_zero_elasticities_and_season_give_the_same_as_no_satellite(
    book: Book, history: pd.DataFrame, make_scenario: Callable[..., Scenario]
) -> None:
    nothing = {step: assumed(step, {"unemployment": Published(0.0)}) for step in CHAIN}
    drivers = driver_series(pd.concat([history, monthly_path(make_scenario(), history)]))
    found = project_book(book, scenario_shifts(nothing, drivers, book, 12, draws=2), 12)
    plain = project_book(book, no_shifts(12), 12)
    for basis in ("accounts", "balance"):
        assert found.point[basis].stock == pytest.approx(plain.point[basis].stock, rel=1e-9, abs=1e-9)


def test_accounts_are_neither_made_nor_lost_but_by_new_business_and_exits(book: Book) -> None:
    found = project_book(book, constant(entry=0.7, cure=-0.3), 12).point["accounts"].stock[0]
    left = [BUCKETS.states.index(name) for name in ("paid_off", "sold", "closed")]
    total, gone = found.sum(axis=(1, 2)), found[:, :, left].sum(axis=(1, 2))
    assert np.diff(total) == pytest.approx(book.accounts.inflow.sum() - gone[:-1])


@st.composite
def shares(draw: st.DrawFn) -> np.ndarray:
    size = len(BUCKETS.states)
    raw = draw(arrays(float, (1, size, size), elements=st.floats(0, 1))) + 1e-3
    raw *= draw(arrays(bool, (1, size, size))) | np.eye(size, dtype=bool)
    return raw / raw.sum(axis=-1, keepdims=True)


@settings(max_examples=60, deadline=None)
@given(shares(), st.lists(st.floats(-3, 3), min_size=5, max_size=5))
def test_tilted_shares_still_sum_to_one(rates: np.ndarray, log_odds: list[float]) -> None:
    moved = (
        rates * Tilt(rates, BUCKETS).ratios({s: np.array([d]) for s, d in zip(CHAIN, log_odds, strict=True)})[0]
    )
    assert moved.sum(axis=-1) == pytest.approx(1.0)
    assert (moved >= 0).all() and (moved[rates == 0] == 0).all()


@settings(max_examples=60, deadline=None)
@given(shares(), st.sampled_from(list(CHAIN)), st.floats(-2, 2))
def test_a_steps_odds_are_multiplied_by_e_to_the_shift(rates: np.ndarray, step: str, delta: float) -> None:
    moved = rates * Tilt(rates, BUCKETS).ratios({step: np.array([delta])})[0]
    kinds, (events, risk) = kind_matrix(BUCKETS), CHAIN[step]
    rows = [0] if step == "entry" else range(1, len(BUCKETS.labels))
    for row in rows:
        yes = np.isin(kinds[row], events)
        no = np.isin(kinds[row], risk) & ~yes
        before, after = ((one[0, row, yes].sum(), one[0, row, no].sum()) for one in (rates, moved))
        assert after[0] * before[1] == pytest.approx(np.exp(delta) * before[0] * after[1], abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(shares(), st.lists(st.floats(0, 2), min_size=5, max_size=5))
def test_each_months_rolls_get_stochastically_worse_whatever_they_are(
    rates: np.ndarray, sizes: list[float]
) -> None:
    adverse = {step: np.array([STEPS[step] * size]) for step, size in zip(CHAIN, sizes, strict=True)}
    moved = rates * Tilt(rates, BUCKETS).ratios(adverse)[0]
    kinds = kind_matrix(BUCKETS)
    order = ("left", "current", "better", "stay", "worse", "charged_off")
    for row in range(len(BUCKETS.labels)):
        for worst in range(1, len(order)):
            tail = np.isin(kinds[row], order[worst:])
            assert moved[0, row, tail].sum() >= rates[0, row, tail].sum() - 1e-12


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 3), st.floats(0, 3))
def test_a_more_severe_scenario_charges_off_more_and_leaves_more_in_arrears_or_lost(
    book: Book, satellites: dict[str, Satellite], one: float, other: float
) -> None:
    low, high = sorted([one, other])
    paths = []
    for size in (low, high):
        shift = {step: np.full(24, STEPS[step] * 0.2 * size) for step in satellites}
        paths.append(project_book(book, Shifts(shift, {s: v[None] for s, v in shift.items()}, {}), 24).point)
    for basis in ("accounts", "balance"):
        off = [path[basis].flows["charged_off"][0].cumsum(axis=0) for path in paths]
        assert (off[1] >= off[0] * (1 - 1e-12)).all()
    late = [path["accounts"].stock[0, :, :, 2 : GONE + 1].sum(axis=-1) for path in paths]
    assert (late[1] >= late[0] * (1 - 1e-12)).all()


def test_worse_scenarios_of_the_same_shape_cost_more(
    book: Book, satellites: dict[str, Satellite], history: pd.DataFrame, make_scenario: Callable[..., Scenario]
) -> None:
    found = []
    for size in (0.0, 0.5, 1.0, 2.0):
        drivers = driver_series(pd.concat([history, monthly_path(make_scenario(size), history)]))
        shifts = point_only(scenario_shifts(satellites, drivers, book, 36, draws=1))
        found.append(project_book(book, shifts, 36).flow("charged_off").sum())
    assert found == sorted(found) and found[-1] > 1.2 * found[0]


def test_uncertain_coefficients_and_chance_are_told_apart(
    book: Book, satellites: dict[str, Satellite], history: pd.DataFrame, make_scenario: Callable[..., Scenario]
) -> None:
    drivers = driver_series(pd.concat([history, monthly_path(make_scenario(), history)]))
    table = project_book(book, scenario_shifts(satellites, drivers, book, 12, draws=300), 12).table()
    row = (
        table.set_index(["group", "basis", "measure", "month"])
        .sort_index()
        .loc[("all", "accounts", "charged_off")]
        .iloc[-1]
    )
    assert row["lower"] < row["lower_parameter"] < row["expected"] < row["upper_parameter"] < row["upper"]
    auto = table[
        (table["group"] == "auto") & (table["measure"] == "charged_off") & (table["basis"] == "accounts")
    ].iloc[-1]
    # A small product is mostly chance, the whole book less so.
    relative = [(r["upper"] - r["lower"]) / (r["upper_parameter"] - r["lower_parameter"]) for r in (row, auto)]
    assert relative[1] > relative[0]


def test_chance_alone_has_the_variance_of_counts(book: Book) -> None:
    flat = Shifts({"entry": np.zeros(1)}, {"entry": np.zeros((4000, 1))}, {})
    found = project_book(book, flat, 1)
    entered = found.total["accounts"].flows["entered"][:, 0]
    expected = found.point["accounts"].flows["entered"][0, 0]
    size = book.accounts.stock[:, 0]
    assert entered.mean(axis=0) == pytest.approx(expected, rel=0.02)
    assert entered.var(axis=0) == pytest.approx(expected * (1 - expected / size), rel=0.12)
    assert found.parameter["accounts"].flows["entered"].std(axis=0) == pytest.approx(0.0, abs=1e-9)


def test_months_of_their_own_widen_the_fan(book: Book) -> None:
    flat = {"entry": np.zeros((400, 6))}
    point = {"entry": np.zeros(6)}
    spread = [
        project_book(book, Shifts(point, flat, {"entry": tau}), 6)
        .flow("entered", "accounts", "total")
        .std(axis=0)
        .sum()
        for tau in (0.0, 0.5)
    ]
    assert spread[1] > 2 * spread[0]


def test_the_table_tells_shares_of_the_open_book(book: Book) -> None:
    table = project_book(book, constant(6, entry=0.3), 6).table()
    wide = table.pivot_table(index=["group", "basis", "month"], columns="measure", values="expected")
    opened = wide["open"].to_numpy()
    assert wide["overdue_90"].to_numpy() * opened == pytest.approx(wide["stock:90+"].to_numpy())
    late = wide[["stock:30–59", "stock:60–89", "stock:90+"]].sum(axis=1)
    assert wide["overdue_30"].to_numpy() * opened == pytest.approx(late.to_numpy())
    parts = wide.drop("all").groupby(["basis", "month"])["open"].sum()
    assert wide.loc["all"]["open"].to_numpy() == pytest.approx(parts.to_numpy())
    both = compare_scenarios({"a": table, "b": table})
    assert list(both["scenario"].unique()) == ["a", "b"]


@pytest.mark.parametrize(("months", "given"), [(37, 40), (13, 12), (0, 12)])
def test_a_horizon_beyond_the_models_or_the_scenario_is_refused(book: Book, months: int, given: int) -> None:
    with pytest.raises(ParameterError, match=f"months is {months}; the models serve 1 to 36"):
        project_book(book, no_shifts(given), months)


def test_unknown_steps_flows_and_products_are_refused(book: Book, panel: Panel) -> None:
    with pytest.raises(ParameterError, match="step 'recovery' cannot be moved"):
        project_book(book, constant(recovery=0.1), 12)
    with pytest.raises(ParameterError, match="no flow 'lost'"):
        project_book(book, no_shifts(1), 1).flow("lost")
    with pytest.raises(ParameterError, match="no open accounts by 'region' at 2025-12; the stock has product"):
        read_book(*panel, BUCKETS, START, dimension="region")


def test_default_by_month_equals_a_hand_worked_chain() -> None:
    states = BUCKETS.states
    rates = np.zeros((len(states), len(states)))
    rates[0, [0, 1]] = 0.9, 0.1
    rates[1, [0, 2]] = 0.5, 0.5
    rates[2, [1, 3]] = 0.4, 0.6
    rates[3, [3, 4, GONE]] = 0.1, 0.7, 0.2
    found = marginal_default(np.repeat(rates[None], 4, axis=0), BUCKETS)
    assert found[3] == pytest.approx([0.9, 0.09, 0.009, 0.0009])
    assert found[2] == pytest.approx([0.0, 0.6 * 0.9, 0.6 * 0.1 * 0.9, 0.6 * 0.01 * 0.9 + 0.4 * 0.5 * 0.6 * 0.9])
    assert found[0] == pytest.approx([0.0, 0.0, 0.0, 0.1 * 0.5 * 0.6 * 0.9])
    assert found[4].tolist() == [1.0, 0.0, 0.0, 0.0]


def test_cumulative_default_is_that_of_the_chain_with_default_made_absorbing(book: Book) -> None:
    found = project_book(book, constant(24, entry=0.2), 24)
    told = marginal_default(found.matrices, BUCKETS)
    assert told.shape == (len(book.groups), len(BUCKETS.labels), 24)
    bad = default_states(BUCKETS)
    absorbing = found.matrices[:, 0].copy()
    absorbing[:, bad] = np.eye(len(BUCKETS.states))[bad]
    whole = np.linalg.multi_dot(list(absorbing))
    assert told[0].sum(axis=-1) == pytest.approx(whole[: len(BUCKETS.labels), bad].sum(axis=-1))


def test_default_needs_a_bucket_that_begins_there() -> None:
    with pytest.raises(ParameterError, match="default at 90 days past due needs a bucket that begins there"):
        default_states(Buckets((1, 30)))


def test_recoveries_follow_the_curve_from_the_month_after_charge_off() -> None:
    curve = RecoveryCurve(("card",), np.array([[0.1, 0.05, 0.01]]), np.array([[100.0, 200.0, 0.0]]))
    cash = project_recoveries(np.array([[[1000.0], [0.0], [0.0], [0.0]]]), curve)[0, :, 0]
    # Today's claims: 100 about to run month 1, 200 about to run month 2; then the thousand charged off in month 1.
    assert cash == pytest.approx([10 + 10, 5 + 2 + 100, 1 + 50, 10])
    half = project_recoveries(np.ones((1, 2, 1)), curve, np.full((1, 2), np.log(0.5)))
    assert half == pytest.approx(0.5 * project_recoveries(np.ones((1, 2, 1)), curve))


def test_the_recovery_curve_rests_on_cohorts_followed_so_far() -> None:
    rows = [("a", 0, 2, 100.0, 0.0), ("a", 1, 2, 0.0, 10.0), ("a", 2, 2, 0.0, 6.0), ("a", 0, 1, 300.0, 0.0),
            ("a", 1, 1, 0.0, 10.0), ("a", 0, 0, 50.0, 0.0)]  # fmt: skip
    cells = pd.DataFrame(rows, columns=["product", "since", "followed", "charged_off", "paid"])
    found = recovery_curve(cells, ["a", "b"], horizon=3)
    assert found.rate[0] == pytest.approx([20 / 400, 6 / 100, 0.0])
    assert found.rate[1] == pytest.approx(found.rate[0])
    assert found.claims.tolist() == [[50.0, 300.0, 100.0], [0.0, 0.0, 0.0]]


def test_a_curve_of_other_products_than_those_charged_off_is_refused() -> None:
    with pytest.raises(ParameterError, match="charge-offs have 2 groups, the recovery curve 1"):
        project_recoveries(np.ones((1, 1, 2)), RecoveryCurve(("a",), np.ones((1, 1)), np.ones((1, 1))))


def test_a_steps_draws_do_not_hang_on_which_other_steps_there_are(satellites: dict[str, Satellite]) -> None:
    whole = draw_steps(satellites, 5, 3)
    fewer = draw_steps({step: one for step, one in satellites.items() if step not in ("cure", "better")}, 5, 3)
    for step, one in fewer.items():
        assert one.coefficients.keys() == whole[step].coefficients.keys()
        for model, values in one.coefficients.items():
            np.testing.assert_array_equal(values, whole[step].coefficients[model])
