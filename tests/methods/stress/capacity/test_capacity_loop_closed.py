"""Missing contacts lose cures, fewer cures make arrears, arrears need staff: the loop closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.core.parameters.stress import WORK
from analysis.core.states import Buckets
from analysis.methods.stress.capacity.call_centre import Centre, capacity_table
from analysis.methods.stress.capacity.feedback import (
    Assumptions,
    bucket_stock,
    month_profile,
    need_by_draw,
    staff_needed,
    work_by_bucket,
    worst_months,
)
from analysis.methods.stress.capacity.loop import (
    Loop,
    close_loop,
    kept_cures,
    loop_effect,
    other_ways,
    settle,
    staff_table,
)
from analysis.methods.stress.capacity.staffing import ServiceTarget, agents_by_load, agents_needed
from analysis.methods.stress.projection.book import Basis, Book, read_book
from analysis.methods.stress.projection.projection import Projection, Shifts, project_book

BUCKETS = Buckets((1, 30, 60, 90))
MONTHS = 8
LEVEL = 0.95


def assumptions(elasticity: float = 0.3, unaided: float = 0.4, slack: float = 0.05) -> Assumptions:
    work = work_by_bucket([one.model_dump() for one in WORK], BUCKETS)
    target = ServiceTarget(0.8, 20.0)
    return Assumptions(work, month_profile((1, 2, 1), 20), target, 180.0, Centre(slack=slack), elasticity, unaided)


@pytest.fixture(scope="module")
def book(panel: tuple[pd.DataFrame, pd.DataFrame]) -> Book:
    return read_book(*panel, BUCKETS, date(2025, 12, 31), 12)


@pytest.fixture(scope="module")
def shifts() -> Shifts:
    drawn = 0.8 + np.random.default_rng(4).normal(0, 0.2, (60, 1)) * np.ones((60, MONTHS))
    return Shifts({"entry": np.full(MONTHS, 0.8)}, {"entry": drawn}, {"entry": 0.05})


@pytest.fixture(scope="module")
def before(book: Book, shifts: Shifts) -> Projection:
    return project_book(book, shifts, MONTHS, 3)


@pytest.fixture(scope="module")
def agents(before: Projection) -> float:
    return float(staff_needed(bucket_stock(before), assumptions(), None)["agents"].iloc[0])


@pytest.fixture(scope="module")
def loop(book: Book, shifts: Shifts, agents: float) -> Loop:
    return close_loop(book, shifts, assumptions(), agents, MONTHS, 3)


def peak_and_cures(before: Projection, after: Projection) -> tuple[float, float, float]:
    found = loop_effect(before, after, LEVEL)
    return found["peak_30_assumed"], found["cures_assumed"], found["charged_off_assumed"]


def test_missing_staff_raises_arrears_and_charge_offs_and_lowers_cures(before: Projection, loop: Loop) -> None:
    found = loop_effect(before, loop.projection, LEVEL)
    assert found["cures_assumed"] < 0.99 * found["cures"]
    assert found["peak_30_assumed"] > 1.02 * found["peak_30"]
    assert found["charged_off_assumed"] > 1.01 * found["charged_off"]
    added = found["charged_off_added"]
    assert added == pytest.approx(found["charged_off_assumed"] - found["charged_off"])
    assert 0 < found["charged_off_added_lower"] < added < found["charged_off_added_upper"]


def test_the_more_cures_depend_on_contacts_the_more_arrears(
    book: Book, shifts: Shifts, before: Projection, agents: float
) -> None:
    ran = [
        peak_and_cures(before, close_loop(book, shifts, assumptions(one), agents, MONTHS, 3).projection)
        for one in (0.0, 0.1, 0.3, 0.9)
    ]
    peaks, cures, charged = (np.array(one) for one in zip(*ran, strict=True))
    assert (np.diff(peaks) > 0).all() and (np.diff(charged) > 0).all() and (np.diff(cures) < 0).all()


@pytest.mark.parametrize(("changed", "staff"), [({"elasticity": 0.0}, 0.5), ({"unaided": 1.0}, 0.5), ({}, 50.0)])
def test_nothing_changes_where_cures_need_no_contact_or_none_is_missing(
    book: Book, shifts: Shifts, before: Projection, agents: float, changed: dict[str, float], staff: float
) -> None:
    ran = close_loop(book, shifts, assumptions(**changed), staff * agents, MONTHS, 3)
    assert ran.rounds == 1 and ran.settled
    for which in ("point", "parameter", "total"):
        one, other = (getattr(each, which)["balance"].stock for each in (before, ran.projection))
        np.testing.assert_array_equal(one, other)


def test_it_stops_where_arrears_and_contacts_agree(book: Book, shifts: Shifts, agents: float, loop: Loop) -> None:
    assert loop.settled and 2 < loop.rounds < 20
    given = assumptions()
    for which, kept in (("point", loop.kept.point), ("parameter", loop.kept.parameter)):
        _, made = need_by_draw(loop.projection, given, which, agents)
        np.testing.assert_allclose(kept_cures(made[:, 1:], given), kept, atol=2e-4)


def test_every_round_adds_arrears_up_to_where_they_settle(
    book: Book, shifts: Shifts, agents: float, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = {step: values[None] for step, values in shifts.point.items()}
    earlier = np.ones((1, MONTHS))
    for most in (1, 2, 3):
        monkeypatch.setattr("analysis.methods.stress.capacity.loop.MOST_ROUNDS", most)
        kept, rounds, settled = settle(book, point, assumptions(), agents, MONTHS)
        assert rounds == most and not settled
        assert (kept <= earlier + 1e-12).all() and (kept >= loop.kept.point - 2e-4).all()
        earlier = kept


def one_bucket() -> Book:
    """1,000 accounts of 1–29 days, of which a month cures 50%, leaves 10% where they are, makes 30% worse, charges
    4% off, and lets 6% pay off; the later buckets stay as they are, and nobody enters."""
    states = len(BUCKETS.states)
    matrix = np.eye(states)[None].copy()
    matrix[0, 1] = 0.0
    for name, share in {"current": 0.5, "1–29": 0.1, "30–59": 0.3, "charged_off": 0.04, "paid_off": 0.06}.items():
        matrix[0, 1, BUCKETS.states.index(name)] = share
    stock = np.zeros((1, states))
    stock[0, 1] = 1000.0
    basis = Basis(stock, matrix, matrix, np.zeros((1, states)))
    return Book(("card",), BUCKETS, date(2025, 12, 31), (), basis, basis)


def test_one_bucket_by_hand() -> None:
    # Without calls 1–29 takes 3 attempts of 2.5 minutes, 30–59 and later 6 of 3.5, by half of a month's hours.
    work = work_by_bucket([one.model_dump() | {"inbound_calls": 0.0} for one in WORK], BUCKETS)
    given = replace(assumptions(1.0, 0.2, 0.0), work=work)
    agents = 0.1
    kept, _, settled = settle(one_bucket(), {"entry": np.zeros((1, 1))}, given, agents, 1)
    assert settled
    # Of 500 cures 500·(1 − k) don't come; they go to 1–29, 30–59 and charged off as 10 : 30 : 4.
    lost = 500 * (1 - kept[0, 0])
    first, later = 100 + lost * 10 / 44, 300 + lost * 30 / 44
    hours = (first * 3 * 2.5 + later * 6 * 3.5) / 60 / 0.85
    made = agents * 160 * 0.7 / hours
    assert kept[0, 0] == pytest.approx(0.2 + 0.8 * made, abs=1e-4) and 0.2 < kept[0, 0] < 0.5
    shifts = Shifts({"entry": np.zeros(1)}, {"entry": np.zeros((1, 1))}, {})
    after = close_loop(one_bucket(), shifts, given, agents, 1).projection.point["accounts"]
    assert after.flows["cured"][0, 0, 0] == pytest.approx(500 - lost)
    assert after.flows["charged_off"][0, 0, 0] == pytest.approx(40 + lost * 4 / 44)
    assert after.stock[0, 1, 0, :3] == pytest.approx([500 - lost, first, later])
    assert after.stock[0, 1, 0, BUCKETS.states.index("paid_off")] == pytest.approx(60)


def test_a_common_cure_loses_as_much_of_its_probability_as_a_rare_one() -> None:
    for share in (0.05, 0.5, 0.9):
        book = one_bucket()
        matrix = book.accounts.matrix.copy()
        matrix[0, 1, 1:] *= (1 - share) / 0.5
        matrix[0, 1, 0] = share
        basis = replace(book.accounts, matrix=matrix, shares=matrix)
        made = replace(assumptions(1.0, 0.0), elasticity=1.0)
        book = replace(book, accounts=basis, balance=basis)
        shifts = Shifts({"entry": np.zeros(1)}, {"entry": np.zeros((1, 1))}, {})
        ran = close_loop(book, shifts, made, 0.3, 1)
        assert ran.kept.point[0, 0] < 1
        cured = ran.projection.point["accounts"].flows["cured"][0, 0, 0]
        assert cured == pytest.approx(1000 * share * ran.kept.point[0, 0])


def test_an_option_that_changes_nothing_has_the_loops_own_numbers(
    book: Book, shifts: Shifts, before: Projection, agents: float, loop: Loop
) -> None:
    given = assumptions()
    same = {"the same": {"remote_share": 0.0}, "robots": {"robot_share": 0.5}}
    options = other_ways(book, shifts, given, agents, same, MONTHS).set_index("option")
    pd.testing.assert_series_equal(options.loc["as it is"], options.loc["the same"], check_names=False)
    capacity = staff_table(before, loop.projection, given, agents, LEVEL).assign(scenario="own")
    worst = worst_months(capacity, given.centre.slack).iloc[0]
    assert options.loc["as it is", "worst_overload"] == pytest.approx(worst["overload"], rel=1e-3)
    assert options.loc["as it is", "contacts_made"] == pytest.approx(worst["contacts_made"], abs=1e-3)
    assert options.loc["as it is", "months_overloaded"] == worst["months_short"]
    assert options.loc["robots", "worst_overload"] < options.loc["as it is", "worst_overload"]


def test_limits_of_the_worst_month_hold_the_expected_one(before: Projection, loop: Loop, agents: float) -> None:
    given = assumptions()
    capacity = staff_table(before, loop.projection, given, agents, LEVEL).assign(scenario="own")
    worst = worst_months(capacity, given.centre.slack).iloc[0]
    for name, value in (("needed", "needed_agents"), ("overload", "overload"), ("contacts_made", "contacts_made")):
        assert worst[f"{name}_lower"] <= worst[value] <= worst[f"{name}_upper"]
    assert worst["months_short_lower"] <= worst["months_short"] <= worst["months_short_upper"]
    assert worst["needed_agents"] == capacity["needed_agents"].iloc[1:].max()
    assert capacity["cures_lost_assumed"].sum() > 0


def test_overtime_makes_contacts_and_months_within_it_are_not_short() -> None:
    load = pd.DataFrame({"month": [1, 2], "attempts": 1000.0, "outbound_hours": [85.0, 95.0 * 0.85 + 12 * 0.85]})
    tables = {one: capacity_table(load, 12.0, 1.0, Centre(slack=one, hour_cost=1.0)) for one in (0.0, 0.1)}
    # One agent does 112 hours; the second month asks for 119.
    assert tables[0.0]["needed_agents"].tolist() == pytest.approx([1.0, 119 / 112])
    assert tables[0.0]["contacts_made"].tolist() == pytest.approx([1.0, 100 / 107])
    assert tables[0.1]["contacts_made"].tolist() == pytest.approx([1.0, 1.0])
    assert tables[0.1]["missing_agents"].tolist() == pytest.approx([0.0, 0.0])
    extra = tables[0.1]["cost_assumed"] - tables[0.0]["cost_assumed"]
    assert extra.tolist() == pytest.approx([0.0, 160 * 7 / 112])


@pytest.mark.parametrize("target", [ServiceTarget(0.8, 20.0), ServiceTarget(0.9, 10.0, 0.85, 0.03)])
def test_agents_looked_up_are_those_worked_out(target: ServiceTarget) -> None:
    random = np.random.default_rng(1)
    load, seconds = np.append(random.uniform(0, 12, 9_999), 0.0), random.integers(318, 334, 10_000)
    slow = agents_needed(load, seconds.astype(float), target, 180.0)
    np.testing.assert_array_equal(agents_by_load(load, seconds, target, 180.0), slow)
