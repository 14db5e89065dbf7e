"""How well a score ranks units by what a treatment adds: Qini curve and coefficient, and AUUC."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.statistics.decision_log import DecisionLog
from analysis.statistics.jackknife import symmetric_limits

Array = npt.NDArray[np.float64]

TENTHS = tuple(i / 10 for i in range(11))


class Ranked(NamedTuple):
    """Units from the highest score down: score, fold, and weights and rewards of each arm, (n,) each."""

    score: Array
    fold: npt.NDArray[np.int64]
    treated: Array
    control: Array
    reward: Array

    def without(self, fold: int) -> Ranked:
        keep = self.fold != fold
        return Ranked(*(values[keep] for values in self))


def qini_curve(
    log: DecisionLog,
    scores: pd.Series,
    treated: str,
    control: str,
    depths: tuple[float, ...] = TENTHS,
    level: float = 0.95,
) -> pd.DataFrame:
    """What treating the highest-scored share of units adds, by depth, with limits.

    gain(d) = [R_t(d) − R_c(d) · N_t(d) ÷ N_c(d)] ÷ N_t(1), with R the rewards and N the number of the treated (t)
    and the controls (c) among the share d of units with the highest scores, each unit weighted by 1 ÷ probability
    of its arm. It is the added reward per unit of the whole population (× 1,000: per thousand units), so the last
    point is the mean effect; `random` is the line to it, d × that effect, which a score that ranks nothing would
    follow.
    Units with equal scores are taken in together, with a straight line across them; so are depths at which one
    arm has no unit yet. Source: Radcliffe 2007, Direct Marketing Analytics Journal 1, 14–21.

    `scores` (same index) rank units, the highest first; they must not be from a model fitted to the same customers
    (`cross_fitted_uplift`). Columns: depth, gain, lower, upper, random, above (gain − random), above_lower,
    above_upper. Limits leave out one fold at a time, the scores held; each depth's interval is its own. Raises
    InputError for missing scores and arms never logged, ParameterError for depths outside 0 to 1.
    """
    at = np.asarray(depths, dtype=float)
    if not ((at >= 0) & (at <= 1)).all() or not at.size:
        raise ParameterError(f"depths are {depths}; give shares of units between 0 and 1")
    ranked = _ranked(log, scores, treated, control)
    curves = [_at(_gains(part), at) for part in (ranked, *_parts(ranked))]
    gain = symmetric_limits(curves[0], np.array(curves[1:]), level)
    ends = [_at(_gains(part), np.ones(1))[0] * at for part in (ranked, *_parts(ranked))]
    above = symmetric_limits(curves[0] - ends[0], np.array(curves[1:]) - np.array(ends[1:]), level)
    return pd.DataFrame(
        {
            "depth": at,
            "gain": gain.value,
            "lower": gain.lower,
            "upper": gain.upper,
            "random": ends[0],
            "above": above.value,
            "above_lower": above.lower,
            "above_upper": above.upper,
        }
    )


def qini(log: DecisionLog, scores: pd.Series, treated: str, control: str, level: float = 0.95) -> pd.DataFrame:
    """Areas under the Qini curve, in units of reward per unit of the population; one row a measure.

    effect   the mean effect, gain(1)
    auuc     area under the gain curve over depth 0 to 1: the mean gain over depths of queue
    qini     auuc less the area under the random line, effect ÷ 2. Above 0 the score ranks better than chance; it
             has no upper bound of its own, and isn't comparable between outcomes in different units

    Columns: measure, value, se, lower, upper. Arguments, source and errors as in `qini_curve`; the qini here is
    the area itself, not Radcliffe's ratio to the best possible curve, which only binary outcomes have.
    """
    ranked = _ranked(log, scores, treated, control)
    found = np.array([_areas(_gains(part)) for part in (ranked, *_parts(ranked))])
    limits = symmetric_limits(found[0], found[1:], level)
    return pd.DataFrame(
        {
            "measure": ["effect", "auuc", "qini"],
            "value": limits.value,
            "se": limits.error,
            "lower": limits.lower,
            "upper": limits.upper,
        }
    )


def _ranked(log: DecisionLog, scores: pd.Series, treated: str, control: str) -> Ranked:
    log.aligned(scores, "the scores")
    values = scores.to_numpy(dtype=float)
    if np.isnan(values).any():
        raise InputError(
            f"{int(np.isnan(values).sum()):,} of {log.units:,} units have no score; leave them out of both"
        )
    order = np.argsort(-values, kind="stable")
    inverse = 1.0 / log.probability
    arms = [np.where(log.chosen == log.position(arm), inverse, 0.0)[order] for arm in (treated, control)]
    return Ranked(values[order], log.fold[order], arms[0], arms[1], log.reward[order])


def _parts(ranked: Ranked) -> list[Ranked]:
    """The units without each fold."""
    return [ranked.without(fold) for fold in np.unique(ranked.fold)]


def _gains(ranked: Ranked) -> tuple[Array, Array]:
    """Depths at which the score changes and both arms have units, with the gains there; (0, 0) first."""
    last = np.flatnonzero(np.append(np.diff(ranked.score) != 0, True))
    sums = [
        np.cumsum(values)[last]
        for values in (
            ranked.treated,
            ranked.control,
            ranked.treated * ranked.reward,
            ranked.control * ranked.reward,
        )
    ]
    size_t, size_c, reward_t, reward_c = sums
    both = (size_t > 0) & (size_c > 0)
    depth, size = (last[both] + 1.0) / ranked.score.size, size_t[-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        gain = (reward_t[both] - reward_c[both] * size_t[both] / size_c[both]) / size
    return np.append(0.0, depth), np.append(0.0, gain)


def _at(curve: tuple[Array, Array], depths: Array) -> Array:
    """The curve at given depths; missing where an arm has no unit at all."""
    if curve[0].size == 1:
        return np.full(depths.shape, np.nan)
    return np.interp(depths, *curve)


def _areas(curve: tuple[Array, Array]) -> list[float]:
    """Mean effect, area under the curve, and that less the triangle under the random line."""
    depth, gain = curve
    if depth.size == 1:
        return [np.nan] * 3
    area = float(((gain[1:] + gain[:-1]) / 2 * np.diff(depth)).sum())
    return [float(gain[-1]), area, area - float(gain[-1]) / 2]
