"""Agents for a service level, work against staff, and cures where staff is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import InputError, ParameterError
from analysis.methods.stress.capacity.call_centre import (
    Centre,
    capacity_table,
    changed,
    compare_options,
    cures_with_contacts,
    inbound_staff_hours,
    workload,
)
from analysis.methods.stress.capacity.erlang import queue_with_abandonment, queue_without_abandonment
from analysis.methods.stress.capacity.staffing import ServiceTarget, agents_needed, paid_agents


def test_agents_equal_the_published_example() -> None:
    # pyworkforce, documentation of ErlangC: 100 calls of 3 minutes in half an hour, 80% in 20 s, 85% occupancy,
    # shrinkage 30%: 14 at work, 20 paid, service level 0.888, occupancy 0.714, waiting 0.174.
    target = ServiceTarget(0.8, wait=0.33, occupancy=0.85)
    agents = agents_needed(10.0, 3.0, target)
    assert int(agents) == 14 and int(paid_agents(agents, 0.3)) == 20
    queue = queue_without_abandonment(agents, 10.0, 3.0, 0.33)
    found = (float(queue.service_level), float(queue.occupancy), float(queue.waits))
    assert found == pytest.approx((0.888, 0.714, 0.174), abs=0.001)


def test_agents_equal_an_independent_implementation() -> None:
    queuing = pytest.importorskip("pyworkforce.queuing")
    rng = np.random.default_rng(6)
    calls, minutes = rng.uniform(20, 900, 60), rng.uniform(2, 9, 60)
    mine = agents_needed(calls * minutes / 30.0, minutes, ServiceTarget(0.8, 1 / 3, 0.88))
    for place in range(60):
        queue = queuing.ErlangC(calls[place], minutes[place], 1 / 3, 30)
        assert mine[place] == queue.required_positions(0.8, 0.88)["raw_positions"]


@settings(max_examples=60, deadline=None)
@given(st.floats(0.01, 500), st.floats(30, 900), st.floats(0.05, 0.99), st.floats(0, 120), st.floats(0.5, 1))
def test_agents_meet_the_target_and_one_fewer_does_not(
    load: float, handling: float, level: float, wait: float, occupancy: float
) -> None:
    target = ServiceTarget(level, wait, occupancy)
    agents = int(agents_needed(load, handling, target))
    enough, short = (queue_without_abandonment(agents - less, load, handling, wait) for less in (0, 1))
    assert float(enough.service_level) >= level - 1e-9 and float(enough.occupancy) <= occupancy + 1e-9
    assert float(short.service_level) < level + 1e-9 or float(short.occupancy) > occupancy - 1e-9


@settings(max_examples=40, deadline=None)
@given(st.floats(0.01, 300), st.floats(30, 900), st.floats(0.05, 0.99), st.floats(0, 120), st.floats(10, 1e5))
def test_agents_for_callers_who_give_up_are_the_fewest(
    load: float, handling: float, level: float, wait: float, patience: float
) -> None:
    target = ServiceTarget(level, wait, occupancy=0.95, abandoned=0.5)
    agents = int(agents_needed(load, handling, target, patience))

    def met(number: int) -> bool:
        queue = queue_with_abandonment(number, load, handling, wait, patience)
        return bool((queue.service_level >= level) & (queue.abandoned <= 0.5) & (queue.occupancy <= 0.95 + 1e-12))

    assert met(agents) and not met(agents - 1)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 300), st.floats(0.01, 0.99), st.floats(30, 900), st.floats(10, 1e5))
def test_callers_who_give_up_leave_the_queue_shorter(
    agents: int, used: float, handling: float, patience: float
) -> None:
    impatient = queue_with_abandonment(agents, used * agents, handling, 20.0, patience)
    patient = queue_without_abandonment(agents, used * agents, handling, 20.0)
    assert float(impatient.waits) <= float(patient.waits) + 1e-9
    assert float(impatient.mean_wait) <= float(patient.mean_wait) + 1e-9


def test_a_strict_level_counts_those_who_give_up_as_not_answered() -> None:
    # Four agents answer 99.06% within 9 seconds if all stay; with 10 seconds of patience some of them leave
    # first, and 98.99% are answered (two million simulated calls give 98.99% too).
    target = ServiceTarget(0.99, 9.0)
    assert int(agents_needed(1.0, 35.0, target)) == 4
    assert int(agents_needed(1.0, 35.0, target, 10.0)) == 5


def test_shapes_are_kept_and_no_load_needs_nobody() -> None:
    loads = np.array([[0.0, 4.0], [8.0, 0.0]])
    for patience in (None, 90.0):
        found = agents_needed(loads, 240.0, ServiceTarget(), patience)
        assert found.shape == (2, 2) and found[0, 0] == found[1, 1] == 0 and found[1, 0] > found[0, 1] > 4 - 2


STOCK = pd.DataFrame({"month": [1, 1, 2, 2], "bucket": ["1–29", "30–59"] * 2, "accounts": [100.0, 40, 200, 100]})
WORK = pd.DataFrame(
    {"bucket": ["1–29", "30–59"], "attempts": [2, 6], "minutes": [3, 5], "inbound_calls": [0.1, 0.5]}
).assign(inbound_minutes=[4, 6])


def test_work_is_accounts_times_attempts_times_minutes() -> None:
    found = workload(STOCK, WORK).set_index("month")
    assert found.loc[
        1, ["attempts", "outbound_hours", "inbound_calls", "inbound_hours"]
    ].tolist() == pytest.approx([440, 30, 30, (40 + 120) / 60])
    assert found.loc[1, "inbound_minutes"] == pytest.approx(160 / 30)
    assert found.loc[2, "outbound_hours"] == pytest.approx((200 * 6 + 100 * 30) / 60)


def test_staffed_hours_are_half_hours_of_the_agents_needed() -> None:
    profile = np.array([0.0, 0.25, 0.75])
    hours = inbound_staff_hours([480.0, 0.0], [5.0, np.nan], profile, ServiceTarget(0.8, 20.0))
    by_hand = agents_needed([480 * 0.25 * 5 / 30, 480 * 0.75 * 5 / 30], 300.0, ServiceTarget(0.8, 20.0)).sum() / 2
    assert hours.tolist() == [by_hand, 0.0]
    assert inbound_staff_hours([480.0], [5.0], profile, ServiceTarget(0.8, 20.0), patience=60.0)[0] < by_hand


def load() -> pd.DataFrame:
    rows = {"month": [1, 2, 3], "attempts": [1_000.0, 2_000.0, 0.0], "outbound_hours": [85.0, 170.0, 0.0]}
    return pd.DataFrame(rows).assign(inbound_calls=0.0, inbound_hours=0.0, inbound_minutes=np.nan)


def test_need_overload_and_contacts_equal_those_worked_by_hand() -> None:
    # An agent does 160·0.7 = 112 hours; 85/0.85 = 100 outbound, 12 inbound: one agent; then 212: 1.893.
    table = capacity_table(load(), [12.0, 12.0, 0.0], 1, Centre())
    assert table.needed_agents.tolist() == pytest.approx([1.0, 212 / 112, 0.0])
    assert table.overload.tolist() == pytest.approx([1.0, 212 / 112, 0.0])
    assert table.missing_agents.tolist() == pytest.approx([0.0, 100 / 112, 0.0])
    assert table.contacts_made.tolist() == pytest.approx([1.0, 0.5, 1.0])


def test_inbound_comes_first_and_without_staff_no_contact_is_made() -> None:
    table = capacity_table(load(), 500.0, [1, 0, 0], Centre())
    assert table.contacts_made.tolist() == [0.0, 0.0, 1.0]
    assert table.overload[1] == np.inf


def test_robots_spare_agents_but_for_what_they_hand_over_and_remote_work_changes_cost() -> None:
    centre = Centre(hour_cost=10, seat_cost=200, remote_saving=0.25, robot_cost=0.05)
    options = {
        "robots": {"robot_share": 0.5, "robot_handover": 0.2},
        "a quarter remote": {"remote_share": 0.25},
        "slower at home": {"remote_share": 0.5, "remote_productivity": 0.8},
    }
    centres = changed(centre, options)
    tables = {name: capacity_table(load(), [12.0, 12.0, 0.0], 1, one) for name, one in centres.items()}
    table = compare_options(tables, centres).set_index("option")
    # Agents keep 60% of attempts: (12 + 200·0.6)/112; robots 1,500 attempts at 0.05; seats 200 → 187.5.
    assert table.worst_overload["robots"] == pytest.approx(132 / 112)
    assert table.cost_assumed["robots"] - table.cost_assumed["as it is"] == pytest.approx(75.0)
    assert table.cost_assumed["as it is"] - table.cost_assumed["a quarter remote"] == pytest.approx(3 * 12.5)
    assert table.worst_overload["slower at home"] == pytest.approx(212 / (112 * 0.9))
    assert table.cost_change_assumed["as it is"] == 0 and table.months_overloaded["as it is"] == 1


def test_missing_contacts_cost_cures_by_their_elasticity() -> None:
    assert cures_with_contacts(0.2, [1.0, 0.5], 0.3).tolist() == pytest.approx([0.2, 0.2 * 0.5**0.3])
    assert float(cures_with_contacts(0.2, 0.0, 0.3, unaided=0.4)) == pytest.approx(0.08)
    assert float(cures_with_contacts(0.2, 0.0, 0.0)) == pytest.approx(0.2)


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 5), st.floats(0, 1))
def test_more_contacts_never_mean_fewer_cures(
    rate: float, one: float, two: float, power: float, own: float
) -> None:
    low, high = (float(cures_with_contacts(rate, made, power, own)) for made in sorted((one, two)))
    assert 0 <= low <= high + 1e-12 <= rate + 2e-12


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: ServiceTarget(80),
            ParameterError,
            "service level is 80; it must be from 0 to below 1, such as 0.8",
        ),
        (lambda: ServiceTarget(occupancy=0), ParameterError, "occupancy is 0; it must be above 0"),
        (lambda: ServiceTarget(wait=-1), ParameterError, "target wait is -1"),
        (lambda: agents_needed(-1, 60, ServiceTarget()), ParameterError, "load holds a value"),
        (lambda: agents_needed(1, 0, ServiceTarget()), ParameterError, "handling_time holds a value"),
        (lambda: paid_agents(10, 30), ParameterError, "shrinkage is 30; it must be from 0 to below 1"),
        (lambda: Centre(robot_share=20), ParameterError, "robot_share has 20.0; it must lie from 0 to 1"),
        (lambda: Centre(remote_productivity=0), ParameterError, "remote_productivity is 0; it must be above 0"),
        (lambda: Centre(shrinkage=1), ParameterError, "shrinkage must be below 1"),
        (lambda: workload(STOCK, WORK.iloc[:1]), InputError, "work has no row for the bucket 30–59"),
        (lambda: workload(STOCK[:1], WORK), InputError, "work names the bucket 30–59, which no account is in"),
        (lambda: workload(STOCK, WORK.drop(columns="minutes")), InputError, "work: minutes missing; pass bucket"),
        (lambda: workload(STOCK, pd.concat([WORK, WORK])), InputError, "a bucket comes twice"),
        (lambda: workload(STOCK.assign(accounts=-1.0), WORK), InputError, "must be 0 or more"),
        (lambda: inbound_staff_hours(9, 5, [0.5], ServiceTarget()), ParameterError, "profile must be shares"),
        (lambda: capacity_table(load(), 0.0, -1, Centre()), ParameterError, "agents holds a value"),
        (
            lambda: changed(Centre(), {"more": {"robots": 1}}),
            ParameterError,
            "option 'more' changes robots; use hour_cost",
        ),
        (lambda: cures_with_contacts(0.1, 0.5, -1), ParameterError, "elasticity is -1; it must be 0 or more"),
    ],
)
def test_what_cannot_be_is_told_by_name(call: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()  # type: ignore[operator]
