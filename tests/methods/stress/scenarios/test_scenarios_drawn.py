"""Paths of scenarios as they are drawn beside their history."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.methods.stress.scenarios.paths import comparable_paths, from_last, roles, worst_of

LAST = pd.Timestamp("2025-12-31")
NEXT = pd.Timestamp("2026-01-31")


def paths() -> pd.DataFrame:
    rows = [
        ("actual", LAST, "gdp_yoy", 0.04),
        ("actual", LAST, "unemployment_rate", 0.05),
        ("actual", LAST, "industry_index_retail", 100.0),
        ("actual", LAST, "industry_index_travel", 50.0),
        ("mild", NEXT, "gdp_yoy", 0.03),
        ("mild", NEXT, "unemployment_rate", 0.06),
        ("mild", NEXT, "industry_index_retail", 90.0),
        ("mild", NEXT, "industry_index_travel", 50.0),
        ("bad", NEXT, "gdp_yoy", -0.02),
        ("bad", NEXT, "unemployment_rate", 0.08),
        ("bad", NEXT, "industry_index_retail", 80.0),
        ("bad", NEXT, "industry_index_travel", 30.0),
    ]
    return pd.DataFrame(rows, columns=["scenario", "month", "variable", "value"])


def test_industries_are_drawn_as_their_mean_change_since_the_last_actual() -> None:
    drawn = comparable_paths(paths(), LAST)
    industries = drawn[drawn["variable"] == "industry_index"].set_index("scenario")["value"]
    assert industries.to_dict() == pytest.approx({"actual": 0.0, "mild": -0.05, "bad": -0.3})


def test_rates_are_drawn_as_they_are_and_unemployment_first() -> None:
    drawn = comparable_paths(paths(), LAST)
    assert list(pd.unique(drawn["variable"])) == ["unemployment_rate", "gdp_yoy", "industry_index"]
    growth = drawn[drawn["variable"] == "gdp_yoy"].set_index("scenario")["value"]
    assert growth.to_dict() == {"actual": 0.04, "mild": 0.03, "bad": -0.02}


def test_the_worst_is_high_unemployment_low_growth_and_low_indices() -> None:
    worst = worst_of(comparable_paths(paths(), LAST)).set_index("variable")
    assert list(worst.index) == ["unemployment_rate", "gdp_yoy", "industry_index"]
    assert set(worst["scenario"]) == {"bad"}
    assert worst["value"].to_dict() == pytest.approx(
        {"unemployment_rate": 0.08, "gdp_yoy": -0.02, "industry_index": -0.3}
    )


def test_a_line_is_the_baseline_before_it_is_the_worst_of_its_variable() -> None:
    drawn = comparable_paths(paths(), LAST)
    role = roles(drawn, "mild").groupby(drawn["scenario"]).unique().str[0]
    assert role.to_dict() == {"actual": "other", "mild": "baseline", "bad": "worst"}
    assert set(roles(drawn, "bad")) == {"other", "baseline"}


def test_lines_of_scenarios_begin_at_the_last_actual() -> None:
    lines = from_last(comparable_paths(paths(), LAST), LAST)
    growth = lines[(lines["variable"] == "gdp_yoy") & (lines["scenario"] == "bad")]
    assert list(growth["month"]) == [LAST, NEXT]
    assert list(growth["value"]) == [0.04, -0.02]


def test_an_economy_without_industries_is_drawn_without_them() -> None:
    few = paths()
    few = few[~few["variable"].str.startswith("industry")]
    assert "industry_index" not in set(comparable_paths(few, LAST)["variable"])
