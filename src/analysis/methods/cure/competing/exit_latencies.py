"""The latency of each exit: one for all, or by name of the exit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.core.errors import ParameterError
from analysis.methods.cure.competing.exits import Exits
from analysis.methods.cure.mixture.family import IN_PIECES, LATENCIES, find_latency
from analysis.methods.cure.mixture.latency import Latency

Breaks = Sequence[float] | Mapping[object, Sequence[float]] | None


def exit_latencies(
    latency: str | Mapping[object, str], breaks: Breaks, exits: tuple[object, ...]
) -> tuple[Latency, ...]:
    """A latency for each exit; raises ParameterError for a mapping with too few exits, or with unknown ones."""
    if isinstance(breaks, Mapping):
        refuse_unknown(breaks, exits, "breaks")
    names = latency_names(latency, exits)
    one = isinstance(latency, str)
    return tuple(
        find_exit_latency(name, _own_breaks(breaks, exit_, one or name in IN_PIECES))
        for exit_, name in zip(exits, names, strict=True)
    )


def find_exit_latency(name: str, breaks: Sequence[float] | None = None) -> Latency:
    """Latency of that name; raises ParameterError for an unknown one, and for one without a likelihood."""
    family = None if name == "cox" else find_latency(name, breaks)
    if family is None:
        known = ", ".join(each for each in LATENCIES if each != "cox")
        raise ParameterError(f"latency '{name}' has no likelihood to mix over exits; choose one of {known}")
    return family


def check_times(families: Sequence[Latency], exits: Exits, duration_col: str, entry_col: str) -> None:
    """Raise InputError where times at which a latency is read cannot belong to it."""
    for j, family in enumerate(families):
        family.check(exits.time[(exits.exit == j) | (exits.exit < 0)], duration_col)
        family.check(exits.entry, entry_col)


def latency_names(latency: str | Mapping[object, str], exits: tuple[object, ...]) -> list[str]:
    """Latency name of each exit; raises ParameterError where a mapping has too few exits or unknown ones."""
    if isinstance(latency, str):
        return [latency] * len(exits)
    refuse_unknown(latency, exits, "latency")
    missing = [str(e) for e in exits if e not in latency]
    if missing:
        raise ParameterError(f"latency lacks {', '.join(missing)}; name a latency for every exit, or one for all")
    return [latency[e] for e in exits]


def refuse_unknown(mapping: Mapping[Any, object], exits: tuple[object, ...], argument: str) -> None:
    """Raise ParameterError where a mapping by exit names one that nobody takes."""
    unknown = [str(e) for e in mapping if e not in exits]
    if unknown:
        known = ", ".join(map(str, exits))
        raise ParameterError(f"{argument} names {', '.join(unknown)}, which nobody takes; the exits are {known}")


def _own_breaks(breaks: Breaks, exit_: object, pieces: bool) -> Sequence[float] | None:
    """Pieces of one exit; those given for all exits are for the ones that have pieces."""
    if isinstance(breaks, Mapping):
        return breaks.get(exit_)
    return breaks if pieces else None
