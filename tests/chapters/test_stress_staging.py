"""Stages of simulated accounts: how much worse one became since its opening, not how bad it is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.core.states import Buckets
from analysis.data import panel
from analysis.data.portfolio import open_portfolio
from analysis.data.simulate import simulate
from analysis.methods import stress as methods
from analysis.methods.stress.credit.default_curves import basis_curves

END, BUCKETS, LIFE = date(2025, 12, 31), Buckets((1, 30, 60, 90)), 48
PRODUCT = "instalment"


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """An instalment loan of four years a fifth of scores, current and a payment behind, as the book prices it."""
    folder: Path = tmp_path_factory.mktemp("staging") / "p"
    simulate(folder, accounts=6_000, months=30, end=END, seed=5)
    portfolio = open_portfolio(folder, END)
    stock = panel.stock.stock(portfolio, BUCKETS, dimensions=["product"])
    rolls = panel.rolls.rolls(portfolio, BUCKETS, dimensions=["product"], moments=False)
    book = methods.projection.book.read_book(stock, rolls, BUCKETS, END)
    starts = [date(2024, 12, 31), date(2023, 12, 31)]
    risk = methods.credit.score_risk.score_risk(panel.default_cells.default_cells(portfolio, BUCKETS, starts))
    curves = basis_curves(book, LIFE)[book.groups.index(PRODUCT)]
    chance = dict(zip(BUCKETS.labels, curves.sum(axis=-1), strict=True))
    rows = pd.DataFrame(
        [(band, bucket, days) for bucket, days in (("current", 0), ("1–29", 12)) for band in "12345"],
        columns=["score_band", "bucket", "days_past_due"],
    ).assign(product=PRODUCT)
    now = risk.of(rows["product"], rows["score_band"], rows["bucket"])
    then = risk.of(rows["product"], rows["score_band"], "current")
    rows["pd_now"] = methods.credit.score_risk.scaled(rows["bucket"].map(chance), now)
    rows["pd_opening"] = methods.credit.score_risk.scaled(chance["current"], then)
    return rows.join(methods.credit.staging.stages(rows)).set_index(["bucket", "score_band"])


def test_riskier_fifths_began_with_more_risk_and_stay_in_stage_1_while_current(staged: pd.DataFrame) -> None:
    current = staged.loc["current"]
    assert (np.diff(current["pd_opening"]) < 0).all()
    assert (current["stage"] == 1).all()


def test_a_payment_behind_is_stage_2_for_the_best_fifth_and_not_for_the_worst(staged: pd.DataFrame) -> None:
    late = staged.loc["1–29"]
    assert late.loc["5", "stage"] == 2 and late.loc["5", "reason"] == "pd_rise"
    assert late.loc["1", "stage"] == 1
    # The account that is in stage 1 is still the riskier of the two.
    assert late.loc["1", "pd_now"] > late.loc["5", "pd_now"]
