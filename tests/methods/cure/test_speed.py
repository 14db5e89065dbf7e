"""Odds ratios of fitted hazards, read from the names of coefficients."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.methods.cure.speed import odds, readable
from analysis.statistics.hazards import MultinomialHazard


def table(*names: str, exit_name: str = "cured") -> pd.DataFrame:
    """Coefficients in the columns of MultinomialHazard.coefficients(): 0.1, 0.2, … with limits 1 either side."""
    coef = 0.1 * np.arange(1, len(names) + 1)
    frame = pd.DataFrame({"exit": exit_name, "covariate": names, "coef": coef, "se": 0.5})
    return frame.assign(lower=frame["coef"] - 1, upper=frame["coef"] + 1)


@pytest.mark.parametrize(
    ("name", "variable", "value"),
    [
        ("C(product)[T.cash_loan]", "product", "cash_loan"),
        ('C(contact_last_month, contr.treatment("none"))[T.right_party]', "contact_last_month", "right_party"),
        ("C(state, contr.treatment('1–29'))[T.30–59]", "state", "30–59"),
        ("C(score, contr.treatment('0.2 to under 0.4'))[T.0.4 or more]", "score", "0.4 or more"),
        ("C(score, contr.treatment('[0.2, 0.4)'))[T.[0.4, 0.6)]", "score", "[0.4, 0.6)"),
        ("C(industry, contr.treatment('trade (retail)'))[T.transport (road)]", "industry", "transport (road)"),
        ("product[T.auto]", "product", "auto"),
        ("unemployment", "unemployment", ""),
    ],
)
def test_a_coefficient_is_told_by_variable_and_value(name: str, variable: str, value: str) -> None:
    row = odds(table(name)).iloc[0]
    assert (row["variable"], row["value"]) == (variable, value)


def test_odds_are_the_exponentials_of_coefficients_and_limits() -> None:
    row = odds(table("unemployment")).iloc[0]
    assert row["coef"] == pytest.approx(0.1)
    assert row[["odds_lower", "odds", "odds_upper"]].tolist() == pytest.approx(list(np.exp([-0.9, 0.1, 1.1])))


def test_the_intercept_and_other_exits_are_left_out() -> None:
    both = pd.concat([table("Intercept", "urban[T.true]"), table("urban[T.true]", exit_name="charged_off")])
    assert odds(both)["coef"].tolist() == [0.2]
    assert odds(both, "charged_off")["coef"].tolist() == [0.1]


def test_nothing_but_an_intercept_gives_an_empty_table() -> None:
    found = odds(table("Intercept"))
    assert len(found) == 0
    assert list(found) == ["variable", "value", "coef", "odds", "odds_lower", "odds_upper"]


def test_a_twofold_odds_of_cure_is_found_in_fitted_cells() -> None:
    # Against `none`, 1/3 cured: odds 1/2. After right-party contact, 1/2 cured: odds 1.
    cells = pd.DataFrame(
        {"contact": ["none", "right_party"], "at_risk": [3000, 400], "cured": [1000, 200], "fold": [0, 1]}
    )
    model = MultinomialHazard(exits=("cured",)).fit(cells, formula='C(contact, contr.treatment("none"))')
    row = odds(model.coefficients()).iloc[0]
    assert (row["variable"], row["value"]) == ("contact", "right_party")
    assert row["odds"] == pytest.approx(2.0, rel=1e-6)
    assert row["odds_lower"] < 2.0 < row["odds_upper"]


def test_swapping_the_base_turns_the_odds_over() -> None:
    cells = pd.DataFrame({"contact": ["no", "yes"], "at_risk": [300, 40], "cured": [100, 20]})
    ways = [
        odds(
            MultinomialHazard(exits=("cured",))
            .fit(cells, formula=f'C(contact, contr.treatment("{base}"))')
            .coefficients()
        ).iloc[0]
        for base in ("no", "yes")
    ]
    assert ways[0]["odds"] == pytest.approx(1 / ways[1]["odds"])
    assert ways[0]["odds_lower"] == pytest.approx(1 / ways[1]["odds_upper"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("C(product)[T.cash_loan]", "product: cash loan"),
        ("C(contact_last_month, contr.treatment('none'))[T.right_party]", "contact last month: right party"),
        ("origination_score[T.below 618]", "origination score: below 618"),
        ("unemployment_lag2", "unemployment lag2"),
    ],
)
def test_coefficients_are_written_as_a_person_would(name: str, text: str) -> None:
    assert readable(name) == text
