"""The distribution of losses and capital: closed forms of one factor, Monte Carlo on cells of like accounts."""

from analysis.methods.stress.losses import (
    cells,
    contributions,
    distribution,
)

__all__ = [
    "cells",
    "contributions",
    "distribution",
]
