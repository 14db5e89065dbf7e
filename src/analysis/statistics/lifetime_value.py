"""Lifetime value of a customer in arrears: what is earned less what is spent and lost, over 12 and 24 months."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError

Array = npt.NDArray[np.float64]

EARNED = ("cash_collected", "margin")
SPENT = ("funding_cost", "contact_cost", "relief_cost", "complaint_cost", "redefault_loss")
COMPONENTS = (*EARNED, *SPENT)
"""What lifetime value is made of: the first two add to it, the others are taken off."""

HORIZONS = (12, 24)


def lifetime_value(
    flows: pd.DataFrame,
    by: Sequence[str],
    annual_rate: float,
    horizons: Sequence[int] = HORIZONS,
    month_col: str = "month",
) -> pd.DataFrame:
    """Discounted cash collected + margin − funding, contact, relief and complaint cost − loss on re-default.

    `flows` has one row a month ahead of each group (`by`: an account, a segment, a treatment) with the expected
    amounts of that month, costs and losses as positive numbers:

    cash_collected    payments on what is overdue or charged off
    margin            interest and fees of the account once it performs, net of expected loss other than below
    funding_cost      of the balance carried in the month
    contact_cost      calls, messages, visits, agency fees
    relief_cost       interest and principal forgone
    complaint_cost    of handling and redress
    redefault_loss    probability of re-default in the month × exposure × loss given default; where flows of a log
                      are compared, also what is lost without a return before it (as panel.decision_flows does),
                      or every cure looks like a risk that the others don't run

    Month m is discounted by (1 + annual_rate)^(−m/12); month 0, if there is one, is today and isn't. A horizon h
    takes months up to and with h. Returns one row a group and horizon: `by`, horizon, the components as they
    enter (costs below zero), and `value`, their sum.

    Caveats: the same money must not stand in two columns, such as interest in cash and in margin; what comes
    after the horizon counts for nothing, so a long plan looks worse at 12 months than it is; with the cost of
    funds as `annual_rate`, funding_cost holds only what goes beyond it. The discounting is the usual one (Gupta,
    Lehmann and Stuart 2004, Journal of Marketing Research 41, 7–18); the components are the glossary's.

    Raises InputError for absent or missing components, costs below zero, and groups whose months aren't 0 or 1 up
    to the longest horizon, each once; ParameterError for rates and horizons that make no sense.

    >>> flows = pd.DataFrame(0.0, index=range(12), columns=COMPONENTS).assign(plan="a", month=range(1, 13))
    >>> flows.loc[11, ["cash_collected", "relief_cost"]] = [100.0, 25.0]
    >>> found = lifetime_value(flows, by=["plan"], annual_rate=0.25, horizons=[12])
    >>> found[["plan", "horizon", "cash_collected", "relief_cost", "value"]]
      plan  horizon  cash_collected  relief_cost  value
    0    a       12            80.0        -20.0   60.0
    """
    keys = list(by)
    _refuse_parameters(annual_rate, horizons)
    if not keys:
        raise ParameterError("by is empty; name the columns that tell the groups of flows apart")
    _refuse_columns(flows, [*keys, month_col, *COMPONENTS])
    _refuse_amounts(flows)
    _refuse_months(flows, keys, month_col, max(horizons))
    month = flows[month_col].to_numpy(dtype=float)
    signs = np.repeat([1.0, -1.0], [len(EARNED), len(SPENT)])
    worth = flows[list(COMPONENTS)].to_numpy(dtype=float) * signs * discount(month, annual_rate)[:, None]
    present = flows[keys].assign(**dict(zip(COMPONENTS, worth.T, strict=True)))
    parts = [_within(present[month <= horizon], keys, horizon) for horizon in horizons]
    return pd.concat(parts).sort_values([*keys, "horizon"], kind="stable", ignore_index=True)


def discount(month: npt.ArrayLike, annual_rate: float) -> Array:
    """Today's worth of one unit of money in so many months: (1 + annual_rate)^(−month/12).

    >>> discount([0, 12], 0.25).tolist()
    [1.0, 0.8]
    """
    return np.asarray((1.0 + annual_rate) ** (-np.asarray(month, dtype=float) / 12.0))


def present_value(amounts: Array, annual_rate: float, horizon: int) -> Array:
    """Discounted sum of monthly amounts (…, months), the first of them a month ahead, up to `horizon` months.

    For many accounts at once: reward of a decision log, once the components are joined. Raises ParameterError
    where fewer months are given than the horizon asks for.
    """
    _refuse_parameters(annual_rate, [horizon])
    months = amounts.shape[-1]
    if months < horizon:
        raise ParameterError(f"a horizon of {horizon} months needs as many amounts; {months} are given")
    factors = discount(np.arange(1, horizon + 1), annual_rate)
    return np.asarray(amounts[..., :horizon] @ factors)


def _within(present: pd.DataFrame, keys: list[str], horizon: int) -> pd.DataFrame:
    sums = present.groupby(keys, as_index=False, dropna=False, observed=True)[list(COMPONENTS)].sum()
    sums.insert(len(keys), "horizon", horizon)
    return sums.assign(value=sums[list(COMPONENTS)].sum(axis=1))


def _refuse_parameters(annual_rate: float, horizons: Sequence[int]) -> None:
    if not -1 < annual_rate < 1:
        raise ParameterError(f"annual_rate is {annual_rate}; give a fraction, for example 0.06 for 6% a year")
    if not len(horizons) or min(horizons) < 1:
        raise ParameterError(
            f"horizons are {list(horizons)}; give numbers of months from 1 on, for example (12, 24)"
        )


def _refuse_columns(flows: pd.DataFrame, columns: list[str]) -> None:
    absent = [name for name in columns if name not in flows.columns]
    if absent:
        raise InputError(
            f"the flows have no column {', '.join(absent)}; give each component, 0 where there is none"
        )
    if flows.empty:
        raise InputError("the flows are empty")


def _refuse_amounts(flows: pd.DataFrame) -> None:
    for name in COMPONENTS:
        values = pd.to_numeric(flows[name], errors="coerce").to_numpy(dtype=float)
        gaps = ~np.isfinite(values)
        if gaps.any():
            raise InputError(
                f"'{name}' is missing or no number in {gaps.sum():,} of {gaps.size:,} rows; 0 is a number"
            )
        if name in SPENT and (values < 0).any():
            raise InputError(
                f"'{name}' is below zero in {(values < 0).sum():,} of {gaps.size:,} rows; costs and losses are "
                "given as positive numbers and taken off here"
            )


def _refuse_months(flows: pd.DataFrame, keys: list[str], month_col: str, longest: int) -> None:
    """Each group must hold months 0 or 1 to the longest horizon, once each; later ones may follow."""
    month = pd.to_numeric(flows[month_col], errors="coerce")
    odd = ~(month % 1 == 0)
    if odd.any():
        raise InputError(f"'{month_col}' is missing or no whole number in {odd.sum():,} of {len(odd):,} rows")
    inside = flows[keys].assign(**{month_col: month.where(month <= longest)})
    held = inside.groupby(keys, dropna=False, observed=True)[month_col].agg(["min", "max", "count", "nunique"])
    complete = held["min"].isin([0, 1]) & (held["max"] == longest)
    once = (held["count"] == held["nunique"]) & (held["count"] == longest - held["min"] + 1)
    broken = held.index[~(complete & once)]
    if len(broken):
        raise InputError(
            f"{len(broken):,} of {len(held):,} groups of flows do not hold each month from 0 or 1 to {longest} "
            f"once, for example {broken[0]}; give a row of zeros for a month without flows, or a shorter horizon"
        )
