"""Residual checks of predicted cure: is what happened a plausible draw from the model?

All take predicted incidence, so any model's can be checked. On spells that the model was fitted on the checks are
too kind; on test spells they are fair.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.cure.validation.cells import Outcomes, drawn
from analysis.statistics import intervals
from analysis.statistics.jackknife import leave_one_out

Array = npt.NDArray[np.float64]

LIMIT = 15_000


def marginal_residuals(reached: Array, entered: Array | float = 0.0) -> Array:
    """Cox–Snell residuals −log(1 − F(t)) + log(1 − F(entry)) on the whole population, (n,).

    `reached` is a spell's predicted incidence F at its cure or at the end of its observation, `entered` at its
    entry. Under the true model they are a censored sample of the unit exponential, censored where the spell is
    uncured; the share that never cures is censored at −log of itself at the latest. Source: Cox and Snell (1968),
    JRSS B 30.
    """
    with np.errstate(divide="ignore"):
        return np.log1p(-np.asarray(entered, dtype=float)) - np.log1p(-np.asarray(reached, dtype=float))


def susceptible_residuals(reached: Array, ever: Array, cured: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
    """Cox–Snell residuals −log S(t | cures) of the waits of those who will cure, and their weights, both (n,).

    S = 1 − F ÷ p with p = `ever`. A cured spell weighs 1, an uncured one its chance (p − F) ÷ (1 − F) to cure
    yet. Under the true model the weighted sample is unit exponential, whatever the incidence part says.
    Source: Peng and Taylor (2017), Biometrics 73.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        residual = -np.log(np.maximum(1.0 - reached / ever, 1e-300))
        return residual, np.where(cured, 1.0, np.clip((ever - reached) / (1.0 - reached), 0.0, 1.0))


def exponential_check(
    residual: Array, cured: npt.NDArray[np.bool_], weight: Array, points: int = 10
) -> pd.DataFrame:
    """Nelson–Aalen cumulative hazard of Cox–Snell residuals beside the line it should follow.

    One row at each of `points` quantiles of the cured residuals: residual, cumulative_hazard, std_error and z of
    their difference. Numerator: weight of cures at or below; denominator, at each, the weight at or above it.
    """
    order = np.argsort(residual, kind="stable")
    r, dead, mass = residual[order], cured[order], weight[order]
    # Where the weight left is nil nobody cures any more.
    at_risk = np.where(dead, np.cumsum(mass[::-1])[::-1], 1.0)
    hazard, spread = np.cumsum(mass * dead / at_risk), np.cumsum(mass * dead / at_risk**2)
    wanted = np.quantile(r[dead], np.arange(1, points + 1) / (points + 1), method="inverted_cdf")
    place = np.searchsorted(r, np.unique(wanted), side="right") - 1
    error = np.sqrt(spread[place])
    frame = pd.DataFrame({"residual": r[place], "cumulative_hazard": hazard[place], "std_error": error})
    return frame.assign(z=(frame["cumulative_hazard"] - frame["residual"]) / error)


def quantile_residuals(cells: pd.DataFrame, curve: Array, seed: int = 1, limit: int = LIMIT) -> pd.DataFrame:
    """Randomised quantile residuals of single spells, in months: `uniform` in (0, 1) and `normal`.

    A cure in month k is drawn uniformly from (F(k−1), F(k)), an uncured spell from (F(end), 1), both rescaled to
    what was left at entry. `curve` is predicted incidence (cells, months 1 …); later months are not looked at.
    Under the true model the residuals are uniform exactly, ties and censoring included. At most `limit` spells.
    Source: Dunn and Smyth (1996), Journal of Computational and Graphical Statistics 5.
    """
    from scipy.special import ndtri

    rng = np.random.default_rng(seed)
    index = drawn(cells["spells"], limit, seed)
    whole = Outcomes.of(cells, curve.shape[1])
    index = index[whole.entry[index] < curve.shape[1]]
    outcomes = whole.rows(index)
    steps = np.hstack([np.zeros((index.size, 1)), curve[index]])
    row, month = np.arange(index.size), np.floor(outcomes.time).astype(int)
    low = np.where(outcomes.cured, steps[row, np.maximum(month - 1, 0)], steps[row, month])
    high = np.where(outcomes.cured, steps[row, month], 1.0)
    before = steps[row, outcomes.entry.astype(int)]
    uniform = (low + rng.random(index.size) * (high - low) - before) / (1.0 - before)
    uniform = np.clip(uniform, 1e-12, 1 - 1e-12)
    frame = pd.DataFrame({"row": index, "uniform": uniform, "normal": ndtri(uniform)})
    return frame.assign(cured=outcomes.cured, fold=cells["fold"].to_numpy()[index])


def uniformity(uniform: npt.ArrayLike) -> pd.Series:
    """Kolmogorov–Smirnov distance of residuals from the uniform, and its p-value: distance, p_value, rows.

    p by the limiting distribution with Stephens' (1970) finite-sample factor, for a model whose parameters owe
    nothing to these spells; on the spells a model was fitted on p comes out too large. Spells of one customer
    are taken as independent, so with many repeaters p is somewhat too small.
    """
    from scipy.special import kolmogorov

    sample = np.sort(np.asarray(uniform, dtype=float))
    n = sample.size
    distance = max((np.arange(1, n + 1) / n - sample).max(), (sample - np.arange(n) / n).max())
    root = np.sqrt(n)
    p_value = float(kolmogorov((root + 0.12 + 0.11 / root) * distance))
    return pd.Series({"distance": distance, "p_value": p_value, "rows": float(n)})


def month_table(cells: pd.DataFrame, curve: Array, level: float = 0.95) -> pd.DataFrame:
    """Cures observed and expected in each month of the spell, given who was still uncured at its start.

    Returns month, at_risk, observed, expected (Σ of the predicted monthly hazards of those at risk), ratio
    (observed ÷ expected), lower, upper, z. Limits of the ratio are by leaving out one fold of customers at a time;
    z holds observed − expected against the larger of its spread between folds and its binomial spread where
    nothing is wrong. Beyond |z| = 2 in several months on end the model has the shape of time wrong.
    """
    outcomes = Outcomes.of(cells, curve.shape[1])
    steps = np.hstack([np.zeros((len(cells), 1)), curve])
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = np.where(steps[:, :-1] < 1.0, np.diff(steps, axis=1) / (1.0 - steps[:, :-1]), 0.0)
    month = np.arange(1, curve.shape[1] + 1)
    risk = (outcomes.entry[:, None] < month) & (outcomes.time[:, None] >= month)
    mass = outcomes.weight[:, None] * risk
    cured = outcomes.weight[:, None] * (outcomes.cured[:, None] & (outcomes.time[:, None] == month))
    folds = int(outcomes.fold.max()) + 1
    sums = np.zeros((folds, 4, month.size))
    for i, part in enumerate((mass, cured, mass * hazard, mass * hazard * (1.0 - hazard))):
        np.add.at(sums[:, i], outcomes.fold, part)
    return _months(month, sums, level)


def _months(month: npt.NDArray[np.int64], sums: Array, level: float) -> pd.DataFrame:
    at_risk, observed, expected, binomial = sums.sum(axis=0)
    rest = leave_one_out(sums)
    error = np.sqrt(np.maximum(((sums[:, 1] - sums[:, 2]) ** 2).sum(axis=0), binomial))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = intervals.positive(observed / expected, rest[:, 1] / rest[:, 2], level)
        z = (observed - expected) / error
    columns = {
        "month": month,
        "at_risk": at_risk,
        "observed": observed,
        "expected": expected,
        "ratio": ratio.value,
    }
    table = pd.DataFrame(columns | {"lower": ratio.lower, "upper": ratio.upper, "z": z})
    return table[table["at_risk"] > 0].reset_index(drop=True)
