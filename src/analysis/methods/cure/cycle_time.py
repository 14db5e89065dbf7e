"""Cycle time: how many months a spell lasts, this year's against last year's and against a target."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.cure.chain import segments
from analysis.methods.cure.competing.exits import read_exits
from analysis.statistics.jackknife import Array, amount_limits, jackknife_error, leave_one_out, t_quantile

KINDS = ("any", "cured")
"""Exits that a cycle time is measured to."""


def cycle_time(
    cells: pd.DataFrame,
    now: Sequence[str],
    before: Sequence[str],
    horizon: int = 12,
    target: float | None = None,
    by: Sequence[str] = (),
    level: float = 0.95,
) -> pd.DataFrame:
    """Months from the first month end overdue to the exit, for spells begun in `now` and in `before`.

    `cells` are the panel's spell_cells with `began_quarter` (as 2025Q4), entry, duration, exit, fold, spells;
    `now` and `before` name quarters. Kinds of exit:

    - `any`: whatever ends the spell. `mean` is the restricted mean, E[min(T, horizon)]: a spell still open at the
      horizon counts with the horizon. `share`: spells ended by the horizon ÷ all.
    - `cured`: a sustained cure, dated at its first current month. `mean` is over those cured by the horizon, so it
      also falls where slow cures fail to come at all: read it with `share`, those cured by the horizon ÷ all.

    Curves are Kaplan–Meier's and Aalen–Johansen's, with late entry and open spells allowed for; time runs in whole
    month ends, so a spell of one month is over at the next. Lower is better. `median`: the month by which half of
    them have ended, with limits where the curve's own limits cross a half (Brookmeyer and Crowley 1982, Biometrics
    38, 29–41).

    Returns dimension, value, exit, horizon, spells, share, median, mean with limits, each also `_before`;
    difference (now − before, months) and change (now ÷ before − 1), with limits; target (of the change) and
    verdict: `met`, `missed`, or `open` where the interval of the change holds the target. Limits: jackknife over
    folds of customers, who may have spells in both years. Where not both periods' spells have been followed to
    `horizon`, the row's own is the longest that both have; a group not followed for a month has no row. Raises
    ParameterError for a target of −1 or less, or where a period has no spells.
    """
    if target is not None and not target > -1:
        raise ParameterError(f"target is {target}; it is a relative change, for example -0.2 for a fifth less")
    cells = _in_periods(cells, now, before)
    folds = np.unique(cells["fold"])
    rows = []
    for dimension, value, part in segments(cells, by):
        if part["later"].nunique() == 2:
            labels = {"dimension": dimension, "value": value}
            rows += [labels | row for row in _rows(part, folds, horizon, target, level)]
    return pd.DataFrame(rows)


def _in_periods(cells: pd.DataFrame, now: Sequence[str], before: Sequence[str]) -> pd.DataFrame:
    for name in ("began_quarter", "entry", "duration", "exit", "fold", "spells"):
        if name not in cells.columns:
            raise ParameterError(f"the spells' cells lack {name}; pass the panel's spell_cells by began_quarter")
    quarter = cells["began_quarter"].astype(str)
    for name, chosen in (("now", now), ("before", before)):
        if not quarter.isin(list(chosen)).any():
            raise ParameterError(f"no spell began in {', '.join(chosen)} ({name}); there is nothing to compare")
    kept = cells[quarter.isin([*now, *before])]
    return kept.assign(later=kept["began_quarter"].astype(str).isin(list(now)))


def _rows(
    cells: pd.DataFrame, folds: np.ndarray, horizon: int, target: float | None, level: float
) -> list[dict[str, object]]:
    risk, left = exit_counts(cells, folds, horizon)
    whole = gone_by(risk.sum(axis=0), left.sum(axis=0))
    without = gone_by(leave_one_out(risk), leave_one_out(left))
    followed = np.isfinite(whole).all(axis=(0, 1)) & np.isfinite(without).all(axis=(0, 1, 2))
    horizon = int(np.flatnonzero(followed)[-1])
    if not horizon:
        return []
    whole, without = whole[..., : horizon + 1], without[..., : horizon + 1]
    spells = cells.groupby("later")["spells"].sum()
    rows = []
    for place, kind in enumerate(KINDS):
        own, others = whole[:, place], without[:, :, place]
        row: dict[str, object] = {"exit": kind, "horizon": horizon}
        for suffix, period in (("", 1), ("_before", 0)):
            row[f"spells{suffix}"] = int(spells[bool(period)])
            row |= _of_period(own[period], others[:, period], kind, level, suffix)
        rows.append(row | _compared(_mean(own, kind), _mean(others, kind), target, level))
    return rows


def exit_counts(cells: pd.DataFrame, folds: np.ndarray, horizon: int) -> tuple[Array, Array]:
    """Spells at risk in months 1 to `horizon`, (folds, periods, K), and leaving by [any exit, cure], (…, K, 2).

    A spell is at risk in month k where entry < k ≤ duration. Periods: before, now.
    """
    spells = read_exits(cells, "duration", "exit", "entry", "spells", "open")
    fold, period = np.searchsorted(folds, cells["fold"]), cells["later"].to_numpy(int)
    ended = cells["exit"].to_numpy() != "open"
    kinds = np.stack([ended, cells["exit"].to_numpy() == "cured"], axis=1)
    risk, left = np.zeros((len(folds), 2, horizon)), np.zeros((len(folds), 2, horizon, 2))
    for month in range(1, horizon + 1):
        held = (spells.entry < month) & (spells.time >= month)
        np.add.at(risk[..., month - 1], (fold[held], period[held]), spells.weight[held])
        gone = spells.time == month
        np.add.at(left[:, :, month - 1], (fold[gone], period[gone]), (spells.weight[:, None] * kinds)[gone])
    return risk, left


def gone_by(risk: Array, left: Array) -> Array:
    """Share gone by any exit and by cure at months 0 to K: shape (…, [any, cured], K + 1).

    From (…, K) at risk and (…, K, 2) leaving. nan from the first month that nobody is at risk in, unless all have
    gone by then.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = left / risk[..., None]
    still = np.cumprod(1 - hazard[..., 0], axis=-1)
    before = np.concatenate([np.ones_like(still[..., :1]), still[..., :-1]], axis=-1)
    # Where all are gone nothing is left to follow, and the curves stay where they are.
    step = np.where(before[..., None] == 0, 0.0, before[..., None] * hazard)
    gone = np.cumsum(step, axis=-2)
    start = np.zeros_like(gone[..., :1, :])
    return np.moveaxis(np.concatenate([start, gone], axis=-2), -1, -2)


def _share_by(gone: Array, kind: str) -> Array:
    """Curve of those that the mean and median are about: all spells, or those cured by the horizon."""
    if kind == "any":
        return gone
    last = gone[..., -1:]
    return np.divide(gone, last, out=np.full_like(gone, np.nan), where=last > 0)


def _mean(gone: Array, kind: str) -> Array:
    """Area above the curve up to the horizon, in months."""
    return np.asarray((1 - _share_by(gone, kind)[..., :-1]).sum(axis=-1))


def _of_period(gone: Array, others: Array, kind: str, level: float, suffix: str) -> dict[str, float]:
    mean = amount_limits(_mean(gone, kind), _mean(others, kind), level)
    curve, replicates = _share_by(gone, kind), _share_by(others, kind)
    half = t_quantile(level, len(others)) * jackknife_error(curve, replicates)
    found = {"share": gone[-1], "median": _median(curve)}
    found |= {"median_lower": _median(curve + half), "median_upper": _median(curve - half)}
    found |= {"mean": mean.rate, "mean_lower": mean.lower, "mean_upper": mean.upper}
    return {_suffixed(name, suffix): float(value) for name, value in found.items()}


def _suffixed(name: str, suffix: str) -> str:
    """`mean_lower` of the earlier period is `mean_before_lower`."""
    first, _, limit = name.partition("_")
    return f"{first}{suffix}" + (f"_{limit}" if limit else "")


def _median(curve: Array) -> float:
    """First month by which half are gone; nan where that isn't reached by the horizon."""
    reached = np.flatnonzero(curve >= 0.5)
    return float(reached[0]) if len(reached) else np.nan


def _compared(mean: Array, others: Array, target: float | None, level: float) -> dict[str, object]:
    """Difference and relative change of (before, now), and whether the target is met."""
    reach = t_quantile(level, len(others))
    difference = mean[1] - mean[0]
    half = reach * float(jackknife_error(difference, others[:, 1] - others[:, 0]))
    ratio = amount_limits(mean[1] / mean[0], others[:, 1] / others[:, 0], level)
    change, low, high = (float(value) - 1 for value in ratio)
    found: dict[str, object] = {"difference": difference, "difference_lower": difference - half}
    found |= {"difference_upper": difference + half, "change": change, "change_lower": low, "change_upper": high}
    return found if target is None else found | {"target": target, "verdict": verdict(low, high, target)}


def verdict(lower: float, upper: float, target: float) -> str:
    """`met` where even the upper limit of a change is at or below the target, `missed` where the lower is above.

    >>> verdict(-0.3, -0.22, -0.2), verdict(-0.3, -0.1, -0.2), verdict(-0.1, 0.1, -0.2)
    ('met', 'open', 'missed')
    """
    if upper <= target:
        return "met"
    return "missed" if lower > target else "open"
