"""Queues of callers and agents: Erlang B, Erlang C, and Erlang A with callers who give up.

Calls arrive at random (Poisson) at rate λ, take an exponential time of mean 1/μ (handling time), and are answered
in order by n agents; a = λ/μ is the offered load in erlangs. In Erlang A callers give up after an exponential
patience of mean 1/θ. Arguments broadcast, so that a quarter of half-hours is one call; times share one unit
(seconds, say).

Sources: Erlang, Post Office Electrical Engineers' Journal 10, 1917; Garnett, Mandelbaum and Reiman, "Designing a
call center with impatient customers", M&SOM 4, 2002, 208–227; Mandelbaum and Zeltyn, "Service engineering in
action: the Palm/Erlang-A queue", in Advances in Services Innovations, Springer, 2007; Zeltyn and Mandelbaum, "Call
centers with impatient customers: many-server asymptotics of the M/M/n+G queue", Queueing Systems 51, 2005,
361–402.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.core.errors import ParameterError
from analysis.methods.stress.capacity.incomplete_gamma import log_erlang_b, log_kummer

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Queue:
    """How a queue fares in its steady state; arrays of one shape.

    `waits`: share of callers who find no agent free; `service_level`: callers answered within the target ÷ all
    callers; `abandoned`: who give up ÷ all callers; `mean_wait`: in the queue, over all callers, in the unit of
    the handling time; `occupancy`: share of an agent's time spent on calls.
    """

    waits: Array
    service_level: Array
    abandoned: Array
    mean_wait: Array
    occupancy: Array


def erlang_b(agents: npt.ArrayLike, load: npt.ArrayLike) -> Array:
    """Share of calls blocked where none can wait: (aⁿ/n!) / Σ aᵏ/k!, k = 0 … n."""
    number, offered = _checked(agents, load)
    return np.asarray(np.exp(log_erlang_b(number, offered)))


def erlang_c(agents: npt.ArrayLike, load: npt.ArrayLike) -> Array:
    """Share of callers who wait where all do until they are answered: B / (1 − (a/n)·(1 − B)); 1 where a ≥ n."""
    number, offered = _checked(agents, load)
    blocked = np.exp(log_erlang_b(number, offered))
    with np.errstate(divide="ignore", invalid="ignore"):
        waits = blocked / (1.0 - offered / number * (1.0 - blocked))
    return np.asarray(np.where(offered >= number, np.where(offered > 0, 1.0, 0.0), waits))


def queue_without_abandonment(
    agents: npt.ArrayLike, load: npt.ArrayLike, handling_time: npt.ArrayLike, target_wait: npt.ArrayLike
) -> Queue:
    """Erlang C. Service level 1 − C·e^(−(n − a)·T/handling); mean wait C·handling/(n − a).

    Where the load reaches the agents (a ≥ n) the queue grows without end: service level 0, mean wait infinite.
    Real callers give up before that: `queue_with_abandonment`.
    """
    number, offered = _checked(agents, load)
    handling, target = _positive("handling_time", handling_time), _checked_one("target_wait", target_wait)
    number, offered, handling, target = np.broadcast_arrays(number, offered, handling, target)
    waits, spare = erlang_c(number, offered), number - offered
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(spare > 0, 1.0 - waits * np.exp(-np.maximum(spare, 0.0) * target / handling), 0.0)
        wait = np.where(spare > 0, waits * handling / spare, np.inf)
        occupancy = np.where(spare > 0, offered / number, 1.0)
    idle = offered == 0
    level, wait, occupancy = np.where(idle, 1.0, level), np.where(idle, 0.0, wait), np.where(idle, 0.0, occupancy)
    return Queue(waits, np.clip(level, 0.0, 1.0), np.zeros_like(waits), wait, occupancy)


def queue_with_abandonment(
    agents: npt.ArrayLike,
    load: npt.ArrayLike,
    handling_time: npt.ArrayLike,
    target_wait: npt.ArrayLike,
    patience: npt.ArrayLike,
) -> Queue:
    """Erlang A. `patience` is the mean time a caller would wait before giving up, in the handling time's unit.

    With x = nμ/θ, z = λ/θ, A(x, z) = 1 + Σ zʲ / ((x+1)…(x+j)), B the Erlang B of n agents: the odds of waiting are
    A·B/(1 − B); of those who wait, 1 − x/(x+1)·A(x+1, z)/A(x, z) give up; the mean wait is abandoned/θ. Answered
    later than T, of those who wait: x/(x+1)·A(x+1, z')/A(x, z)·e^(z − z' − (xθ + θ)T), z' = z·e^(−θT), from the
    density of the virtual wait. All in logarithms, so that neither a heavy overload nor endless patience
    overflows. With no agents everyone gives up.
    """
    number, offered = _checked(agents, load)
    handling, mean_patience = _positive("handling_time", handling_time), _positive("patience", patience)
    number, offered, handling, target, mean_patience = np.broadcast_arrays(
        number, offered, handling, _checked_one("target_wait", target_wait), mean_patience
    )
    staffed = np.maximum(number, 1.0)
    x, z = staffed * mean_patience / handling, offered * mean_patience / handling
    log_a, log_b = log_kummer(x, z), log_erlang_b(staffed, offered)
    waits = _share_of_odds(log_a + log_b - _log1m(log_b))
    abandoned = waits * -np.expm1(np.minimum(log_kummer(x + 1.0, z) - log_a - np.log1p(1.0 / x), 0.0))
    late = waits * _late(x, z, log_a, target / mean_patience)
    empty = (number == 0) & (offered > 0)
    abandoned = np.where(empty, 1.0, abandoned)
    return Queue(
        waits=np.where(empty, 1.0, waits),
        service_level=np.where(empty, 0.0, np.clip(1.0 - abandoned - late, 0.0, 1.0)),
        abandoned=abandoned,
        mean_wait=abandoned * mean_patience,
        occupancy=np.where(empty, 0.0, np.minimum(offered / staffed * (1.0 - abandoned), 1.0)),
    )


def _late(x: Array, z: Array, log_a: Array, waited: Array) -> Array:
    """Share of those who wait that are answered after T, `waited` being θT."""
    left = z * np.exp(-waited)
    fading = -z * np.expm1(-waited) - (x + 1.0) * waited
    return np.asarray(np.exp(fading + log_kummer(x + 1.0, left) - log_a - np.log1p(1.0 / x)))


def _share_of_odds(logit: Array) -> Array:
    """Probability from the logarithm of its odds."""
    from scipy.special import expit

    return np.asarray(expit(logit))


def _log1m(log_probability: Array) -> Array:
    """log(1 − e^ℓ)."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(-np.expm1(log_probability)))


def _checked(agents: npt.ArrayLike, load: npt.ArrayLike) -> tuple[Array, Array]:
    number, offered = np.asarray(agents, float), _checked_one("load", load)
    if not ((number >= 0) & (number == np.floor(number))).all():
        raise ParameterError("agents holds a value that is missing, below 0 or not whole; round up what is needed")
    number, offered = np.broadcast_arrays(number, offered)
    return number, offered


def _checked_one(name: str, value: npt.ArrayLike) -> Array:
    array = np.asarray(value, float)
    if not (np.isfinite(array) & (array >= 0)).all():
        raise ParameterError(f"{name} holds a value that is missing, infinite or below 0; pass 0 or more")
    return array


def _positive(name: str, value: npt.ArrayLike) -> Array:
    array = np.asarray(value, float)
    if not (np.isfinite(array) & (array > 0)).all():
        raise ParameterError(f"{name} holds a value that is missing, infinite, 0 or below; pass a time above 0")
    return array
