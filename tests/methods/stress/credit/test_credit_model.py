"""Cells, loss rates and default curves: what an expected loss of a book is made of."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.core.states import Buckets
from analysis.methods.stress.credit.cells import credit_book, exposure_profile, mean_rates
from analysis.methods.stress.credit.default_curves import basis_curves, default_curves, drawn_curves
from analysis.methods.stress.credit.loss_rates import (
    cells_of,
    lgd_table,
    loss_rates,
    places,
    recoveries_by_group,
    weigh,
)
from analysis.methods.stress.projection.book import Basis, Book
from analysis.methods.stress.projection.probability_of_default import marginal_default
from analysis.methods.stress.projection.projection import Shifts, no_shifts, roll_rates

BUCKETS = Buckets((1, 30, 90))
LIFE = 24


@pytest.fixture
def book() -> Book:
    """One product: 5% fall behind a month, half of those come back, the rest go on to default and charge-off."""
    states = list(BUCKETS.states)
    rates = pd.DataFrame(0.0, states, states)
    rates.loc["current", ["current", "1–29"]] = [0.95, 0.05]
    rates.loc["1–29", ["current", "30–89"]] = [0.5, 0.5]
    rates.loc["30–89", ["current", "90+"]] = [0.4, 0.6]
    rates.loc["90+", ["90+", "charged_off"]] = [0.5, 0.5]
    for name in states[4:]:
        rates.loc[name, name] = 1.0
    matrix = rates.to_numpy()[None]
    stock = np.array([[1000.0, 50.0, 20.0, 10.0, 0.0, 0.0, 0.0, 0.0]])
    basis = Basis(stock, matrix, matrix, np.zeros_like(stock))
    reference = tuple(pd.date_range("2025-01-31", periods=12, freq="ME"))
    return Book(("card",), BUCKETS, date(2025, 12, 31), reference, basis, basis)


def accounts() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "product": "card",
            "score_band": "unknown",
            "state": ["current", "current", "90+"],
            "days_past_due": [0, 0, 95],
            "balance": [1000.0, 500.0, 200.0],
            "credit_limit": [2000.0, np.nan, 100.0],
            "annual_rate": [0.12, np.nan, 0.12],
            "months_left": [np.nan, 3.0, 30.0],
        },
        index=pd.Index(["a", "b", "c"], name="account_id"),
    )


def test_an_economy_that_adds_nothing_gives_the_basis_months_curves(book: Book) -> None:
    base = basis_curves(book, LIFE)
    np.testing.assert_allclose(default_curves(book, no_shifts(12), LIFE), base)
    np.testing.assert_allclose(drawn_curves(book, no_shifts(12, 3), LIFE, 2), np.stack([base, base]))


def test_default_needs_three_steps_and_comes_by_the_product_of_their_rates(book: Book) -> None:
    curve = basis_curves(book, LIFE)[0, 0]
    np.testing.assert_allclose(curve[:3], [0.0, 0.0, 0.05 * 0.5 * 0.6])


def test_more_falling_behind_brings_more_default_within_the_scenario(book: Book) -> None:
    up = Shifts({"entry": np.full(12, 0.5)}, {"entry": np.full((1, 12), 0.5)}, {})
    assert (default_curves(book, up, LIFE)[0, 0, 2:12] > basis_curves(book, LIFE)[0, 0, 2:12]).all()


def test_undrawn_limits_enter_by_the_conversion_and_never_lower_the_exposure(book: Book) -> None:
    held = credit_book(accounts(), book, 0.1, LIFE)
    np.testing.assert_allclose(held["ead"], [1100.0, 500.0, 200.0])
    assert held["months_left"].tolist() == [LIFE, 12, LIFE]
    assert held["revolving"].tolist() == [True, False, False]
    assert mean_rates(accounts(), ("card", "auto")) == pytest.approx([0.12, 0.0])


def test_a_loan_is_owed_down_to_nothing_and_a_card_until_its_life_ends(book: Book) -> None:
    cells = cells_of(credit_book(accounts(), book, 0.1, LIFE))
    owed = exposure_profile(cells, LIFE)
    loan = owed[~cells["revolving"] & (cells["months_left"] == 12)][0]
    assert loan[0] == 1.0 and (np.diff(loan[:12]) < 0).all() and (loan[12:] == 0).all()
    assert (owed[cells["revolving"]] == 1.0).all()


def test_without_cures_and_discount_what_is_not_recovered_is_lost() -> None:
    recovered = np.full((1, 10), 0.03)
    table = lgd_table(recovered, np.zeros((1, 0)), [120], BUCKETS, [0.0])
    np.testing.assert_allclose(table, 0.7)
    np.testing.assert_allclose(lgd_table(recovered, np.zeros((1, 0)), [120], BUCKETS, [0.0], amount=0.5), 0.85)


def test_recoveries_beyond_the_claim_leave_no_loss_and_no_gain() -> None:
    table = lgd_table(np.full((1, 10), 0.2), np.zeros((1, 0)), [120], BUCKETS, [0.0])
    np.testing.assert_allclose(table, 0.0, atol=1e-12)


def test_without_claims_nothing_is_recovered() -> None:
    assert (recoveries_by_group(None, ("card",), 6).rate == 0).all()


def test_loss_rates_by_stage_rise_from_a_year_to_life_to_default(book: Book) -> None:
    held = credit_book(accounts(), book, 0.1, LIFE)
    cells = cells_of(held)
    rates = loss_rates(cells, book.groups, BUCKETS, basis_curves(book, LIFE), np.full((1, 4), 0.8))
    where = places(held, cells)
    first = [float(rates.staged([stage] * 3, where)[0]) for stage in (1, 2, 3)]
    assert first == sorted(first) and first[2] == 0.8
    riskier = rates.staged([1, 2, 3], where, 1.5, 1.2) / rates.staged([1, 2, 3], where)
    np.testing.assert_allclose(riskier, [1.5, 1.2, 1.0])
    twice = weigh({"a": rates, "b": rates}, {"a": 0.3, "b": 0.7})
    np.testing.assert_allclose(twice.life, rates.life)


def test_default_after_the_scenario_is_that_of_walking_on_at_the_basis_rates(book: Book) -> None:
    up = Shifts({"entry": np.full(12, 0.5)}, {"entry": np.linspace(-0.5, 0.5, 3)[:, None] * np.ones(12)}, {})
    walked = np.concatenate(
        [roll_rates(book, up.point, 12), np.broadcast_to(book.accounts.matrix, (LIFE - 12, 1, 8, 8))]
    )
    found = default_curves(book, up, LIFE)
    np.testing.assert_allclose(found, marginal_default(walked, BUCKETS), atol=1e-14)
    drawn = drawn_curves(book, up, LIFE, 3)
    np.testing.assert_allclose(drawn[2], found, atol=1e-14)
    np.testing.assert_allclose(drawn[1], basis_curves(book, LIFE), atol=1e-14)
