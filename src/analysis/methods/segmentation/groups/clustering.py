"""Groups of like accounts by k-means, the number of groups chosen by a shown rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.groups.preparation import SKEWED, TRIM, Preparation, prepare
from analysis.methods.segmentation.groups.stability import choose, criteria, fit_kmeans

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

LEAST_ACCOUNTS = 200
"""Accounts below which no groups are sought."""

LEAST_STABILITY = 0.8
SMALLEST = 0.02
"""Share of the accounts below which a group is too small to be treated as one."""


@dataclass(frozen=True)
class Groups:
    """Groups of accounts and how their number was chosen.

    `group` numbers each account's group from 1, the largest first; `assumed` counts its features that were missing
    and took the median. `centres` (groups, features) are in standardised units. `criteria` is the table of
    `stability.criteria` with `chosen`; `stable` is false where no number of groups reached the bar: then
    the groups are a way of cutting a cloud, another sample would cut it elsewhere, and no treatment should hang on
    them.
    """

    preparation: Preparation
    centres: Array
    group: pd.Series
    assumed: pd.Series
    criteria: pd.DataFrame
    stable: bool

    @property
    def count(self) -> int:
        """The number of groups chosen."""
        return len(self.centres)

    def assign(self, features: pd.DataFrame) -> pd.Series:
        """Group of each account (n,), also of accounts not learnt from: the nearest centre's."""
        return _named(_nearest(self.preparation.apply(features), self.centres), features.index)

    def of(self, features: pd.DataFrame) -> Groups:
        """The same groups with other accounts in them, as today's in groups learnt from several month ends."""
        return replace(self, group=self.assign(features), assumed=self.preparation.assumed(features))


def choose_groups(
    features: pd.DataFrame,
    fold: npt.ArrayLike,
    candidates: Sequence[int] = tuple(range(2, 9)),
    seed: int = 0,
    trim: float = TRIM,
    skewed: float = SKEWED,
    least_stability: float = LEAST_STABILITY,
    smallest: float = SMALLEST,
    resamples: int = 20,
    sample: int = 10_000,
    distances: int = 3_000,
    least_accounts: int = LEAST_ACCOUNTS,
    level: float = 0.95,
) -> Groups:
    """Group accounts by numeric `features` (n rows), standardised, winsorised and completed as `prepare` says.

    The number of groups is the one of `candidates` with the largest mean silhouette, or the fewest groups within
    0.01 of it, among those that are stable (median adjusted Rand index at least `least_stability` over `resamples`
    bootstrap samples of customers' folds) and whose smallest group holds at least the share `smallest`; if there
    is none, the most stable, with `stable` false.
    `fold` (n) is a random group of customers. The criteria are computed on at most `sample` accounts (silhouettes
    on `distances` of them), drawn by `seed`; the groups themselves are learnt from all. The same accounts and seed
    give the same groups. MacQueen (1967), Proc. 5th Berkeley Symposium, 281–297, by scikit-learn.

    Raises as `prepare` does, ParameterError for candidates that aren't whole numbers from 2, and InputError for a
    fold for each account that isn't there, fewer than two folds, or fewer distinct accounts than groups.
    """
    import sklearn.cluster  # noqa: F401 - threads are limited only of libraries already loaded
    from threadpoolctl import threadpool_limits

    tried = _candidates(candidates)
    preparation = prepare(features, trim, skewed, max(least_accounts, 2))
    folds = _folds(fold, len(features))
    prepared = preparation.apply(features)
    _refuse_alike(prepared, tried[-1])
    rows = _drawn(len(prepared), sample, seed)
    own = np.unique(folds[rows], return_inverse=True)[1]
    # On several threads the order of sums, and so their last digits, would not be the same every time.
    with threadpool_limits(limits=1):
        table = criteria(prepared[rows], own, tried, seed, resamples, distances, level)
        chosen = choose(table, least_stability, smallest)
        centres, group = _largest_first(fit_kmeans(prepared, chosen.groups, seed).cluster_centers_, prepared)
    return Groups(
        preparation,
        centres,
        _named(group, features.index),
        preparation.assumed(features),
        table.assign(chosen=table["groups"] == chosen.groups),
        chosen.stable,
    )


def _candidates(candidates: Sequence[int]) -> list[int]:
    found = sorted({int(k) for k in candidates if k == int(k) and k >= 2})
    if not found or len(found) != len(set(candidates)):
        raise ParameterError(f"candidates: {list(candidates)}; give whole numbers of groups, 2 or more")
    return found


def _folds(fold: npt.ArrayLike, rows: int) -> Whole:
    values = np.asarray(fold).ravel()
    if values.size != rows:
        raise InputError(f"fold: {values.size:,} values for {rows:,} accounts; pass one for each")
    labels, place = np.unique(values, return_inverse=True)
    if labels.size < 2:
        raise InputError("fold: all accounts are of one fold of customers; stability needs two or more")
    return place.astype(np.int64)


def _refuse_alike(prepared: Array, most: int) -> None:
    distinct = len(np.unique(prepared, axis=0))
    if distinct < most:
        raise InputError(
            f"features: only {distinct} distinct accounts for {most} groups; try fewer, or add features"
        )


def _drawn(accounts: int, sample: int, seed: int) -> Whole:
    if accounts <= sample:
        return np.arange(accounts)
    return np.sort(np.random.default_rng(seed).permutation(accounts)[:sample])


def _nearest(prepared: Array, centres: Array) -> Whole:
    from sklearn.metrics import pairwise_distances_argmin

    return np.asarray(pairwise_distances_argmin(prepared, centres)).astype(np.int64)


def _largest_first(centres: Array, prepared: Array) -> tuple[Array, Whole]:
    """Centres by falling size (equal sizes by the first feature), and each account's place among them."""
    group = _nearest(prepared, centres)
    size = np.bincount(group, minlength=len(centres))
    order = np.lexsort((centres[:, 0], -size))
    return centres[order], np.argsort(order)[group]


def _named(group: Whole, index: pd.Index) -> pd.Series:
    return pd.Series(group + 1, index=index, name="group")
