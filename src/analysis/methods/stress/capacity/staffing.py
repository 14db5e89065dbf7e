"""How many agents a service level needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from analysis.core.errors import ParameterError
from analysis.methods.stress.capacity.erlang import Array, queue_with_abandonment
from analysis.methods.stress.capacity.incomplete_gamma import log_erlang_b

Counts = npt.NDArray[np.int64]
BLOCK = 16
"""Handling times, in seconds, whose loads are worked out together."""


@dataclass(frozen=True)
class ServiceTarget:
    """What a queue is held to.

    `level` of all callers are answered within `wait`; an agent is on calls for at most `occupancy` of the time; at
    most `abandoned` of callers give up (counts only where patience is given). `wait` is in the handling time's
    unit.
    """

    level: float = 0.80
    wait: float = 20.0
    occupancy: float = 1.0
    abandoned: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.level < 1:
            raise ParameterError(
                f"service level is {self.level}; it must be from 0 to below 1, such as 0.8: certainty "
                "needs agents without end"
            )
        if not self.wait >= 0:
            raise ParameterError(f"target wait is {self.wait}; it must be 0 or more, such as 20 (seconds)")
        for name in ("occupancy", "abandoned"):
            if not 0 < getattr(self, name) <= 1:
                raise ParameterError(f"{name} is {getattr(self, name)}; it must be above 0 and at most 1")


def agents_needed(
    load: npt.ArrayLike,
    handling_time: npt.ArrayLike,
    target: ServiceTarget,
    patience: npt.ArrayLike | None = None,
) -> Counts:
    """Fewest agents on the phones that meet the target, for each load in erlangs (calls a second × handling time).

    Erlang C where `patience` is None, else Erlang A, in which those who give up count as not answered: a strict
    level can ask for an agent more than if nobody did. None are needed for a load of 0. Agents here are at work:
    `paid_agents` adds those who are away. Raises ParameterError for values that cannot be.
    """
    offered, handling = np.asarray(load, float), np.asarray(handling_time, float)
    if not (np.isfinite(offered) & (offered >= 0)).all():
        raise ParameterError("load holds a value that is missing, infinite or below 0; pass erlangs of 0 or more")
    if not (np.isfinite(handling) & (handling > 0)).all():
        raise ParameterError("handling_time holds a value that is missing, 0 or below; pass a time above 0")
    offered, handling = np.broadcast_arrays(offered, handling)
    shape, offered, handling = offered.shape, offered.ravel(), handling.ravel()
    if patience is None:
        return _waiting(offered, handling, target).reshape(shape)
    leaving = np.broadcast_to(np.asarray(patience, float), shape).ravel()
    return _abandoning(offered, handling, leaving, target).reshape(shape)


def _waiting(load: Array, handling: Array, target: ServiceTarget) -> Counts:
    """Erlang C: from the fewest agents that can keep up, one more at a time for those that fall short.

    Each step follows from the last by 1/B(n) = 1 + n/(a·B(n − 1)).
    """
    found = np.zeros(load.size, dtype=np.int64)
    left = np.flatnonzero(load > 0)
    offered, speed = load[left], target.wait / handling[left]
    agents = np.maximum(np.floor(offered) + 1.0, np.ceil(offered / target.occupancy - 1e-9))
    blocked = np.exp(log_erlang_b(agents, offered))
    while left.size:
        spare = agents - offered
        waits = blocked / (1.0 - offered / agents * (1.0 - blocked))
        met = 1.0 - waits * np.exp(-spare * speed) >= target.level
        found[left[met]] = agents[met].astype(np.int64)
        left, offered, speed, agents, blocked = left[~met], offered[~met], speed[~met], agents[~met], blocked[~met]
        agents = agents + 1.0
        blocked = offered * blocked / (agents + offered * blocked)
    return found


def _abandoning(load: Array, handling: Array, patience: Array, target: ServiceTarget) -> Counts:
    """Erlang A: by bisection, as every measure improves with each agent."""

    def met(agents: Array) -> npt.NDArray[np.bool_]:
        return _met(agents, load, handling, target, patience)

    short, enough = np.full(load.size, -1.0), np.where(load > 0, np.ceil(load + 2.0 * np.sqrt(load) + 2.0), 0.0)
    while not (done := met(enough)).all():
        short, enough = np.where(done, short, enough), np.where(done, enough, 2.0 * enough)
    while (enough - short > 1).any():
        middle = np.floor((short + enough) / 2.0)
        reached = met(np.maximum(middle, 0.0)) & (middle >= 0)
        open_ = enough - short > 1
        enough, short = np.where(open_ & reached, middle, enough), np.where(open_ & ~reached, middle, short)
    return enough.astype(np.int64)


def _met(
    agents: Array, load: Array, handling: Array, target: ServiceTarget, patience: Array
) -> npt.NDArray[np.bool_]:
    queue = queue_with_abandonment(agents, load, handling, target.wait, patience)
    busy = queue.occupancy <= target.occupancy + 1e-12
    return np.asarray((queue.service_level >= target.level) & (queue.abandoned <= target.abandoned) & busy)


def agents_by_load(load: Array, seconds: Counts, target: ServiceTarget, patience: float | None) -> Counts:
    """agents_needed() of very many loads (N,) whose handling time is whole `seconds` (N,): looked up among the
    loads that so many agents can just carry."""
    kinds, place = np.unique(seconds, return_inverse=True)
    heaviest = np.zeros(len(kinds))
    np.maximum.at(heaviest, place, load)
    most = int(agents_needed(heaviest, kinds.astype(float), target, patience).max(initial=0))
    if patience is None or len(kinds) * most * 8 > len(load):
        return agents_needed(load, seconds.astype(float), target, patience)
    found, size = np.zeros(len(load), dtype=np.int64), 1 << max(most, 1).bit_length()
    for number, second in enumerate(kinds):
        carried = _carried(int(second) // BLOCK, size, target, patience)[int(second) % BLOCK]
        mine = place == number
        found[mine] = np.searchsorted(carried, load[mine] * (1.0 - 1e-9))
    return found


@lru_cache(maxsize=256)
def _carried(block: int, size: int, target: ServiceTarget, patience: float) -> Array:
    """Largest load that 0 … size − 1 agents carry at the target, (BLOCK, size), by bisection: every measure
    worsens with load."""
    agents, handling = np.broadcast_arrays(
        np.arange(size, dtype=float), np.maximum(block * BLOCK + np.arange(BLOCK, dtype=float), 1.0)[:, None]
    )
    leaving, low, high = np.full(agents.shape, patience), np.zeros(agents.shape), agents + 1.0
    while (more := _met(agents, high, handling, target, leaving)).any() and high.max() < 1e6:
        low, high = np.where(more, high, low), np.where(more, 2.0 * high, high)
    for _ in range(34):
        middle = 0.5 * (low + high)
        holds = _met(agents, middle, handling, target, leaving)
        low, high = np.where(holds, middle, low), np.where(holds, high, middle)
    return low


def paid_agents(agents: npt.ArrayLike, shrinkage: float) -> Counts:
    """Agents on the payroll for so many at work: ⌈agents ÷ (1 − shrinkage)⌉.

    `shrinkage`: share of paid time not at work: leave, sickness, training, breaks; 0 to below 1, commonly 0.3.
    """
    if not 0 <= shrinkage < 1:
        raise ParameterError(f"shrinkage is {shrinkage}; it must be from 0 to below 1, such as 0.3 for 30%")
    return np.asarray(np.ceil(np.asarray(agents, float) / (1.0 - shrinkage) - 1e-9), dtype=np.int64)
