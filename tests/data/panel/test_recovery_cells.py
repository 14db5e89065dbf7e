"""Recoveries by month of charge-off and customer group, against the cohorts of the same portfolio."""

import pytest
from random_panel import write_random_portfolio

from analysis.data.panel.months import month_number
from analysis.data.panel.recoveries import recoveries, recovery_cells
from analysis.data.portfolio import open_portfolio


@pytest.fixture(scope="module")
def portfolio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("claims")
    write_random_portfolio(folder, seed=8, accounts=150)
    return open_portfolio(folder)


def test_months_and_folds_add_up_to_the_quarters_of_the_cohorts(portfolio):
    cohorts = recoveries(portfolio, 6, ["product"]).cells
    whole = cohorts[(cohorts["dimension"] == "product") & (cohorts["basis"] == "balance")]
    cells = recovery_cells(portfolio, 6)
    quarter = cells["month"].dt.year.astype(str) + "Q" + cells["month"].dt.quarter.astype(str)
    cells = cells.assign(cohort=quarter)
    assert len(whole) > 10
    for row in whole.itertuples():
        own = cells[(cells["cohort"] == row.cohort) & (cells["product"] == row.value)]
        assert own["charged_off"].sum() == pytest.approx(row.denominator)
        assert own["claims"].sum() == row.units
        assert own.loc[own["since"] <= row.since, "paid"].sum() == pytest.approx(row.numerator)


def test_claims_are_in_the_month_of_charge_off_and_cash_comes_later(portfolio):
    cells = recovery_cells(portfolio, 6, by=())
    assert "product" not in cells.columns
    assert (cells.loc[cells["since"] == 0, "paid"] == 0).all()
    assert (cells.loc[cells["since"] > 0, ["claims", "charged_off"]] == 0).all(axis=None)
    assert cells["since"].between(0, 6).all()
    assert cells["fold"].between(0, 31).all()


def test_follow_up_runs_to_the_last_month_covered(portfolio):
    cells = recovery_cells(portfolio, 6)
    last = month_number(portfolio.months_covered()[1])
    assert (cells["month"].map(lambda day: month_number(day.date())) + cells["followed"] == last).all()
    assert (cells["since"] <= cells["followed"]).all()
