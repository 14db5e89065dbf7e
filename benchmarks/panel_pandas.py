"""The panel benchmark's measures in pandas, as someone who knows pandas would write them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from analysis.core.states import EXITS, Buckets

COLUMNS = ["account_id", "month", "days_past_due", "status", "balance", "amount_paid", "charged_off_amount"]
KEYS = ["dimension", "value"]


def load(folder: Path, dimensions: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The panel with account and status as categories, months as numbers, and the accounts."""
    table = pq.read_table(folder / "months.parquet", columns=COLUMNS, read_dictionary=["account_id", "status"])
    panel = table.unify_dictionaries().to_pandas(date_as_object=False, self_destruct=True)
    number = panel["month"].dt.year * 12 + panel["month"].dt.month - 1
    panel = panel.assign(m=number.astype("int32")).drop(columns="month")
    accounts = pd.read_parquet(folder / "accounts.parquet", columns=["account_id", "opened_on", *dimensions])
    order = pd.CategoricalIndex(panel["account_id"]).categories
    accounts = accounts.set_index("account_id").reindex(order)
    for name in dimensions:
        accounts[name] = accounts[name].astype("category")
    panel["account"] = panel.pop("account_id").cat.codes.astype("int32")
    return panel, accounts.reset_index(drop=True)


def measures(folder: Path, dimensions: Sequence[str], horizon: int) -> dict[str, pd.DataFrame]:
    panel, accounts = load(folder, dimensions)
    return {
        "rolls": rolls(panel, accounts, dimensions),
        "vintages": vintages(panel, accounts, dimensions, horizon),
        "recoveries": recoveries(panel, accounts, dimensions, horizon),
    }


def split(rows: pd.DataFrame, accounts: pd.DataFrame, dimensions: Sequence[str], keys: list[str], sums: dict):
    """Named sums of rows by keys, as a whole and by each dimension of the account."""
    pieces = [rows.groupby(keys, observed=True).agg(**sums).reset_index().assign(dimension="all", value="all")]
    for name in dimensions:
        values = accounts[name].cat.codes.to_numpy()[rows["account"].to_numpy()]
        found = rows.assign(code=values).groupby(["code", *keys], observed=True).agg(**sums).reset_index()
        labels = accounts[name].cat.categories.to_numpy()[found.pop("code")]
        pieces.append(found.assign(dimension=name, value=labels))
    return pd.concat(pieces, ignore_index=True)


def rolls(panel: pd.DataFrame, accounts: pd.DataFrame, dimensions: Sequence[str]) -> pd.DataFrame:
    buckets = Buckets()
    state = np.searchsorted(np.array(buckets.edges), panel["days_past_due"].to_numpy(), side="right").astype(
        "int8"
    )
    status = panel["status"].to_numpy()
    for place, name in enumerate(EXITS):
        state[status == name] = len(buckets.labels) + place
    rows = panel[["account", "m", "balance"]].assign(state=state)
    later = rows.groupby("account")[["state", "balance"]].shift(-1)
    steps = rows.assign(to_state=later["state"], to_balance=later["balance"]).dropna(subset=["to_state"])
    steps = steps.assign(m=steps["m"] + 1, to_state=steps["to_state"].astype("int8"))
    steps = steps.rename(columns={"state": "from_state"})
    sums = {"accounts": ("balance", "size"), "balance": ("balance", "sum"), "to_balance": ("to_balance", "sum")}
    return split(steps, accounts, dimensions, ["m", "from_state", "to_state"], sums)


def vintages(panel: pd.DataFrame, accounts: pd.DataFrame, dimensions: Sequence[str], horizon: int) -> pd.DataFrame:
    opened = accounts["opened_on"].pipe(pd.to_datetime)
    began = (opened.dt.year * 12 + opened.dt.month - 1).to_numpy()
    grouped = panel.groupby("account", sort=True)
    first = grouped["m"].first().to_numpy()
    amount = grouped["balance"].first().to_numpy()
    kept = (began >= panel["m"].min()) & (first - began <= 1)
    units = pd.DataFrame({"account": np.arange(len(accounts)), "began": began, "x": amount})[kept]
    gone = panel["status"] == "charged_off"
    bad = {
        "ever_30": gone | (panel["days_past_due"] >= 30),
        "ever_90": gone | (panel["days_past_due"] >= 90),
        "charged_off": gone,
    }
    found = []
    for measure, rows in bad.items():
        at = panel.loc[rows].groupby("account")["m"].first()
        happened = units[units["account"].isin(at.index)]
        since = np.maximum(at.loc[happened["account"]].to_numpy() - happened["began"].to_numpy(), 0)
        events = happened.assign(since=since, e=1.0, y=happened["x"])
        found.append(curves(units, events, accounts, dimensions, range(horizon + 1), panel["m"].max(), measure))
    return pd.concat(found, ignore_index=True)


def recoveries(
    panel: pd.DataFrame, accounts: pd.DataFrame, dimensions: Sequence[str], horizon: int
) -> pd.DataFrame:
    gone = panel.loc[panel["status"] == "charged_off"]
    units = gone.groupby("account").agg(
        began=("m", "first"), x=("charged_off_amount", "sum"), known=("charged_off_amount", "count")
    )
    units = units[(units["known"] > 0) | (units["began"] > panel["m"].min())].reset_index()
    later = panel.loc[(panel["status"] != "open") & (panel["amount_paid"] > 0), ["account", "m", "amount_paid"]]
    cash = later.merge(units, on="account")
    cash = cash.assign(since=cash["m"] - cash["began"], y=cash["amount_paid"])
    cash = cash[(cash["since"] >= 1) & (cash["since"] <= horizon)]
    cash = cash.assign(e=(~cash.duplicated("account")).astype(float))
    return curves(units, cash, accounts, dimensions, range(1, horizon + 1), panel["m"].max(), "recovery")


def curves(units, events, accounts, dimensions, months, last, measure):  # type: ignore[no-untyped-def]
    """Cumulative events and amounts of each cohort, to the month that all of it was followed."""
    units, events = units.assign(cohort=units["began"] // 3), events.assign(cohort=events["began"] // 3)
    base = split(units, accounts, dimensions, ["cohort"], {"units": ("x", "size"), "x": ("x", "sum")})
    sums = {"e": ("e", "sum"), "y": ("y", "sum")}
    at = split(events, accounts, dimensions, ["cohort", "since"], sums)
    grid = base.merge(pd.DataFrame({"since": list(months)}), how="cross")
    grid = grid[grid["cohort"] * 3 + 2 + grid["since"] <= last]
    grid = grid.merge(at, how="left", on=[*KEYS, "cohort", "since"]).fillna({"e": 0.0, "y": 0.0})
    grid = grid.sort_values([*KEYS, "cohort", "since"])
    grid[["e", "y"]] = grid.groupby([*KEYS, "cohort"])[["e", "y"]].cumsum()
    return grid.assign(measure=measure)
