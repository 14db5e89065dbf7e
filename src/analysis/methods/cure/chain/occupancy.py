"""What becomes of accounts in arrears: the share in each kind of state over the coming months, with intervals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.core.periods import shift_months
from analysis.methods.cure.chain import ChainStates, states_of
from analysis.methods.cure.chain.memory import SPELL, group_shares, remembered, with_memory
from analysis.methods.cure.chain.paths import (
    CHUNK,
    Rates,
    Whole,
    basis_cells,
    chain_rates,
    drawn_rates,
    placed,
    step,
)
from analysis.statistics.flows import project
from analysis.statistics.jackknife import Array


def occupancy_forecast(
    stock: pd.DataFrame,
    cells: pd.DataFrame,
    start: date,
    months: int = 24,
    basis_months: int = 12,
    by: str | None = "product",
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> pd.DataFrame:
    """Where everyone in arrears at `start`, and everyone who entered in that month, will be month by month.

    `stock` is the panel's chain_stock at `start` (state, accounts, and the column `by`), `cells` its chain_cells
    up to there; nothing after `start` is used. Cohort `stock` is everyone in an arrears bucket at `start`;
    `entrants` are those who stepped into arrears from `cured` or `current` in the month of `start`.

    Groups: in_arrears and in_probation (the spell goes on: current again, but not yet for long enough), cured
    (current after a sustained cure), re_defaulted (in arrears or on probation after a re-default: a step from
    `cured` into arrears of any depth, so within a year of the cure) and each exit (left for good, cured before or
    not). They add up to the cohort. A spell that begins later than that counts as in_arrears again. Besides,
    ever_cured and ever_re_defaulted count what happened so far, whatever came after. Re-defaults are told by a
    memory beside the chain: rates after one are those of the same bucket in a first spell, as the cells don't
    tell them apart. The memory starts at `start`; a stock that holds accounts in a second spell shows them as
    in_arrears.

    share: accounts of the group (expected) ÷ accounts of the cohort (accounts). `by` gives each segment rates of
    its own and `all` their sum; a from-state that a segment was never seen in takes the rates of all. The
    intervals hold parameter, time and process uncertainty, as methods.cure.paths tells; with a single basis
    month limits are nan. They don't know a changed economy. Fresh cures fall back more often than old ones, so
    a chain with a single `cured` state foresees too few re-defaults; the panel's tells a cure's age by the month
    (benchmarks/results/cure_chain_ages.md).

    Returns cohort, dimension, value, month, group, accounts, expected, lower, upper, share, share_lower,
    share_upper.

    Raises ParameterError where nobody is in arrears, or where there is no step to take rates from.
    """
    used = basis_cells(cells, start, basis_months)
    states = states_of(used)
    rates = chain_rates(used, states, by)
    cohorts = _cohorts(stock, used, rates, start, by)
    tables = []
    for number, (name, accounts) in enumerate(cohorts):
        random = np.random.default_rng([seed, number])
        tables.append(_forecast(accounts, rates, months, draws, random, level, by).assign(cohort=name))
    table = pd.concat(tables, ignore_index=True)
    ahead = {number: pd.Timestamp(shift_months(start, number)) for number in range(months + 1)}
    table["month"] = table.pop("step").map(ahead)
    values = ["accounts", "expected", "lower", "upper", "share", "share_lower", "share_upper"]
    return table[["cohort", "dimension", "value", "month", "group", *values]]


def _cohorts(
    stock: pd.DataFrame, cells: pd.DataFrame, rates: Rates, start: date, by: str | None
) -> Iterator[tuple[str, Whole]]:
    states = rates.states
    overdue = stock[stock["state"].astype(str).isin(states.arrears)]
    if not overdue["accounts"].sum():
        raise ParameterError(f"nobody is in arrears in the stock at {start:%Y-%m}; there is nothing to forecast")
    yield "stock", placed(overdue, rates, by)
    entered = entrants(cells[cells["month"] == pd.Timestamp(start)], states)
    if entered["accounts"].sum():
        yield "entrants", placed(entered, rates, by, "to_state")


def entrants(cells: pd.DataFrame, states: ChainStates) -> pd.DataFrame:
    """Steps into arrears from cured or current; a relapse from probation belongs to the spell it came from."""
    start, end = cells["from_state"].astype(str), cells["to_state"].astype(str)
    return cells[start.isin(states.sound) & end.isin(states.arrears)]


def _forecast(
    accounts: Whole,
    rates: Rates,
    months: int,
    draws: int,
    random: np.random.Generator,
    level: float,
    by: str | None,
) -> pd.DataFrame:
    names, groups = group_shares(rates.states)
    expected = expected_path(accounts, rates, months) @ groups.T
    paths = _paths(accounts, rates, months, draws, random, groups)
    tail = (1 - level) / 2
    tables = []
    for dimension, value, chosen in _wholes(rates, by):
        size = accounts[chosen].sum()
        if not size:
            continue
        low, high = np.quantile(paths[:, chosen].sum(axis=1), [tail, 1 - tail], axis=0)
        table = _long(names, expected[chosen].sum(axis=0), low, high)
        tables.append(table.assign(dimension=dimension, value=value, accounts=size))
    table = pd.concat(tables, ignore_index=True)
    shares = {
        f"share{name}": table[column] / table["accounts"]
        for name, column in (("", "expected"), ("_lower", "lower"), ("_upper", "upper"))
    }
    return table.assign(**shares)


def _paths(
    accounts: Whole, rates: Rates, months: int, draws: int, random: np.random.Generator, groups: Array
) -> Array:
    """Accounts by draw, segment, month and group; a single nan where one basis month leaves spread unknown."""
    if len(rates.months) < 2:
        return np.full((1, len(accounts), months + 1, len(groups)), np.nan)
    sizes = [min(CHUNK, draws - done) for done in range(0, draws, CHUNK)]
    return np.concatenate([_drawn(accounts, rates, months, size, random, groups) for size in sizes])


def _wholes(rates: Rates, by: str | None) -> Iterator[tuple[str, str, list[int]]]:
    yield "all", "all", list(range(len(rates.segments)))
    if by is not None:
        for place, name in enumerate(rates.segments):
            yield by, name, [place]


def _long(names: tuple[str, ...], expected: Array, low: Array, high: Array) -> pd.DataFrame:
    months = len(expected)
    return pd.DataFrame(
        {
            "step": np.repeat(np.arange(months), len(names)),
            "group": np.tile(names, months),
            "expected": expected.ravel(),
            "lower": low.ravel(),
            "upper": high.ravel(),
        }
    )


def expected_path(accounts: npt.ArrayLike, rates: Rates, months: int) -> Array:
    """Expected accounts by segment, month and state with memory: shape (P, months + 1, 3·S)."""
    held = np.asarray(accounts, dtype=float)
    size = held.shape[1]
    paths = []
    for own, matrix in zip(held, rates.pooled, strict=True):
        first = np.concatenate([own, np.zeros(2 * size)])
        paths.append(project(first, with_memory(matrix, rates.states), months))
    return np.stack(paths)


def _drawn(
    accounts: Whole, rates: Rates, months: int, draws: int, random: np.random.Generator, groups: Array
) -> Array:
    """Accounts by draw, segment, month and group."""
    size = accounts.shape[1]
    held = np.zeros((draws, len(accounts), 3, size), dtype=np.int64)
    held[:, :, SPELL] = accounts
    path = [held.reshape(draws, len(accounts), -1) @ groups.T]
    for matrix, _ in drawn_rates(rates, draws, months, random):
        held = remembered(step(held, matrix, random), rates.states)
        path.append(held.reshape(draws, len(accounts), -1) @ groups.T)
    return np.stack(path, axis=2)


def backtest(
    stock: pd.DataFrame,
    cells: pd.DataFrame,
    fates: pd.DataFrame,
    start: date,
    **choices: object,
) -> pd.DataFrame:
    """The forecast refitted as of `start`, beside what became of the same accounts.

    `fates`: cohort, dimension, value, month, group, actual (accounts), for accounts in arrears at `start`
    (`stock`) or entered in its month (`entrants`); `fates_by_group` makes it from the panel's chain_fates.
    Returns the forecast's rows that have one and lie after `start`, with actual, actual_share, error (actual
    share − expected share) and covered (whether the interval held it). `choices` are occupancy_forecast()'s own
    arguments.
    """
    table = occupancy_forecast(stock, cells, start, **choices)  # type: ignore[arg-type]
    keys = ["cohort", "dimension", "value", "month", "group"]
    found = table.merge(fates[[*keys, "actual"]], on=keys, how="inner")
    found = found[found["month"] > pd.Timestamp(start)].reset_index(drop=True)
    if found.empty:
        raise ParameterError(f"no month after {start:%Y-%m} in the fates to hold the forecast against")
    share = found["actual"] / found["accounts"]
    inside = (found["lower"] <= found["actual"]) & (found["actual"] <= found["upper"])
    return found.assign(actual_share=share, error=share - found["share"], covered=inside)


def fates_by_group(fates: pd.DataFrame, by: str | None = "product") -> pd.DataFrame:
    """What became of cohorts, in the groups of the forecast.

    `fates` are the panel's chain_fates: cohort, month, state (ordered categories of the chain), memory (0 in the
    first spell, 1 cured since, 2 re-defaulted since), accounts, and the column `by`. Returns cohort, dimension,
    value, month, group, actual; a group that nobody is in has a row with 0.
    """
    states = states_of(fates, "state")
    names, groups = group_shares(states)
    tables = []
    keys = ["cohort", "month"]
    place = fates["memory"].astype(int) * len(states.names) + fates["state"].cat.codes
    rows = fates.assign(**{name: groups[number, place] * fates["accounts"] for number, name in enumerate(names)})
    for dimension in ("all", *([by] if by is not None else [])):
        value = rows[dimension].astype(str) if dimension == by else "all"
        summed = rows.assign(dimension=dimension, value=value).groupby([*keys, "dimension", "value"], sort=True)
        long = summed[list(names)].sum().reset_index()
        tables.append(long.melt([*keys, "dimension", "value"], var_name="group", value_name="actual"))
    return pd.concat(tables, ignore_index=True)[["cohort", "dimension", "value", "month", "group", "actual"]]
