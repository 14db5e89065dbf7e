"""Each family of features against a portfolio small enough to be worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from contact_portfolio import account, contact, day, make_portfolio, path

from analysis.core.errors import InputError, ParameterError
from analysis.core.periods import parse_month, shift_months
from analysis.data.panel.account_features import delinquent_at, features_at, groups_at

DAYS = [0, 0, 10, 40, 0, 0, 15, 45, 75, 0, 0, 20, 50, 80]
"""Account A from January 2024 to February 2025."""
DECEMBER = "2024-12-31"


@pytest.fixture(scope="module")
def portfolio(tmp_path_factory):
    accounts = [
        account(
            "A",
            opened_on=day("2022-11-05"),
            industry="Hotels & catering",
            urban=True,
            secured=None,
            sex="female",
            education="secondary",
            marital_status="single",
            age=44,
            region=None,
            debt_ratio=0.4,
            credit_limit=900.0,
        ),
        account("B", opened_on=day("2024-11-20"), industry="retail", urban=False, sex="male", age=20, region="n"),
        account("D", customer_id="C-A", opened_on=None, industry=None, urban=None, sex=None),
    ]
    paid = [0.0] * 6 + [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0]
    months = path(
        "A",
        "2024-01",
        DAYS,
        amount_paid=paid,
        amount_due=100.0,
        balance=[100.0] * 9 + [200.0] * 5,
        spend=0.0,
        app_logins=[4] * 8 + [None, 1, 2, 3, 9, 9],
        utilisation=[0.1 * i for i in range(14)],
    )
    months += path("B", "2024-11", [0, 5, 36, 0], amount_paid=None, amount_due=0.0)
    months += path("D", "2024-06", [30, 60, 90, "charged_off", "charged_off", "charged_off", "charged_off"])
    log = [
        contact("B", "2024-09-15T10:00", "no_answer"),
        contact("A", "2024-10-05T10:00", "no_answer"),
        contact("A", "2024-11-10T10:00", "promise", promised_amount=110.0, promised_on=day("2024-12-20")),
        contact("A", "2024-12-01T10:00", "promise", promised_amount=999.0, promised_on=day("2024-12-15")),
        contact("A", "2024-12-20T10:00", "promise", promised_amount=1.0, promised_on=day("2025-01-10"),
                reason="unable"),
        contact("A", "2024-12-30T23:00", "third_party", party="third_party"),
        contact("A", "2024-12-31T23:59", "right_party", direction="inbound"),
    ]  # fmt: skip
    points = [
        {"contact_point_id": "1", "customer_id": "C-A", "kind": "mobile", "added_at": day("2022-11-05"),
         "dead_at": day("2024-10-09")},
        {"contact_point_id": "2", "customer_id": "C-A", "kind": "landline", "added_at": day("2024-12-09"),
         "dead_at": None},
        {"contact_point_id": "3", "customer_id": "C-A", "kind": "postal", "added_at": day("2022-11-05"),
         "dead_at": None},
    ]  # fmt: skip
    treatments = [
        {"treatment_id": "1", "account_id": "A", "decided_at": day("2024-10-02"), "treatment": "robot"},
        {"treatment_id": "2", "account_id": "A", "decided_at": day("2024-11-02"), "treatment": "agent"},
    ]
    told = [
        ("A", "need", "2024-05-31", "illness"),
        ("A", "need", "2024-11-30", "unemployment"),
        ("A", "bureau_delinquencies", "2024-10-31", "2"),
        ("A", "bureau_delinquencies", "2024-12-31", "10"),
        ("A", "Pay code", "2024-11-30", "-2"),
        ("A", "Pay code", "2024-12-31", "3"),
        ("A", "sex_recorded", "2024-10-31", "1"),
        ("A", "payment status", "2024-10-31", "4"),
        ("A", "note", "2024-10-31", "12 letters"),
    ]
    attributes = [
        {"account_id": a, "name": name, "known_at": day(at), "value": value} for a, name, at, value in told
    ]
    index = [(shift_months(parse_month("2023-12"), i), 100.0 + i) for i in range(15)]
    macro = [{"month": month, "industry_index_hotels_catering": value} for month, value in index]
    return make_portfolio(
        tmp_path_factory.mktemp("features"), "2025-02", accounts=accounts, months=months, contacts=log,
        contact_points=points, treatments=treatments, attributes=attributes, macro=macro,
    )  # fmt: skip


@pytest.fixture(scope="module")
def at(portfolio):
    """Features of an account at a month end that have a value, computed all at once."""
    ends = [pd.Timestamp(shift_months(parse_month("2024-03"), i)) for i in range(12)]
    rows = pd.DataFrame([(name, end) for name in "ABD" for end in ends], columns=["account_id", "month"])
    frame = features_at(portfolio, rows, history=3).set_index(["account_id", "month"])

    def told(month=DECEMBER, name="A"):
        found = frame.loc[(name, pd.Timestamp(month))]
        return found[found.notna() & (found != "unknown")]

    return told


def test_arrears_of_the_last_twelve_months(at):
    found = at()
    assert found["worst_dpd_12m"] == 75 and found["months_overdue_12m"] == 6 and found["times_overdue_12m"] == 3
    assert found["on_time_share"] == 0.5 and found["months_since_current"] == 1 and found["days_past_due"] == 20
    later = at("2025-02-28")
    # January and February 2024 have left the window; March 2024 began in it, after a month that was seen.
    assert later["months_overdue_12m"] == 8 and later["times_overdue_12m"] == 3
    assert later["months_since_current"] == 3


def test_a_short_history_is_taken_as_far_as_it_goes(at):
    found = at("2024-03-31")
    assert found["months_overdue_12m"] == 1 and found["on_time_share"] == pytest.approx(2 / 3)
    first_row_overdue = at("2024-06-30", "D")
    assert first_row_overdue["times_overdue_12m"] == 0, "nobody saw these arrears begin"
    assert "months_since_current" not in first_row_overdue.index


def test_months_after_charge_off_are_no_arrears(at):
    found = at("2024-10-31", "D")
    assert found["worst_dpd_12m"] == 90 and found["months_overdue_12m"] == 3 and found["on_time_share"] == 0


def test_changes_compare_three_months_with_the_three_before(at):
    found = at()
    assert found["paid_share_3m"] == pytest.approx(150 / 300)
    assert found["payment_trend_3m"] == pytest.approx((150 - 60) / 210)
    assert found["balance_change_3m"] == pytest.approx((600 - 300) / 900)
    assert found["spend_change_3m"] == 0, "nothing spent, before or after, is no change"
    assert found["logins_3m"] == 6
    assert "logins_change_3m" not in found.index, "a month of the six is not recorded"
    assert found["utilisation"] == pytest.approx(1.1) and found["amount_due"] == 100
    young = at(name="B")
    assert not {"payment_trend_3m", "balance_change_3m", "paid_share_3m"} & set(young.index)


def test_contacts_count_by_calendar_month_up_to_the_month_end(at):
    found = at()
    assert found["attempts_3m"] == 4 and found["right_party_3m"] == 4 and found["promises_3m"] == 3
    assert found["promises_kept_share"] == 0.5, "the third promise's day has not come"
    assert found["months_since_right_party"] == 0
    assert (found["last_outcome"], found["last_reason"]) == ("right_party", "unable")
    november = at("2024-11-30")
    assert november["attempts_3m"] == 2 and november["months_since_right_party"] == 0
    assert "promises_kept_share" not in november.index
    assert at("2025-02-28")["months_since_right_party"] == 2


def test_before_the_log_begins_contacts_are_unknown_not_none(portfolio, at):
    october, august = at("2024-10-31"), at("2024-08-31")
    assert "attempts_3m" not in october.index, "the log began in September, so only two months are in it"
    assert october["last_outcome"] == "no_answer" and october["last_reason"] == "none"
    assert not {"last_outcome", "last_reason"} & set(august.index)
    both = pd.DataFrame({"account_id": ["A", "A"], "month": pd.to_datetime(["2024-08-31", DECEMBER])})
    frame = features_at(portfolio, both)
    assert frame["last_outcome"].tolist() == ["unknown", "right_party"] and np.isnan(frame["attempts_3m"][0])
    assert frame["last_treatment"].tolist() == ["unknown", "agent"]


def test_a_customer_whose_telephones_are_dead_is_unreachable(at):
    found = {month: at(month)["unreachable"] for month in ("2024-09-30", "2024-10-31", DECEMBER)}
    assert found == {"2024-09-30": 0, "2024-10-31": 1, DECEMBER: 0}


def test_facts_are_those_of_the_opening(portfolio, at):
    found = at()
    assert found["months_on_book"] == 25 and found["urban"] == 1 and found["age"] == 44
    assert found["debt_ratio"] == 0.4 and found["credit_limit"] == 900 and found["product"] == "card"
    assert "region" not in found.index, "it isn't recorded, and no other row tells it"
    rows = pd.DataFrame({"account_id": ["A", "B", "D"], "month": pd.Timestamp(DECEMBER)})
    frame = features_at(portfolio, rows)
    assert frame["region"].tolist() == ["unknown", "n", "unknown"]
    assert frame["urban"].tolist()[:2] == [1, 0] and np.isnan(frame["urban"][2])
    assert frame["customer"].tolist() == ["C-A", "C-B", "C-A"] and frame["fold"][0] == frame["fold"][2]


def test_an_account_not_yet_open_tells_nothing(portfolio):
    rows = pd.DataFrame({"account_id": ["B", "A"], "month": pd.Timestamp("2024-10-31")})
    frame = features_at(portfolio, rows)
    assert frame["product"].tolist() == ["unknown", "card"]
    assert frame.loc[0, ["age", "months_on_book", "urban", "days_past_due"]].isna().all()


def test_attributes_are_the_latest_known(at):
    found = at()
    assert found["need"] == "unemployment" and found["bureau_delinquencies"] == 10
    assert found["attribute_pay_code"] == 3
    assert found["attribute_pay_code_0"] == 3 and found["attribute_pay_code_1"] == -2
    october = at("2024-10-31")
    assert october["need"] == "illness" and october["bureau_delinquencies"] == 2
    assert "attribute_note" not in found.index, "its value is no number"


def test_history_is_one_column_a_month(at):
    found = at()
    assert [found[f"days_past_due_{k}"] for k in range(3)] == [20, 0, 0]
    assert [found[f"amount_paid_{k}"] for k in range(3)] == [60, 50, 40]
    assert "balance_3" not in found.index and found["balance_0"] == 200


def test_the_index_is_that_of_the_accounts_industry(portfolio, at):
    assert at()["industry_index_change"] == pytest.approx(np.log(112 / 100))
    rows = pd.DataFrame({"account_id": ["A", "B"], "month": pd.Timestamp(DECEMBER)})
    assert np.isnan(features_at(portfolio, rows)["industry_index_change"][1])
    assert "industry_index_change" not in at("2024-11-30").index, "no index a year before"


def test_what_is_protected_comes_through_groups_alone(portfolio):
    rows = pd.DataFrame({"account_id": ["A", "B", "D"], "month": pd.Timestamp(DECEMBER)})
    features = features_at(portfolio, rows, history=3)
    assert not [name for name in features.columns if {"sex", "education", "marital"} & set(name.split("_"))]
    assert features["attribute_payment_status"][0] == 4, "a word in common with marital status protects nothing"
    groups = groups_at(portfolio, rows)
    assert groups["sex"].tolist() == ["female", "male", "unknown"] and groups["age"].tolist()[:2] == [44, 20]
    assert groups["education"].tolist() == ["secondary", "unknown", "unknown"]


def test_what_is_left_out_does_not_enter(portfolio):
    rows = pd.DataFrame({"account_id": ["A"], "month": [pd.Timestamp(DECEMBER)]})
    found = features_at(portfolio, rows, leave_out=("Pay code", "need", "utilisation"), history=2)
    assert not [name for name in found.columns if "pay_code" in name or name in ("need", "utilisation")]


def test_rows_keep_their_order_and_index_and_may_be_told_by_number(portfolio):
    rows = pd.DataFrame({"account_id": ["B", "A", "A"], "month": [2024 * 12 + 11] * 2 + [2024 * 12 + 2]})
    rows.index = ["x", "y", "z"]
    found = features_at(portfolio, rows)
    assert found["days_past_due"].to_dict() == {"x": 5, "y": 20, "z": 10}
    assert found["month"].tolist() == [pd.Timestamp(DECEMBER)] * 2 + [pd.Timestamp("2024-03-31")]
    table = portfolio.table("months").filter(lambda t: t.account_id == "B")
    assert sorted(features_at(portfolio, table)["days_past_due"]) == [0, 0, 5, 36]


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ({"account_id": ["A"]}, InputError, "no column 'month'"),
        ({"account_id": [None], "month": [pd.Timestamp(DECEMBER)]}, InputError, "must be given in every row"),
        ({"account_id": ["A"], "month": [pd.Timestamp("2024-12-30")]}, ParameterError, "no month end"),
    ],
)  # fmt: skip
def test_rows_that_are_no_accounts_at_month_ends_are_refused(portfolio, rows, error, message):
    with pytest.raises(error, match=message):
        features_at(portfolio, pd.DataFrame(rows))


def test_the_delinquent_are_open_and_late_enough(portfolio):
    ends = [day("2024-09-30"), day("2024-08-31"), day(DECEMBER)]
    found = delinquent_at(portfolio, ends)
    assert [tuple(row) for row in found[["account_id", "month"]].astype(str).to_numpy()] == [
        ("A", "2024-08-31"), ("A", "2024-09-30"), ("A", DECEMBER), ("B", DECEMBER), ("D", "2024-08-31"),
    ]  # fmt: skip
    assert (found["sampled"] == 1).all()
    assert delinquent_at(portfolio, ends, entry_days=60)["account_id"].tolist() == ["A", "D"]
    with pytest.raises(ParameterError, match="no month end"):
        delinquent_at(portfolio, [day("2024-09-29")])
    with pytest.raises(ParameterError, match="most is 0"):
        delinquent_at(portfolio, ends, most=0)


def test_a_sample_holds_whole_customers_and_says_its_share(tmp_path):
    names = [f"A{i:04d}" for i in range(600)]
    accounts = [account(name, customer_id=f"C{i // 2}") for i, name in enumerate(names)]
    months = [row for name in names for row in path(name, "2024-01", [10, 40])]
    portfolio = make_portfolio(tmp_path, "2024-02", accounts=accounts, months=months)
    ends = [day("2024-01-31"), day("2024-02-29")]
    found = delinquent_at(portfolio, ends, most=400)
    assert found["sampled"].unique().tolist() == [pytest.approx(1 / 3, abs=1e-4)]
    assert 300 < len(found) < 500
    customer = found["account_id"].str[1:].astype(int) // 2
    assert (found.groupby(customer).size() == 4).all(), "a customer is in with all accounts and months, or out"
    pd.testing.assert_frame_equal(delinquent_at(portfolio, ends, most=400), found)
    smaller = delinquent_at(portfolio, ends, most=100)
    assert set(smaller["account_id"]) < set(found["account_id"])
