"""The recovery curve after charge-off, from all quarters' claims with all the follow-up that each has."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.cure.chain import segments
from analysis.statistics.jackknife import Array, amount_limits, leave_one_out

COLUMNS = ("month", "since", "followed", "fold", "claims", "charged_off", "paid")


def recovery_curve(
    cells: pd.DataFrame,
    horizon: int = 36,
    by: Sequence[str] = (),
    estimator: str = "additive",
    annual_rate: float = 0.0,
    level: float = 0.95,
) -> pd.DataFrame:
    """Cash within so many months after charge-off ÷ amount charged off, pooled over the months of charge-off.

    `cells` are the panel's recovery_cells. Estimators:

    - `additive`: the sum over months of (cash in the k-th month after charge-off ÷ amount charged off of all
      claims followed for k months). Every claim counts for as long as it is followed; later months rest on older
      claims, which must pay like younger ones. Known in reserving as the additive or incremental loss-ratio method
      (Schmidt and Zocher 2008, The Bornhuetter–Ferguson principle, Variance 2, 85–110).
    - `complete`: cash within k months ÷ amount, of claims followed for k months only. No claim stands in for
      another, but the curve may fall where claims drop out of it.
    - `chain_ladder`: as additive, with volume-weighted development factors on cumulative cash (Mack 1993, ASTIN
      Bulletin 23, 213–225), so that a month of charge-off that began well is expected to go on well. Months in
      which little has come yet are extrapolated from little.

    By balance; higher is better, and it may exceed 1 where interest is collected too. The month of charge-off
    itself is left out. With `annual_rate` cash is discounted to charge-off, to the month.

    Returns dimension, value, since (1 to the longest follow-up, at most `horizon`), paid (cash in that month since
    charge-off), charged_off (of the claims followed so long), claims, rate, lower, upper, estimator. Limits:
    symmetric on the logarithm, jackknife over folds of customers; they hold the chance of single claims, not that
    coming years may differ. Raises ParameterError for another estimator, a rate below 0, or cells without claims.
    """
    if estimator not in ESTIMATORS:
        raise ParameterError(f"estimator '{estimator}' is unknown; known are {', '.join(ESTIMATORS)}")
    if annual_rate < 0:
        raise ParameterError(f"annual_rate is {annual_rate}; it must be 0 or more, for example 0.05")
    missing = [name for name in COLUMNS if name not in cells.columns]
    if missing:
        raise ParameterError(
            f"recovery cells lack {', '.join(missing)}; pass what the panel's recovery_cells returns"
        )
    if not cells["claims"].sum():
        raise ParameterError("no claim was charged off in the months covered; there is no recovery to measure")
    tables = [
        _curve(part, horizon, estimator, annual_rate, level).assign(dimension=dimension, value=value)
        for dimension, value, part in segments(cells, by)
        # A segment whose claims are all of the last month has no curve yet.
        if part["claims"].sum() and (dimension == "all" or part["followed"].max() > 0)
    ]
    table = pd.concat(tables, ignore_index=True)
    return table[["dimension", "value", *table.columns.drop(["dimension", "value"])]].assign(estimator=estimator)


def _curve(cells: pd.DataFrame, horizon: int, estimator: str, annual_rate: float, level: float) -> pd.DataFrame:
    paid, charged_off, claims, followed = triangle(cells, horizon)
    months = np.arange(1, paid.shape[-1] + 1)
    seen = followed[:, None] >= months
    discount = (1 + annual_rate) ** (-months / 12)
    curve = ESTIMATORS[estimator]
    estimate = curve(paid.sum(axis=0) * discount, charged_off.sum(axis=0), seen)
    replicates = curve(leave_one_out(paid) * discount, leave_one_out(charged_off), seen)
    found = amount_limits(estimate, replicates, level)
    return pd.DataFrame(
        {
            "since": months,
            "paid": np.where(seen, paid.sum(axis=0), 0.0).sum(axis=0),
            "charged_off": charged_off.sum(axis=0) @ seen,
            "claims": (claims @ seen).round().astype("int64"),
            "rate": found.rate,
            "lower": found.lower,
            "upper": found.upper,
        }
    )


def triangle(cells: pd.DataFrame, horizon: int) -> tuple[Array, Array, Array, npt.NDArray[np.int64]]:
    """Cash by fold, month of charge-off and month since, (folds, C, K); amount (folds, C); claims, follow-up (C,).

    K is the longest follow-up, at most `horizon`.
    """
    folds, fold = np.unique(cells["fold"], return_inverse=True)
    months, month = np.unique(cells["month"], return_inverse=True)
    followed = cells.groupby("month")["followed"].max().to_numpy().astype(np.int64)
    size = min(horizon, int(followed.max()))
    if size < 1:
        raise ParameterError(
            "no claim has been followed for a month after its charge-off; try a later as-of month"
        )
    since = cells["since"].to_numpy()
    paid = np.zeros((len(folds), len(months), size))
    later = (since >= 1) & (since <= size)
    np.add.at(paid, (fold[later], month[later], since[later] - 1), cells["paid"].to_numpy(dtype=float)[later])
    amount = np.zeros((len(folds), len(months)))
    np.add.at(amount, (fold, month), cells["charged_off"].to_numpy(dtype=float))
    claims = np.bincount(month, weights=cells["claims"].to_numpy(dtype=float), minlength=len(months))
    return paid, amount, np.asarray(claims, dtype=float), followed


def _additive(paid: Array, charged_off: Array, seen: npt.NDArray[np.bool_]) -> Array:
    cash, base = (paid * seen).sum(axis=-2), charged_off @ seen
    return np.cumsum(_ratio(cash, base), axis=-1)


def _complete(paid: Array, charged_off: Array, seen: npt.NDArray[np.bool_]) -> Array:
    return _ratio((np.cumsum(paid, axis=-1) * seen).sum(axis=-2), charged_off @ seen)


def _chain_ladder(paid: Array, charged_off: Array, seen: npt.NDArray[np.bool_]) -> Array:
    whole = completed(np.cumsum(paid, axis=-1), seen)
    # A month of charge-off that hasn't been followed at all has nothing to be developed from.
    known = seen[:, 0]
    return _ratio(whole[..., known, :].sum(axis=-2), charged_off[..., known].sum(axis=-1)[..., None])


ESTIMATORS: dict[str, Callable[[Array, Array, npt.NDArray[np.bool_]], Array]] = {
    "additive": _additive,
    "complete": _complete,
    "chain_ladder": _chain_ladder,
}


def development_factors(cumulative: Array, seen: npt.NDArray[np.bool_]) -> Array:
    """Volume-weighted growth from month k to k + 1: Σ cumulative(k + 1) ÷ Σ cumulative(k), cohorts seen at both.

    `cumulative` (..., C, K), `seen` (C, K); returns (..., K − 1). nan where nothing had come by month k.
    """
    both = seen[:, 1:] & seen[:, :-1]
    return _ratio((cumulative[..., 1:] * both).sum(axis=-2), (cumulative[..., :-1] * both).sum(axis=-2))


def completed(cumulative: Array, seen: npt.NDArray[np.bool_]) -> Array:
    """The triangle filled to its last month: what isn't seen is the month before times its development factor."""
    factors = development_factors(cumulative, seen)
    whole = np.where(seen, cumulative, 0.0)
    for month in range(1, cumulative.shape[-1]):
        grown = whole[..., month - 1] * factors[..., None, month - 1]
        whole[..., month] = np.where(seen[:, month], cumulative[..., month], grown)
    return whole


def _ratio(numerator: Array, denominator: Array) -> Array:
    shape = np.broadcast_shapes(np.shape(numerator), np.shape(denominator))
    return np.divide(numerator, denominator, out=np.full(shape, np.nan), where=denominator > 0)


def to_come(cells: pd.DataFrame, curve: pd.DataFrame, horizon: int, by: str = "product") -> pd.DataFrame:
    """Cash still expected from today's claims within `horizon` months of their charge-off.

    Amount charged off × (rate at the horizon − rate at the months followed so far), summed over claims not yet
    followed so long; each segment by its own curve of recovery_curve(by=(`by`,)), undiscounted, and `all` as their
    sum. Returns dimension, value, claims, charged_off, expected. Higher is better. Raises ParameterError where a
    segment's curve doesn't reach the horizon.
    """
    opened = cells[(cells["since"] == 0) & (cells["followed"] < horizon)]
    own = curve[curve["dimension"] == by].pivot(index="value", columns="since", values="rate")
    reached = set(own.index[own[horizon].notna()]) if horizon in own.columns else set()
    short = sorted(set(opened[by].astype(str)) - reached)
    if short:
        raise ParameterError(
            f"the curve of {by} '{short[0]}' doesn't reach {horizon} months; take a shorter horizon"
        )
    own.insert(0, 0, 0.0)
    value, done = opened[by].astype(str), opened["followed"].to_numpy(dtype=int)
    rates = own.reindex(index=value, columns=range(horizon + 1)).to_numpy(dtype=float)
    left = rates[:, horizon] - rates[np.arange(len(done)), done]
    rows = opened.assign(value=value, expected=opened["charged_off"] * left, dimension=by)
    sums = ["claims", "charged_off", "expected"]
    table = rows.groupby(["dimension", "value"], sort=True)[sums].sum().reset_index()
    whole = table[sums].sum().to_frame().T.assign(dimension="all", value="all")
    return pd.concat([whole, table], ignore_index=True)[["dimension", "value", *sums]]
