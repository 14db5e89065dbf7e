"""Rates with their intervals, and how they changed.

A cell holds a rate's numerator and denominator with the moments of its clusters (customers); cells come from the
engine, one row by measure, basis (accounts or balance), time and segment.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.statistics.difference import JOINT, difference, ratio_covariance
from analysis.statistics.ratio import MOMENTS, Array, Interval, amount_interval, ratio_variance, share_interval

AMOUNTS = ("liquidation", "recovery", "written_off")
"""Measures that by balance compare two amounts of money and are no share: they may exceed 1."""

LABELS = (
    "dimension", "value", "cohort", "since", "month", "period", "broken",
    "from_state", "to_state", "measure", "basis",
)  # fmt: skip


def rates(cells: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Each cell's rate and its interval.

    Returns the cells' labels with numerator, denominator, rate, rate_lower, rate_upper (fractions of 1), units
    (accounts, or account-months), clusters (customers) and top_share (the largest customer's share of the
    denominator). Intervals say how far chance could move the rate in a portfolio like this one, customers being
    drawn whole: Wilson's at the effective size for shares, log-symmetric for ratios of two amounts. A rate is
    nan where the denominator is 0, its limits also where there are fewer than two customers.
    """
    _require(cells, MOMENTS)
    found = interval(cells, level)
    labels = cells[[column for column in LABELS if column in cells.columns]]
    limits = {"rate": found.rate, "rate_lower": found.lower, "rate_upper": found.upper}
    counts = cells[["numerator", "denominator"]]
    size = cells[["units", "clusters"]].astype("int64")
    table = pd.concat([labels, counts, pd.DataFrame(limits, index=cells.index), size], axis=1)
    if "largest" in cells.columns:
        table["top_share"] = cells["largest"] / cells["denominator"].where(cells["denominator"] > 0)
    return table


def interval(cells: pd.DataFrame, level: float = 0.95) -> Interval:
    """Rate and limits of each cell, as arrays in the cells' order."""
    y, x, nn, nd, dd, units, clusters = (cells[column].to_numpy(float) for column in MOMENTS)
    share = share_interval(y, x, nn, nd, dd, units, clusters, level)
    amount = amount_interval(y, x, nn, nd, dd, units, clusters, level)
    money = _is_amount(cells)
    picked = (np.where(money, a, s) for a, s in zip(amount, share, strict=True))
    return Interval(*picked)


def changes(
    cells: pd.DataFrame,
    pairs: Sequence[tuple[str, str]],
    joint: pd.DataFrame | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """How pooled rates changed between periods, with intervals.

    `cells` carry `period`; `pairs` name (the later, the earlier). Returns labels, period, before, rate,
    rate_before, change (a difference of fractions), change_lower, change_upper, certain (its interval excludes 0,
    so that chance alone does not explain it). `joint` holds the cross moments of
    customers seen in both periods; with it the covariance is exact, without it the periods are taken for
    independent, which is too wide where the same customers are late in both. Segments missing in either period
    are left out.
    """
    keys = [column for column in LABELS if column in cells.columns and column != "period"]
    pieces = [_change(cells, now, before, keys, joint, level) for now, before in pairs]
    return pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame(columns=[*keys, *CHANGE])


CHANGE = ("period", "before", "rate", "rate_before", "change", "change_lower", "change_upper", "certain")


def _change(
    cells: pd.DataFrame, now: str, before: str, keys: list[str], joint: pd.DataFrame | None, level: float
) -> pd.DataFrame:
    both = cells[cells["period"] == now].merge(cells[cells["period"] == before], on=keys, suffixes=("", "_before"))
    both = both.assign(period=now, before=before)
    covariance = _covariance(both, joint, keys)
    earlier = both[[f"{column}_before" for column in MOMENTS]].set_axis(list(MOMENTS), axis=1)
    later, labels = both[list(MOMENTS)], both[keys]
    first, second = (
        interval(pd.concat([labels, later], axis=1), level),
        interval(pd.concat([labels, earlier], axis=1), level),
    )
    found = difference(first, second, _variance(later), _variance(earlier), covariance)
    values = (first.rate, second.rate, found.rate, found.lower, found.upper)
    columns = dict(zip(CHANGE[2:-1], values, strict=True))
    certain = (found.lower > 0) | (found.upper < 0)
    return both[[*keys, "period", "before"]].assign(**columns, certain=certain)


def _covariance(both: pd.DataFrame, joint: pd.DataFrame | None, keys: list[str]) -> Array:
    if joint is None:
        return np.zeros(len(both))
    shared = [*(key for key in keys if key in joint.columns), "period", "before"]
    # No row in `joint` means that no customer was seen in both periods.
    cross = both[shared].merge(joint, on=shared, how="left")[list(JOINT)].fillna(0.0)
    return np.nan_to_num(
        ratio_covariance(
            (both["numerator"], both["denominator"]),
            (both["numerator_before"], both["denominator_before"]),
            (cross["joint_nn"], cross["joint_nd"], cross["joint_dn"], cross["joint_dd"]),
        )
    )


def _variance(cells: pd.DataFrame) -> Array:
    columns = ("numerator", "denominator", "nn", "nd", "dd", "clusters")
    return ratio_variance(*(cells[column].to_numpy(float) for column in columns))


def _is_amount(cells: pd.DataFrame) -> npt.NDArray[np.bool_]:
    if "measure" not in cells.columns:
        return np.zeros(len(cells), bool)
    return (cells["measure"].isin(AMOUNTS) & (cells["basis"] == "balance")).to_numpy()


def _require(cells: pd.DataFrame, columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in cells.columns]
    if missing:
        raise ParameterError(f"cells lack {', '.join(missing)}; pass what the panel's functions return")
