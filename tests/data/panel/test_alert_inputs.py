"""What alerts are read from."""

from contact_portfolio import account, day, make_portfolio, path

from analysis.core.periods import parse_month, shift_months
from analysis.data.panel.alerts import index_name, industry_exposure, industry_indices, segment_arrears


def test_arrears_of_segments_leave_out_what_is_charged_off(tmp_path):
    accounts = [account("A", region="n"), account("B", region="n"), account("D", region=None)]
    months = path("A", "2025-01", [0, 30], balance=[100.0, 80.0])
    months += path("B", "2025-01", [29, "charged_off"]) + path("D", "2025-01", [0, 0], balance=50.0)
    portfolio = make_portfolio(tmp_path, "2025-02", accounts=accounts, months=months)
    found = segment_arrears(portfolio, day("2025-02-28"), day("2025-02-28"), ["region"])
    columns = ["region", "accounts", "accounts_overdue", "numerator", "denominator"]
    assert found[columns].to_numpy().tolist() == [["n", 1, 1, 80.0, 80.0], ["unknown", 1, 0, 0.0, 50.0]]


def test_moments_of_segments_add_a_customers_accounts_up_first(tmp_path):
    accounts = [account(name, customer_id="X") for name in "AB"] + [account("D", customer_id="Y")]
    months = [row for name in "ABD" for row in path(name, "2025-01", [40], balance=100.0)]
    portfolio = make_portfolio(tmp_path, "2025-01", accounts=accounts, months=months)
    row = segment_arrears(portfolio, day("2025-01-31"), day("2025-01-31"), ["product"]).iloc[0]
    assert row[["nn", "nd", "dd", "units", "clusters"]].tolist() == [50_000, 50_000, 50_000, 3, 2]


def test_indices_come_with_their_value_twelve_months_before(tmp_path):
    macro = [
        {"month": shift_months(parse_month("2024-01"), i), "industry_index_retail": 100.0 - i} for i in range(14)
    ]
    portfolio = make_portfolio(
        tmp_path, "2025-02", accounts=[account("A")], months=path("A", "2025-02", [0]), macro=macro
    )
    found = industry_indices(portfolio, day("2025-02-28"))
    last = found.iloc[-1]
    assert (last["industry"], last["index"], last["index_year_ago"]) == ("retail", 87.0, 99.0)
    assert found["index_year_ago"].notna().sum() == 2


def test_without_an_economy_there_are_no_indices(tmp_path):
    portfolio = make_portfolio(tmp_path, "2025-01", accounts=[account("A")], months=path("A", "2025-01", [0]))
    assert industry_indices(portfolio, day("2025-01-31")).empty
    assert industry_exposure(portfolio, day("2025-01-31")).empty


def test_exposure_is_named_as_the_indices_are(tmp_path):
    accounts = [account("A", industry="Hotels & catering"), account("B", industry="hotels, catering")]
    months = path("A", "2025-01", [0]) + path("B", "2025-01", [0])
    portfolio = make_portfolio(tmp_path, "2025-01", accounts=accounts, months=months)
    found = industry_exposure(portfolio, day("2025-01-31"))
    assert found.to_numpy().tolist() == [[index_name("Hotels & catering"), 2, 200.0]]
