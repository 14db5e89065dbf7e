"""Chance of cure of an account that is still open: neither cured nor, what the cure model doesn't ask, lost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.spells import STILL_OPEN
from analysis.methods.cure.curves import LOST, count
from analysis.methods.cure.mixture import MixtureCure
from analysis.statistics.compress import compress

Array = npt.NDArray[np.float64]

BY = "product"
"""Covariate that charge-off rules go by; those who never cure are found out at each value's own pace."""

LEAST = 30.0
"""Spells at risk up to which the pace is followed; accounts open for longer count as accounts of that month."""


def cured_while_open(
    model: MixtureCure,
    cells: pd.DataFrame,
    covariates: Sequence[str],
    rows: pd.DataFrame,
    months_run: npt.ArrayLike,
    horizons: Sequence[int],
    least: float = LEAST,
) -> Array:
    """Chance of a cure within so many months of now, of accounts open after `months_run`: shape (rows, horizons).

    With p the chance that a cure ever comes, S(k) the share of those cures that take longer than k months, and
    O(k) the share of those who never cure that are not yet charged off, sold or in litigation at k,

        P(cure in (k, k + h] | open at k) = p (S(k) − S(k + h)) / (p S(k) + (1 − p) O(k)).

    The model alone has O = 1: it would count accounts lost long ago among those still waiting, and so foresee far
    too few cures in old spells. O is what makes the model's share open at k the share found open (Aalen–Johansen,
    accounts paid off leaving the watch) in `cells`, the spells that the model was fitted on, for each product;
    1 where none is lost. `covariates` are the model's. Higher is better. Caveat: O is the same for all accounts of
    a product.
    """
    after = np.asarray(months_run, dtype=float)
    own = _groups(rows, covariates)
    found = np.full((len(rows), len(horizons)), np.nan)
    for group in np.unique(own):
        here = own == group
        among = cells if group == "" else cells[cells[BY].astype(str) == group]
        pace = _never_open(model, among, covariates, least)
        waited = after[here] if pace is None else np.minimum(after[here], len(pace) - 1)
        never = np.ones(here.sum()) if pace is None else pace[waited.astype(int)]
        found[here] = _chances(model, rows[here], waited, never, horizons)
    return found


def _groups(rows: pd.DataFrame, covariates: Sequence[str]) -> npt.NDArray[np.object_]:
    """Value of the rows' BY, or nothing where it is no covariate."""
    if BY not in covariates:
        return np.full(len(rows), "", dtype=object)
    return np.asarray(rows[BY].astype(str), dtype=object)


def _chances(model: MixtureCure, rows: pd.DataFrame, after: Array, never: Array, horizons: Sequence[int]) -> Array:
    """The docstring's formula; by the model's own where O is 1, as it differs from that by a factor."""
    own = model.predict_cumulative_incidence(rows, list(horizons), after).to_numpy().T
    # Chance, in the model alone, that who has not cured by now never will.
    immune = 1.0 - model.predict_susceptible(rows, after).to_numpy()
    return np.asarray(own / (1.0 - immune * (1.0 - never))[:, None])


def _never_open(model: MixtureCure, cells: pd.DataFrame, covariates: Sequence[str], least: float) -> Array | None:
    """O at months 0 … K, the last at which `least` spells are at risk; None where nothing is lost."""
    if not cells["exit"].isin(LOST).any():
        return None
    watched = cells.assign(exit=cells["exit"].replace("paid_off", STILL_OPEN))
    counts = count(watched, (), int(cells["duration"].max()))
    at_risk, left = counts.at_risk.sum(axis=(0, 1)), counts.leaving.sum(axis=(0, 1)).sum(axis=-1)
    # Months k after which `least` are at risk: k = 0 always, as the pace is 1 there.
    months = np.arange(max(int(np.minimum.accumulate(at_risk >= least).sum()), 1))
    stay = 1.0 - np.divide(left, at_risk, out=np.zeros_like(left), where=at_risk > 0)
    found_open = np.concatenate([[1.0], np.cumprod(stay)])[: len(months)]
    comes, waiting = _shares(model, cells, covariates, months)
    share = np.divide(found_open - waiting, 1.0 - comes, out=np.ones(len(months)), where=comes < 1.0)
    return np.asarray(np.minimum.accumulate(np.clip(share, 0.0, 1.0)))


def _shares(
    model: MixtureCure, cells: pd.DataFrame, covariates: Sequence[str], months: npt.NDArray[np.int64]
) -> tuple[float, Array]:
    """Means over the spells of p, and of p S at the months."""
    alike = compress(cells, list(covariates), "spells", name="weight") if len(covariates) else cells.head(1)
    weight = alike["weight"].to_numpy(dtype=float) if len(covariates) else np.ones(1)
    comes = model.predict_susceptible(alike).to_numpy()
    cured = model.predict_cumulative_incidence(alike, months.astype(float)).to_numpy()
    mean = weight / weight.sum()
    return float(comes @ mean), (comes - cured) @ mean
