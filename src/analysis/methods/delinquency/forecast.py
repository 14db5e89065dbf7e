"""The flow-rate forecast: the stock moved on by roll rates, with intervals, and last year's held to account."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from analysis.core.periods import shift_months
from analysis.core.states import Buckets
from analysis.methods.delinquency.flows import Flows, flows
from analysis.statistics.flows import project, project_draws
from analysis.statistics.ratio import Array

THRESHOLDS = (1, 30, 60, 90)


def forecast(
    stock: pd.DataFrame,
    rolls: pd.DataFrame,
    buckets: Buckets,
    start: date,
    months: int = 12,
    basis_months: int = 12,
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    growth: float = 0.0,
) -> pd.DataFrame:
    """Stock and rates for the coming months if accounts keep rolling as in the basis months.

    `stock` and `rolls` are the panel's, at least up to `start` (a month end); nothing after it is used. New
    business comes in as in an average basis month, growing by `growth` a month (0.01: one in a hundred): an
    assumption, not a finding.

    Returns basis (accounts, balance), month, measure, expected, lower, upper; measures are the stock of each state
    (`stock:30–59`), `open` (all buckets), `charged_off_in_month` (flow), and overdue_1, _30, _60, _90 as fractions
    of `open` where a bucket starts at that day.

    The interval holds parameter and process uncertainty: each draw resamples the basis months, then picks one of
    them whole for each month ahead, so that rates that moved together keep doing so. Being whole months of this
    portfolio, they carry the chance of single accounts with them. The spread is widened for the number of months
    (Student's quantile with M − 1 degrees of freedom, √(M/(M−1))). It doesn't know seasons, trends or a changed
    economy: months are taken as exchangeable. With a single basis month limits are nan.
    """
    pieces = []
    for number, basis in enumerate(("accounts", "balance")):
        found = flows(stock, rolls, buckets, start, basis_months, basis)
        random = np.random.default_rng([seed, number])
        pieces.append(_forecast(found, buckets, months, draws, random, level, growth).assign(basis=basis))
    table = pd.concat(pieces, ignore_index=True)
    ahead = {step: pd.Timestamp(shift_months(start, step)) for step in range(months + 1)}
    table.insert(0, "month", table.pop("step").map(ahead))
    return table[["basis", "month", "measure", "expected", "lower", "upper"]]


def _forecast(
    found: Flows,
    buckets: Buckets,
    months: int,
    draws: int,
    random: np.random.Generator,
    level: float,
    growth: float,
) -> pd.DataFrame:
    grown = (1 + growth) ** np.arange(1, months + 1)
    expected = project(found.start, found.matrix, months, expected_inflow(found, months, growth))
    points = measures(expected[None], found.matrix[None, None], buckets)
    count = len(found.months)
    resampled = random.integers(count, size=(draws, count))
    chosen = np.take_along_axis(resampled, random.integers(count, size=(draws, months)), axis=1)
    inflows = found.inflows[:, None, :] * grown[None, :, None]
    paths = project_draws(found.start, found.matrices, inflows, chosen)
    drawn = measures(paths, found.matrices[chosen], buckets)
    tables = [_limits(name, points[name][0], drawn[name], count, level) for name in points]
    return pd.concat(tables, ignore_index=True)


def expected_inflow(found: Flows, months: int, growth: float = 0.0) -> Array:
    """New business of an average basis month, growing by `growth` a month; shape (months, states)."""
    grown = (1 + growth) ** np.arange(1, months + 1)
    return np.asarray(found.inflows.mean(axis=0)[None, :] * grown[:, None])


def measures(paths: Array, matrices: Array, buckets: Buckets) -> dict[str, Array]:
    """Measures of projected paths, each of shape (draws, months + 1).

    `paths` has shape (draws, months + 1, states); `matrices` the rates of each step, (draws, months, states,
    states), or broadcastable to it.
    """
    inside = len(buckets.labels)
    open_stock = paths[..., :inside].sum(axis=-1)
    found = {f"stock:{name}": paths[..., place] for place, name in enumerate(buckets.states[: inside + 1])}
    found["open"] = open_stock
    for days in THRESHOLDS:
        if days in buckets.edges:
            first = buckets.edges.index(days) + 1
            late = paths[..., first:inside].sum(axis=-1)
            found[f"overdue_{days}"] = np.divide(
                late, open_stock, out=np.full_like(late, np.nan), where=open_stock > 0
            )
    flow = (paths[:, :-1, :inside] * matrices[..., :inside, inside]).sum(axis=-1)
    # There is no flow into the month that the forecast starts from.
    found["charged_off_in_month"] = np.concatenate([np.full((len(paths), 1), np.nan), flow], axis=1)
    return found


def _limits(name: str, point: Array, drawn: Array, months: int, level: float) -> pd.DataFrame:
    """Quantiles of the draws around the point, on the logarithm, widened for the few months behind them."""
    tail = (1 - level) / 2
    low, high = np.nan * point, np.nan * point
    if months > 1:
        wider = stdtrit(months - 1, 1 - tail) / ndtri(1 - tail) * np.sqrt(months / (months - 1))
        low = _widen(point, np.quantile(drawn, tail, axis=0), wider)
        high = _widen(point, np.quantile(drawn, 1 - tail, axis=0), wider)
        if name.startswith("overdue"):
            high = np.minimum(high, 1.0)
    steps = np.arange(len(point))
    return pd.DataFrame({"step": steps, "measure": name, "expected": point, "lower": low, "upper": high})


def _widen(point: Array, quantile: Array, factor: float) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        widened = point * (quantile / point) ** factor
    return np.where((point > 0) & (quantile > 0), widened, quantile)


def backtest(
    stock: pd.DataFrame, rolls: pd.DataFrame, buckets: Buckets, start: date, **choices: float
) -> pd.DataFrame:
    """A forecast refitted as of `start`, beside what happened.

    As forecast(), for the months that have passed since, with `actual`, `error` (actual ÷ expected − 1), and
    `covered` (whether the interval held it). `choices` are forecast()'s own arguments.
    """
    table = forecast(stock, rolls, buckets, start, **choices)  # type: ignore[arg-type]
    happened = actuals(stock, rolls, buckets)
    found = table.merge(happened, on=["basis", "month", "measure"], how="inner")
    found = found[found["month"] > pd.Timestamp(start)].reset_index(drop=True)
    inside = (found["lower"] <= found["actual"]) & (found["actual"] <= found["upper"])
    return found.assign(error=found["actual"] / found["expected"] - 1, covered=inside)


def coverage(judged: pd.DataFrame) -> pd.DataFrame:
    """By basis and measure: months judged, share covered, mean absolute error (fraction of the forecast)."""
    grouped = judged.assign(absolute=judged["error"].abs()).groupby(["basis", "measure"], sort=False)
    table = grouped.agg(
        months=("covered", "size"), covered=("covered", "mean"), mean_absolute_error=("absolute", "mean")
    )
    return table.reset_index()


def actuals(stock: pd.DataFrame, rolls: pd.DataFrame, buckets: Buckets) -> pd.DataFrame:
    """What happened, in the measures of the forecast: basis, month, measure, actual."""
    whole = stock[stock["dimension"] == "all"]
    moved = rolls[(rolls["dimension"] == "all") & (rolls["to_state"].astype(str) == "charged_off")]
    moved = moved[moved["from_state"].astype(str) != "charged_off"]
    pieces = []
    for basis, flow in (("accounts", "accounts"), ("balance", "to_balance")):
        held = whole.pivot_table(index="month", columns="state", values=basis, aggfunc="sum", observed=False)
        held = held.reindex(columns=list(buckets.states)).fillna(0.0)
        zero = np.zeros((1, 1, len(buckets.states), len(buckets.states)))
        found = measures(held.to_numpy(float)[None], zero, buckets)
        table = pd.DataFrame({name: values[0] for name, values in found.items()}, index=held.index)
        table["charged_off_in_month"] = moved.groupby("month")[flow].sum().reindex(held.index).fillna(0.0)
        pieces.append(
            table.reset_index().melt("month", var_name="measure", value_name="actual").assign(basis=basis)
        )
    return pd.concat(pieces, ignore_index=True)
