"""Does the model hold over time: its coefficients across vintages, its scores between training and test."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.cure.mixture import MixtureCure
from analysis.methods.cure.mixture.checks import IdentificationWarning
from analysis.methods.cure.validation.cells import CURED, cut_short
from analysis.statistics.calibration import like_groups
from analysis.statistics.stability import stability_chance
from analysis.statistics.stability import stability_index as population_stability
from analysis.statistics.summary import quantile

Array = npt.NDArray[np.float64]

LEAST_CURES = 100
"""Cures below which a vintage is not fitted by itself."""


class Drift(NamedTuple):
    """Largest |z| of a coefficient's change, which one, and its p-value among all that were looked at (Šidák)."""

    part: str
    covariate: str
    z: float
    p_value: float


def coefficients_by_vintage(
    cells: pd.DataFrame,
    vintage: npt.ArrayLike,
    fit: Callable[[pd.DataFrame], MixtureCure],
    months: int = 12,
    level: float = 0.95,
) -> pd.DataFrame:
    """Coefficients fitted to each vintage alone, and their change from the first.

    `vintage` labels each cell (years or halves of entry), in an order that sorts; `fit` fits the model to cells.
    All vintages are followed for at most `months`, so that an old one doesn't differ by its longer view; with the
    plateau out of sight, read the intercept of the incidence together with the latency's. Returns
    part, covariate, vintage, coef, se, change, lower, upper, z; the first vintage has no change. Parameters that
    not all fits have (baseline pieces) are left out. The vintages are taken as independent; customers in both make
    the change's limits too wide rather than too narrow, and within one `fit` should give errors that are robust to
    them (`cluster_col="fold"`). A vintage with under 100 cures joins the one before it.
    Raises InputError where fewer than two vintages remain.
    """
    seen = cut_short(cells.assign(vintage_=np.asarray(vintage)), months)
    merged = _merge_small(seen["vintage_"], seen["spells"] * (seen["exit"] == CURED))
    labels = sorted(merged.unique())
    if len(labels) < 2:
        raise InputError("coefficients can be compared across two vintages or more with 100 cures each")
    with warnings.catch_warnings():
        # Cut at `months` a plateau is seldom in sight; that is our doing, not news about the data.
        warnings.simplefilter("ignore", IdentificationWarning)
        fits = {label: fit(seen[(merged == label).to_numpy()].reset_index(drop=True)) for label in labels}
    tables = [
        pd.DataFrame({"coef": model.params_, "se": model.standard_errors_}).reset_index().assign(vintage=label)
        for label, model in fits.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    common = table.groupby(["part", "covariate"])["vintage"].transform("nunique") == len(labels)
    return _changes(table[common].reset_index(drop=True), level)


def _merge_small(vintage: pd.Series, cures: pd.Series) -> pd.Series:
    """Vintages with too few cures take the label of the one before (the first that of the one after)."""
    totals = cures.groupby(vintage).sum().sort_index()
    names: dict[object, object] = {}
    held: list[object] = []
    last: object = None
    for label, total in totals.items():
        held.append(label)
        if total >= LEAST_CURES:
            last = label
            names |= dict.fromkeys(held, last)
            held = []
    names |= dict.fromkeys(held, last if last is not None else totals.index[0])
    return vintage.map(names)


def _changes(table: pd.DataFrame, level: float) -> pd.DataFrame:
    keys = ["part", "covariate"]
    first = table.groupby(keys)[["vintage", "coef", "se"]].transform("first")
    later = (table["vintage"] != first["vintage"]).to_numpy()
    change = (table["coef"] - first["coef"]).where(later)
    error = ((table["se"] ** 2 + first["se"] ** 2) ** 0.5).where(later)
    reach = quantile(0.5 + level / 2) * error
    found = table.assign(change=change, lower=change - reach, upper=change + reach, z=change / error)
    return found[[*keys, "vintage", "coef", "se", "change", "lower", "upper", "z"]]


def largest_drift(table: pd.DataFrame) -> Drift:
    """The most significant change in the table of `coefficients_by_vintage`."""
    from scipy.special import ndtr

    known = table.dropna(subset="z")
    worst = known.loc[known["z"].abs().idxmax()]
    single = 2.0 * ndtr(-abs(float(worst["z"])))
    p_value = float(-np.expm1(len(known) * np.log1p(-single)))
    return Drift(str(worst["part"]), str(worst["covariate"]), float(worst["z"]), p_value)


def stability_index(
    trained: Array, tested: Array, trained_weight: Array, tested_weight: Array, groups: int = 10
) -> pd.Series:
    """Population stability index of predicted scores: Σ (b − a)·log(b ÷ a) over groups of the training score.

    a and b are the shares of training and test spells in each group; 0 means the same mix, and by custom above .1
    is watched, above .25 acted on. An empty share counts as half a spell. `chance` is the value that 5% of samples
    of these sizes exceed though nothing changed, (1/n + 1/m)·χ² at groups − 1 degrees of freedom (Yurdakul and
    Naranjo 2020, Journal of Risk Model Validation 14). It says that the mix of accounts moved, not that the model
    is wrong. Returns psi, chance, groups.
    """
    group = like_groups(trained, trained_weight, groups)
    tops = pd.Series(np.round(trained, 10)).groupby(group).max().to_numpy()
    place = np.searchsorted(tops[:-1], np.round(tested, 10), side="left")
    size = tops.size
    before, after = (
        np.bincount(where, weights=weight, minlength=size)
        for where, weight in ((group, trained_weight), (place, tested_weight))
    )
    psi = population_stability(before, after)
    chance = stability_chance(trained_weight.sum(), tested_weight.sum(), size)
    return pd.Series({"psi": psi, "chance": chance, "groups": float(size)})
