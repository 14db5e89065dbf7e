"""What satellite models are fitted on: events and accounts at risk by step, month and segment.

A month of an account is taken apart into yes-or-no steps, each among those that the ones before left over, so that
each has its own elasticities and together they are the roll rates (continuation-ratio logits: Agresti 2013,
Categorical Data Analysis, section 8.3.4). Where every step answers to a worse economy in its own direction, each
month's roll distribution gets stochastically worse, whatever the roll rates are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.core.states import Buckets

KINDS = ("left", "current", "better", "stay", "worse", "charged_off")
"""What a step may be, from best to worst; `left`: paid off, sold, closed. A current account that stays is
`current`; `worse` of a current account is its entry into arrears."""

CHAIN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "entry": (("worse", "charged_off"), ("current", "worse", "charged_off")),
    "cure": (("current",), ("current", "better", "stay", "worse", "charged_off")),
    "better": (("better",), ("better", "stay", "worse", "charged_off")),
    "stay": (("stay",), ("stay", "worse", "charged_off")),
    "charge_off": (("charged_off",), ("worse", "charged_off")),
}
"""Step → (kinds that are its event, kinds that are at risk of it). `entry` is of current accounts, `cure` to
`stay` of overdue ones, `charge_off` of both."""

KEYS = ["step", "month", "segment"]


def kind_matrix(buckets: Buckets) -> npt.NDArray[np.str_]:
    """Kind of each step between states, (S, S); rows of exits are blank."""
    inside, states = len(buckets.labels), buckets.states
    kinds = np.full((len(states), len(states)), "", dtype="<U12")
    for row in range(inside):
        for column, name in enumerate(states):
            if column >= inside:
                kinds[row, column] = "charged_off" if name == "charged_off" else "left"
            elif column == 0:
                kinds[row, column] = "current"
            else:
                kinds[row, column] = "better" if column < row else "stay" if column == row else "worse"
    return kinds


def step_cells(rolls: pd.DataFrame, buckets: Buckets, dimension: str = "product") -> pd.DataFrame:
    """Events and accounts at risk by step, month stepped into, and segment.

    `rolls`: the panel's rolls() with `dimension` (products, or "all"); broken steps are left out. A segment is a
    group and the state stepped from, as `card · 30–59`. Columns step, month, segment, at_risk, events; no rows
    where no steps are seen, as in a panel of one month. Raises InputError where `rolls` has steps, but not by the
    dimension.
    """
    rows = rolls[(rolls["dimension"] == dimension) & ~rolls["broken"].astype(bool)]
    if not len(rows) and not len(rolls[rolls["dimension"] == dimension]) and len(rolls):
        known = ", ".join(map(str, rolls["dimension"].unique()))
        raise InputError(f"no steps by '{dimension}' to fit satellites on; the table has {known or 'none'}")
    rows = _with_kinds(rows, buckets)
    return pd.concat([_cells(rows, step) for step in CHAIN], ignore_index=True)


def _with_kinds(rows: pd.DataFrame, buckets: Buckets) -> pd.DataFrame:
    states, kinds = list(buckets.states), kind_matrix(buckets)
    source = np.array([states.index(name) for name in rows["from_state"].astype(str)], dtype=int)
    target = np.array([states.index(name) for name in rows["to_state"].astype(str)], dtype=int)
    segment = rows["value"].astype(str) + " · " + rows["from_state"].astype(str)
    found = rows[["month", "accounts"]].assign(kind=kinds[source, target], segment=segment, overdue=source > 0)
    return found[found["kind"] != ""]


def _cells(rows: pd.DataFrame, step: str) -> pd.DataFrame:
    events, risk = CHAIN[step]
    taken = rows[rows["kind"].isin(risk)]
    if step != "charge_off":
        taken = taken[taken["overdue"] == (step != "entry")]
    counted = taken.assign(
        step=step, at_risk=taken["accounts"], events=taken["accounts"].where(taken["kind"].isin(events), 0)
    )
    return counted.groupby(KEYS, observed=True)[["at_risk", "events"]].sum().astype(float).reset_index()


def recovery_rows(cells: pd.DataFrame, segments: Sequence[str] = ("product",), horizon: int = 24) -> pd.DataFrame:
    """Cash and claims by calendar month, for the recovery step, in the columns of step_cells().

    `cells`: the panel's recovery_cells(). A segment is a group and its band of months since charge-off; at_risk is
    the amount charged off that is followed in that month, events the cash received on it. Months are those of the
    cash. Currency; fitted as a rate with dispersion of its own.
    """
    keys = ["month", *segments]
    cohorts = (
        cells.groupby([*keys, "since", "followed"], observed=True)[["charged_off", "paid"]].sum().reset_index()
    )
    opened = cohorts[cohorts["since"] == 0]
    months = np.arange(1, horizon + 1)
    grid = opened.drop(columns=["since", "paid"]).merge(pd.DataFrame({"since": months}), how="cross")
    grid = grid[grid["since"] <= grid["followed"]]
    paid = cohorts[cohorts["since"] > 0][[*keys, "since", "paid"]]
    grid = grid.merge(paid, on=[*keys, "since"], how="left").fillna({"paid": 0.0})
    group = grid[list(segments)].astype(str).agg(" · ".join, axis=1)
    since = pd.cut(grid["since"], [0, 3, 6, 12, 24, np.inf], labels=["1–3", "4–6", "7–12", "13–24", "25+"])
    month = (grid["month"].dt.to_period("M") + grid["since"].to_numpy()).dt.to_timestamp("M").dt.normalize()
    rows = grid.assign(step="recovery", segment=group + " · " + since.astype(str), month=month)
    rows = rows.rename(columns={"charged_off": "at_risk", "paid": "events"})
    return rows.groupby(KEYS, observed=True)[["at_risk", "events"]].sum().reset_index()
