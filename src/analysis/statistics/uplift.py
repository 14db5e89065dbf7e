"""What a treatment adds, by segment, from randomised decisions with recorded probabilities."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.statistics.decision_log import DecisionLog
from analysis.statistics.jackknife import leave_one_out, symmetric_limits
from analysis.statistics.off_policy import robust_scores

Array = npt.NDArray[np.float64]


def segment_effects(
    log: DecisionLog,
    treated: str,
    control: str,
    segments: pd.DataFrame | None = None,
    outcomes: pd.DataFrame | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Mean reward under `treated` less that under `control`, by segment, with limits.

    Without `outcomes`, each mean is Σ r/p ÷ Σ 1/p over the segment's units that took the arm (Hájek 1971), which
    is the plain mean where probabilities are equal. With `outcomes` (n, arms), it is the mean doubly robust score
    over all units of the segment: the same effect, and a narrower interval the better the predictions are.

    `segments` (same index) has one column a dimension, known before the decision; without it all units are one
    segment, and a missing value is a segment of its own. Columns: those of `segments`, units, treated, control
    (units that took each arm), mean_treated, mean_control, effect, se, lower, upper. Limits leave out one fold at
    a time, of the folds the segment occurs in. A segment without one of the arms has no effect (missing). Each
    interval is of its own segment alone: among twenty, one misses at 95%, so don't pick the best and quote it.

    The decisions must be randomised given what the probabilities were drawn from. Raises InputError for an arm
    that was never logged.
    """
    arms = (log.position(treated), log.position(control))
    terms = _arm_terms(log, arms, outcomes)
    if segments is None:
        return pd.DataFrame([_effect(log, terms, arms, np.ones(log.units, dtype=bool), level)])
    log.aligned(segments, "the table of segments")
    groups = segments.groupby(list(segments.columns), dropna=False, observed=True)
    number, keys = groups.ngroup().to_numpy(), groups.first().index.to_frame(index=False)
    rows = [_effect(log, terms, arms, number == i, level) for i in range(len(keys))]
    return pd.concat([keys, pd.DataFrame(rows)], axis=1)


def _arm_terms(
    log: DecisionLog, arms: tuple[int, int], outcomes: pd.DataFrame | None
) -> list[tuple[Array, Array]]:
    """For each arm, per-unit numerators and denominators (n,) of its mean."""
    if outcomes is not None:
        scores = robust_scores(log, outcomes)
        return [(scores[:, place], np.ones(log.units)) for place in arms]
    weights = [np.where(log.chosen == place, 1.0 / log.probability, 0.0) for place in arms]
    return [(weight * log.reward, weight) for weight in weights]


def _effect(
    log: DecisionLog,
    terms: list[tuple[Array, Array]],
    arms: tuple[int, int],
    rows: npt.NDArray[np.bool_],
    level: float,
) -> dict[str, object]:
    occurs = log.by_fold(rows.astype(float)) > 0
    counts = [int((rows & (log.chosen == place)).sum()) for place in arms]
    folds = [(log.by_fold(y * rows)[occurs], log.by_fold(x * rows)[occurs]) for y, x in terms]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = [y.sum() / x.sum() if n else np.nan for n, (y, x) in zip(counts, folds, strict=True)]
        left = [leave_one_out(y) / leave_one_out(x) for y, x in folds]
    limits = symmetric_limits(means[0] - means[1], left[0] - left[1], level)
    return {
        "units": int(rows.sum()),
        "treated": counts[0],
        "control": counts[1],
        "mean_treated": means[0],
        "mean_control": means[1],
        "effect": float(limits.value),
        "se": float(limits.error),
        "lower": float(limits.lower),
        "upper": float(limits.upper),
    }
