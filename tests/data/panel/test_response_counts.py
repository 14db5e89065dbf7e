"""Right-party contacts by hour and by case mix, counted by the engine."""

from contact_portfolio import account, contact, day, make_portfolio, path

from analysis.core.states import Buckets
from analysis.data.panel.response import response_hours, response_strata

FIRST, LAST = day("2025-01-01"), day("2025-12-31")


def portfolio_of(tmp_path, log, **values):
    months = path("A", "2025-01", [0, 10, 41])
    return make_portfolio(tmp_path, "2025-03", accounts=[account("A", **values)], months=months, contacts=log)


def test_hours_are_of_the_customers_clock_and_monday_is_the_first_day(tmp_path):
    log = [
        contact("A", "2025-03-03T23:59", "refused"),  # a Monday
        contact("A", "2025-03-09T00:00"),  # a Sunday
        contact("A", "2025-03-09T00:30", None),
        contact("A", "2025-03-09T00:40", "refused", direction="inbound"),
    ]
    found = response_hours(portfolio_of(tmp_path, log), FIRST, LAST)
    rows = found[["weekday", "hour", "numerator", "denominator"]].to_numpy().tolist()
    assert rows == [[1, 23, 1, 1], [7, 0, 0, 1]]


def test_the_bucket_is_that_of_the_month_end_before_the_attempt(tmp_path):
    log = [contact("A", "2025-03-01T10:00"), contact("A", "2025-02-28T10:00"), contact("A", "2025-01-02T10:00")]
    found = response_strata(portfolio_of(tmp_path, log), FIRST, LAST, Buckets())
    assert dict(found[["bucket", "weekend"]].to_numpy().tolist()) == {
        "1–29": True,  # 1 March 2025 was a Saturday
        "current": False,
        "unknown": False,
    }


def test_strata_carry_the_case_mix(tmp_path):
    log = [contact("A", "2025-03-04T20:10", "promise", channel="sms")]
    found = response_strata(
        portfolio_of(tmp_path, log, urban=True, region="north"), FIRST, LAST, Buckets(), ["region"]
    )
    row = found.iloc[0]
    assert (row["channel"], row["product"], row["urban"], row["region"]) == ("sms", "card", "true", "north")
    assert (row["hour_band"], row["attempts"], row["right_party"]) == (18, 1, 1)


def test_where_nobody_said_urban_or_rural_it_is_unknown(tmp_path):
    found = response_strata(portfolio_of(tmp_path, [contact("A", "2025-03-04T20:10")]), FIRST, LAST, Buckets())
    assert list(found["urban"]) == ["unknown"]
