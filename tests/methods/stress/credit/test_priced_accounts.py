"""Expected losses of single accounts as a book is priced: by hand to the cent, and by another implementation."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.core.states import Buckets
from analysis.methods.stress.credit.cells import credit_book
from analysis.methods.stress.credit.expected_credit_loss import loss_schedule, twelve_month_loss
from analysis.methods.stress.credit.loss_rates import LossRates, cells_of, loss_rates, places
from analysis.methods.stress.credit.loss_tables import expected_losses, loss_table, undrawn_loss, year_parts
from analysis.methods.stress.credit.model import CreditModel, Economy, Priced, price, staged_book
from analysis.methods.stress.credit.score_risk import ScoreRisk
from analysis.methods.stress.projection.book import Basis, Book
from analysis.methods.stress.projection.projection import no_shifts

BUCKETS, LIFE, RATE = Buckets((1, 30, 90, 120)), 24, 0.12
MONTH = (1 + RATE) ** (-1 / 12)
"""What one unit in a month is worth today."""

# 1% of current accounts fall 30 days behind a month and 40% of those default, the others repay: a current account
# first defaults in month t = 2, 3, … with chance 0.01·0.99^(t − 2)·0.4, one 30 days behind in month 1 with 0.4.
# A defaulted account cures with 10%, 20%, 30% by its first, second, third month and is charged off after that;
# a fifth of the claim comes in a month later, a tenth after two, at a quarter of it in cost.
CURED, PAID, COST = np.array([[0.1, 0.2, 0.3]]), np.array([[0.2, 0.1]]), 0.25
WORTH = (1 - COST) * (0.2 * MONTH + 0.1 * MONTH**2)
LGD = 0.7 * (1 - WORTH * MONTH**3)
LGD_A_MONTH_ON = (1 - 0.2 / 0.9) * (1 - WORTH * MONTH**2)


def by_month(months: int) -> np.ndarray:
    """A current account's chance of first default in months 1 … `months`."""
    return np.array([0.0, *(0.01 * 0.99**past * 0.4 for past in range(months - 1))])


@pytest.fixture(scope="module")
def model() -> CreditModel:
    states = list(BUCKETS.states)
    rates = pd.DataFrame(np.eye(len(states)), states, states)
    rates.loc["current", ["current", "30–89"]] = [0.99, 0.01]
    rates.loc["30–89"] = 0.0
    rates.loc["30–89", ["90–119", "paid_off"]] = [0.4, 0.6]
    matrix = rates.to_numpy()[None]
    stock = np.array([[1000.0, 0.0, 20.0, 5.0, 5.0, 0.0, 0.0, 0.0, 0.0]])
    basis = Basis(stock, matrix, matrix, np.zeros_like(stock))
    months = tuple(pd.date_range("2025-01-31", periods=12, freq="ME"))
    book = Book(("card",), BUCKETS, date(2025, 12, 31), months, basis, basis)
    return CreditModel(book, {}, PAID, CURED, [180], [RATE], LIFE, COST)


def accounts() -> pd.DataFrame:
    """A card and a loan up to date, a card 45 days behind, and cards 95 and 130 days past due."""
    return pd.DataFrame(
        {
            "product": "card",
            "score_band": "unknown",
            "state": ["current", "current", "30–89", "90–119", "120+"],
            "days_past_due": [0, 0, 45, 95, 130],
            "balance": [1_000.0, 1_200.0, 500.0, 300.0, 200.0],
            "credit_limit": [2_000.0, np.nan, 500.0, np.nan, np.nan],
            "annual_rate": RATE,
            "months_left": [np.nan, 18.0, np.nan, np.nan, np.nan],
        },
        index=pd.Index(["card", "loan", "late", "default", "long"], name="account_id"),
    )


def priced_book(model: CreditModel, scores: ScoreRisk | None = None) -> tuple[pd.DataFrame, Priced]:
    held = credit_book(accounts(), model.book, 0.1, LIFE)
    cells = cells_of(held)
    economy = Economy(model.book.start, {"a": pd.DataFrame(), "b": pd.DataFrame()}, {"a": 0.7, "b": 0.3}, 12)
    priced = price(model, economy, cells, {"a": no_shifts(12), "b": no_shifts(12)})
    return staged_book(held, priced, places(held, cells), model), priced


def loan_by_hand(months: int) -> float:
    """1,200 in level instalments over 18 months at 1% a month; a default costs what is owed before its payment."""
    payment, owed, lost = 1_200 * 0.01 / (1 - 1.01**-18), 1_200.0, 0.0
    for month, chance in enumerate(by_month(months), start=1):
        lost += chance * LGD * owed * MONTH**month
        owed = owed * 1.01 - payment
    return lost


def card_by_hand(months: int) -> float:
    """1,000 drawn and a tenth of the 1,000 undrawn, owed until the card's life ends; a geometric series."""
    step = 0.99 * MONTH
    return 1_100 * LGD * 0.004 * MONTH**2 * (1 - step ** (months - 1)) / (1 - step)


BY_HAND = {
    "card": card_by_hand(12),
    "loan": loan_by_hand(12),
    "late": 500 * LGD * 0.4 * MONTH,
    "default": 300 * LGD,
    "long": 200 * LGD_A_MONTH_ON,
}


def test_expected_losses_of_single_accounts_are_those_worked_by_hand_to_the_cent(model: CreditModel) -> None:
    book, priced = priced_book(model)
    assert book["stage"].to_dict() == {"card": 1, "loan": 1, "late": 2, "default": 3, "long": 3}
    found = expected_losses(book, priced.weighted)
    assert found.round(2).to_dict() == {name: round(value, 2) for name, value in BY_HAND.items()}
    # With LGD 0.548815, a month on 0.608200; late: 500·0.548815·0.4·0.990600; default: 300·0.548815; long:
    # 200·0.608200; card: 1,100·0.548815·0.004·0.981288·(1 − 0.806990)/0.019306.
    assert found.drop("loan").round(2).tolist() == [23.69, 108.73, 164.64, 121.64]


def test_over_life_a_performing_account_is_charged_to_its_end_whatever_its_stage(model: CreditModel) -> None:
    book, priced = priced_book(model)
    found = expected_losses(book.assign(stage=book["stage"].replace(1, 2)), priced.weighted)
    wanted = BY_HAND | {"card": card_by_hand(LIFE), "loan": loan_by_hand(18)}
    assert found.round(2).to_dict() == {name: round(value, 2) for name, value in wanted.items()}
    # Of the card's, a tenth of the limit that is not drawn makes a hundred in 1,100.
    assert undrawn_loss(book, priced.weighted) == pytest.approx(card_by_hand(LIFE) / 11)


def test_the_table_of_losses_sums_the_accounts(model: CreditModel) -> None:
    book, priced = priced_book(model)
    table = loss_table(book, priced, priced.by_scenario, {"a": 0.7, "b": 0.3}, 0.5)
    found = table.set_index(["scenario", "measure"])["expected"]
    for scenario in ("a", "b", "weighted"):
        assert found[scenario, "ecl"] == pytest.approx(sum(BY_HAND.values()))
        assert found[scenario, "twelve_month"] == pytest.approx(sum(BY_HAND.values()))
        default = BY_HAND["default"] + BY_HAND["long"]
        assert year_parts(book, priced.weighted) == pytest.approx(
            {"performing": sum(BY_HAND.values()) - default, "in_default": default}
        )
        longer = card_by_hand(LIFE) + loan_by_hand(18) - BY_HAND["card"] - BY_HAND["loan"]
        assert found[scenario, "lifetime"] == pytest.approx(sum(BY_HAND.values()) + longer)


def test_a_riskier_account_is_charged_in_proportion_to_its_chance_of_default(model: CreditModel) -> None:
    ratio = pd.Series([3.0], pd.MultiIndex.from_tuples([("card", "unknown", "30–89")]))
    book, priced = priced_book(CreditModel(**{**model.__dict__, "scores": ScoreRisk(ratio)}))
    # Three times the hazard: 1 − 0.6³ instead of 0.4.
    late = expected_losses(book, priced.weighted)["late"]
    assert late == pytest.approx(BY_HAND["late"] * (1 - 0.6**3) / 0.4)


@pytest.fixture(scope="module")
def drawn() -> tuple[pd.DataFrame, np.ndarray, np.ndarray, LossRates]:
    """Cells of all kinds, random default curves and losses given default in three draws."""
    rng = np.random.default_rng(4)
    cells = pd.DataFrame(
        [("card", bucket, left, rate, left == LIFE)
         for bucket in BUCKETS.labels[:3] for left in (LIFE, 18) for rate in (0.0, 0.18)],
        columns=["product", "bucket", "months_left", "annual_rate", "revolving"],
    )  # fmt: skip
    curves = rng.dirichlet(np.ones(LIFE + 1), (3, 1, len(BUCKETS.labels)))[..., :LIFE]
    lgd = rng.uniform(0.2, 0.9, (3, 1, len(BUCKETS.labels)))
    return cells, curves, lgd, loss_rates(cells, ("card",), BUCKETS, curves, lgd)


def owed_by_hand(left: int, rate: float, revolving: bool) -> np.ndarray:
    """What is owed of one unit in months 1 … LIFE."""
    months = np.arange(LIFE)
    if revolving:
        return np.where(months < left, 1.0, 0.0)
    worth = 1 / (1 + rate / 12)
    level = np.array([worth ** np.arange(1, left - past + 1) @ np.ones(max(left - past, 0)) for past in months])
    return level / level[0]


def test_cells_cost_what_a_schedule_of_the_account_says_in_each_draw(
    drawn: tuple[pd.DataFrame, np.ndarray, np.ndarray, LossRates],
) -> None:
    cells, curves, lgd, rates = drawn
    for place, cell in enumerate(cells.itertuples()):
        bucket = BUCKETS.labels.index(cell.bucket)
        owed = owed_by_hand(cell.months_left, cell.annual_rate, cell.revolving)
        for draw in range(3):
            schedule = loss_schedule(curves[draw, 0, bucket], lgd[draw, 0, 0], owed, cell.annual_rate)
            assert rates.twelve[draw, place] == pytest.approx(float(twelve_month_loss(schedule)))
            assert rates.life[draw, place] == pytest.approx(schedule.sum())
            assert rates.defaulted[draw, place] == lgd[draw, 0, bucket]


def test_cells_cost_what_an_independent_implementation_says(
    drawn: tuple[pd.DataFrame, np.ndarray, np.ndarray, LossRates],
) -> None:
    theirs = pytest.importorskip("creditriskengine.ecl.ifrs9.ecl_calc")
    cells, curves, lgd, rates = drawn
    for place, cell in enumerate(cells.itertuples()):
        marginal = curves[0, 0, BUCKETS.labels.index(cell.bucket)]
        owed = owed_by_hand(cell.months_left, cell.annual_rate, cell.revolving)
        monthly, lost = (1 + cell.annual_rate) ** (1 / 12) - 1, np.full(LIFE, lgd[0, 0, 0])
        for months, mine in ((12, rates.twelve), (LIFE, rates.life)):
            other = theirs.ecl_lifetime(marginal[:months], lost[:months], owed[:months], monthly)
            assert mine[0, place] == pytest.approx(other)
