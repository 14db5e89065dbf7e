"""What becomes of spells, by group: curves of each exit from the engine's cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.core.spells import SPELL_EXITS, STILL_OPEN
from analysis.statistics.jackknife import leave_one_out, share_limits

Array = npt.NDArray[np.float64]

NOT_CURED = "not_cured"
"""Gone without a cure: charged off, sold or in litigation. `paid_off` is not among them: nothing is owed."""

LOST = ("charged_off", "sold", "litigation")

NEARLY_ALL_GONE = 0.01
"""Share still open at or below which a curve goes on, whoever is left: shares can move by a point at most."""


SUMS = {NOT_CURED: LOST, STILL_OPEN: ("cured", "paid_off", *LOST, NOT_CURED)}
"""Rows of exit_curves() that add up others, or are what these leave of one."""


class Counts(NamedTuple):
    """Weights by fold, group and month 1 … horizon: at risk (F, G, T), leaving by each exit (F, G, T, E)."""

    groups: pd.DataFrame
    at_risk: Array
    leaving: Array


def exit_curves(
    cells: pd.DataFrame,
    by: Sequence[str] = (),
    horizon: int = 12,
    level: float = 0.95,
    weight: str = "spells",
    least: float = 10.0,
) -> pd.DataFrame:
    """Share of spells gone by each exit within so many months of entry, by group (Aalen–Johansen).

    `cells`: `by`, entry, duration, exit, fold, and the `weight` (spells, or balance for shares of what was owed at
    entry). Numerator and denominator change with the month: those leaving ÷ those still at risk, carried by the
    share still open before. Late entries count from when they are seen. Exits are those of the cells, `open` (the
    share still running) and `not_cured` (charged off, sold or in litigation, summed); cured, paid_off, not_cured
    and open add up to one.

    Returns `by`, exit, months (1 … horizon, as long as at least `least` spells are at risk, beyond which a share
    would hang on a handful, or at most NEARLY_ALL_GONE of them are still open, so that it could move no further
    than that), begun (spells of the group), gone (spells seen to leave by the exit up to that month; for
    `open`, those followed beyond it), rate, rate_lower, rate_upper. Intervals hold out one group of customers at a
    time; they are Wilson's at the size of sample that this comes to, which the spells begun are the most of.
    Raises InputError for cells without spells. Source: Aalen and Johansen (1978) Scand. J. Statist. 5, 141–150.
    """
    counts = count(cells, by, horizon, weight)
    bodies = counts if weight == "spells" else count(cells, by, horizon, "spells")
    shares = incidence(counts.at_risk.sum(axis=0), counts.leaving.sum(axis=0))
    replicates = incidence(leave_one_out(counts.at_risk), leave_one_out(counts.leaving))
    begun = _begun(cells, by, counts.groups)
    size = np.broadcast_to(begun[:, None, None], shares.shape)
    limits = share_limits(shares, replicates, size, level)
    at_risk, leaving = bodies.at_risk.sum(axis=0), bodies.leaving.sum(axis=0)
    gone = _with_sums(np.cumsum(leaving, axis=1), at_risk - leaving.sum(axis=2))
    table = _long(counts.groups, horizon, (begun, gone), (shares, limits.lower, limits.upper))
    open_before = np.concatenate([np.ones((len(begun), 1)), shares[:, :-1, -1]], axis=1)
    settled = (open_before <= NEARLY_ALL_GONE) & (begun >= least)[:, None]
    enough = np.repeat(((at_risk >= least) | settled).ravel(), gone.shape[2])
    return table[enough].reset_index(drop=True)


def at_months(curves: pd.DataFrame, months: Sequence[int]) -> pd.DataFrame:
    """Rows of curves at the months asked for, those they reach."""
    return curves[curves["months"].isin(list(months))].reset_index(drop=True)


def ended(cells: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """How spells stand by group: `by`, exit, spells (of the group), ended (of them by that exit, or still open).

    Plain counts: groups followed for different times don't compare. Exits that no spell takes are left out.
    """
    keys = list(by)
    taken = cells.groupby([*keys, "exit"], sort=True)["spells"].sum().rename("ended").reset_index()
    taken["spells"] = taken.groupby(keys)["ended"].transform("sum")
    return taken[[*keys, "exit", "spells", "ended"]]


def months_until(
    curves: pd.DataFrame, by: Sequence[str], share: float = 0.5, exit_name: str = "cured"
) -> pd.DataFrame:
    """First month by which so large a share has gone by the exit; missing where the curve never gets there."""
    own = curves[curves["exit"] == exit_name]
    reached = own[own["rate"] >= share]
    keys = list(by)
    if not keys:
        months = float(reached["months"].min()) if len(reached) else np.nan
        return pd.DataFrame({"months": [months]})
    first = reached.groupby(keys, sort=False)["months"].min()
    return own[keys].drop_duplicates().merge(first.reset_index(), how="left", on=keys)


def as_known(cells: pd.DataFrame, end: int) -> pd.DataFrame:
    """The cells as they stood when follow-up ended at month number `end`: what a report of that time would hold.

    Needs `began` (month number of k = 0). Spells that began later, or were first seen later, are not there; exits
    after `end` are not known.
    """
    months = end - cells["began"]
    early = cells[(months > 0) & (months > cells["entry"])]
    months = months.loc[early.index]
    cut = early["duration"] > months
    return early.assign(duration=early["duration"].where(~cut, months), exit=early["exit"].mask(cut, STILL_OPEN))


def observed_in(cells: pd.DataFrame, start: int, end: int) -> pd.DataFrame:
    """The part of each spell that lies between two month numbers: the cells of a period life table.

    Spells running at `start` enter late, those running at `end` are open. Curves from them are those of a spell
    that meets the rates of that period at every age: they tell of the latest period as far as the oldest spell
    reaches, while a cohort that began in it has only been followed for as long as it lasts. Needs `began`.
    """
    known = as_known(cells, end)
    entry = np.maximum(known["entry"], start - known["began"])
    return known.assign(entry=entry)[known["duration"] > entry].reset_index(drop=True)


def count(cells: pd.DataFrame, by: Sequence[str], horizon: int, weight: str = "spells") -> Counts:
    """At risk and leaving by fold, group and month; a spell is at risk from the month after entry to its exit."""
    if cells.empty or not (cells[weight] > 0).any():
        raise InputError("there are no spells to follow: the cells are empty")
    keys = list(by)
    group, groups = _numbered(cells, keys)
    folds, fold = np.unique(cells["fold"].to_numpy(), return_inverse=True)
    value = cells[weight].to_numpy(dtype=float)
    entry, duration = cells["entry"].to_numpy(dtype=int), cells["duration"].to_numpy(dtype=int)
    shape = (len(folds), len(groups), horizon)
    # At risk in month t: those with entry < t <= duration, so one comes at entry + 1 and one goes after duration.
    change = np.zeros((*shape[:2], horizon + 2))
    np.add.at(change, (fold, group, np.minimum(entry + 1, horizon + 1)), value)
    np.add.at(change, (fold, group, np.minimum(duration + 1, horizon + 1)), -value)
    at_risk = np.cumsum(change, axis=2)[..., 1 : horizon + 1]
    # Sums that go up and down leave dust where nobody is left.
    at_risk[np.abs(at_risk) < 1e-9 * max(value.sum(), 1.0)] = 0.0
    leaving = np.zeros((*shape, len(SPELL_EXITS)))
    for number, name in enumerate(SPELL_EXITS):
        gone = (cells["exit"] == name).to_numpy(dtype=bool) & (duration <= horizon)
        np.add.at(leaving[..., number], (fold[gone], group[gone], duration[gone] - 1), value[gone])
    return Counts(groups, at_risk, leaving)


def incidence(at_risk: Array, leaving: Array) -> Array:
    """Shares (…, T, E + 2) gone by each exit by month: SPELL_EXITS, not_cured, open.

    A month with nobody at risk moves nobody.
    """
    risk = at_risk[..., None]
    hazard = np.divide(leaving, risk, out=np.zeros_like(leaving), where=risk > 0)
    stay = 1.0 - hazard.sum(axis=-1)
    open_after = np.cumprod(stay, axis=-1)
    before = np.concatenate([np.ones_like(open_after[..., :1]), open_after[..., :-1]], axis=-1)
    gone = np.cumsum(before[..., None] * hazard, axis=-2)
    return np.clip(_with_sums(gone, open_after), 0.0, 1.0)


def _with_sums(gone: Array, still: Array) -> Array:
    lost = gone[..., [SPELL_EXITS.index(name) for name in LOST]].sum(axis=-1)
    return np.concatenate([gone, lost[..., None], still[..., None]], axis=-1)


def _numbered(cells: pd.DataFrame, keys: list[str]) -> tuple[npt.NDArray[np.int64], pd.DataFrame]:
    if not keys:
        return np.zeros(len(cells), dtype=np.int64), pd.DataFrame(index=[0])
    groups = cells[keys].drop_duplicates().sort_values(keys, ignore_index=True)
    number = cells[keys].merge(groups.reset_index(names="_group"), how="left", on=keys)["_group"]
    return number.to_numpy(dtype=np.int64), groups


def _begun(cells: pd.DataFrame, by: Sequence[str], groups: pd.DataFrame) -> Array:
    """Spells of each group, whenever they came in."""
    number, _ = _numbered(cells, list(by))
    weights = cells["spells"].to_numpy(dtype=float)
    return np.bincount(number, weights=weights, minlength=len(groups)).astype(np.float64)


def _long(
    groups: pd.DataFrame, horizon: int, bodies: tuple[Array, Array], rates: tuple[Array, ...]
) -> pd.DataFrame:
    names = [*SPELL_EXITS, NOT_CURED, STILL_OPEN]
    months = np.arange(1, horizon + 1)
    places = pd.Index(range(len(groups)))
    index = pd.MultiIndex.from_product(
        [places, pd.Index(months), pd.Index(names)], names=["_group", "months", "exit"]
    )
    begun, gone = bodies
    columns = {"begun": np.repeat(begun, horizon * len(names)), "gone": gone.ravel()}
    columns |= {
        name: array.ravel() for name, array in zip(("rate", "rate_lower", "rate_upper"), rates, strict=True)
    }
    table = pd.DataFrame(columns, index=index).reset_index()
    labels = groups.loc[table.pop("_group")].reset_index(drop=True)
    table = pd.concat([labels, table], axis=1) if len(groups.columns) else table
    return table.astype({"begun": "int64", "gone": "int64"})
