"""Cumulative incidence of each exit (Aalen–Johansen): what becomes of spells, in shares that add up."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.cure.competing.exits import read_exits
from analysis.statistics.summary import quantile

Array = npt.NDArray[np.float64]


def cumulative_incidence(
    df: pd.DataFrame,
    duration_col: str,
    exit_col: str,
    entry_col: str | None = None,
    weights_col: str | None = None,
    still_open: object = "open",
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Share of spells gone through each exit by each time, and the share still open.

    Numerator and denominator: at each time the weight leaving by an exit ÷ the weight at risk, carried by the
    share still open before it. Spells may enter late and may be cut short, for reasons that have nothing to do
    with their exit. The shares add up to one at every time. Unlike a Kaplan–Meier curve with other exits taken as
    cut short, this is a share of accounts, not of a world without charge-off.

    Returns one row per (exit, time), the rows of `still_open` last:

              exit  time  at_risk  events  share  std_error  lower  upper
              cure   1.0    137.0     3.0  0.022     0.013  0.006  0.058

    Errors are of the Greenwood type (the increments at a time are multinomial), right with ties: without
    censoring they are those of a sample proportion. Intervals are on the log(−log) scale, as in SAS and R.
    With late entry an early time at which nobody at risk is left open fixes the curve from there on.
    Raises InputError for spells that cannot be used. Source: Aalen and Johansen (1978) Scand. J. Statist. 5;
    Andersen, Borgan, Gill and Keiding (1993), §IV.4.1.3.
    """
    if not 0 < alpha < 1:
        raise ParameterError(f"alpha is {alpha}; it must lie between 0 and 1, for example 0.05")
    exits = read_exits(df, duration_col, exit_col, entry_col, weights_col, still_open)
    moments = exits.moments
    at_risk, events = exits.counts(moments)
    shares, errors = aalen_johansen(at_risk, events)
    columns = [*events.T, events.sum(axis=1)]
    frames = [
        pd.DataFrame(
            {
                "exit": name,
                "time": moments,
                "at_risk": at_risk,
                "events": column,
                "share": share,
                "std_error": error,
            }
        )
        for name, column, share, error in zip([*exits.names, still_open], columns, shares.T, errors.T, strict=True)
    ]
    table = pd.concat(frames, ignore_index=True)
    lower, upper = log_log_interval(table["share"].to_numpy(), table["std_error"].to_numpy(), alpha)
    return table.assign(lower=lower, upper=upper)


def aalen_johansen(at_risk: Array, events: Array) -> tuple[Array, Array]:
    """Shares (J, E + 1) gone by each exit and still open (last), and their standard errors.

    `at_risk` (J,) and `events` (J, E) are weights at rising times. The covariance is carried from time to time:
    P_j = M_j P_{j−1} with M_j estimated from the multinomial counts at time j.
    """
    kinds = events.shape[1]
    state = np.zeros(kinds + 1)
    state[-1] = 1.0
    covariance = np.zeros((kinds + 1, kinds + 1))
    shares, errors = np.empty((len(at_risk), kinds + 1)), np.empty((len(at_risk), kinds + 1))
    for j, (risk, counts) in enumerate(zip(at_risk, events, strict=True)):
        hazard = counts / risk
        move = np.eye(kinds + 1)
        move[:-1, -1], move[-1, -1] = hazard, 1.0 - hazard.sum()
        leave = np.append(hazard, -hazard.sum())
        # Multinomial covariance of the shares that leave, with the stayers as their negative sum.
        spread = (np.diag(hazard) - np.outer(hazard, hazard)) / risk
        fresh = np.vstack([spread, -spread.sum(axis=0)])
        fresh = np.hstack([fresh, -fresh.sum(axis=1, keepdims=True)])
        covariance = move @ covariance @ move.T + state[-1] ** 2 * fresh
        state = state + state[-1] * leave
        shares[j], errors[j] = state, np.sqrt(np.maximum(np.diag(covariance), 0.0))
    return np.clip(shares, 0.0, 1.0), errors


def log_log_interval(share: Array, error: Array, alpha: float) -> tuple[Array, Array]:
    """Bounds share^exp(±z·se/(share·log share)); where nothing varies they are the share itself."""
    inside = (share > 0) & (share < 1) & (error > 0)
    safe = np.where(inside, share, 0.5)
    reach = quantile(1.0 - alpha / 2.0) * np.where(inside, error, 0.0) / (safe * np.abs(np.log(safe)))
    lower, upper = safe ** np.exp(reach), safe ** np.exp(-reach)
    return np.where(inside, lower, share), np.where(inside, upper, share)


def time_in_state(table: pd.DataFrame, horizon: float, still_open: object = "open") -> pd.Series:
    """Expected time up to `horizon` spent still open and gone by each exit, from `cumulative_incidence`'s table.

    The areas under its curves: the restricted mean time to exit, and the time lost to each exit. They add up to
    `horizon`.
    """
    areas = {}
    for name, curve in table.groupby("exit", sort=False):
        kept = curve[curve["time"] < horizon]
        edges = np.concatenate([[0.0], kept["time"], [horizon]])
        levels = np.concatenate([[float(name == still_open)], kept["share"]])
        areas[name] = float(levels @ np.diff(edges))
    return pd.Series(areas, name="time")
