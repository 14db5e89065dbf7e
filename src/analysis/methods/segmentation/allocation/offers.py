"""What each treatment is expected to bring for each account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.core.errors import InputError

Array = NDArray[np.float64]
LOSSES = ("cost", "complaint_cost", "relief_cost")
"""Columns of a table of offers that are taken off the recovery."""


@dataclass(frozen=True)
class Offers:
    """Expected value of each treatment for each account, in currency.

    `accounts`: a row an account, indexed by account_id, with `customer_id` and the groups that rules name.
    `value`, `cost`, `success`: shape (treatments, accounts). Value is recovery − cost − complaint cost − relief
    cost, nan where a treatment must not be given; success is a probability.
    """

    accounts: pd.DataFrame
    treatments: tuple[str, ...]
    value: Array
    cost: Array | None = None
    success: Array | None = None

    def __len__(self) -> int:
        return len(self.accounts)


def offers_from_table(table: pd.DataFrame, accounts: pd.DataFrame | None = None) -> Offers:
    """Offers of a tidy table: a row an account and treatment.

    Columns: account_id, treatment, recovery; optionally cost, complaint_cost, relief_cost (currency, 0 where
    absent), success (probability) and allowed (False: must not be given). A pair without a row must not be given.
    `accounts` has account_id, as column or index, and what rules name; without it, the accounts of the table.

    Raises InputError for missing columns, pairs given twice, accounts unknown or without an offer, empty numbers.
    """
    _require(table, ("account_id", "treatment", "recovery"))
    treatments = tuple(str(name) for name in pd.unique(table["treatment"]))
    column = pd.Categorical(table["treatment"].astype(str), categories=treatments).codes
    accounts = _accounts(accounts if accounts is not None else table[["account_id"]].drop_duplicates())
    row = accounts.index.get_indexer(pd.Index(table["account_id"]))
    _check_pairs(table, row, column)
    shape = (len(treatments), len(accounts))
    value = np.full(shape, np.nan)
    value[column, row] = _value(table)
    if "allowed" in table:
        barred = ~table["allowed"].to_numpy(bool)
        value[column[barred], row[barred]] = np.nan
    extra = {}
    for name in ("cost", "success"):
        if name in table:
            extra[name] = np.zeros(shape)
            extra[name][column, row] = _numbers(table, name)
    return Offers(accounts, treatments, value, **extra)


def offers_from_wide(
    value: pd.DataFrame,
    accounts: pd.DataFrame | None = None,
    cost: pd.DataFrame | None = None,
    success: pd.DataFrame | None = None,
) -> Offers:
    """Offers of wide tables: a row an account (index account_id), a column a treatment; nan must not be given.

    Raises InputError where an account is given twice or the tables' accounts or treatments differ.
    """
    accounts = _accounts(accounts if accounts is not None else pd.DataFrame(index=value.index))
    treatments = tuple(str(name) for name in value.columns)
    extra = {name: table for name, table in (("cost", cost), ("success", success)) if table is not None}
    for name, table in {"accounts": accounts, **extra}.items():
        if not table.index.equals(value.index):
            raise InputError(f"{name} and value have different accounts; give both in the same order")
        if name != "accounts" and list(table.columns) != list(value.columns):
            raise InputError(f"{name} has the treatments {list(table.columns)}, value {list(value.columns)}")
    filled = {name: _columns(table.fillna(0.0)) for name, table in extra.items()}
    return Offers(accounts, treatments, _columns(value), **filled)


def _columns(table: pd.DataFrame) -> Array:
    """Contiguous by treatment: choices are made by going through the treatments, all accounts at a time."""
    return np.ascontiguousarray(table.to_numpy(float).T)


def _value(table: pd.DataFrame) -> Array:
    value = _numbers(table, "recovery")
    for name in LOSSES:
        if name in table:
            value = value - _numbers(table, name)
    return value


def _numbers(table: pd.DataFrame, name: str) -> Array:
    numbers = table[name].to_numpy(float)
    if not np.isfinite(numbers).all():
        bad = table.loc[~np.isfinite(numbers), ["account_id", "treatment"]].iloc[0]
        raise InputError(
            f"offers.{name} is empty or infinite for account '{bad['account_id']}' and '{bad['treatment']}'; "
            "leave out the pair, or set allowed to False with a number, if it must not be given"
        )
    return numbers


def _accounts(accounts: pd.DataFrame) -> pd.DataFrame:
    accounts = accounts.set_index("account_id") if "account_id" in accounts else accounts
    if not accounts.index.is_unique:
        twice = accounts.index[accounts.index.duplicated()][0]
        raise InputError(f"account '{twice}' is given twice; give each account one row")
    return accounts


def _require(table: pd.DataFrame, names: Sequence[str]) -> None:
    missing = [name for name in names if name not in table]
    if missing:
        raise InputError(f"offers lack the column {', '.join(missing)}; they have {', '.join(table.columns)}")


def _check_pairs(table: pd.DataFrame, row: np.ndarray, column: np.ndarray) -> None:
    if (row < 0).any():
        raise InputError(
            f"offers name account '{table['account_id'].iloc[int((row < 0).argmax())]}', not in accounts"
        )
    pair = row * (int(column.max(initial=0)) + 1) + column
    twice = pd.Series(pair).duplicated().to_numpy()
    if twice.any():
        bad = table.iloc[int(twice.argmax())]
        raise InputError(f"account '{bad['account_id']}' has two offers of '{bad['treatment']}'; give one")
