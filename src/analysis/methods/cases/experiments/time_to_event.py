"""Time to cure by arm: share cured by the horizon, and months until then, with other exits competing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cases.experiments.design import Outcome

Array = npt.NDArray[np.float64]

OPEN = "open"


def time_to_current(decisions: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Month of the first month end back to current, from columns back_0 … back_<horizon − 1> of the decisions.

    Columns `duration` (months, 1 for the month of the decision itself; for those not back the last month that was
    observed) and `exit` (`cured` or `open`). Back to current is not yet a sustained cure. An account charged off
    stays observed as not back, which is what the share back by a month asks: nobody leaves but by the end of data.
    """
    names = [f"back_{k}" for k in range(horizon)]
    absent = [name for name in names if name not in decisions.columns]
    if horizon < 1 or absent:
        raise ParameterError(f"a horizon of {horizon} months needs columns back_0 on; absent: {', '.join(absent)}")
    table = decisions[names].to_numpy(dtype=float)
    back = (table == 1).any(axis=1)
    seen = np.cumprod(~np.isnan(table), axis=1).sum(axis=1)
    first = np.where(back, (table == 1).argmax(axis=1) + 1, seen)
    # What was observed ends before a gap: a return after it could have had an earlier one.
    cured = back & (first <= seen)
    exits = np.where(cured, "cured", OPEN)
    return pd.DataFrame({"duration": np.where(cured, first, seen), "exit": exits}, index=decisions.index)


def month_counts(known: pd.DataFrame, outcome: Outcome, horizon: int) -> Array:
    """At risk, with the event, and with another exit in months 1 … horizon, (n, 3 · horizon)."""
    month = known[outcome.column].to_numpy(dtype=float)[:, None]
    kind = known[outcome.exit_col].astype(str).to_numpy()[:, None]
    k = np.arange(1, horizon + 1)
    here = month == k
    event, ended = here & (kind == outcome.event), here & (kind != outcome.event) & (kind != OPEN)
    return np.hstack([month >= k, event, ended]).astype(float)


def cumulative_incidence(counts: Array) -> Array:
    """Aalen–Johansen share with the event by months 1 … K from counts (…, 3K), (…, K).

    F_k = F_{k−1} + S_{k−1} e_k ÷ r_k and S_k = S_{k−1} (1 − (e_k + o_k) ÷ r_k), r at risk, e with the event, o
    with another exit (Aalen and Johansen 1978, Scandinavian Journal of Statistics 5, 141–150). Months without
    anyone at risk give missing values from there on, unless everyone has left before.
    """
    risk, event, other = np.split(counts, 3, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        stays = 1 - (event + other) / risk
        hazard = event / risk
    left = np.cumprod(stays, axis=-1)
    before = np.concatenate([np.ones((*left.shape[:-1], 1)), left[..., :-1]], axis=-1)
    step = np.where(before == 0, 0.0, before * hazard)
    gone = np.maximum.accumulate(before == 0, axis=-1)
    return np.asarray(np.cumsum(np.where(gone, 0.0, step), axis=-1))


def time_measures(counts: Array) -> Array:
    """Share with the event by the horizon, and restricted mean months to it, (…, 2).

    The restricted mean is Σ_{k=0}^{K−1} (1 − F_k): months without the event up to the horizon, where those who
    never have it, other exits included, count as the whole horizon (Andersen 2013, Statistics in Medicine 32,
    5278–5285).
    """
    shares = cumulative_incidence(counts)
    months = shares.shape[-1] - shares[..., :-1].sum(axis=-1)
    return np.stack([shares[..., -1], months], axis=-1)


def refuse_short(counts: Array, arms: tuple[str, ...], outcome: str) -> None:
    """Raise InputError where nobody of an arm was followed to the horizon: counts (arms, 3K)."""
    shares = cumulative_incidence(counts)
    short = [arm for arm, row in zip(arms, shares, strict=True) if np.isnan(row[-1])]
    if short:
        raise InputError(
            f"outcome '{outcome}': nobody in {', '.join(short)} was followed to the horizon of {shares.shape[-1]} "
            "months; wait, or register a shorter one next time"
        )
