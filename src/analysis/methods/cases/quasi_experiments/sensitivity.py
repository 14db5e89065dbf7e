"""How strong a confounder that no table holds would have to be to explain an effect away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betainc, ndtr

from analysis.core.errors import InputError, ParameterError

Array = npt.NDArray[np.float64]


def e_value(ratio: float, limit: float | None = None) -> float:
    """Least risk ratio that a hidden confounder must have with treatment and with outcome, both, to explain
    `ratio`.

    `limit` is the confidence limit nearer to one: the result then is what it takes to move the interval over one
    (1 where it is over one already). VanderWeele and Ding 2017, Annals of Internal Medicine 167, 268–274.
    Direction: the larger, the sturdier. Caveat: a confounder that weak is not thereby likely, nor a strong one
    ruled out; hold it against the covariates that were seen.

    >>> round(e_value(3.9), 2), round(e_value(3.9, 1.8), 2)
    (7.26, 3.0)
    """
    for value in (ratio, *([] if limit is None else [limit])):
        if not 0 < value < np.inf:
            raise ParameterError(f"ratio is {value}; a risk ratio is above 0 and finite")
    if limit is not None and (limit - 1) * (ratio - 1) <= 0:
        return 1.0
    found = ratio if limit is None else limit
    found = 1 / found if found < 1 else found
    return float(found + np.sqrt(found * (found - 1)))


def bias_factor(with_treatment: float, with_outcome: float) -> float:
    """Most that a confounder of these risk ratios can multiply an observed risk ratio by.

    Ding and VanderWeele 2016, Epidemiology 27, 368–377. Ratios below one are turned round.
    """
    a, b = (max(value, 1 / value) for value in (with_treatment, with_outcome))
    return float(a * b / (a + b - 1))


def seen_strengths(frame: pd.DataFrame, treated: str, outcome: str, covariates: Sequence[str]) -> pd.DataFrame:
    """How strong a confounder each covariate by itself would be, split at its median: the yardstick of an E-value.

    Columns: covariate, with_treatment, with_outcome (risk ratios, the latter among the untreated), bias_factor.
    Texts are split at each value, the strongest counting. Outcomes other than 0 and 1 are split at their median.
    """
    arm = frame[treated].to_numpy(dtype=float) == 1
    result = frame[outcome].to_numpy(dtype=float)
    bad = result > np.median(result) if len(np.unique(result)) > 2 else result == 1
    rows = []
    for name in covariates:
        splits = [_strength(split, arm, bad) for split in _splits(frame[name])]
        best = max(splits, key=lambda pair: bias_factor(*pair), default=(1.0, 1.0))
        rows.append((name, *best, bias_factor(*best)))
    return pd.DataFrame(rows, columns=["covariate", "with_treatment", "with_outcome", "bias_factor"])


def rosenbaum_binary(favourable: int, discordant: int, gamma: float = 1.0) -> float:
    """Largest one-sided p of matched pairs if hidden bias multiplies the odds of treatment within a pair by
    `gamma`.

    `discordant` pairs have the event in one unit only, `favourable` of them in the treated one. McNemar's test;
    Rosenbaum 2002, Observational Studies, 2nd ed., section 4.3.
    """
    _require_gamma(gamma)
    if not 0 <= favourable <= discordant:
        raise InputError(f"{favourable} favourable of {discordant} discordant pairs; give 0 to {discordant}")
    if favourable == 0:
        return 1.0
    return float(betainc(favourable, discordant - favourable + 1, gamma / (1 + gamma)))


def rosenbaum_signed_rank(differences: npt.ArrayLike, gamma: float = 1.0) -> float:
    """The same for amounts: Wilcoxon's signed ranks of treated less control, by their normal approximation."""
    _require_gamma(gamma)
    values = np.asarray(differences, dtype=float)
    values = values[values != 0]
    if not len(values):
        return 1.0
    ranks = pd.Series(np.abs(values)).rank().to_numpy()
    share = gamma / (1 + gamma)
    mean, variance = share * ranks.sum(), share * (1 - share) * (ranks**2).sum()
    return float(ndtr(-(ranks[values > 0].sum() - mean) / np.sqrt(variance)))


def rosenbaum_bounds(
    differences: npt.ArrayLike, gammas: Sequence[float] = (1.0, 1.1, 1.25, 1.5, 2.0, 3.0)
) -> pd.DataFrame:
    """Largest p by gamma for pair differences (treated less control) in their own direction: gamma, p.

    Differences of −1, 0 and 1 are those of yes-or-no outcomes (McNemar), others amounts (signed ranks).
    """
    values = np.asarray(differences, dtype=float)
    values = values if values.sum() >= 0 else -values
    return pd.DataFrame([(gamma, _bound(values, gamma)) for gamma in gammas], columns=["gamma", "p"])


def breaking_gamma(differences: npt.ArrayLike, alpha: float = 0.025, largest: float = 20.0) -> float:
    """Least hidden bias at which the pairs no longer show the effect (one-sided p above `alpha`).

    1 where they don't show it even without; `largest` where more than that is needed.
    """
    values = np.asarray(differences, dtype=float)
    values = values if values.sum() >= 0 else -values
    if _bound(values, 1.0) > alpha:
        return 1.0
    low, high = 1.0, largest
    if _bound(values, high) <= alpha:
        return largest
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if _bound(values, middle) <= alpha else (low, middle)
    return (low + high) / 2


def _bound(values: Array, gamma: float) -> float:
    if np.isin(values, (-1.0, 0.0, 1.0)).all():
        return rosenbaum_binary(int((values > 0).sum()), int((values != 0).sum()), gamma)
    return rosenbaum_signed_rank(values, gamma)


def _splits(values: pd.Series) -> list[npt.NDArray[np.bool_]]:
    if pd.api.types.is_numeric_dtype(values):
        numbers = values.to_numpy(dtype=float)
        upper = numbers > np.nanmedian(numbers)
        return [upper] if upper.any() else [numbers >= np.nanmedian(numbers)]
    return [(values == value).to_numpy() for value in values.dropna().unique()]


def _strength(
    split: npt.NDArray[np.bool_], arm: npt.NDArray[np.bool_], bad: npt.NDArray[np.bool_]
) -> tuple[float, float]:
    """Risk ratio of the split with treatment (its share by arm) and with the outcome among the untreated."""
    if split.all() or not split.any():
        return 1.0, 1.0
    return _ratio(split[arm], split[~arm]), _ratio(bad[split & ~arm], bad[~split & ~arm])


def _ratio(first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_]) -> float:
    """Ratio of two shares, half a case added to each so that none is zero."""
    found = ((first.sum() + 0.5) / (len(first) + 1)) / ((second.sum() + 0.5) / (len(second) + 1))
    return float(max(found, 1 / found))


def _require_gamma(gamma: float) -> None:
    if not gamma >= 1:
        raise ParameterError(f"gamma is {gamma}; the odds ratio of a hidden bias is 1 (none) or more")
