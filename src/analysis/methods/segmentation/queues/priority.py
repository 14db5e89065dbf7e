"""In which order to work the queue, and what a better order is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.totals import totals
from analysis.statistics import intervals
from analysis.statistics.simultaneous import simultaneous_limits

Array = npt.NDArray[np.float64]

DEPTHS = tuple(round(0.05 * step, 2) for step in range(1, 21))
RANDOM, PERFECT = "random order", "perfect order"
"""What any score lies between: no order at all, and the order of the money itself, known only afterwards."""

CALLS = 1000.0


def priority_score(days_past_due: npt.ArrayLike, amount: npt.ArrayLike, industry_risk: npt.ArrayLike) -> Array:
    """0.4 · days past due + 0.3 · amount ÷ 1,000 + 0.3 · industry risk (1 to 10), as the source S1 prints it.

    S1 (`001_f2b49b967c8dd1ce.txt`, section 2.1) prints 52.0, 26.0 and 12.0 for its three borrowers, which is not
    what its formula gives. The units don't match: a thousand more owed counts as much as one step of industry
    risk, and the whole range of industry risk as much as seven days.

    >>> priority_score([90, 45, 20], [100_000, 50_000, 20_000], [9, 3, 7]).round(1)
    array([68.7, 33.9, 16.1])
    """
    dpd, owed, risk = (np.asarray(values, dtype=float) for values in (days_past_due, amount, industry_risk))
    return dpd * 0.4 + owed / 1000 * 0.3 + risk * 0.3


def queue_value(
    scores: Mapping[str, npt.ArrayLike],
    money: npt.ArrayLike,
    fold: npt.ArrayLike,
    depths: Sequence[float] = DEPTHS,
    level: float = 0.95,
) -> pd.DataFrame:
    """Money in the queue down to each depth, for each order of working it.

    `scores` maps a name to each account's score (n,; the highest is worked first), `money` what each account is
    worth working (n,), `fold` a random group of customers. What `money` is decides what the curve says: cash that
    came in is a share of what would partly have come anyway; an incremental value (an uplift, which may be below
    0) is what a call adds. Accounts with equal scores share their money evenly.

    Returns score, depth (share of accounts), accounts, money, lower, upper, share (of all money), gain (money ÷
    that of a random order). "random order" and "perfect order" are added. Limits by leaving out one fold at a
    time, scaled to the whole portfolio. Raises InputError for lengths that differ or missing values.
    """
    amounts, place = _checked(scores, money, fold)
    shares = np.asarray(depths, dtype=float)
    if not ((shares > 0) & (shares <= 1)).all():
        raise ParameterError(f"depths: {', '.join(map(str, depths))}; each is a share of the queue, over 0 to 1")
    orders = {**scores, RANDOM: np.zeros(amounts.size), PERFECT: amounts}
    tables = [
        _curve(np.asarray(score, float), amounts, place, shares, level).assign(score=name)
        for name, score in orders.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    return table[["score", *table.columns.drop("score")]]


def _curve(score: Array, money: Array, fold: npt.NDArray[np.intp], depths: Array, level: float) -> pd.DataFrame:
    value, rest = money_at_depths(score, money, fold, depths)
    found = intervals.plain(value, rest, level)
    total = money.sum()
    return pd.DataFrame(
        {
            "depth": depths,
            "accounts": np.rint(depths * money.size).astype(int),
            "money": found.value,
            "lower": found.lower,
            "upper": found.upper,
            "share": value / total if total else np.nan,
            "gain": value / (depths * total) if total else np.nan,
        }
    )


def money_at_depths(score: Array, money: Array, fold: npt.NDArray[np.intp], depths: Array) -> tuple[Array, Array]:
    """Money down to each depth (depths,), and without each fold, scaled to all accounts (folds, depths)."""
    _, place = np.unique(-score, return_inverse=True)
    size, folds = int(place.max()) + 1, int(fold.max()) + 1
    counts, sums = totals(place, size), totals(place, size, money)
    order = np.argsort(fold, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(fold, minlength=folds))[:-1])
    rest = np.empty((folds, depths.size))
    for i, rows in enumerate(groups):
        left, less = counts - totals(place[rows], size), sums - totals(place[rows], size, money[rows])
        rest[i] = _down_to(left, less, depths) * money.size / max(left.sum(), 1.0)
    return _down_to(counts, sums, depths), rest


def _down_to(counts: Array, sums: Array, depths: Array) -> Array:
    found = np.append(0.0, np.cumsum(counts))
    return np.asarray(np.interp(depths * found[-1], found, np.append(0.0, np.cumsum(sums))))


def value_of_better_queue(
    scores: Mapping[str, npt.ArrayLike],
    money: npt.ArrayLike,
    fold: npt.ArrayLike,
    reference: str,
    capacity: float = 0.2,
    calls_an_account: float = 1.0,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """What each order is worth against `reference`, per 1,000 calls, where `capacity` (a share) can be worked.

    Money down to the capacity, divided by the calls that it takes. Returns score, capacity, calls,
    money_per_1000_calls, lower, upper, difference (from the reference), difference_lower, difference_upper (each
    alone), all_lower, all_upper (hold for the differences of all `scores` from the reference at once). The
    differences are paired: the same folds of customers are left out for both. Random and perfect order are added;
    any of them may be the reference, but none is picked for being best: they have no limits that hold for all.

    Only all_lower says that the order that comes out first is better: the best of several is picked for its luck
    too, so that its own limits leave out 0 too often. The difference itself stays as flattering as it is. `seed`
    draws the quantile of the largest difference (`statistics.simultaneous`).
    """
    amounts, place = _checked(scores, money, fold)
    if not 0 < capacity <= 1 or calls_an_account <= 0:
        raise ParameterError(
            f"capacity {capacity} is a share over 0 to 1; calls_an_account {calls_an_account} over 0"
        )
    orders = {**scores, RANDOM: np.zeros(amounts.size), PERFECT: amounts}
    if reference not in orders:
        raise ParameterError(f"reference '{reference}' is not among the scores: {', '.join(orders)}")
    calls = capacity * amounts.size * calls_an_account
    depth = np.array([capacity])
    found = {
        name: [part * CALLS / calls for part in money_at_depths(np.asarray(score, float), amounts, place, depth)]
        for name, score in orders.items()
    }
    base, base_rest = found[reference]
    gaps = {name: (value - base, rest - base_rest) for name, (value, rest) in found.items()}
    rows = []
    for name, (value, rest) in found.items():
        own, gap = intervals.plain(value, rest, level), intervals.plain(*gaps[name], level)
        rows.append((name, capacity, calls, *(float(x[0]) for x in (*own, *gap))))
    names = ["score", "capacity", "calls", "money_per_1000_calls", "lower", "upper"]
    table = pd.DataFrame(rows, columns=[*names, "difference", "difference_lower", "difference_upper"])
    picked_from = {name: gaps[name] for name in scores if name != reference}
    return table.join(_limits_of_all(picked_from, level, seed), on="score")


def _limits_of_all(gaps: Mapping[str, tuple[Array, Array]], level: float, seed: int) -> pd.DataFrame:
    """Limits all_lower, all_upper that hold for all differences at once, a row each."""
    if not gaps:
        return pd.DataFrame(columns=["all_lower", "all_upper"], dtype=float)
    values, left = (np.concatenate(parts, axis=-1) for parts in zip(*gaps.values(), strict=True))
    found = simultaneous_limits(values, left, level, seed)
    return pd.DataFrame({"all_lower": found.lower, "all_upper": found.upper}, index=list(gaps))


def _checked(
    scores: Mapping[str, npt.ArrayLike], money: npt.ArrayLike, fold: npt.ArrayLike
) -> tuple[Array, npt.NDArray[np.intp]]:
    amounts = np.asarray(money, dtype=float).ravel()
    place = np.unique(np.asarray(fold).ravel(), return_inverse=True)[1]
    columns = {
        "money": amounts,
        "fold": place,
        **{name: np.asarray(values, float) for name, values in scores.items()},
    }
    for name, values in columns.items():
        if values.shape != amounts.shape or np.isnan(values).any():
            raise InputError(
                f"queue: {name} has {values.size:,} values for {amounts.size:,} accounts, "
                f"{int(np.isnan(values).sum())} of them missing; pass a number for each"
            )
    taken = [name for name in (RANDOM, PERFECT) if name in scores]
    if taken or not amounts.size:
        raise InputError(f"queue: no account, or a score named {', '.join(taken)}, which is added here")
    return amounts, place
