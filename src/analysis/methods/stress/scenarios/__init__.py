"""Scenarios: the macro history, monthly paths that continue it, what each asks, and how far out it lies."""

from analysis.methods.stress.scenarios import (
    facts,
    macro,
    paths,
    plausibility,
)

__all__ = [
    "facts",
    "macro",
    "paths",
    "plausibility",
]
