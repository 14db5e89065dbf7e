"""Rates of the panel against counting by hand, customer by customer."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from random_panel import MONTHS, START, write_random_portfolio

from analysis.core.errors import ParameterError
from analysis.core.periods import Period, parse_month, shift_months
from analysis.data.panel import families
from analysis.data.panel.dimensions import available
from analysis.data.panel.ratios import joint, monthly, pooled
from analysis.data.portfolio import open_portfolio

LAST = shift_months(START, MONTHS - 1)
QUARTERS = {str(q): q.months for q in (Period(2024, 3), Period(2025, 1))}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ratios")
    months = write_random_portfolio(folder, 21, accounts=80, customers=50)
    return open_portfolio(folder), months.sort_values(["account_id", "month"])


def rows_by_hand(months, measure):
    """One row an account-month with base x, event flag e and amount y of a measure, by its definition."""
    is_open = months["status"] == "open"
    if measure.startswith("overdue"):
        rows = months[is_open]
        late = rows["days_past_due"] >= int(measure.split("_")[1])
        return rows.assign(x=rows["balance"], e=late, y=rows["balance"].where(late, 0.0))
    after = months.groupby("account_id")[["month", "status", "days_past_due", "amount_paid", "charged_off_amount"]]
    rows = months.join(after.shift(-1).add_prefix("next_")).dropna(subset=["next_status"])
    rows = rows[(rows["status"] == "open") & ((rows["days_past_due"] > 0) | (measure == "written_off"))]
    rows = rows.assign(month=rows["next_month"], x=rows["balance"])
    current = (rows["next_status"] == "open") & (rows["next_days_past_due"] == 0)
    if measure == "cure":
        return rows.assign(e=current, y=rows["x"].where(current, 0.0))
    if measure == "liquidation":
        return rows.assign(e=rows["next_amount_paid"] > 0, y=rows["next_amount_paid"])
    if measure == "written_off":
        lost = rows["next_status"] == "charged_off"
        return rows.assign(e=lost, y=rows["next_charged_off_amount"].where(lost, 0.0))
    return _after_cure(months, rows.assign(cured=current), measure)


def _after_cure(months, rows, measure):
    paths = {account: path.set_index("month") for account, path in months.groupby("account_id")}
    days, least, most = (1, 0, 2) if measure == "sustained_cure" else (30, 1, 6)
    rows = rows[rows["month"] <= shift_months(LAST, -most)]
    lapsed = []
    for row in rows.itertuples():
        seen = [shift_months(row.month, k) for k in range(least, most + 1)]
        path = paths[row.account_id].reindex(seen).dropna(subset=["status"])
        late = (path["status"] == "open") & (path["days_past_due"] >= days)
        lapsed.append(bool((late | path["status"].isin(["charged_off", "sold"])).any()))
    rows = rows.assign(lapsed=lapsed)
    if measure == "redefault":
        rows = rows[rows["cured"]]
        return rows.assign(e=rows["lapsed"], y=rows["x"].where(rows["lapsed"], 0.0))
    kept = rows["cured"] & ~rows["lapsed"]
    return rows.assign(e=kept, y=rows["x"].where(kept, 0.0))


def moments_by_hand(rows, keys):
    found = {}
    for key, inside in rows.groupby(keys):
        sums = inside.assign(k=1.0, e=inside["e"].astype(float)).groupby("customer_id")[["e", "k", "y", "x"]].sum()
        for basis, (top, base) in {"accounts": ("e", "k"), "balance": ("y", "x")}.items():
            y, x = sums[top].to_numpy(), sums[base].to_numpy()
            found[(*key, basis)] = [y.sum(), x.sum(), y @ y, y @ x, x @ x, len(inside), len(x), x.max()]
    return found


def assert_same(cells, keys, expected):
    columns = ["numerator", "denominator", "nn", "nd", "dd", "units", "clusters", "largest"]
    got = {tuple(row[[*keys, "basis"]]): row[columns].astype(float).tolist() for _, row in cells.iterrows()}
    assert set(got) == set(expected)
    for key, values in expected.items():
        np.testing.assert_allclose(got[key], values, rtol=1e-9, atol=1e-9, err_msg=str(key))


FAMILIES = {
    "overdue_1": families.OVERDUE,
    "overdue_30": families.OVERDUE,
    "overdue_90": families.OVERDUE,
    "written_off": families.WRITTEN_OFF,
    "cure": families.COLLECTED,
    "liquidation": families.COLLECTED,
    "sustained_cure": families.sustained(3, LAST),
    "redefault": families.redefault(30, 6, LAST),
}


@pytest.mark.parametrize("measure", FAMILIES)
def test_monthly_cells_are_what_counting_by_hand_gives(drawn, measure):
    portfolio, months = drawn
    cells = monthly(portfolio, FAMILIES[measure], dimensions=["product"])
    cells = cells[(cells["measure"] == measure) & (cells["dimension"] == "product")]
    cells = cells.assign(month=cells["month"].dt.date)
    expected = moments_by_hand(rows_by_hand(months, measure), ["product", "month"])
    assert_same(cells.rename(columns={"value": "product"}), ["product", "month"], expected)


@pytest.mark.parametrize("measure", ["overdue_30", "cure", "liquidation"])
def test_pooled_cells_are_what_counting_by_hand_gives(drawn, measure):
    portfolio, months = drawn
    cells = pooled(portfolio, FAMILIES[measure], QUARTERS)
    names = {month: name for name, pooled_months in QUARTERS.items() for month in pooled_months}
    rows = rows_by_hand(months, measure)
    rows = rows.assign(period=rows["month"].map(names)).dropna(subset=["period"])
    expected = moments_by_hand(rows, ["period"])
    assert_same(cells[cells["measure"] == measure], ["period"], {key: values for key, values in expected.items()})


def test_joint_moments_are_what_counting_by_hand_gives(drawn):
    portfolio, months = drawn
    now, before = "2025Q1", "2024Q3"
    found = joint(portfolio, families.COLLECTED, QUARTERS, [(now, before)])
    rows = rows_by_hand(months, "cure").assign(k=1.0)
    sums = [
        rows[rows["month"].isin(QUARTERS[q])].groupby("customer_id")[["e", "k", "y", "x"]].sum()
        for q in (now, before)
    ]
    both = sums[0].join(sums[1], rsuffix="_", how="inner").astype(float)
    for basis, (y, x) in {"accounts": ("e", "k"), "balance": ("y", "x")}.items():
        row = found[(found["measure"] == "cure") & (found["basis"] == basis)].iloc[0]
        expected = [both[a] @ both[f"{b}_"] for a, b in ((y, y), (y, x), (x, y), (x, x))]
        got = row[["joint_nn", "joint_nd", "joint_dn", "joint_dd"]].astype(float)
        np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_a_sustained_cure_is_not_judged_before_it_is_known(drawn):
    portfolio, _ = drawn
    cells = monthly(portfolio, families.sustained(3, LAST))
    assert cells["month"].max().date() == shift_months(LAST, -2)


def test_a_redefault_is_judged_only_after_the_whole_time(drawn):
    portfolio, _ = drawn
    assert monthly(portfolio, families.redefault(30, 12, LAST))["month"].max().date() == shift_months(LAST, -12)


def test_an_account_counts_for_the_agency_it_was_with_at_the_months_end(drawn):
    portfolio, months = drawn
    treatments = pd.read_parquet(portfolio.path("treatments"))
    rows = rows_by_hand(months, "overdue_30")

    def agency(account_id, month):
        own = treatments[(treatments["account_id"] == account_id) & treatments["agency"].notna()]
        own = own[(own["started_on"] <= month) & ~(own["ended_on"].fillna(date.max) < month)]
        return own.sort_values(["started_on", "treatment_id"])["agency"].iloc[-1] if len(own) else "none"

    rows = rows.assign(agency=[agency(row.account_id, row.month) for row in rows.itertuples()])
    cells = monthly(portfolio, families.OVERDUE, dimensions=["agency"])
    cells = cells[(cells["measure"] == "overdue_30") & (cells["dimension"] == "agency")]
    cells = cells.assign(month=cells["month"].dt.date).rename(columns={"value": "agency"})
    assert_same(cells, ["agency", "month"], moments_by_hand(rows, ["agency", "month"]))


def test_flows_belong_to_the_segment_at_the_start_of_the_month(drawn):
    portfolio, _ = drawn
    cells = monthly(portfolio, families.COLLECTED, dimensions=["age_of_account", "agency", "opened_quarter"])
    cure = cells[(cells["measure"] == "cure") & (cells["basis"] == "accounts")]
    sums = cure.groupby(["dimension", "month"])["denominator"].sum().unstack("dimension")
    assert (sums["all"] == sums["age_of_account"]).all() and (sums["all"] == sums["agency"]).all()


def test_what_is_missing_is_a_value_of_its_own(drawn):
    portfolio, _ = drawn
    cells = monthly(portfolio, families.OVERDUE, dimensions=["region"])
    assert set(cells.loc[cells["dimension"] == "region", "value"]) == {"north", "south", "unknown"}


def test_only_dimensions_whose_columns_exist_are_available(drawn):
    portfolio, _ = drawn
    assert available(portfolio) == ["product", "region", "age_of_account", "opened_quarter", "agency", "strategy"]


def test_an_unknown_dimension_is_refused_by_name(drawn):
    with pytest.raises(ParameterError, match="dimension 'shoe_size' is unknown; known are product, region"):
        available(drawn[0], ["shoe_size"])


def test_rows_dated_after_the_as_of_day_change_nothing(drawn, tmp_path):
    portfolio, _ = drawn
    early = open_portfolio(portfolio.folder, as_of=parse_month("2024-09"))
    seen = monthly(early, families.COLLECTED)
    whole = monthly(portfolio, families.COLLECTED)
    pd.testing.assert_frame_equal(seen, whole[whole["month"] <= pd.Timestamp(early.as_of)].reset_index(drop=True))
    assert timedelta(0) < portfolio.as_of - early.as_of
