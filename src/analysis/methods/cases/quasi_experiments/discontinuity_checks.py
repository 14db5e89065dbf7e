"""Whether the two sides of a cut-off are alike: density of the score, false cut-offs, what was known before."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.cases.quasi_experiments.discontinuity_fit import Array, jump
from analysis.methods.cases.quasi_experiments.study import Check, DesignRefused

FAMILY_ALPHA = 0.05
"""Over all false cut-offs together, and over all covariates together (Bonferroni)."""
FEW = 50
COLUMNS = ["estimate", "lower", "upper", "p", "units"]


def density_test(x: Array, cutoff: float) -> dict[str, float]:
    """Density of the score just below and above the cut-off, t and p of no jump, rows in the bandwidths."""
    from rddensity import rddensity

    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = rddensity(x, c=cutoff)
    return {
        "below": float(found.hat["left"]),
        "above": float(found.hat["right"]),
        "t": float(found.test["t_jk"]),
        "p": float(found.test["p_jk"]),
        "rows_below": float(found.n["eff_left"]),
        "rows_above": float(found.n["eff_right"]),
    }


def density_check(density: dict[str, float]) -> Check:
    p = density["p"]
    says = f"density {density['below']:.4f} below and {density['above']:.4f} above the cut-off (p = {p:.2g})"
    return Check("density of the score", p, FAMILY_ALPHA, p >= FAMILY_ALPHA, says)


def placebo_cutoffs(
    y: Array,
    x: Array,
    cutoff: float,
    count: int = 2,
    clusters: npt.NDArray[Any] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Jumps at `count` false cut-offs on each side, each from rows of its side alone (no true jump in them).

    Columns: side, cutoff, then estimate, lower, upper, p, units. They lie at equally spaced quantiles of the side;
    one with fewer than 50 rows on either hand is left out, as is one where no bandwidth can be found.
    """
    rows: list[dict[str, object]] = []
    for side, here in (("below", x < cutoff), ("above", x >= cutoff)):
        places: Array = (
            np.quantile(x[here], np.arange(1, count + 1) / (count + 1)) if count and here.any() else np.empty(0)
        )
        for place in np.unique(places):
            held = x[here]
            if min((held < place).sum(), (held >= place).sum()) < FEW:
                continue
            found = _row(y[here], held, float(place), None if clusters is None else clusters[here], level)
            if found:
                rows.append({"side": side, "cutoff": float(place)} | found)
    return pd.DataFrame(rows, columns=["side", "cutoff", *COLUMNS])


def placebo_check(placebos: pd.DataFrame) -> list[Check]:
    """None where there is no false cut-off; passed where none jumps at 5% over all of them together."""
    if placebos.empty:
        return []
    least = float(min(1.0, placebos["p"].min() * len(placebos)))
    where = placebos.loc[placebos["p"].idxmin()]
    says = (
        f"the largest jump at {len(placebos)} false cut-offs is {where['estimate']:+.3f} at {where['cutoff']:g} "
        f"(p = {least:.2g} after correction)"
    )
    return [Check("false cut-offs", least, FAMILY_ALPHA, least >= FAMILY_ALPHA, says)]


def covariate_continuity(
    frame: pd.DataFrame,
    covariates: Sequence[str],
    x: Array,
    cutoff: float,
    clusters: npt.NDArray[Any] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Jumps of what was known before the decision: covariate, estimate, lower, upper, p, units.

    A covariate that is nearly the same for all, so that no bandwidth can be found, is left out.
    """
    rows: list[dict[str, object]] = []
    for name in covariates:
        found = _row(frame[name].to_numpy(dtype=float), x, cutoff, clusters, level)
        if found:
            rows.append({"covariate": name} | found)
    return pd.DataFrame(rows, columns=["covariate", *COLUMNS])


def continuity(known: pd.DataFrame) -> list[Check]:
    """None without covariates; passed where none jumps at 5% over all of them together."""
    if known.empty:
        return []
    least = float(min(1.0, known["p"].min() * len(known)))
    where = known.loc[known["p"].idxmin()]
    says = (
        f"'{where['covariate']}' jumps by {where['estimate']:+.3g} at the cut-off (p = {least:.2g} after "
        "correction)"
    )
    return [Check("continuity of covariates", least, FAMILY_ALPHA, least >= FAMILY_ALPHA, says)]


def _row(y: Array, x: Array, cutoff: float, clusters: npt.NDArray[Any] | None, level: float) -> dict[str, object]:
    """The jump, or nothing where the library finds no bandwidth: one check less, not a study less."""
    try:
        found = jump(y, x, cutoff, clusters, None, level)
    except DesignRefused:
        return {}
    return {
        "estimate": found.estimate,
        "lower": found.lower,
        "upper": found.upper,
        "p": found.p,
        "units": found.left + found.right,
    }
