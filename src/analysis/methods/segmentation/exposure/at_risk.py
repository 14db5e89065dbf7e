"""Exposure at risk: what each account is likely to lose, and how concentrated that is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.totals import totals_by_fold
from analysis.statistics import intervals
from analysis.statistics.jackknife import leave_one_out

Array = npt.NDArray[np.float64]

PROBABILITY = ("p_charge_off", "p_lower", "p_upper")
LOSS = ("loss_given", "loss_lower", "loss_upper")


def exposure_at_risk(accounts: pd.DataFrame) -> pd.DataFrame:
    """Balance × probability of charge-off × loss given charge-off, per account, with limits.

    `accounts`: balance; p_charge_off with p_lower and p_upper; loss_given (share of the balance never recovered)
    with loss_lower and loss_upper. Returns accounts with exposure, exposure_lower, exposure_upper, in the
    portfolio's currency. The limits join those of the two factors, taken as independent, on the logarithm
    (MOVER: Zou and Donner 2008, Statistics in Medicine 27, 1693–1702), and never leave 0 to balance × the highest
    loss. They tell how well the chance is known, not what one account will lose: that is nothing or nearly all.
    Raises InputError for a missing column, a balance below 0, or limits that don't enclose their value.
    """
    _check(accounts)
    balance = accounts["balance"].to_numpy(dtype=float)
    p, loss = (accounts[list(names)].to_numpy(dtype=float).T for names in (PROBABILITY, LOSS))
    exposure = balance * p[0] * loss[0]
    with np.errstate(invalid="ignore", over="ignore"):
        lower = exposure * np.exp(-np.hypot(_log_ratio(p[0], p[1]), _log_ratio(loss[0], loss[1])))
        upper = exposure * np.exp(np.hypot(_log_ratio(p[2], p[0]), _log_ratio(loss[2], loss[0])))
    # Where a factor is 0 a logarithm says nothing; its upper limit with the other's value does.
    none = exposure <= 0
    most = balance * np.where(p[0] <= 0, p[2], p[0]) * np.where(loss[0] <= 0, loss[2], loss[0])
    upper = np.minimum(np.where(none, most, upper), balance * np.maximum(loss[2], loss[0]))
    return accounts.assign(exposure=exposure, exposure_lower=np.where(none, 0.0, lower), exposure_upper=upper)


def _log_ratio(above: Array, below: Array) -> Array:
    """log(above ÷ below); infinite where `below` is 0, and 0 where both are."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(above) - np.log(below)
    return np.where(above == below, 0.0, ratio)


def _check(accounts: pd.DataFrame) -> None:
    lost = [name for name in ("balance", *PROBABILITY, *LOSS) if name not in accounts]
    if lost:
        raise InputError(f"exposure: {', '.join(lost)} missing; pass balance, {', '.join((*PROBABILITY, *LOSS))}")
    if not (accounts["balance"] >= 0).all():
        raise InputError("exposure: a balance is missing or below 0; leave out accounts that owe nothing")
    for value, lower, upper in (PROBABILITY, LOSS):
        wrong = ~(
            (accounts[lower] >= 0) & (accounts[lower] <= accounts[value]) & (accounts[value] <= accounts[upper])
        )
        if wrong.any():
            raise InputError(f"exposure: {value} is not within {lower} and {upper} in {int(wrong.sum()):,} rows")
    if (accounts["p_upper"] > 1).any():
        raise InputError("exposure: p_upper exceeds 1; pass probabilities as fractions")


def total_exposure(exposed: pd.DataFrame) -> pd.Series:
    """Exposure of the whole portfolio: exposure, lower, upper, balance, share (exposure ÷ balance).

    The accounts' probabilities come from one model, so they are off together: limits are the sums of the accounts'
    limits, as if all erred the same way. They are wide rather than narrow.
    """
    names = {"exposure": "exposure", "exposure_lower": "lower", "exposure_upper": "upper", "balance": "balance"}
    sums = exposed[list(names)].sum().rename(names)
    return pd.concat(
        [sums, pd.Series({"share": sums["exposure"] / sums["balance"] if sums["balance"] else np.nan})]
    )


def exposure_by(exposed: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Exposure by group, or of all accounts without `by`: a row a group, the largest exposure first.

    Columns: dimension (`by`, or "all"), value, accounts, balance, chance (probability of charge-off, weighted by
    balance), loss_given (weighted by balance × chance), exposure, lower, upper. chance × loss_given × balance is
    exposure. Limits add up as in `total_exposure`.
    """
    key = exposed[by].astype(str) if by else pd.Series("all", index=exposed.index)
    weighted = exposed.assign(
        expected=exposed["balance"] * exposed[PROBABILITY[0]], value=key, dimension=by or "all"
    )
    table = weighted.groupby(["dimension", "value"], as_index=False).agg(
        accounts=("balance", "size"),
        balance=("balance", "sum"),
        expected=("expected", "sum"),
        exposure=("exposure", "sum"),
        lower=("exposure_lower", "sum"),
        upper=("exposure_upper", "sum"),
    )
    chance = table["expected"] / table["balance"].where(table["balance"] > 0)
    table.insert(4, "chance", chance)
    table.insert(5, "loss_given", table["exposure"] / table["expected"].where(table["expected"] > 0))
    return table.drop(columns="expected").sort_values("exposure", ascending=False, ignore_index=True)


def concentration_curve(exposure: npt.ArrayLike, points: int = 100) -> pd.DataFrame:
    """Share of all exposure held by the largest accounts: accounts (share of them), exposure (share of it).

    The Lorenz curve read from the top: (0, 0) to (1, 1), above the diagonal; further above is more concentrated.
    """
    curve = _from_top(_positive(exposure))
    share = np.linspace(0.0, 1.0, points + 1)
    return pd.DataFrame({"accounts": share, "exposure": _at(curve, share)})


def concentration(
    exposure: npt.ArrayLike, fold: npt.ArrayLike, top: float = 0.1, level: float = 0.95
) -> pd.DataFrame:
    """Gini coefficient of exposure, and the share of it that the `top` share of accounts holds.

    Rows gini (0: all accounts alike; near 1: one holds all) and top_share; columns measure, value, lower, upper,
    top, accounts. `fold` is a random group of customers; limits by leaving out one at a time.
    """
    if not 0 < top < 1:
        raise ParameterError(f"top is {top}; it is a share of accounts between 0 and 1")
    values = _positive(exposure)
    _, place = np.unique(np.asarray(fold), return_inverse=True)
    if place.size != values.size:
        raise InputError(f"fold: {place.size:,} values for {values.size:,} accounts; pass one for each")
    order = np.argsort(-values, kind="stable")
    values, place = values[order], place[order]
    whole = _measures(values, top)
    rest = np.array([_measures(values[place != number], top) for number in range(int(place.max()) + 1)])
    rows = [
        (name, *map(float, intervals.share(whole[i], rest[:, i], level)))
        for i, name in enumerate(("gini", "top_share"))
    ]
    table = pd.DataFrame(rows, columns=["measure", "value", "lower", "upper"])
    return table.assign(top=[np.nan, top], accounts=values.size)


def _measures(falling: Array, top: float) -> Array:
    curve = _from_top(falling)
    area = float(((curve[1:] + curve[:-1]) / 2).sum() / falling.size)
    return np.array([2.0 * area - 1.0, float(_at(curve, np.array([top]))[0])])


def _from_top(values: Array) -> Array:
    """Cumulative share of exposure, largest accounts first, from 0 (accounts + 1,)."""
    with np.errstate(invalid="ignore"):
        return np.append(0.0, np.cumsum(np.sort(values)[::-1]) / values.sum())


def _at(curve: Array, share: Array) -> Array:
    return np.asarray(np.interp(share * (curve.size - 1), np.arange(curve.size), curve))


def _positive(exposure: npt.ArrayLike) -> Array:
    values = np.asarray(exposure, dtype=float).ravel()
    if not (values >= 0).all() or not values.sum() > 0:
        raise InputError("exposure: values must be 0 or more with some above 0; nothing is at risk otherwise")
    return values


def profile_of_top(
    exposed: pd.DataFrame, by: str, fold: npt.ArrayLike, top: float = 0.1, level: float = 0.95
) -> pd.DataFrame:
    """Who the `top` share of accounts by exposure are, by the column `by`: their make-up against all accounts'.

    Returns by's value as group, accounts (in the top), share (of the top), share_all (of all accounts), ratio
    (share ÷ share_all; above 1 the group is over-represented), lower, upper (of the ratio; folds left out, the
    threshold held).
    """
    place = np.unique(np.asarray(fold), return_inverse=True)[1]
    order = np.argsort(-exposed["exposure"].to_numpy(), kind="stable")
    chosen = np.zeros(len(exposed), dtype=bool)
    chosen[order[: max(1, round(top * len(exposed)))]] = True
    names, group = np.unique(
        exposed[by].astype(object).where(exposed[by].notna(), "unknown").astype(str), return_inverse=True
    )
    of_top, of_all = (totals_by_fold(place, group, names.size, weight) for weight in (chosen, None))
    ratio = _ratio(of_top.sum(axis=0), of_all.sum(axis=0))
    found = intervals.positive(ratio, _ratio(leave_one_out(of_top), leave_one_out(of_all)), level)
    table = pd.DataFrame({"group": names, "accounts": of_top.sum(axis=0).astype(int)})
    table["share"], table["share_all"] = of_top.sum(axis=0) / of_top.sum(), of_all.sum(axis=0) / of_all.sum()
    return table.assign(ratio=found.value, lower=found.lower, upper=found.upper)


def _ratio(of_top: Array, of_all: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return (of_top / of_top.sum(axis=-1, keepdims=True)) / (of_all / of_all.sum(axis=-1, keepdims=True))
