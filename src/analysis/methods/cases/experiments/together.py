"""Limits that hold for all arms tried against one control at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.statistics.simultaneous import level_of_each

Array = npt.NDArray[np.float64]


class Limits(NamedTuple):
    """An effect with its error, limits of its own, and those that hold for all arms, taken at `all_level`."""

    effect: float
    error: float
    lower: float
    upper: float
    all_lower: float
    all_upper: float
    all_level: float


def influences(sums: Array, base: int, treated: list[int]) -> Array:
    """Each cluster's part in the differences of the treated arms' means from that of `base`, (clusters, treated).

    `sums` (clusters, arms, 2) hold values (events, for shares) and observations. The linearised part of cluster c
    is (y_ca − m_a x_ca) ÷ Σx_a less that of the control, whose noise all differences have in common.
    """
    total = sums.sum(axis=0)
    parts = (sums[..., 0] - total[:, 0] / total[:, 1] * sums[..., 1]) / total[:, 1]
    return np.asarray(parts[:, treated] - parts[:, [base]])


def joint_level(columns: Array, clusters: int, level: float) -> float:
    """Level of each arm's limits with which all arms' hold at `level` (`level_of_each`: Dunnett's many to one).

    `columns` (n, k) are the k effects' influences by cluster, or their bootstrap replications, and tell how the
    effects move together; t has clusters − 1 degrees. One arm has `level`; an arm whose effect does not move (all
    or none had the event) is not counted.
    """
    if columns.shape[1] < 2 or clusters < 2:
        return level
    apart = columns[np.isfinite(columns).all(axis=1)]
    apart = apart - apart.mean(axis=0) if len(apart) else apart
    size = np.sqrt((apart**2).sum(axis=0))
    moves = size > 0
    unit = apart[:, moves] / size[moves]
    return level_of_each(unit.T @ unit, clusters - 1, level)
