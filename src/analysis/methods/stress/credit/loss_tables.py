"""Expected credit loss by scenario and stage, and what moved it since an earlier book."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.stress.credit.expected_credit_loss import stage_table
from analysis.methods.stress.credit.loss_rates import LossRates, cells_of, places
from analysis.methods.stress.credit.model import CreditModel, Economy, Priced, price, staged_book
from analysis.methods.stress.credit.movement import ecl_movement
from analysis.methods.stress.losses.basel_capital import asset_correlation
from analysis.methods.stress.projection.projection import Shifts

Array = npt.NDArray[np.float64]

WEIGHTED = "weighted"
MEASURES = ("ecl", "twelve_month", "lifetime")


def loss_table(
    book: pd.DataFrame, priced: Priced, drawn: Mapping[str, LossRates], weights: Mapping[str, float], level: float
) -> pd.DataFrame:
    """Expected loss by scenario and weighted: scenario, weight, measure, expected, lower, upper, exposure.

    Measures: ecl (staged: 12 months, life, default), twelve_month and lifetime (all accounts; those in default
    with their whole loss). The stage is the same under each scenario: the weighted one. Limits hold what is drawn
    in `drawn`: the satellites' and loss given default's uncertainty. `book`: staged_book()'s. Currency.
    """
    rows, tails = [], [(1 - level) / 2, (1 + level) / 2]
    point = {name: book_losses(book, one) for name, one in priced.by_scenario.items()}
    paths = {name: book_losses(book, one) for name, one in drawn.items()}
    point[WEIGHTED], paths[WEIGHTED] = _weighted(point, weights), _weighted(paths, weights)
    for name, found in point.items():
        for measure in MEASURES:
            value = float(found[measure])
            low, high = np.quantile(paths[name][measure], tails)
            limits = {"lower": min(float(low), value), "upper": max(float(high), value)}
            row = {"scenario": name, "weight": weights.get(name, np.nan), "measure": measure, "expected": value}
            rows.append(row | limits)
    return pd.DataFrame(rows).assign(exposure=float(book["ead"].sum()))


def _weighted(sums: Mapping[str, Mapping[str, Array]], weights: Mapping[str, float]) -> dict[str, Array]:
    return {
        measure: np.sum([weight * np.asarray(sums[name][measure]) for name, weight in weights.items()], axis=0)
        for measure in MEASURES
    }


def book_losses(book: pd.DataFrame, rates: LossRates) -> dict[str, Array]:
    """Losses of the book by measure, over draws where the rates have them."""
    stage, size = book["stage"].to_numpy(), len(rates.cells)
    ead = book["ead"]

    def exposed(number: int, weight: pd.Series) -> Array:
        here = stage == number
        return np.asarray(np.bincount(book["cell"][here], weight[here], size), float)

    year, life = ({n: exposed(n, ead * book[by]) for n in (1, 2)} for by in ("by_year", "by_life"))
    lost, later = rates.defaulted @ exposed(3, ead), rates.life @ life[2]
    return {
        "ecl": rates.twelve @ year[1] + later + lost,
        "twelve_month": rates.twelve @ (year[1] + year[2]) + lost,
        "lifetime": rates.life @ life[1] + later + lost,
    }


def expected_losses(book: pd.DataFrame, rates: LossRates) -> pd.Series:
    """Expected loss of each account of a staged book by its stage, currency."""
    rate = rates.staged(book["stage"], book["cell"], book["by_year"], book["by_life"])
    return pd.Series(rate * book["ead"].to_numpy(), book.index)


def undrawn_loss(book: pd.DataFrame, rates: LossRates) -> float:
    """What limits not drawn yet make of the book's lifetime loss, currency: `ead` beyond `balance`.

    CECL leaves out what the lender can cancel at any time (ASC 326-20-30-11)."""
    life = book.assign(stage=book["stage"].clip(lower=2), ead=book["ead"] - book["balance"])
    return float(expected_losses(life, rates).sum())


def year_parts(book: pd.DataFrame, rates: LossRates) -> dict[str, float]:
    """What makes the twelve_month measure of loss_table(): `performing` accounts over a year, and those
    `in_default`, currency."""
    year = expected_losses(book.assign(stage=book["stage"].where(book["stage"] == 3, 1)), rates)
    late = book["stage"] == 3
    return {"performing": float(year[~late].sum()), "in_default": float(year[late].sum())}


def losses_by_stage(book: pd.DataFrame, rates: LossRates, by: str | None = None) -> pd.DataFrame:
    """stage_table() of a staged book: accounts, exposure, weighted ecl and coverage."""
    ecl = expected_losses(book, rates)
    return stage_table(book.assign(ecl=ecl, accounts=1), by)


def loss_movement(
    opening: pd.DataFrame, closing: pd.DataFrame, models: tuple[CreditModel, CreditModel],
    economies: tuple[Economy, Economy], shifts: Mapping[str, Shifts] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """ecl_movement() between two books (credit.cells.credit_book), each staged by its own date's model.

    `closing` also holds accounts written off in between, with `written_off` true, as they last stood open.
    `shifts`: the closing model's under the closing economy, where they are at hand already.
    """
    cells = cells_of(opening, closing)
    priced = {
        (e, m): price(models[m], economies[e], cells, shifts if m else None) for e, m in ((0, 0), (1, 0), (1, 1))
    }
    kept = ["cell", "stage", "ead", "by_year", "by_life"]
    books = [
        staged_book(book, priced[i, i], places(book, cells), models[i])[kept]
        for i, book in enumerate((opening, closing))
    ]
    gone = closing["written_off"].to_numpy(bool)
    # What was written off had come to be in default, whatever it was at the last month end before.
    books[1] = books[1].assign(stage=np.where(gone, 3, books[1]["stage"]), written_off=gone)

    def rule(book: pd.DataFrame, economy: int, model: int) -> pd.Series:
        return expected_losses(book, priced[economy, model].weighted)

    return ecl_movement(books[0], books[1], rule, (0, 1), (0, 1))


def basel_correlation(accounts: pd.DataFrame, classes: Mapping[str, str]) -> dict[str, float]:
    """Asset correlation by product from Basel's formula at the product's mean PD (product, pd)."""
    mean = accounts.groupby("product")["pd"].mean()
    return {
        str(name): float(asset_correlation(value, classes.get(str(name), "other_retail")))
        for name, value in mean.items()
    }
