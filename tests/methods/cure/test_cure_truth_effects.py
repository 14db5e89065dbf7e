"""Effects on cure held against what cures were drawn with, where some can never cure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.methods.cure.truth_effects import (
    CONTACT,
    economy_of,
    middles,
    model_against_truth,
    shrinkage,
    speed_against_truth,
)

CURE = {"unemployment": -0.3, "gdp": 0.2, "industry": 0.4}
SPOKEN_TO = 0.8


def logistic(odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-odds))


def months_at_risk(rows: int, never: float, seed: int = 1) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Months at risk, the first of a spell, of which a share can never cure, and their truth."""
    rng = np.random.default_rng(seed)
    contact = np.where(rng.random(rows) < 0.4, "right_party", "none")
    months = rng.integers(0, 24, rows)
    of_month = rng.standard_normal((24, 2)) * [1.0, 1.0]
    unemployment, gdp, industry = *of_month[months].T, rng.standard_normal(rows)
    odds = 0.5 + SPOKEN_TO * (contact == "right_party")
    odds = odds + CURE["unemployment"] * unemployment + CURE["gdp"] * gdp + CURE["industry"] * industry
    can = rng.random(rows) >= never
    chance = logistic(odds)
    cured = (rng.random(rows) < chance) & can
    cells = pd.DataFrame(
        {
            "month": pd.Timestamp("2023-01-31") + pd.to_timedelta(31 * months, unit="D"),
            "k": "1",
            "state": "1–29",
            CONTACT: contact,
            "unemployment": unemployment,
            "gdp": gdp,
            "industry_growth": industry,
            "product": "card",
            "fold": rng.integers(0, 32, rows),
            "at_risk": 1,
            "cured": cured.astype(int),
        }
    )
    bucket = {
        "at_risk": rows,
        "hazard": float((chance * can).mean()),
        "hazard_of_those_who_can": float(chance[can].mean()),
    }
    truth = {
        "elasticities": {"cure": CURE},
        "contact_effect": {"mean_log_odds": SPOKEN_TO},
        "cure": {"by_missed_payments": {"1": bucket, "8": {"at_risk": 2, "hazard": 0.0}}},
    }
    return cells, truth


def test_where_all_can_cure_the_log_odds_are_found() -> None:
    cells, truth = months_at_risk(40_000, never=0.0)
    assert shrinkage(truth) == pytest.approx(1.0, abs=0.01)
    table = speed_against_truth(cells, truth, controls=["product"]).set_index("covariate")
    assert set(table.index) == {"unemployment", "gdp", "industry_growth", CONTACT}
    np.testing.assert_allclose(table["estimate"], table["truth"], atol=0.08)
    np.testing.assert_allclose(table["bias"], table["estimate"] - table["truth"])
    np.testing.assert_allclose(table["errors"], table["bias"] / table["se"])


def test_among_accounts_that_never_cure_effects_shrink_as_foretold() -> None:
    cells, truth = months_at_risk(80_000, never=0.4)
    table = speed_against_truth(cells, truth).set_index("covariate")
    assert 0.4 < shrinkage(truth) < 0.75
    # First order only: the shares that can cure are held at their mean.
    np.testing.assert_allclose(table["estimate"], table["mixed"], atol=0.07)
    assert not table.loc[CONTACT, "covered"] and table.loc[CONTACT, "bias"] < -0.2


def test_errors_are_no_smaller_than_those_of_months_as_clusters() -> None:
    cells, truth = months_at_risk(5_000, never=0.2)
    shocked = cells.assign(cured=np.where(cells["month"].dt.month % 5 == 0, 0, cells["cured"]))
    calm = speed_against_truth(cells, truth).set_index("covariate")["se"]
    wild = speed_against_truth(shocked, truth).set_index("covariate")["se"]
    assert wild["unemployment"] > 1.5 * calm["unemployment"]


def test_without_contact_or_its_truth_the_economy_is_told_alone() -> None:
    cells, truth = months_at_risk(5_000, never=0.2)
    silent = {name: value for name, value in truth.items() if name != "contact_effect"}
    for told, known in ((cells.drop(columns=CONTACT), truth), (cells, silent)):
        assert set(speed_against_truth(told, known)["covariate"]) == {"unemployment", "gdp", "industry_growth"}


def test_the_economy_is_told_in_the_units_of_the_truth() -> None:
    month = pd.to_datetime(["2025-01-31"])
    now = pd.DataFrame({"month": month, "unemployment_rate_lag2": [0.052], "gdp_yoy_lag2": [0.048]})
    industry = pd.DataFrame(
        {
            "month": month,
            "industry_index_retail_lag1": [110.0],
            "industry_index_retail_lag13": [100.0],
            "cpi_lag1": 1,
        }
    )
    row = economy_of(now, industry).iloc[0]
    assert row["industry"] == "retail"
    assert (row["unemployment"], row["gdp"]) == pytest.approx((5.2, 4.8))
    assert row["industry_growth"] == pytest.approx(10 * np.log(1.1))


def test_bands_are_numbered_by_their_middles() -> None:
    assert middles([0.2, 0.4, 0.8]) == [0.1, 0.3, 0.6, 1.0]
    assert middles([5.0]) == [5.0, 5.0]


def spells(rows: int, seed: int = 3) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Spells of two years in which debt decides who never cures, and income how soon the others do."""
    rng = np.random.default_rng(seed)
    debt, income, score = rng.random(rows), rng.random(rows), rng.normal(650, 50, rows)
    never = rng.random(rows) < logistic(-1.5 + 1.2 * debt - 0.25 * (score - 650) / 50)
    chance = logistic(1.2 - 0.6 * debt - 0.9 * income)
    wait = np.where(never, 99, rng.geometric(chance))
    lost = rng.random(rows) < 0.5
    frame = pd.DataFrame(
        {
            "entry": 0,
            "duration": np.minimum(wait, 24),
            "exit": np.where(wait <= 24, "cured", np.where(lost, "charged_off", "open")),
            "debt_ratio": debt.round(2),
            "income_volatility": income.round(2),
            "origination_score": score.round(-1),
            "product": rng.choice(["card", "auto"], rows),
            "fold": rng.integers(0, 32, rows),
            "spells": 1,
        }
    )
    never_odds = {"debt_ratio": 1.2, "income_volatility": 0.0, "score": -0.25}
    return frame, {"parameters": {"never": never_odds, "cure": {"debt_ratio": -0.6, "income_volatility": -0.9}}}


def test_a_cure_models_coefficients_are_held_against_never_with_its_sign_turned() -> None:
    cells, truth = spells(12_000)
    table = model_against_truth(cells, truth).set_index(["measure", "covariate"])
    assert table.loc["incidence_proven", "truth"].to_dict() == {
        "debt_ratio": -1.2, "income_volatility": 0.0, "score": 0.25
    }  # fmt: skip
    assert set(table.loc["latency_proven"].index) == {"debt_ratio", "income_volatility"}
    assert "latency_cut_short" in table.index.get_level_values(0)
    # Waits are all seen here, so both readings are right; each interval misses once in twenty.
    assert table["errors"].abs().max() < 4 and table["covered"].mean() >= 0.7
    np.testing.assert_allclose(table["estimate"], table["truth"], atol=0.35)


def test_charge_off_before_the_slow_ones_cure_leaves_one_reading() -> None:
    cells, truth = spells(4_000)
    cut = cells.assign(
        duration=cells["duration"].clip(upper=2),
        exit=np.where(cells["duration"] > 2, "charged_off", cells["exit"]),
    )
    assert set(model_against_truth(cut, truth)["measure"]) == {"incidence_proven", "latency_proven"}


def test_other_waits_than_monthly_logits_have_no_truth_to_hold_against() -> None:
    cells, truth = spells(3_000)
    table = model_against_truth(cells, truth, latency="weibull")
    assert len(table) and all(measure.startswith("incidence") for measure in table["measure"])
