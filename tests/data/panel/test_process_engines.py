"""The same expressions give the same counts on DuckDB and on Spark."""

import pandas as pd
import pytest
from contact_portfolio import account, contact, day, make_portfolio, path

from analysis.core.errors import InputError
from analysis.core.periods import Period, parse_month, shift_months
from analysis.core.states import Buckets
from analysis.data.panel import alerts, first_contact, funnel, origination, response
from analysis.data.portfolio import open_portfolio
from analysis.data.store import require_java

FIRST, LAST = day("2025-01-01"), day("2025-06-30")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four accounts in and out of arrears, with contacts in all channels of fate."""
    accounts = [
        account("A", customer_id="X", region="n", urban=True, industry="retail", monthly_income=5000.0),
        account("B", customer_id="X", region="n", urban=False, industry="retail", monthly_income=4000.0),
        account("D", customer_id="Y", region="s", urban=None, industry="transport", monthly_income=3000.0),
        account("E", customer_id="Z", region=None, urban=True, industry=None, monthly_income=None),
    ]
    months = path("A", "2025-01", [0, 10, 41, 71, 0, 0], amount_paid=40.0)
    months += path("B", "2025-01", [0, 0, 20, 0, 15, 46], amount_paid=25.5)
    months += path("D", "2025-01", [0, 0, 3, 34, 64, "charged_off"], amount_paid=0.0)
    months += path("E", "2025-01", [0, 0, 0, 31, 61, 92], amount_paid=None)
    log = [
        contact("E", "2025-01-02T09:00", None),
        contact("A", "2025-02-20T09:00"),
        contact("A", "2025-02-22T20:15", "promise", promised_amount=60.0, promised_on=day("2025-03-05")),
        contact("B", "2025-03-15T23:59", "refused", channel="sms"),
        contact("D", "2025-04-06T00:00", "promise", promised_amount=10.0, promised_on=day("2025-06-29")),
        contact("D", "2025-05-06T12:00", "hardship", direction="inbound"),
    ]
    macro = [
        {"month": shift_months(parse_month("2024-01"), i), "industry_index_retail": 100.0 - i} for i in range(18)
    ]
    where = tmp_path_factory.mktemp("engines")
    make_portfolio(where, "2025-06", accounts=accounts, months=months, contacts=log, macro=macro)
    return where


MEASURES = {
    "contact_delays": lambda p: first_contact.contact_delays(p, FIRST, LAST, 2, ["product"]),
    "cure_by_delay": lambda p: first_contact.cure_by_delay(p, FIRST, LAST, Buckets(), (1,)),
    "funnel_counts": lambda p: funnel.funnel_counts(p, FIRST, LAST, 3, ["channel", "month", "region"]),
    "response_hours": lambda p: response.response_hours(p, FIRST, LAST),
    "response_strata": lambda p: response.response_strata(p, FIRST, LAST, Buckets(), ["region"]),
    "segment_arrears": lambda p: alerts.segment_arrears(p, FIRST, LAST, ["region", "industry"]),
    "industry_indices": lambda p: alerts.industry_indices(p, LAST),
    "origination_counts": lambda p: origination.origination_counts(p, Period(2025, 2)),
}


@pytest.mark.slow
def test_duckdb_and_spark_count_the_same(folder):
    pytest.importorskip("pyspark", reason="PySpark is not installed: pip install 'arrears-lab[spark]'")
    try:
        require_java()
    except InputError as error:
        pytest.skip(str(error))
    embedded, cluster = open_portfolio(folder), open_portfolio(folder, engine="spark://local[1]")
    for name, measure in MEASURES.items():
        one, two = measure(embedded), measure(cluster)
        assert len(one), f"{name} counts nothing, so it shows nothing"
        keys = list(one.columns)
        one, two = (frame.sort_values(keys, ignore_index=True) for frame in (one, two))
        pd.testing.assert_frame_equal(one, two, check_dtype=False, obj=name)
