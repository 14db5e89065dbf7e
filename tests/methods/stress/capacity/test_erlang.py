"""Erlang's formulas against published tables, brute force, and each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import ParameterError
from analysis.methods.stress.capacity.erlang import (
    erlang_b,
    erlang_c,
    queue_with_abandonment,
    queue_without_abandonment,
)
from analysis.methods.stress.capacity.incomplete_gamma import log_erlang_b, log_kummer


# Table of Erlang B, Collins, "Carrier Grade Voice over IP", second edition, appendix A: load in erlangs
# at which so many channels block that share of calls (rounded to a tenth there).
@pytest.mark.parametrize(
    ("channels", "blocking", "loads"),
    [
        (5, [0.0001, 0.001, 0.01, 0.02, 0.05], [0.5, 0.8, 1.4, 1.7, 2.2]),
        (8, [0.0001, 0.001, 0.01, 0.02, 0.05], [1.4, 2.1, 3.1, 3.6, 4.5]),
        (9, [0.0001, 0.001, 0.01, 0.02, 0.05], [1.8, 2.6, 3.8, 4.3, 5.4]),
    ],
)
def test_blocking_equals_the_published_table(channels: int, blocking: list[float], loads: list[float]) -> None:
    below, above = (erlang_b(channels, np.array(loads) + side) for side in (-0.0501, 0.0501))
    assert (below <= blocking).all() and (above >= blocking).all()


def test_blocking_equals_a_published_example() -> None:
    # erlang.com, calculator manual: 15 lines at 1% blocking carry 8.108 erlangs.
    assert float(erlang_b(15, 8.108)) == pytest.approx(0.01, abs=1e-5)


def test_waiting_equals_its_closed_form_for_few_agents() -> None:
    # One agent: a. Two: a²/(2 + a). Three agents at 2 erlangs: 4/9.
    assert erlang_c([1, 2, 3], [0.7, 1.0, 2.0]) == pytest.approx([0.7, 1 / 3, 4 / 9])


# Garnett, Mandelbaum and Reiman 2002, the queue with and without patience: 50 agents, 48 calls a minute of a
# minute each, patience 2 minutes.
def test_both_queues_equal_the_published_comparison() -> None:
    patient = queue_without_abandonment(50, 48, 60.0, 20.0)
    assert float(patient.mean_wait) == pytest.approx(20.8, abs=0.05)
    assert float(patient.occupancy) == pytest.approx(0.96)
    impatient = queue_with_abandonment(50, 48, 60.0, 20.0, 120.0)
    assert float(impatient.abandoned) == pytest.approx(0.031, abs=0.0005)
    assert float(impatient.mean_wait) == pytest.approx(3.7, abs=0.05)
    assert float(impatient.occupancy) == pytest.approx(0.93, abs=0.005)


def test_the_ninetieth_percentile_of_waiting_equals_the_published_one() -> None:
    assert float(queue_without_abandonment(50, 48, 60.0, 58.1).service_level) == pytest.approx(0.9, abs=0.001)


def birth_and_death(agents: int, load: float, handling: float, patience: float) -> tuple[float, float]:
    """Share who wait and share who give up, from the stationary law of callers present, state by state."""
    count = np.arange(1, 6_000)
    leave = np.minimum(count, agents) / handling + np.maximum(count - agents, 0) / patience
    logs = np.append(0.0, np.cumsum(np.log(load / handling / leave)))
    weight = np.exp(logs - logs.max())
    weight /= weight.sum()
    queue = np.maximum(np.arange(6_000) - agents, 0)
    return float(weight[agents:].sum()), float((weight * queue).sum() / patience / (load / handling))


@pytest.mark.parametrize("case", [(50, 48, 60, 120), (5, 20, 300, 60), (10, 3, 300, 600), (200, 400, 300, 3_000)])
def test_abandonment_equals_the_law_of_the_birth_and_death_process(case: tuple[int, float, float, float]) -> None:
    agents, load, handling, patience = case
    queue = queue_with_abandonment(agents, load, handling, 20, patience)
    assert (float(queue.waits), float(queue.abandoned)) == pytest.approx(
        birth_and_death(agents, load, handling, patience), rel=1e-8
    )


def test_service_level_equals_a_simulation_with_callers_who_give_up() -> None:
    rng, handling, patience, target = np.random.default_rng(3), 60.0, 90.0, 15.0
    free, answered, calls = np.zeros(8), 0, 200_000
    arrivals = np.cumsum(rng.exponential(handling / 9.0, calls))
    service, patient = rng.exponential(handling, calls), rng.exponential(patience, calls)
    for at, takes, stays in zip(arrivals, service, patient, strict=True):
        first = int(free.argmin())
        wait = max(free[first] - at, 0.0)
        if wait <= stays:
            free[first] = max(free[first], at) + takes
            answered += wait <= target
    exact = float(queue_with_abandonment(8, 9.0, handling, target, patience).service_level)
    # Calls follow one another in luck: about ten times the error of independent ones.
    assert answered / calls == pytest.approx(exact, abs=0.012)


def test_logarithms_are_exact_where_the_functions_overflow_or_vanish() -> None:
    for agents, load in [
        (5, 5e3),
        (100, 1_900.0),
        (1_000, 1_001.0),
        (1_000, 3e3),
        (50, 700.0),
        (50, 600.0),
        (0, 3.0),
    ]:
        inverse = 1.0
        for n in range(1, agents + 1):
            inverse = 1.0 + inverse * n / load
        assert float(np.exp(log_erlang_b(agents, load))) == pytest.approx(1 / inverse, rel=1e-9)
    for x, z in [(0.3, 0.1), (400.0, 40.0), (3e3, 800.0), (1e5, 2e4), (1e5, 9e4), (5e4, 4.9e4)]:
        terms = np.cumsum(np.log(z) - np.log(x + np.arange(1, 60_000)))
        series = np.logaddexp.reduce(np.append(0.0, terms))
        assert float(log_kummer(x, z)) == pytest.approx(series, rel=1e-9, abs=1e-12)


def test_endless_patience_leads_to_erlang_c() -> None:
    patient = queue_without_abandonment(60, 50, 300, 20)
    gaps = [
        abs(queue_with_abandonment(60, 50, 300, 20, p).service_level - patient.service_level)
        for p in (1e3, 1e5, 1e8)
    ]
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 1e-6
    last = queue_with_abandonment(60, 50, 300, 20, 1e8)
    assert float(last.mean_wait) == pytest.approx(float(patient.mean_wait), rel=1e-4)


numbers = st.integers(1, 300)
loads = st.floats(0.01, 400)


@settings(max_examples=100, deadline=None)
@given(numbers, loads, st.floats(10, 2_000), st.floats(0, 300), st.floats(1, 1e6))
def test_every_share_lies_within_zero_and_one_and_more_agents_serve_better(
    agents: int, load: float, handling: float, target: float, patience: float
) -> None:
    pair = [agents, agents + 1]
    for queue in (
        queue_without_abandonment(pair, load, handling, target),
        queue_with_abandonment(pair, load, handling, target, patience),
    ):
        for values in (queue.waits, queue.service_level, queue.abandoned, queue.occupancy):
            assert ((values >= 0) & (values <= 1)).all()
        assert queue.service_level[1] >= queue.service_level[0] - 1e-9
        assert queue.waits[1] <= queue.waits[0] + 1e-9
        assert queue.abandoned[1] <= queue.abandoned[0] + 1e-9


@settings(max_examples=60, deadline=None)
@given(numbers, loads, st.floats(10, 2_000), st.floats(0, 300), st.floats(1, 1e5))
def test_service_level_grows_with_the_wait_allowed_and_scale_of_time_does_not_matter(
    agents: int, load: float, handling: float, target: float, patience: float
) -> None:
    levels = queue_with_abandonment(agents, load, handling, [target, target + 5], patience).service_level
    assert levels[1] >= levels[0] - 1e-10
    minutes = queue_with_abandonment(agents, load, handling / 60, target / 60, patience / 60)
    assert float(minutes.service_level) == pytest.approx(levels[0], abs=1e-8)


def test_no_calls_and_no_agents_are_served() -> None:
    idle = queue_with_abandonment([0, 3], 0.0, 300, 20, 60)
    assert (
        idle.service_level.tolist() == [1.0, 1.0] and idle.waits[1] == 0 and idle.abandoned.tolist() == [0.0, 0.0]
    )
    empty = queue_with_abandonment(0, 3.0, 300, 20, 60)
    assert (float(empty.abandoned), float(empty.service_level), float(empty.mean_wait)) == (1.0, 0.0, 60.0)
    swamped = queue_without_abandonment([3, 0], [3.0, 0.0], 300, 20)
    assert swamped.service_level.tolist() == [0.0, 1.0] and swamped.mean_wait.tolist() == [np.inf, 0.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: erlang_c(2.5, 1.0), "agents holds a value that is missing, below 0 or not whole"),
        (lambda: erlang_c(2, -1.0), "load holds a value that is missing, infinite or below 0"),
        (lambda: queue_without_abandonment(2, 1.0, 0.0, 20), "handling_time holds .* pass a time above 0"),
        (
            lambda: queue_with_abandonment(2, 1.0, 60, 20, np.inf),
            "patience holds a value that is missing, infinite",
        ),
        (lambda: queue_with_abandonment(2, 1.0, 60, -1, 60), "target_wait holds"),
    ],
)
def test_values_that_cannot_be_are_named(call: object, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()  # type: ignore[operator]
