"""Funnel plot of a league table: how far from the average chance alone carries an entity of its size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.cases.league.case_mix import MEASURES

Array = npt.NDArray[np.float64]

LEVELS = (0.95, 0.998)


class Funnel(NamedTuple):
    """Entities with z values and whether they lie beyond the limits; limits by size; overdispersion."""

    points: pd.DataFrame
    limits: pd.DataFrame
    overdispersion: float


def funnel(
    table: pd.DataFrame, measure: str = "difference", levels: Sequence[float] = LEVELS, widened: bool = True
) -> Funnel:
    """Control limits about the average (0 for differences, 1 for ratios) for a table of `league`.

    `points`: the table's rows that have an estimate, with size (cases, or expected events for a ratio), z and
    beyond_<level>. `limits`: level, size, lower, upper, 60 sizes on a logarithmic scale over those of the points.
    Entities of all sizes have one variance a unit of size, that of all together. Where z values vary by more than
    chance allows, limits are `widened` by √overdispersion, the mean square of z after the outer tenths on either
    side are drawn in: then the limits point out entities that are far out among these, not among equals
    (Spiegelhalter 2005, Statistics in Medicine 24, 1185–1202).
    """
    if measure not in MEASURES or "estimate" not in table.columns:
        raise InputError(
            f"measure is '{measure}'; give a table of league() and its measure, {' or '.join(MEASURES)}"
        )
    points = table[table["estimate"].notna() & table["se"].notna()].reset_index(drop=True)
    if points.empty:
        raise InputError("no entity has an estimate, so there is no funnel to draw")
    ratio = measure == "ratio"
    size = (points["cases"] * (points["expected"] if ratio else 1.0)).to_numpy(dtype=float)
    apart = points["estimate"].to_numpy(dtype=float)
    apart = np.log(apart) if ratio else apart
    unit = float((points["se"].to_numpy(dtype=float) ** 2 * size**2).sum() / size.sum())
    z = apart / np.sqrt(unit / size)
    phi = max(1.0, _overdispersion(z)) if widened else 1.0
    points = points.assign(size=size, z=z / np.sqrt(phi))
    marks = {f"beyond_{level:g}": points["z"].abs() > _normal(level) for level in levels}
    grid = np.geomspace(size.min(), size.max(), 60)
    limits = pd.concat([_limits(level, grid, unit * phi, ratio) for level in levels], ignore_index=True)
    return Funnel(points.assign(**marks), limits, phi)


def _limits(level: float, size: Array, unit: float, ratio: bool) -> pd.DataFrame:
    reach = _normal(level) * np.sqrt(unit / size)
    lower, upper = (np.exp(-reach), np.exp(reach)) if ratio else (-reach, reach)
    return pd.DataFrame({"level": level, "size": size, "lower": lower, "upper": upper})


def _overdispersion(z: Array) -> float:
    """Mean square of z values whose outer tenths are drawn in."""
    low, high = np.quantile(z, [0.1, 0.9])
    return float((np.clip(z, low, high) ** 2).mean())


def _normal(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2))
