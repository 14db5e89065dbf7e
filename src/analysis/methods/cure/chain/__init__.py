"""The chain of cure and re-default: monthly steps between arrears, probation, sustained cure and the exits."""

from analysis.methods.cure.chain.states import (
    EXITS,
    PROBATION,
    ChainStates,
    absorbing,
    place_of,
    segments,
    states_of,
    step_counts,
    transitions,
    usable,
)

__all__ = [
    "EXITS",
    "PROBATION",
    "ChainStates",
    "absorbing",
    "place_of",
    "segments",
    "states_of",
    "step_counts",
    "transitions",
    "usable",
]
