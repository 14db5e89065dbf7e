"""What a mixture over exits is made of: its exits, a latency for each, and where their parameters lie."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cure.competing.exits import Exits
from analysis.methods.cure.mixture.latency import Latency

Array = npt.NDArray[np.float64]

NEVER = "never"
"""Name of the class of those who never exit."""


@dataclass(frozen=True)
class ExitModel:
    """Exits in order with a latency each; with `never`, a last class of those who never exit.

    `reference` is the place of the class that the others are compared with. X has p columns and Z has q, both
    with the intercept first. The parameter vector holds the incidence of every class but the reference, then
    location and ancillary parameters of every exit.
    """

    exits: tuple[object, ...]
    families: tuple[Latency, ...]
    never: bool
    reference: int
    p: int
    q: int

    @property
    def classes(self) -> tuple[object, ...]:
        return (*self.exits, NEVER) if self.never else self.exits

    @cached_property
    def incidence(self) -> tuple[slice, ...]:
        """Place of each class's incidence coefficients; empty for the reference."""
        sizes = [0 if k == self.reference else self.p for k in range(len(self.classes))]
        return _consecutive(0, sizes)

    @cached_property
    def waits(self) -> tuple[tuple[slice, slice], ...]:
        """Places of each exit's location and ancillary parameters."""
        sizes = [(self.q - (not family.intercept), len(family.ancillary)) for family in self.families]
        places = _consecutive(self.incidence[-1].stop, [size for pair in sizes for size in pair])
        return tuple(zip(places[::2], places[1::2], strict=True))

    @property
    def size(self) -> int:
        return self.waits[-1][1].stop

    def columns(self, k: int, timed: bool) -> npt.NDArray[np.int64]:
        """Parameters of class k: its incidence, and its latency where `timed`."""
        places = [self.incidence[k], *(self.waits[k] if timed else ())]
        return np.concatenate([np.arange(place.start, place.stop) for place in places])

    def timing(self, j: int, z: Array) -> Array:
        """The latency design of exit j: without its intercept where the baseline carries the level."""
        return z if self.families[j].intercept else z[:, 1:]

    def predictors(self, theta: Array, x: Array, z: Array) -> tuple[Array, list[Array]]:
        """η (n, classes), zero for the reference, and μ (n,) of each exit."""
        eta = np.zeros((len(x), len(self.classes)))
        for k, place in enumerate(self.incidence):
            if place.stop > place.start:
                eta[:, k] = x @ theta[place]
        return eta, [self.timing(j, z) @ theta[place] for j, (place, _) in enumerate(self.waits)]

    def adapted(self, exits: Exits) -> ExitModel:
        """With what each latency takes from its own exit times; InputError names the exit that it does not fit."""
        return replace(self, families=tuple(self._adapt(j, exits) for j in range(len(self.exits))))

    def _adapt(self, j: int, exits: Exits) -> Latency:
        own = exits.exit == j
        try:
            return self.families[j].adapt(exits.time[own], exits.weight[own])
        except InputError as error:
            raise InputError(f"exit '{self.exits[j]}': {error}") from None

    def index(self, incidence: list[str], timing: list[str]) -> tuple[list[tuple[str, object, str]], list[int]]:
        """Names (part, exit, covariate) of the parameters by part, and their places in the parameter vector."""
        named = [
            (("incidence", self.classes[k], name), place.start + i)
            for k, place in enumerate(self.incidence)
            for i, name in enumerate(incidence[: place.stop - place.start])
        ]
        levels: list[tuple[tuple[str, object, str], int]] = []
        for exit_, family, (location, ancillary) in zip(self.exits, self.families, self.waits, strict=True):
            first = location.start + bool(family.intercept)
            named += [(("latency", exit_, name), first + i) for i, name in enumerate(timing[1:])]
            levels += [(("baseline", exit_, family.intercept), location.start)] if family.intercept else []
            levels += [(("baseline", exit_, n), ancillary.start + i) for i, n in enumerate(family.ancillary)]
        found = [*named, *levels]
        return [name for name, _ in found], [place for _, place in found]


def reference_place(reference: object, classes: tuple[object, ...], events: Array) -> int:
    """Place of the reference: as named, or else `never` where there is one, or the most frequent exit."""
    if reference is None:
        return len(events) if len(classes) > len(events) else int(np.argmax(events))
    if reference not in classes:
        raise ParameterError(
            f"reference '{reference}' is not among the classes {', '.join(map(str, classes))}"
            + ("" if NEVER in classes else "; `never` needs never=True" if reference == NEVER else "")
        )
    return classes.index(reference)


def _consecutive(start: int, sizes: list[int]) -> tuple[slice, ...]:
    ends = start + np.cumsum([0, *sizes])
    return tuple(slice(int(low), int(high)) for low, high in pairwise(ends))
