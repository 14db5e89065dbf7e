"""Sums by cluster and arm: all that effects, their bootstrap and their intervals need of the decisions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.cases.experiments.design import Registered
from analysis.statistics.bootstrap import cluster_sums

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Arms:
    """Decisions of one outcome: arm (n,) as its place in the registered arms, cluster (n,) numbered from 0."""

    arm: Codes
    cluster: Codes
    units: Codes
    """units in each arm, (arms,)"""

    @property
    def count(self) -> int:
        return int(self.cluster.max()) + 1


def read_arms(frame: pd.DataFrame, registered: Registered) -> Arms:
    """Arms and clusters of decisions that passed `check_experiment`; raises InputError where an arm is empty."""
    arm = (
        frame[registered.arm_col].map({name: i for i, name in enumerate(registered.arms)}).to_numpy(dtype=np.int64)
    )
    present = np.bincount(arm, minlength=len(registered.arms))
    if not present.all():
        empty = [name for name, rows in zip(registered.arms, present, strict=True) if not rows]
        raise InputError(
            f"experiment '{registered.experiment}': no outcome is known yet in {', '.join(empty)}; wait until the "
            f"horizon of {registered.horizon} months is over for some of its units"
        )
    cluster = pd.factorize(frame[registered.cluster], sort=True)[0]
    units = frame.groupby(arm)[registered.unit].nunique().to_numpy(dtype=np.int64)
    return Arms(np.asarray(arm), np.asarray(cluster, dtype=np.int64), np.asarray(units))


def places(registered: Registered) -> tuple[int, list[int]]:
    """Place of the control among the registered arms, and those of the arms tried against it."""
    return registered.arms.index(registered.control), [registered.arms.index(arm) for arm in registered.treated]


def arm_sums(arms: Arms, values: Array) -> Array:
    """Sums of values (n, k) over each cluster's decisions in each arm, (clusters, arms, k)."""
    count, width = len(arms.units), values.shape[1]
    spread = np.zeros((len(values), count, width))
    spread[np.arange(len(values)), arms.arm] = values
    sums = cluster_sums(arms.cluster, spread.reshape(len(values), count * width))
    return sums.reshape(-1, count, width)
