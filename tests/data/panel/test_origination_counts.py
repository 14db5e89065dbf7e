"""Origination features counted by the engine."""

from contact_portfolio import account, make_portfolio, path

from analysis.core.contract import TABLES
from analysis.core.periods import Period
from analysis.data.panel.origination import FEATURES, origination_counts

QUARTER = Period(2025, 2)

PATHS = {
    "entered": [0, 0, 0, 15, 45, 0],
    "charged_off": [0, 0, 0, 15, 45, "charged_off"],
    "twenty_nine_days": [0, 0, 0, 0, 0, 29],
    "overdue_before": [0, 0, 5, 35, 66, 97],
    "current": [0, 0, 0, 0, 0, 0],
    "paid_off": [0, 0, 0, "paid_off"],
}


def portfolio_of(tmp_path, breaks=(), **columns):
    accounts = [account(name, **{k: v[i] for k, v in columns.items()}) for i, name in enumerate(PATHS)]
    months = [row for name, states in PATHS.items() for row in path(name, "2025-01", states)]
    return make_portfolio(tmp_path, "2025-06", breaks=breaks, accounts=accounts, months=months)


def counted(frame, feature, period=QUARTER):
    chosen = frame[(frame["feature"] == feature) & (frame["period"] == str(period))]
    sums = chosen.groupby(["bin_order", "bin"], as_index=False)[["accounts", "entered"]].sum()
    return sums[["bin", "accounts", "entered"]].to_numpy().tolist()


def test_accounts_overdue_at_the_start_are_not_at_risk_and_entries_are_thirty_days_or_charge_off(tmp_path):
    found = origination_counts(portfolio_of(tmp_path), QUARTER, quarters=1)
    assert counted(found, "product") == [["card", 5, 2]]


def test_the_day_of_entry_is_a_parameter(tmp_path):
    found = origination_counts(portfolio_of(tmp_path), QUARTER, entry_days=1, quarters=1)
    assert counted(found, "product") == [["card", 5, 3]]


def test_months_from_a_break_on_are_not_looked_at(tmp_path):
    found = origination_counts(portfolio_of(tmp_path, breaks=["2025-05"]), QUARTER, quarters=1)
    assert counted(found, "product") == [["card", 5, 0]]


def test_numbers_are_cut_at_the_fifths_of_the_accounts_at_risk_and_missing_ones_are_a_bin(tmp_path):
    portfolio = portfolio_of(tmp_path, age=[20, 30, 40, 99, None, 60])
    found = counted(origination_counts(portfolio, QUARTER, quarters=1), "age")
    # At risk with an age: 20, 30, 40, 60; fifths at 26, 32, 38 and 48.
    assert found == [
        ["below 26", 1, 1],
        ["unknown", 1, 0],
        ["[26, 32)", 1, 1],
        ["[38, 48)", 1, 0],
        ["48 or more", 1, 0],
    ]


def test_the_quarter_before_is_counted_in_the_same_bins(tmp_path):
    frame = origination_counts(portfolio_of(tmp_path, region=list("nnsssn")), QUARTER)
    assert counted(frame, "region", QUARTER) == [["n", 3, 2], ["s", 2, 0]]
    assert counted(frame, "region", QUARTER.previous) == []


def test_protected_columns_are_never_features(tmp_path):
    protected = {column.name for column in TABLES["accounts"].columns if column.protected}
    assert protected and not protected & set(FEATURES)
    portfolio = portfolio_of(tmp_path, sex=["f", "m"] * 3, education=["x"] * 6)
    assert set(origination_counts(portfolio, QUARTER)["feature"]) == {"product"}
