"""Suppression of rates by accounts and by balance."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.core.errors import ChapterError
from analysis.report.suppression.cells import suppress
from analysis.report.suppression.marks import blanked, few_customers


def suppress_rates(
    rates: pd.DataFrame, within: Sequence[Sequence[str]], minimum: int = 10, minimum_events: int = 3
) -> pd.DataFrame:
    """Suppress a frame of rates by accounts and by balance: what is withheld by one basis is by the other.

    `rates` has a row a basis ("accounts", "balance") for each combination of its label columns, with numerator and
    denominator; accounts decide, since a sum of money can give an account away as well as a count. Where a
    denominator counts account-months, so few accounts may fill it: a cell of fewer than `minimum` customers
    (`clusters`) is small as well. Adds `suppressed` and `suppressed_because`, and blanks every column of numbers
    but labels. Raises ChapterError where a cell has no row by accounts. See `suppress`.
    """
    numeric = rates.select_dtypes("number").columns
    labels = [c for c in rates.columns if c not in numeric or c in ("since", "months")]
    keys = [c for c in labels if c != "basis"]
    accounts = few_customers(rates[rates["basis"] == "accounts"], minimum)
    decided = suppress(
        accounts, count="denominator", within=within, minimum=minimum, minimum_events=minimum_events
    )
    marks = decided[[*keys, "suppressed", "suppressed_because"]]
    marked = rates.merge(marks, on=keys, how="left", validate="many_to_one")
    alone = marked[marked["suppressed"].isna()]
    if len(alone):
        first = ", ".join(f"{key} {alone[key].iloc[0]}" for key in keys)
        raise ChapterError(f"suppression: {first} has a row by balance but none by accounts; pass both")
    return blanked(
        rates.reset_index(drop=True),
        marked["suppressed"].to_numpy(dtype=bool),
        marked["suppressed_because"].to_numpy(dtype=object),
        [c for c in numeric if c not in labels],
    )
