"""Discrimination and accuracy of predicted cure on spells the model has not seen (scikit-survival).

Event: cure within the horizon. Spells charged off, sold, paid off or in litigation have not cured and stay in the
comparison to the horizon, or to where they could have been followed. What is cut short is so by the calendar
alone, which says nothing of the spell; the weights against it are therefore those of the test spells themselves.
Delayed entries are left out: none of these measures is defined for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.methods.cure.validation.cells import Outcomes
from analysis.methods.cure.validation.pairs import auc_pairs, concordance_pairs, won_share
from analysis.statistics import intervals

Array = npt.NDArray[np.float64]

MISSING = "Time-dependent AUC and Brier scores are left out: scikit-survival is not installed (extra `validate`)."
FOLLOWED = 30
"""Spells that must have been followed to a horizon before anything is scored at it."""


class Score(NamedTuple):
    """One measure at one horizon."""

    horizon: int
    metric: str
    estimate: intervals.Estimate


def available() -> bool:
    """Whether scikit-survival is installed."""
    return find_spec("sksurv") is not None


def scored_horizons(outcomes: Outcomes, horizons: Sequence[int]) -> list[int]:
    """Horizons to which at least thirty spells were followed, with a cure by then."""
    return [
        h
        for h in sorted(horizons)
        if outcomes.weight[outcomes.time > h].sum() >= FOLLOWED and outcomes.known_cured(h).any()
    ]


def predictive_scores(
    outcomes: Outcomes, curve: Array, horizons: Sequence[int], level: float = 0.95
) -> Iterator[Score]:
    """Scores of predicted incidence `curve` (spells, months 1 …), one spell a row, at each of `horizons`.

    auc               P(a spell cured by the horizon has a higher prediction than one that isn't); ½ is chance,
                      higher is better (Uno et al. 2007, cumulative cases, dynamic controls)
    concordance       P(of two spells the one that cures sooner has the higher prediction), up to the horizon
                      (Uno et al. 2011); unlike AUC it asks for the order of months too
    brier             mean squared error of the predicted probability at the horizon; lower is better
    integrated_brier  its average over the months up to the horizon (Graf et al. 1999)

    A model that predicts single horizons only (missing months) has no integrated score. Limits are by leaving out
    one fold of customers at a time, with the censoring weights held; they hold for these test spells' length of
    follow-up and model as fitted, not for another training sample.
    """
    for horizon in horizons:
        predicted = curve[:, horizon - 1]
        if np.isnan(predicted).any():
            continue
        value, replicates = won_share(concordance_pairs(outcomes, predicted, horizon))
        yield Score(horizon, "concordance", intervals.share(value, replicates, level))
        if available():
            yield from _by_scikit_survival(outcomes, curve, horizon, level)


def _by_scikit_survival(outcomes: Outcomes, curve: Array, horizon: int, level: float) -> Iterator[Score]:
    from sksurv.metrics import brier_score, cumulative_dynamic_auc, integrated_brier_score

    target = _structured(outcomes)
    _, replicates = won_share(auc_pairs(outcomes, curve[:, horizon - 1], horizon))
    area = cumulative_dynamic_auc(target, target, np.round(curve[:, horizon - 1], 10), [horizon])[0][0]
    yield Score(horizon, "auc", intervals.share(area, replicates, level))
    _, single = brier_score(target, target, 1.0 - curve[:, [horizon - 1]], [horizon])
    yield Score(
        horizon, "brier", intervals.positive(single[0], _mean_replicates(outcomes, curve, [horizon]), level)
    )
    months = np.arange(max(1, int(np.ceil(outcomes.time.min()))), horizon + 1)
    shown = curve[:, months - 1]
    if months.size < 2 or np.isnan(shown).any():
        return
    whole = integrated_brier_score(target, target, 1.0 - shown, months)
    yield Score(
        horizon, "integrated_brier", intervals.positive(whole, _mean_replicates(outcomes, curve, months), level)
    )


def _structured(outcomes: Outcomes) -> Any:
    from sksurv.util import Surv

    return Surv.from_arrays(outcomes.cured, outcomes.time)


def _mean_replicates(outcomes: Outcomes, curve: Array, months: Sequence[int] | npt.NDArray[np.int64]) -> Array:
    """Integrated Brier score without each fold; of a single month, its Brier score."""
    loss = np.column_stack([brier_losses(outcomes, curve[:, month - 1], int(month)) for month in months])
    # The trapezoid rule over consecutive months, as a weighted mean.
    part = np.ones(len(months))
    part[[0, -1]] = 0.5 if len(months) > 1 else 1.0
    sums = np.bincount(outcomes.fold, weights=outcomes.weight * (loss @ part / part.sum()))
    sizes = np.bincount(outcomes.fold, weights=outcomes.weight)
    return (sums.sum() - sums) / (sizes.sum() - sizes)


def brier_losses(outcomes: Outcomes, predicted: Array, horizon: int) -> Array:
    """Each spell's part in the Brier score at `horizon`, weighted against censoring; their mean is the score."""
    error = outcomes.known_cured(horizon) - predicted
    return outcomes.inverse_weights(horizon) / outcomes.weight * error**2
