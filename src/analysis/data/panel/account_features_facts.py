"""What is known of an account, its holder and their industry, as of a month end."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from analysis.core.contract import TABLES
from analysis.data.panel.account_rows import ROW, back_in_place, engine_rows
from analysis.data.panel.alerts import INDEX_PREFIX, index_name
from analysis.data.panel.contacts import customers
from analysis.data.panel.covariates import FOLD
from analysis.data.panel.dimensions import NONE, UNKNOWN
from analysis.data.panel.months import number_of
from analysis.data.panel.parts import ACCOUNT
from analysis.data.portfolio import Portfolio

TEXTS = ("product", "region", "city_tier", "industry", "lender", "origination_channel", "origination_model")
FLAGS = ("urban", "secured")
HOLDER = ("origination_score", "debt_ratio", "income_volatility", "job_changes_2y", "monthly_income", "age")
NUMBERS = (*HOLDER, "annual_rate", "credit_limit", "original_amount")
OWN_NAME = ("need", "bureau_delinquencies")
"""Attributes known under their own name."""

PROTECTED = tuple(column.name for column in TABLES["accounts"].columns if column.protected)
PROTECTED_WORDS = (*PROTECTED, "gender", "marital", "marriage", "married")
YEAR = 12


def account_facts(portfolio: Portfolio, rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Columns of accounts for numbered rows, with `customer`, `fold` and `months_on_book`.

    Texts that are not recorded are `unknown`; true is 1 and false 0. An account that was not yet open at the month
    end, by its opening day, tells nothing of itself then but its customer.
    """
    who = customers(portfolio, [*columns, "opened_on"])
    opened = {"opened": number_of(who.opened_on)} if "opened_on" in who.columns else {}
    told = who.select(
        *(name for name in who.columns if name not in (ACCOUNT, "opened_on")), held=ACCOUNT, **opened
    )
    numbers = engine_rows(rows)
    joined = numbers.inner_join(told, numbers[ACCOUNT] == told.held).drop("held", ACCOUNT)
    found = back_in_place(joined.execute(), rows).drop(columns="m")
    kept = {name: _plain(found[name]) for name in columns if name in found.columns}
    made = found[["customer", FOLD]].assign(**kept)
    if "opened" not in found.columns:
        return made
    on_book = rows["m"] - found["opened"].astype(float)
    for name in kept:
        missing = UNKNOWN if made[name].dtype == object else np.nan
        made[name] = made[name].where(~(on_book < 0), missing)
    return made.assign(months_on_book=on_book.where(on_book >= 0))


def _plain(values: pd.Series) -> pd.Series:
    if values.name in FLAGS:
        return values.map({"true": 1.0, "false": 0.0}).astype(float)
    return values.fillna(UNKNOWN) if values.dtype == object else values.astype(float)


def attribute_features(
    portfolio: Portfolio, rows: pd.DataFrame, history: int = 0, leave_out: Collection[str] = ()
) -> pd.DataFrame:
    """Latest attributes of numbered rows known by each month end, and month by month where a history is asked for.

    `need` is text, `none` where no need was told. Others count where all their values are numbers, as
    `attribute_<name>`; `attribute_<name>_<k>` is the value told in the k-th month before, missing where none was.
    """
    if not portfolio.has("attributes"):
        return pd.DataFrame(index=rows.index)
    joined = _known_attributes(portfolio, rows)
    latest = joined.group_by(ROW, "name").aggregate(value=joined.value.argmax(joined.known_at)).execute()
    made = _wide(latest, rows, "", leave_out)
    if history:
        near = joined.filter(joined.age < history)
        monthly = near.group_by(ROW, "name", "age").aggregate(value=near.value.argmax(near.known_at)).execute()
        for k, told in monthly.groupby("age"):
            made |= _wide(told, rows, f"_{k}", (*leave_out, *OWN_NAME))
    return pd.DataFrame(made, index=rows.index)


def _known_attributes(portfolio: Portfolio, rows: pd.DataFrame) -> ir.Table:
    attributes = portfolio.table("attributes")
    told = attributes.select("name", "value", "known_at", held=ACCOUNT, at_m=number_of(attributes.known_at))
    numbers = engine_rows(rows)
    joined = numbers.inner_join(told, [numbers[ACCOUNT] == told.held, numbers.m >= told.at_m])
    return joined.select(ROW, "name", "value", "known_at", age=joined.m - joined.at_m)


def _wide(told: pd.DataFrame, rows: pd.DataFrame, suffix: str, leave_out: Collection[str]) -> dict[str, pd.Series]:
    """One column an attribute: `need` as it is, those made of numbers, and none that are protected."""
    made = {}
    for name in sorted(set(told["name"]) - set(leave_out)):
        if is_protected(name):
            continue
        values = back_in_place(told.loc[told["name"] == name, [ROW, "value"]], rows)["value"]
        if name == "need":
            made["need"] = values.astype(object).where(values.notna(), NONE)
            continue
        numbers = pd.to_numeric(values, errors="coerce").astype(float)
        if numbers.notna().sum() == values.notna().sum():
            made[name if name in OWN_NAME else f"attribute_{_plain_name(name)}{suffix}"] = numbers
    return made


def is_protected(name: str) -> bool:
    """Whether an attribute is named after something that serves fairness tests alone."""
    padded = f"_{_plain_name(name)}_"
    return any(f"_{word}_" in padded for word in PROTECTED_WORDS)


def _plain_name(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower()).strip("_")


def industry_change(portfolio: Portfolio, rows: pd.DataFrame, industry: pd.Series) -> pd.DataFrame:
    """`industry_index_change`: log of the industry's index at the month end over that of a year before."""
    if not portfolio.has("macro"):
        return pd.DataFrame(index=rows.index)
    macro = portfolio.table("macro")
    names = [name for name in macro.columns if name.startswith(INDEX_PREFIX)]
    if not names:
        return pd.DataFrame(index=rows.index)
    indices = macro.select("month", *names).to_pandas().set_index("month").sort_index()
    indices.index = pd.PeriodIndex(pd.to_datetime(indices.index), freq="M")
    ago = indices.reindex(indices.index - YEAR).set_axis(indices.index)
    long = np.log(indices / ago).rename(columns=lambda name: name.removeprefix(INDEX_PREFIX)).stack()
    keys = pd.MultiIndex.from_arrays(
        [pd.PeriodIndex(rows["month"], freq="M"), industry.astype(str).map(index_name)]
    )
    return pd.DataFrame({"industry_index_change": long.reindex(keys).to_numpy(float)}, index=rows.index)
