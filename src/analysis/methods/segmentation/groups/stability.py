"""How many groups? Each number of groups with how well it parts accounts and whether it comes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

STARTS = 10
"""Random starts of a k-means fit; the one with the least sum of squares is kept."""

STARTS_AGAIN = 3
"""Random starts of each fit to a resample."""


CLOSE = 0.01
"""Silhouettes no further apart are taken as equal; they differ by as much from one sample to another."""


class Choice(NamedTuple):
    """The number of groups taken, and whether it met the bar of stability."""

    groups: int
    stable: bool


def fit_kmeans(prepared: Array, groups: int, seed: int, weight: Array | None = None, starts: int = STARTS) -> Any:
    """scikit-learn's KMeans as it is."""
    from sklearn.cluster import KMeans

    return KMeans(groups, n_init=starts, random_state=seed).fit(prepared, sample_weight=weight)


def criteria(
    prepared: Array, fold: Whole, candidates: Sequence[int], seed: int, resamples: int, most: int, level: float
) -> pd.DataFrame:
    """One row a number of groups: groups, silhouette, stability, stability_lower, stability_upper, smallest.

    silhouette   mean over accounts of (distance to the next group's members − to the own group's) ÷ the larger of
                 the two, −1 to 1, higher is better parted (Rousseeuw 1987, J. Computational and Applied
                 Mathematics 20, 53–65); on at most `most` accounts
    stability    median adjusted Rand index (Hubert and Arabie 1985, Journal of Classification 2, 193–218) between
                 the partition learnt from all accounts and those learnt from `resamples` bootstrap samples of
                 customers' folds, each drawn on all accounts: 1 the same groups again, 0 as alike as by chance
                 (the bootstrap as in Dolnicar and Leisch 2010, Marketing Letters 21, 83–101)
    stability_lower, stability_upper  between which the middle `level` of the resamples lie
    smallest     share of accounts in the smallest group

    Stable groups need not be apart: a cloud much longer than wide is cut in two at the same place every time, with
    a low silhouette.
    """
    rng = np.random.default_rng(seed)
    drawn = np.sort(rng.permutation(len(prepared))[:most])
    distance = _distances(prepared[drawn])
    weights = _resampled_weights(fold, resamples, rng)
    rows = [_criterion(prepared, k, seed, weights, drawn, distance, level) for k in candidates]
    names = ["groups", "silhouette", "stability", "stability_lower", "stability_upper", "smallest"]
    return pd.DataFrame(rows, columns=names)


def _distances(points: Array) -> Array:
    from sklearn.metrics import pairwise_distances

    found = pairwise_distances(points)
    np.fill_diagonal(found, 0.0)
    return np.asarray(found)


def _resampled_weights(fold: Whole, resamples: int, rng: np.random.Generator) -> Array:
    """How often each account's fold is drawn in each resample (resamples, n)."""
    folds = int(fold.max()) + 1
    return rng.multinomial(folds, np.full(folds, 1.0 / folds), size=resamples).astype(float)[:, fold]


def _criterion(
    prepared: Array, groups: int, seed: int, weights: Array, drawn: Whole, distance: Array, level: float
) -> tuple[float, ...]:
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    reference = fit_kmeans(prepared, groups, seed).labels_
    again = [_labels_learnt_from(prepared, weight, groups, seed + i + 1) for i, weight in enumerate(weights)]
    rand = np.array([adjusted_rand_score(reference, labels) for labels in again])
    own = reference[drawn]
    apart = silhouette_score(distance, own, metric="precomputed") if np.unique(own).size > 1 else np.nan
    low, middle, high = np.quantile(rand, [(1 - level) / 2, 0.5, (1 + level) / 2])
    smallest = np.bincount(reference, minlength=groups).min() / len(prepared)
    return groups, float(apart), float(middle), float(low), float(high), float(smallest)


def _labels_learnt_from(prepared: Array, weight: Array, groups: int, seed: int) -> Whole:
    rows = weight > 0
    model = fit_kmeans(prepared[rows], groups, seed, weight[rows], STARTS_AGAIN)
    return np.asarray(model.predict(prepared))


def choose(table: pd.DataFrame, least_stability: float, smallest: float, close: float = CLOSE) -> Choice:
    """The rule. Of the numbers whose median stability reaches `least_stability` and whose smallest group holds at
    least the share `smallest`: the largest silhouette, or the fewest groups that come within `close` of it. Where
    there is no such number: the most stable one, and `stable` is false."""
    good = table[(table["stability"] >= least_stability) & (table["smallest"] >= smallest)]
    if good.empty:
        best = table.sort_values(["stability", "groups"], ascending=[False, True])
    else:
        best = good[good["silhouette"] >= good["silhouette"].max() - close].sort_values("groups")
    return Choice(int(best["groups"].iloc[0]), not good.empty)
