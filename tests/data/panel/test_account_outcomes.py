"""What became of accounts after a month end, against panels drawn month by month and followed by hand."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from contact_portfolio import account, make_portfolio, path

from analysis.core.errors import InputError, ParameterError
from analysis.core.spells import SpellRules
from analysis.data.panel.account_outcomes import attribute_outcomes, outcomes_after
from analysis.data.portfolio import open_portfolio

OFF = "charged_off"
PATHS = {
    # January to December 2024, so that cures can be judged up to October.
    "cured": [0, 9, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    "relapsed": [0, 9, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0],
    "lost": [0, 99, 129, 159, OFF, OFF, OFF, OFF, OFF, OFF, OFF, OFF],
    "sold": [0, 99, 129, "sold"],
    "repaid": [0, 9, 40, "paid_off"],
    "shut": [0, 9, 40, "closed"],
    "stopped": [0, 9, 40, 70],
    "running": [0, 9, 40, 70, 100, 130, 160, 190, 220, 250, 280, OFF],
    "late": [0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0],
    "cured_lost": [0, 9, 0, 0, 0, 90, OFF, OFF, OFF, OFF, OFF, OFF],
}


@pytest.fixture(scope="module")
def portfolio(tmp_path_factory):
    products = {"relapsed": "mortgage"}
    accounts = [account(name, product=products.get(name, "card")) for name in PATHS]
    months = [
        row
        for name in sorted(PATHS)
        for row in path(name, "2024-01", PATHS[name], amount_paid=[float(i) for i in range(len(PATHS[name]))])
    ]
    return make_portfolio(tmp_path_factory.mktemp("outcomes"), "2024-12", accounts=accounts, months=months)


def after(portfolio, month, names=tuple(PATHS), horizons=(2, 3), rules=None):
    rows = pd.DataFrame({"account_id": list(names), "month": pd.Timestamp(month)})
    return outcomes_after(portfolio, rows, horizons, rules).set_index("account_id")


@pytest.fixture(scope="module")
def february(portfolio):
    return after(portfolio, "2024-02-29")


def test_a_sustained_cure_is_dated_at_its_first_current_month(february):
    told = february[["cured_2", "cured_3", "exit", "months_to_exit"]]
    assert told.loc["cured"].tolist() == [1, 1, "cured", 2]
    # Current in March but overdue in April: the cure that lasts begins in May.
    assert told.loc["relapsed"].tolist() == [0, 1, "cured", 3]


def test_charge_off_and_sale_of_an_open_account_are_losses(february):
    told = february[["charged_off_2", "charged_off_3", "cured_3", "exit", "months_to_exit"]]
    assert told.loc["lost"].tolist() == [0, 1, 0, "charged_off", 3]
    assert told.loc["sold"].tolist() == [1, 1, 0, "sold", 2]
    assert told.loc["cured"].tolist()[:2] == [0, 0]


def test_a_charge_off_after_a_cure_is_still_one(portfolio):
    found = after(portfolio, "2024-02-29", ["cured_lost"], (5,)).iloc[0]
    assert (found["cured_5"], found["charged_off_5"], found["exit"], found["months_to_exit"]) == (1, 1, "cured", 1)


def test_who_pays_in_full_or_closes_is_paid_off_not_cured(february):
    told = february.loc[["repaid", "shut"], ["paid_off_2", "paid_off_3", "charged_off_3", "cured_3", "exit"]]
    assert told.to_numpy().tolist() == [[1, 1, 0, 0, "paid_off"]] * 2


def test_cash_counts_before_and_after_charge_off_but_not_of_the_month_itself(portfolio, february):
    assert february.loc["lost", ["paid_2", "paid_3"]].tolist() == [2 + 3, 2 + 3 + 4]
    assert after(portfolio, "2024-05-31", ["lost"])["paid_3"].tolist() == [5 + 6 + 7]
    # Nothing comes after the last row of an account that was sold.
    assert february.loc["sold", ["paid_2", "paid_3"]].tolist() == [5, 5]


def test_an_account_whose_rows_stop_is_not_known_beyond_them(february):
    told = february.loc["stopped", ["charged_off_2", "cured_2", "paid_2", "exit", "months_to_exit"]]
    assert told.tolist() == [0, 0, 5, "open", 2]
    assert february.loc["stopped", ["charged_off_3", "cured_3", "paid_3", "paid_off_3"]].isna().all()


def test_what_the_panel_does_not_cover_is_missing_even_where_it_was_seen(portfolio):
    names = ["running", "late"]
    october, november = (after(portfolio, month, names) for month in ("2024-10-31", "2024-11-30"))
    assert october["charged_off_2"].tolist() == [1, 0] and october["paid_2"].tolist() == [21, 21]
    assert october["cured_2"].isna().all(), "a cure of November or December cannot have lasted yet"
    assert october["charged_off_3"].isna().all(), "January is not covered"
    assert november[["charged_off_2", "paid_off_2", "paid_2"]].isna().all(axis=None), "seen, but so are no others"
    assert october[["exit", "months_to_exit"]].to_numpy().tolist() == [["open", 0]] * 2


def test_probation_decides_how_long_cures_must_last_and_are_followed(portfolio):
    at_once = after(portfolio, "2024-02-29", ["relapsed"], (2,), SpellRules(sustained_months=1))
    assert at_once[["cured_2", "months_to_exit"]].to_numpy().tolist() == [[1, 1]]
    rules = SpellRules(sustained_months=1, probation={"mortgage": 4})
    mortgage = after(portfolio, "2024-02-29", ["relapsed"], (2, 3), rules)
    assert mortgage[["cured_2", "cured_3"]].to_numpy().tolist() == [[0, 1]]
    assert after(portfolio, "2024-08-31", ["running"], (2,), rules)["cured_2"].isna().all()
    assert after(portfolio, "2024-10-31", ["late"], (2,), SpellRules(sustained_months=1))["cured_2"].tolist() == [
        1
    ]


def test_only_the_overdue_can_cure_and_only_the_open_be_charged_off(portfolio):
    january, june = after(portfolio, "2024-01-31"), after(portfolio, "2024-06-30", ["lost", "running"])
    assert january[["cured_3", "exit", "months_to_exit"]].isna().all(axis=None)
    assert january.loc["sold", "charged_off_3"] == 1
    assert np.isnan(june.loc["lost", "charged_off_3"]) and june.loc["running", "charged_off_3"] == 0
    unknown = after(portfolio, "2024-06-30", ["sold"])
    assert unknown.drop(columns="month").isna().all(axis=None), "it had left the book"


@pytest.mark.parametrize("horizons", [(), (0,), (3.0,), (True,)])
def test_horizons_must_be_whole_months(portfolio, horizons):
    with pytest.raises(ParameterError, match="give whole months from 1 on"):
        after(portfolio, "2024-02-29", horizons=horizons)


def test_an_outcome_of_attributes_is_the_first_told_later(tmp_path):
    told = [("A", date(2024, 1, 31), "1"), ("A", date(2024, 3, 31), "0"), ("A", date(2024, 4, 30), "1")]
    attributes = [{"account_id": a, "name": "bad", "known_at": at, "value": value} for a, at, value in told]
    months = path("A", "2024-01", [9, 9]) + path("B", "2024-01", [9, 9])
    make_portfolio(
        tmp_path, "2024-02", accounts=[account("A"), account("B")], months=months, attributes=attributes
    )
    rows = pd.DataFrame(
        {"account_id": ["B", "A", "A"], "month": pd.to_datetime(["2024-02-29"] * 2 + ["2023-12-31"])}
    )
    found = attribute_outcomes(open_portfolio(tmp_path, as_of=date(2024, 4, 30)), rows, "bad")
    assert np.isnan(found["value"][0]) and found["value"].tolist()[1:] == [0, 1]
    assert found["known_at"].tolist()[1:] == [pd.Timestamp("2024-03-31"), pd.Timestamp("2024-01-31")]
    with pytest.raises(
        InputError, match="holds no 'good' known by 2024-02-29; open the portfolio as of a later day"
    ):
        attribute_outcomes(open_portfolio(tmp_path), rows, "good")
    # What was told after the as-of day is no outcome yet.
    assert attribute_outcomes(open_portfolio(tmp_path), rows[:2], "bad")["value"].isna().all()
