"""What a projected book is made of: its buckets, and the products that arrears come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.stress.projection.paths import Paths
from analysis.methods.stress.projection.projection import Projection

Array = npt.NDArray[np.float64]


def bucket_mix(
    projections: Mapping[str, Projection], months: Sequence[pd.Timestamp], level: float = 0.95
) -> pd.DataFrame:
    """Balance in each bucket ÷ open balance of the whole book, in chosen months ahead, by scenario.

    Columns scenario, month, bucket, expected (at the point estimates), lower, upper (everything), lower_parameter,
    upper_parameter (elasticities alone). Expected shares of a month sum to 1. Raises ParameterError for a month
    that is not projected.
    """
    pieces = []
    for name, one in projections.items():
        labels, places = one.book.buckets.labels, [_place(one, month) for month in months]
        told = [_shares(paths["balance"], len(labels), places) for paths in (one.point, one.parameter, one.total)]
        rows = pd.MultiIndex.from_product([list(months), list(labels)], names=["month", "bucket"]).to_frame(
            index=False
        )
        pieces.append(rows.assign(scenario=name, expected=told[0].mean(axis=0).ravel(), **_limits(told, level)))
    columns = ["scenario", "month", "bucket", "expected", "lower", "upper", "lower_parameter", "upper_parameter"]
    return pd.concat(pieces, ignore_index=True)[columns]


def arrears_by_product(
    worse: Projection, base: Projection, month: pd.Timestamp, days: int = 30, level: float = 0.95
) -> pd.DataFrame:
    """What each product adds to the rise of the overdue rate from one scenario to another, in one month ahead.

    A product's part of a rate is its balance `days` or more past due ÷ open balance of the whole book, so that
    parts sum to the rate and `expected` to its rise. Columns product, base, worse, expected (worse − base), lower,
    upper, lower_parameter, upper_parameter, fractions of 1, the largest rise first. Draws of the two scenarios are
    compared one by one, since they share their coefficients where both were drawn with the same seed. Raises
    ParameterError for a month that is not projected.
    """
    place, inside = _place(worse, month), len(worse.book.buckets.labels)
    first = worse.book.buckets.edges.index(days) + 1
    found = {
        name: [_parts(paths["balance"], inside, first, place) for paths in (one.point, one.parameter, one.total)]
        for name, one in (("worse", worse), ("base", base))
    }
    rise = [high - low for high, low in zip(found["worse"], found["base"], strict=True)]
    table = pd.DataFrame(
        {"product": worse.book.groups, "base": found["base"][0][0], "worse": found["worse"][0][0]}
        | {"expected": rise[0][0], **_limits(rise, level)}
    )
    return table.sort_values("expected", ascending=False, ignore_index=True)


def _place(one: Projection, month: pd.Timestamp) -> int:
    if month not in one.months:
        raise ParameterError(
            f"month is {month:%Y-%m}; projected are {one.months[0]:%Y-%m} to {one.months[-1]:%Y-%m}"
        )
    return one.months.index(month) + 1


def _shares(paths: Paths, inside: int, places: Sequence[int]) -> Array:
    """By draw, chosen month and bucket."""
    held = paths.stock[:, list(places), :, :inside].sum(axis=2)
    return _ratio(held, held.sum(axis=-1, keepdims=True))


def _parts(paths: Paths, inside: int, first: int, place: int) -> Array:
    """By draw and product."""
    held = paths.stock[:, place, :, :inside]
    return _ratio(held[..., first:].sum(axis=-1), held.sum(axis=(1, 2))[:, None])


def _ratio(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _limits(told: Sequence[Array], level: float) -> dict[str, Array]:
    """Quantiles over draws of the `parameter` and `total` members of point, parameter, total."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    (low, high), (lowest, highest) = (np.quantile(one, tails, axis=0) for one in told[1:])
    named = {"lower": lowest, "upper": highest, "lower_parameter": low, "upper_parameter": high}
    return {name: values.ravel() for name, values in named.items()}
