"""Regression discontinuity: accounts on the two sides of a cut-off in the score that assigned them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.cases.quasi_experiments.discontinuity_checks import (
    continuity,
    covariate_continuity,
    density_check,
    density_test,
    placebo_check,
    placebo_cutoffs,
)
from analysis.methods.cases.quasi_experiments.discontinuity_fit import Jump, jump
from analysis.methods.cases.quasi_experiments.study import (
    Check,
    DesignRefused,
    Effect,
    Study,
    require_columns,
    require_complete,
    require_level,
    require_varied,
)

ASSUMPTION = (
    "Accounts just below and just above the cut-off would have fared alike: nobody could place an account on one "
    "side, and nothing else changes there. The effect is that of accounts at the cut-off, not of all."
)
LEAST = 50
"""Rows on each side; fewer bear no local fit."""
WEAK = 10.0
"""F of the jump in take-up below which a fuzzy design is refused (Staiger and Stock 1997, Econometrica 65)."""


def discontinuity(
    frame: pd.DataFrame,
    outcome: str,
    score: str,
    cutoff: float,
    treated: str = "below",
    taken: str | None = None,
    covariates: Sequence[str] = (),
    cluster: str | None = None,
    placebos: int = 2,
    density_alpha: float = 0.01,
    level: float = 0.95,
) -> Study:
    """Effect at the cut-off, by local linear fits with robust bias-corrected intervals.

    `frame` has one row a unit. `treated` is the side that was treated: `below` (score < cutoff) or `above`
    (score ≥ cutoff). `taken` (0 or 1) is who really was treated: where the cut-off settles it the design is sharp,
    else it is fuzzy and the effect is that on those whom the cut-off moved. `covariates` were known before and
    must not jump. `placebos` are false cut-offs on each side. Tables: `density`, `placebos`, `covariates`, `fit`
    (bandwidths, rows within them, the conventional estimate beside the robust interval).

    Estimate: the conventional one; interval and p: robust bias-corrected (Calonico, Cattaneo and Titiunik 2014,
    Econometrica 82, 2295–2326), at the bandwidth that minimises its mean squared error. Mass points of a score in
    whole numbers are allowed for in the bandwidth. Density: Cattaneo, Jansson and Ma 2020, JASA 115, 1449–1455.

    Raises DesignRefused, with the numbers, where the density of the score jumps at the cut-off
    (p < `density_alpha`: it was manipulated), where fewer than 50 rows are on a side, and where the cut-off hardly
    moves who is treated; InputError for absent or missing values; ImportError without the extra `validate`
    (`available()`).
    """
    require_level(level)
    used = [outcome, score, *covariates, *([taken] if taken else []), *([cluster] if cluster else [])]
    require_columns(frame, used, "discontinuity")
    require_complete(frame, used, "discontinuity")
    require_varied(frame, outcome, "discontinuity")
    _refuse_side(treated)
    x, y = frame[score].to_numpy(dtype=float), frame[outcome].to_numpy(dtype=float)
    _refuse_few(x, cutoff)
    density = density_test(x, cutoff)
    _refuse_manipulated(density, cutoff, density_alpha)
    sign = -1.0 if treated == "below" else 1.0
    groups = None if cluster is None else frame[cluster].to_numpy()
    fuzzy = _fuzzy(frame, taken, x, cutoff, treated)
    found = jump(y, x, cutoff, groups, fuzzy, level)
    fit_sign = sign if fuzzy is None else 1.0
    false = placebo_cutoffs(y, x, cutoff, placebos, groups, level)
    known = covariate_continuity(frame, covariates, x, cutoff, groups, level)
    checks = [density_check(density), *placebo_check(false), *continuity(known)]
    return Study(
        design="regression discontinuity" if fuzzy is None else "regression discontinuity, fuzzy",
        quantity=f"{outcome} at {score} = {cutoff:g}",
        effect=_effect(found, fit_sign, level),
        assumption=ASSUMPTION,
        units=found.left + found.right,
        clusters=len(np.unique(groups)) if groups is not None else found.left + found.right,
        checks=tuple([*checks, _bandwidth_check(found)]),
        tables={
            "fit": found.table(),
            "density": pd.DataFrame([density]),
            "placebos": false,
            "covariates": known,
        },
    )


def binned(frame: pd.DataFrame, outcome: str, score: str, cutoff: float, bins: int = 20) -> pd.DataFrame:
    """Means of the outcome in equally filled bins on each side, for the figure.

    Columns: side (below, above), score (mean of the bin), mean, units. No bin holds scores of both sides.
    """
    require_columns(frame, [outcome, score], "discontinuity")
    parts = []
    for side, rows in (("below", frame[frame[score] < cutoff]), ("above", frame[frame[score] >= cutoff])):
        place = pd.qcut(rows[score], bins, labels=False, duplicates="drop")
        cells = rows.groupby(place).agg(score=(score, "mean"), mean=(outcome, "mean"), units=(outcome, "count"))
        parts.append(cells.assign(side=side))
    return pd.concat(parts, ignore_index=True)[["side", "score", "mean", "units"]]


def fitted_lines(frame: pd.DataFrame, outcome: str, score: str, cutoff: float, bandwidth: float) -> pd.DataFrame:
    """The two straight fits whose gap at the cut-off is the estimate: side, score, fitted; two rows a side.

    Least squares with weights that fall to nothing at `bandwidth` from the cut-off, as the estimate has them.
    """
    parts = []
    for side, rows in (("below", frame[frame[score] < cutoff]), ("above", frame[frame[score] >= cutoff])):
        away = rows[score].to_numpy(dtype=float) - cutoff
        near = np.abs(away) < bandwidth
        weight = np.sqrt(1 - np.abs(away[near]) / bandwidth)
        design = np.column_stack([np.ones(near.sum()), away[near]]) * weight[:, None]
        line = np.linalg.lstsq(design, rows[outcome].to_numpy(dtype=float)[near] * weight, rcond=None)[0]
        ends = np.array([-bandwidth, 0.0] if side == "below" else [0.0, bandwidth])
        parts.append(pd.DataFrame({"side": side, "score": cutoff + ends, "fitted": line[0] + line[1] * ends}))
    return pd.concat(parts, ignore_index=True)


def _effect(found: Jump, sign: float, level: float) -> Effect:
    ends = sorted((sign * found.lower, sign * found.upper))
    return Effect(sign * found.estimate, ends[0], ends[1], found.p, found.robust_error, level)


def _fuzzy(
    frame: pd.DataFrame, taken: str | None, x: npt.NDArray[np.float64], cutoff: float, treated: str
) -> npt.NDArray[np.float64] | None:
    """Who was treated, where the cut-off doesn't settle it; refused where it hardly matters."""
    if taken is None:
        return None
    got = frame[taken].to_numpy(dtype=float)
    due = (x < cutoff) if treated == "below" else (x >= cutoff)
    if np.array_equal(got, due.astype(float)):
        return None
    inner, outer = got[due].mean(), got[~due].mean()
    if inner <= outer:
        raise DesignRefused(
            f"discontinuity: {inner:.1%} of the accounts {treated} the cut-off were treated and "
            f"{outer:.1%} of the "
            f"others. The cut-off {cutoff:g} doesn't assign the treatment: correct `treated`, or declare "
            "the design "
            "that does"
        )
    first = jump(got, x, cutoff, None, None, 0.95)
    strength = (first.estimate / first.error) ** 2 if first.error > 0 else np.inf
    if strength < WEAK:
        raise DesignRefused(
            f"discontinuity: take-up changes by {abs(first.estimate):.3f} at the cut-off (F = "
            f"{strength:.1f}, at least "
            f"{WEAK:g} is needed). Too few accounts were moved by it to tell the effect of being treated"
        )
    return got


def _bandwidth_check(found: Jump) -> Check:
    least = min(found.left, found.right)
    says = f"{found.left:,} and {found.right:,} rows within the bandwidth"
    return Check("rows within the bandwidth", float(least), float(LEAST), least >= LEAST, says)


def _refuse_side(treated: str) -> None:
    if treated not in ("below", "above"):
        raise ParameterError(f"treated is '{treated}'; allowed are below, above")


def _refuse_few(x: npt.NDArray[np.float64], cutoff: float) -> None:
    left, right = int((x < cutoff).sum()), int((x >= cutoff).sum())
    if min(left, right) < LEAST:
        raise DesignRefused(
            f"discontinuity: {left:,} rows below the cut-off {cutoff:g} and {right:,} at or above it; each "
            "side needs "
            f"{LEAST}. Wait for more decisions, or correct the cut-off"
        )


def _refuse_manipulated(density: dict[str, float], cutoff: float, alpha: float) -> None:
    if density["p"] < alpha:
        raise DesignRefused(
            f"discontinuity: the score's density jumps at the cut-off {cutoff:g} from {density['below']:.5f} to "
            f"{density['above']:.5f} (t = {density['t']:.2f}, p = {density['p']:.2g} < {alpha:g}; "
            f"{density['rows_below']:.0f} and {density['rows_above']:.0f} rows nearby). Scores were moved "
            "across it, so "
            "the two sides are not alike: find out who sets the score, and don't report an effect"
        )
