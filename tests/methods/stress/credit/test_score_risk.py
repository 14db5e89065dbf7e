"""How score bands differ in risk, and what that does to stages."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import InputError
from analysis.methods.stress.credit.score_risk import PRIOR, band_table, relative_loss, scaled, score_risk
from analysis.methods.stress.credit.staging import stages


def cells(*rows: tuple[str, str, str, int, int]) -> pd.DataFrame:
    columns = ["product", "score_band", "state", "accounts", "defaults"]
    return pd.DataFrame(rows, columns=columns).assign(month=pd.Timestamp("2024-12-31"))


RISKY_AND_SAFE = cells(
    ("card", "1", "current", 10_000, 1_500),
    ("card", "5", "current", 10_000, 500),
    ("card", "1", "1–29", 1_000, 330),
    ("card", "5", "1–29", 1_000, 270),
)


def test_ratios_are_defaults_over_those_expected_drawn_a_little_towards_one() -> None:
    found = score_risk(RISKY_AND_SAFE).ratios
    # 1,000 were expected of each band; ten expected defaults' weight each way for products and for the whole.
    pooled = (1_500 + PRIOR) / (1_000 + PRIOR)
    assert found["card", "1", "current"] == pytest.approx((1_500 + PRIOR * pooled) / (1_000 + PRIOR))
    assert found["card", "1", "current"] == pytest.approx(1.5, rel=0.02)
    assert found["card", "5", "current"] == pytest.approx(0.5, rel=0.02)


def test_a_product_with_few_defaults_takes_the_ratio_of_all_products() -> None:
    few = cells(("auto", "1", "current", 10, 0), ("auto", "5", "current", 10, 1))
    found = score_risk(pd.concat([RISKY_AND_SAFE, few])).ratios
    assert found["auto", "1", "current"] == pytest.approx(found["card", "1", "current"], rel=0.1)


def test_bands_of_different_products_are_not_mixed_up_with_their_products_risk() -> None:
    # Within each product bands are alike; one product is four times as risky and has most of band 1.
    alike = cells(
        ("cash_loan", "1", "current", 9_000, 1_800),
        ("cash_loan", "5", "current", 1_000, 200),
        ("mortgage", "1", "current", 1_000, 50),
        ("mortgage", "5", "current", 9_000, 450),
    )
    np.testing.assert_allclose(score_risk(alike).ratios, 1.0)


def test_unseen_accounts_and_portfolios_without_scores_have_a_ratio_of_one() -> None:
    one_band = RISKY_AND_SAFE[RISKY_AND_SAFE["score_band"] == "1"]
    products, bands = pd.Series(["card", "sme"]), pd.Series(["1", "1"])
    assert score_risk(one_band).of(products, bands, "current").tolist() == [1.0, 1.0]
    found = score_risk(RISKY_AND_SAFE).of(products, bands, "current")
    assert found[0] > 1.4 and found[1] == 1.0


def test_an_account_that_worsened_is_in_stage_2_and_a_born_risky_one_with_the_same_arrears_is_not() -> None:
    risk = score_risk(RISKY_AND_SAFE)
    products, bands = pd.Series(["card", "card"]), pd.Series(["5", "1"])
    late = pd.Series(["1–29", "1–29"])
    tested = pd.DataFrame(
        {
            "days_past_due": [12, 12],
            "pd_now": scaled([0.30, 0.30], risk.of(products, bands, late)),
            "pd_opening": scaled([0.12, 0.12], risk.of(products, bands, "current")),
        }
    )
    found = stages(tested)
    assert found["stage"].tolist() == [2, 1] and found["reason"].iloc[0] == "pd_rise"


@settings(max_examples=80, deadline=None)
@given(st.floats(0, 1), st.floats(0.05, 20))
def test_scaled_probabilities_stay_within_zero_and_one_and_move_with_the_ratio(
    chance: float, ratio: float
) -> None:
    found = float(scaled(chance, ratio))
    assert 0 <= found <= 1
    assert (found >= chance - 1e-12) if ratio >= 1 else (found <= chance + 1e-12)
    assert float(relative_loss(chance, ratio)) * chance == pytest.approx(found, abs=1e-9)


def test_half_a_year_at_the_same_ratio_makes_the_whole_year() -> None:
    half, ratio = np.array([0.05, 0.08]), 1.7
    year = 1 - np.prod(1 - half)
    assert float(scaled(year, ratio)) == pytest.approx(1 - np.prod(1 - scaled(half, ratio)))


def test_bands_are_told_of_performing_accounts_alone() -> None:
    book = pd.DataFrame(
        {
            "score_band": ["1", "1", "1"],
            "stage": [1, 2, 3],
            "pd_opening": [0.1, 0.3, 1.0],
            "pd_now": [0.2, 0.6, 1.0],
        }
    )
    found = band_table(book).iloc[0]
    assert (found["accounts"], found["stage_2"], found["share"]) == (2, 1, 0.5)
    assert found["pd_opening"] == pytest.approx(0.2) and found["pd_now"] == pytest.approx(0.4)


def test_cells_without_their_columns_are_refused() -> None:
    with pytest.raises(InputError, match="default cells: defaults missing; pass month, product"):
        score_risk(RISKY_AND_SAFE.drop(columns="defaults"))
