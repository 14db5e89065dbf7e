"""How well a prediction ranks accounts: AUC, KS, PR-AUC and what a limited capacity catches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.methods.segmentation.totals import totals

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

RANKING = ("auc", "ks", "pr_auc", "lift", "precision", "captured")


class Ranked(NamedTuple):
    """Accounts by distinct prediction, highest first: events and non-events of each (values,)."""

    events: Array
    others: Array


def ranked_by_fold(predicted: Array, event: Whole, fold: Whole) -> tuple[Ranked, list[Ranked]]:
    """All accounts ranked, and what is left of them without each fold.

    `predicted`, `event` (0 or 1) and `fold` (any whole numbers) are (n,). The sorting is done once.
    """
    _, place = np.unique(-predicted, return_inverse=True)
    size = int(place.max()) + 1
    whole = _count(place, event, size)
    _, folds = np.unique(fold, return_inverse=True)
    order = np.argsort(folds, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(folds))[:-1])
    rest = []
    for rows in groups:
        own = _count(place[rows], event[rows], size)
        rest.append(Ranked(whole.events - own.events, whole.others - own.others))
    return whole, rest


def _count(place: npt.NDArray[np.intp], event: Whole, size: int) -> Ranked:
    return Ranked(totals(place, size, event), totals(place, size, 1 - event))


def ranking_measures(ranked: Ranked, capacity: float) -> Array:
    """The measures named in `RANKING`, in their order; nan where either outcome is absent.

    auc        P(an account with the event has the higher prediction than one without), ties count half
    ks         largest difference between the shares of events and of non-events above a threshold (Kolmogorov and
               Smirnov)
    pr_auc     average precision: Σ precision · step in recall; chance is the event's base rate
    lift       event rate among the `capacity` share of accounts with the highest predictions ÷ base rate
    precision  that event rate itself
    captured   share of all events that are among them

    All higher is better. Accounts with the prediction at the capacity's edge share the places that are left.
    """
    events, others = ranked
    all_events, all_others = events.sum(), others.sum()
    if all_events <= 0 or all_others <= 0:
        return np.full(len(RANKING), np.nan)
    recall, false_alarms = np.cumsum(events) / all_events, np.cumsum(others) / all_others
    auc = float((others * (recall - events / all_events / 2)).sum() / all_others)
    found = np.cumsum(events + others)
    precision = np.divide(np.cumsum(events), found, out=np.zeros(found.size), where=found > 0)
    average = float((precision * events).sum() / all_events)
    total = all_events + all_others
    caught = float(np.interp(capacity * total, np.append(0.0, found), np.append(0.0, np.cumsum(events))))
    rate = caught / (capacity * total)
    ks = float(np.max(recall - false_alarms, initial=0.0))
    return np.array([auc, ks, average, rate / (all_events / total), rate, caught / all_events])
