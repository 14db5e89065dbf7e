"""How each month differed from the others, segments held equal: the first of two stages of a satellite model.

All accounts meet one economy, so what a month tells of elasticities is one number, however many accounts there
are. Stage one takes it from the cells: log-odds (or, for cash, log rate) = segment + month, by maximum likelihood.
Stage two (`regression`) explains these numbers. Errors then come from months, as they must (Donald and
Lang 2007, "Inference with difference-in-differences and other panel data", Review of Economics and Statistics 89).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import IdentificationWarning, InputError

Array = npt.NDArray[np.float64]

STEPS = 100
SETTLED = 1e-9


@dataclass(frozen=True)
class MonthEffects:
    """Months (T) with their effects, (T,), and sampling covariance, (T, T); segments' log-odds against the first.

    `poisson`: effects are of a log rate, else of log-odds. `left_out`: months without anyone at risk, or, for a
    rate, without events.
    `dispersion`: variance against what counts alone would have; 1 for counts, estimated for amounts of money.
    """

    months: tuple[pd.Timestamp, ...]
    values: Array
    covariance: Array
    segments: pd.Series
    poisson: bool
    dispersion: float
    left_out: tuple[pd.Timestamp, ...] = ()

    def rate(self, at_risk: pd.Series, effect: float | Array) -> Array:
        """Rate of cells with so many at risk by segment (index), in a month with that effect; shape of
        `effect`."""
        known = at_risk[at_risk.index.isin(self.segments.index)]
        eta = self.segments.loc[known.index].to_numpy()[:, None] + np.atleast_1d(effect)[None, :]
        share = np.exp(eta) if self.poisson else 1.0 / (1.0 + np.exp(-eta))
        weight = known.to_numpy(float)
        return np.asarray(weight @ share / weight.sum())


def month_effects(cells: pd.DataFrame, poisson: bool = False) -> MonthEffects:
    """Effects by month of one step's cells: month, segment, at_risk, events.

    Segments in which nothing, or only the event, happened tell nothing and are left out. Half an event and half a
    non-event are added to each month (Haldane 1956, Annals of Human Genetics 20, 309–311; Anscombe 1956,
    Biometrika 43, 461–464), so that log-odds of few events are hardly biased and months without any need not be
    left out, as only good ones would be. Raises InputError where fewer than two months are left; warns where the
    fit doesn't settle.
    """
    return effects_of(*by_month(cells), poisson)


def by_month(cells: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """At risk and events of segments (rows) by month (columns), 0 where a segment has none."""
    summed = cells.groupby(["segment", "month"], observed=True)[["at_risk", "events"]].sum()
    risk, events = (summed[name].unstack("month").fillna(0.0) for name in ("at_risk", "events"))
    return risk, events


def effects_of(risk: pd.DataFrame, events: pd.DataFrame, poisson: bool = False) -> MonthEffects:
    """month_effects() of cells that by_month() has laid out, or of some of their months."""
    all_months = list(risk.columns)
    told, seen = _telling(risk, events, poisson)
    months_told = told.shape[1] if told.size else 0
    if months_told < 2:
        raise InputError(f"{months_told} months have events to tell a month's effect from; two or more are needed")
    risk, events = (told, seen) if poisson else _with_halves(risk, events, told, seen)
    n, d = risk.to_numpy(float), events.to_numpy(float)
    segment, month, weight = _fit(n, d, poisson)
    dispersion = _dispersion(n, d, segment, month) if poisson else 1.0
    months = tuple(map(pd.Timestamp, risk.columns))
    left_out = tuple(pd.Timestamp(one) for one in all_months if pd.Timestamp(one) not in months)
    variance = _month_covariance(_smooth_weight(n, segment, month, weight, poisson)) * dispersion
    return MonthEffects(
        months, month, variance, pd.Series(segment, risk.index, name="effect"), poisson, dispersion, left_out
    )


def _telling(risk: pd.DataFrame, events: pd.DataFrame, poisson: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Without segments and months that hold no events, or nothing else."""
    n, d = risk.to_numpy(float), events.to_numpy(float)
    rows, columns = np.arange(n.shape[0]), np.arange(n.shape[1])
    while n.size:
        down, across = (
            (d.sum(axis) > 0) & (n.sum(axis) > 0) & ((d.sum(axis) < n.sum(axis)) | poisson) for axis in (1, 0)
        )
        if down.all() and across.all():
            break
        rows, columns = rows[down], columns[across]
        n, d = n[np.ix_(down, across)], d[np.ix_(down, across)]
    return risk.iloc[rows, columns], events.iloc[rows, columns]


def _with_halves(
    risk: pd.DataFrame, events: pd.DataFrame, told: pd.DataFrame, seen: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All months of the segments that tell something, with ½ event of 1 at risk spread over a month's segments in
    proportion to what each tells."""
    weight = _told(told.to_numpy(float), seen.to_numpy(float))
    risk, events = risk.loc[told.index], events.loc[told.index]
    present = risk.columns[risk.sum() > 0]
    risk, events = risk[present], events[present]
    added = (risk > 0).mul(weight, axis=0)
    added = added / added.sum()
    return risk + added, events + added / 2


def _told(n: Array, d: Array) -> Array:
    """What each segment tells, (S,): its fitted variance, or, where months and segments separate events from
    non-events so that no fit is finite, the variance at its own share."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", IdentificationWarning)
            return np.asarray(_fit(n, d, False)[2].sum(axis=1))
    except (np.linalg.LinAlgError, IdentificationWarning):
        share = d.sum(axis=1) / n.sum(axis=1)
        return np.asarray(n.sum(axis=1) * share * (1.0 - share))


def _fit(n: Array, d: Array, poisson: bool) -> tuple[Array, Array, Array]:
    """Segment (S,), first 0, and month (T,) effects, and the cells' weights (S, T), by damped Newton."""
    share = (d.sum() / n.sum()) if poisson else (d.sum() + 0.5) / (n.sum() + 1.0)
    segment, month = np.zeros(len(n)), np.full(n.shape[1], np.log(share if poisson else share / (1 - share)))
    for _ in range(STEPS):
        mean, weight = _moments(n, segment[:, None] + month[None, :], poisson)
        rows, columns = (d - mean).sum(axis=1)[1:], (d - mean).sum(axis=0)
        down, across, cross = weight.sum(axis=1)[1:], weight.sum(axis=0), weight[1:]
        schur = np.diag(across) - cross.T @ (cross / down[:, None])
        step_month = np.linalg.solve(schur, columns - cross.T @ (rows / down))
        step_segment = (rows - cross @ step_month) / down
        largest = max(np.abs(step_month).max(), np.abs(step_segment).max(initial=0.0))
        damp = min(1.0, 2.0 / largest) if largest > 0 else 1.0
        month, segment[1:] = month + damp * step_month, segment[1:] + damp * step_segment
        if largest < SETTLED:
            break
    else:
        warnings.warn(
            "the months' effects did not settle; some segments have hardly any events: merge them",
            IdentificationWarning,
            stacklevel=3,
        )
    return segment, month, _moments(n, segment[:, None] + month[None, :], poisson)[1]


def _moments(n: Array, eta: Array, poisson: bool) -> tuple[Array, Array]:
    """Expected events and their variance."""
    if poisson:
        mean = n * np.exp(np.clip(eta, -50, 50))
        return mean, mean
    share = 1.0 / (1.0 + np.exp(-np.clip(eta, -50, 50)))
    return n * share, np.maximum(n * share * (1.0 - share), 1e-12 * n + 1e-300)


def _smooth_weight(n: Array, segment: Array, month: Array, weight: Array, poisson: bool) -> Array:
    """Weights at effects drawn towards their mean as far as they are chance.

    A month that happens to have few events would otherwise seem to tell less than one that happens to have many,
    and second-stage weights would go with the errors that they are to weigh.
    """
    chance = float(np.diag(_month_covariance(weight)).mean())
    kept = max(0.0, 1.0 - chance / max(float(np.var(month, ddof=1)), 1e-300))
    centre = float(np.average(month, weights=weight.sum(axis=0)))
    return _moments(n, segment[:, None] + centre + kept * (month - centre)[None, :], poisson)[1]


def _month_covariance(weight: Array) -> Array:
    down, cross = weight.sum(axis=1)[1:], weight[1:]
    found = np.linalg.inv(np.diag(weight.sum(axis=0)) - cross.T @ (cross / down[:, None]))
    return np.asarray((found + found.T) / 2)


def _dispersion(n: Array, d: Array, segment: Array, month: Array) -> float:
    """Pearson's: Σ (events − expected)² / expected ÷ degrees of freedom."""
    used = n > 0
    expected = n * np.exp(segment[:, None] + month[None, :])
    degrees = max(int(used.sum()) - sum(n.shape) + 1, 1)
    return float((((d - expected) ** 2)[used] / expected[used]).sum() / degrees)
