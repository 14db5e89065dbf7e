"""Have the accounts moved away from those a model was made for: stability by feature and of the score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.segmentation.scorecard.binning import Bins
from analysis.methods.segmentation.totals import totals
from analysis.statistics.calibration import like_groups
from analysis.statistics.stability import stability_chance, stability_index

Array = npt.NDArray[np.float64]

SCORE = "score"


def drift(
    before: pd.DataFrame,
    after: pd.DataFrame,
    scores: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    bins: Sequence[Bins] = (),
    groups: int = 10,
) -> pd.DataFrame:
    """Population stability index of each feature, and of the score, between two samples of accounts.

    A feature is grouped by its scorecard `bins` where it has them, else numbers by tenths of the earlier sample
    (`groups`) and categories as they are; missing values are a group. `scores` are the score's values in both
    samples. Returns feature, psi, chance (what 5% of samples of these sizes exceed though nothing changed),
    groups, before, after (accounts). Watch above .1, act above .25, by custom; and only above chance.
    Raises InputError where a feature is in one sample alone or a sample is empty.
    """
    lost = [str(name) for name in before.columns.symmetric_difference(after.columns)]
    if lost or before.empty or after.empty:
        raise InputError(f"drift: both samples need accounts and the same features; differing: {', '.join(lost)}")
    rows = list(_features(before, after, {item.feature: item for item in bins}, groups))
    if scores is not None:
        rows.append((SCORE, *_counts(pd.Series(scores[0]), pd.Series(scores[1]), groups)))
    return pd.DataFrame([_row(*row) for row in rows])


def _features(
    before: pd.DataFrame, after: pd.DataFrame, bins: dict[str, Bins], groups: int
) -> Iterator[tuple[str, Array, Array]]:
    for name in before.columns:
        own = bins.get(str(name))
        if own is None:
            yield str(name), *_counts(before[name], after[name], groups)
        else:
            size = own.counts.size
            then, now = (totals(own.slots(part[name]), size) for part in (before, after))
            yield str(name), then, now


def _counts(before: pd.Series, after: pd.Series, groups: int) -> tuple[Array, Array]:
    if pd.api.types.is_numeric_dtype(before) and pd.api.types.is_numeric_dtype(after):
        tops = _tops(before.dropna().to_numpy(dtype=float), groups)
        labels = [_numbered(part, tops) for part in (before, after)]
    else:
        labels = [part.astype(object).where(part.notna(), "missing").astype(str) for part in (before, after)]
    table = pd.concat([label.value_counts() for label in labels], axis=1).fillna(0.0)
    return table.iloc[:, 0].to_numpy(dtype=float), table.iloc[:, 1].to_numpy(dtype=float)


def _tops(values: Array, groups: int) -> Array:
    """Highest value of each group of the earlier sample, the last left open."""
    if not values.size:
        return np.empty(0)
    group = like_groups(values, np.ones(values.size), groups)
    return np.asarray(pd.Series(values).groupby(group).max(), dtype=float)[:-1]


def _numbered(values: pd.Series, tops: Array) -> pd.Series:
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    # Groups hold values equal to ten decimals, as they were made.
    place = np.searchsorted(np.round(tops, 10), np.round(numbers, 10), side="left")
    return pd.Series(np.where(np.isnan(numbers), -1, place))


def _row(name: str, before: Array, after: Array) -> dict[str, object]:
    held = (before > 0) | (after > 0)
    size = int(held.sum())
    return {
        "feature": name,
        "psi": stability_index(before[held], after[held]),
        "chance": stability_chance(before.sum(), after.sum(), size),
        "groups": size,
        "before": int(before.sum()),
        "after": int(after.sum()),
    }
