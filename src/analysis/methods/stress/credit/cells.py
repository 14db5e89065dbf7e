"""Accounts that lose alike: exposure and cell of each, so that losses are worked out once a cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.stress.credit.exposure_at_default import (
    amortised_balance,
    behavioural_life,
    drawn_and_undrawn,
)
from analysis.methods.stress.projection.book import Book

Array = npt.NDArray[np.float64]

KEYS = ["product", "bucket", "months_left", "annual_rate", "revolving"]
LIFE_STEP = 6
RATE_STEP = 0.02
PAST_TERM = 12
"""Months in which an account that outlived its contract is taken to be repaid or lost."""


def credit_book(accounts: pd.DataFrame, book: Book, conversion: float, life: int) -> pd.DataFrame:
    """The accounts by id with product, score_band, bucket, days_past_due, months_left, annual_rate, balance, ead.

    `accounts`: the panel's exposures(). ead: balance, plus `conversion` of an undrawn limit. months_left: banded
    in half-years and capped at `life`; for accounts without a contract length it is the product's behavioural
    life, by which 95% have left. The rate is banded in steps of two points, 0 where not recorded. Products that
    the book has no roll rates for are left out.
    """
    rows = accounts[accounts["product"].astype(str).isin(book.groups)]
    limit = rows["credit_limit"].fillna(0.0)
    drawn = drawn_and_undrawn(rows["balance"], limit, conversion)
    ead = rows["balance"].where(limit <= 0, pd.Series(drawn, rows.index))
    left = np.ceil(rows["months_left"].clip(lower=PAST_TERM) / LIFE_STEP) * LIFE_STEP
    product = rows["product"].astype(str)
    revolving = rows["months_left"].isna()
    left = left.where(~revolving, product.map(_lives(book, life)).astype(float)).clip(upper=life).astype(int)
    rate = (rows["annual_rate"].fillna(0.0) / RATE_STEP).round() * RATE_STEP
    return pd.DataFrame(
        {
            "product": product,
            "score_band": rows["score_band"].astype(str),
            "bucket": rows["state"].astype(str),
            "months_left": left,
            "annual_rate": rate.round(6),
            "revolving": revolving,
            "days_past_due": rows["days_past_due"],
            "balance": rows["balance"],
            "ead": ead,
        }
    )


def _lives(book: Book, life: int) -> dict[str, int]:
    """Behavioural life by product from how many current accounts leave a month."""
    gone = [book.buckets.states.index(name) for name in ("paid_off", "sold", "closed")]
    exits = np.clip(book.accounts.matrix[:, 0, gone].sum(axis=-1), 1e-6, 0.5)
    return dict(zip(book.groups, behavioural_life(exits, longest=life).tolist(), strict=True))


def exposure_profile(cells: pd.DataFrame, life: int) -> Array:
    """What an account of each cell still owes in months 1 … life, per unit owed now, (cells, life): level
    instalments for a loan; all of it, until its life ends, for a revolving account."""
    months = np.arange(1, life + 1)
    left = cells["months_left"].to_numpy(float)
    loan = amortised_balance(np.ones(len(cells)), cells["annual_rate"].to_numpy(float), left, life)
    open_ended = (months <= left[:, None]).astype(float)
    return np.where(cells["revolving"].to_numpy(bool)[:, None], open_ended, loan)


def mean_rates(accounts: pd.DataFrame, groups: Sequence[str]) -> list[float]:
    """Mean contract rate of each group, weighted by balance; 0 where not recorded."""
    known = accounts[accounts["annual_rate"].notna() & (accounts["balance"] > 0)]
    product = known["product"].astype(str)
    weighted = (known["annual_rate"] * known["balance"]).groupby(product).sum() / known["balance"].groupby(
        product
    ).sum()
    return [float(weighted.get(group, 0.0)) for group in groups]
