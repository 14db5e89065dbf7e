"""Vintages and recovery against following each account by hand."""

import numpy as np
import pandas as pd
import pytest
from random_panel import MONTHS, START, write_random_portfolio

from analysis.core.errors import ParameterError
from analysis.core.periods import Period
from analysis.data.panel.recoveries import recoveries
from analysis.data.panel.vintages import entry_vintages, opening_vintages
from analysis.data.portfolio import open_portfolio

HORIZON = 9
END = START.year * 12 + START.month - 1 + MONTHS - 1


def number(day):
    return day.year * 12 + day.month - 1


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohorts")
    months = write_random_portfolio(folder, 31, accounts=120, customers=60)
    months["m"] = [number(day) for day in months["month"]]
    return open_portfolio(folder), [path for _, path in months.sort_values("m").groupby("account_id")]


def curve_by_hand(units, first):
    """Cells of each cohort and month: numerator, denominator, moments; units are (month, customer, x, events).

    Events are (months since, amount); the flag is set once.
    """
    found = {}
    frame = pd.DataFrame(units, columns=["began", "customer", "x", "events"])
    for quarter, cohort in frame.groupby(frame["began"] // 3):
        for since in range(first, HORIZON + 1):
            if quarter * 3 + 2 + since > END:
                continue
            inside = cohort.assign(
                e=[float(any(at <= since for at, _ in events)) for events in cohort["events"]],
                y=[sum(amount for at, amount in events if at <= since) for events in cohort["events"]],
                k=1.0,
            )
            sums = inside.groupby("customer")[["e", "k", "y", "x"]].sum()
            for basis, (top, base) in {"accounts": ("e", "k"), "balance": ("y", "x")}.items():
                y, x = sums[top].to_numpy(), sums[base].to_numpy()
                name = f"{quarter // 4}Q{quarter % 4 + 1}"
                found[(name, since, basis)] = [y.sum(), x.sum(), y @ y, y @ x, x @ x, len(inside), len(x), x.max()]
    return found


def assert_curve(cells, measure, expected):
    chosen = cells[(cells["dimension"] == "all") & (cells["measure"] == measure)]
    columns = ["numerator", "denominator", "nn", "nd", "dd", "units", "clusters", "largest"]
    got = {
        tuple(row[["cohort", "since", "basis"]]): row[columns].astype(float).tolist()
        for _, row in chosen.iterrows()
    }
    assert set(got) == set(expected)
    for key, values in expected.items():
        np.testing.assert_allclose(got[key], values, rtol=1e-9, atol=1e-9, err_msg=str(key))


def bad(path, measure):
    gone = path["status"] == "charged_off"
    if measure == "charged_off":
        return path[gone]
    return path[gone | (path["days_past_due"] >= int(measure.removeprefix("ever_")))]


@pytest.mark.parametrize("measure", ["ever_30", "ever_90", "charged_off"])
def test_opening_vintages_follow_each_account_from_its_opening(drawn, measure):
    portfolio, paths = drawn
    units = []
    for path in paths:
        began, row = number(path["opened_on"].iloc[0]), path.iloc[0]
        if began < number(START) or row["m"] - began > 1:
            continue
        at = [(max(int(m) - began, 0), row["original_amount"]) for m in bad(path, measure)["m"].head(1)]
        units.append((began, row["customer_id"], row["original_amount"], at))
    cells = opening_vintages(portfolio, HORIZON).cells
    assert_curve(cells, measure, curve_by_hand(units, first=0))


@pytest.mark.parametrize("measure", ["ever_30", "ever_90", "charged_off", "ever_cured"])
def test_entry_vintages_follow_each_entry(drawn, measure):
    portfolio, paths = drawn
    units = []
    for path in paths:
        late = ((path["status"] == "open") & (path["days_past_due"] > 0)).to_numpy()
        current = ((path["status"] == "open") & (path["days_past_due"] == 0)).to_numpy()
        cured = path[np.r_[False, late[:-1] & current[1:]]]
        happened = cured if measure == "ever_cured" else bad(path, measure)
        for place in np.flatnonzero(current[:-1] & late[1:]) + 1:
            began, x = path["m"].iloc[place], path["balance"].iloc[place]
            at = [(int(m) - began, x) for m in happened["m"] if m >= began][:1]
            units.append((began, path["customer_id"].iloc[0], x, at))
    assert_curve(entry_vintages(portfolio, HORIZON).cells, measure, curve_by_hand(units, first=0))


def test_recovery_counts_cash_after_the_month_of_charge_off(drawn):
    portfolio, paths = drawn
    units = []
    for path in paths:
        gone = path[path["status"] == "charged_off"]
        if gone.empty:
            continue
        began = gone["m"].iloc[0]
        later = path[(path["m"] > began) & (path["amount_paid"] > 0)]
        cash = [(int(m) - began, paid) for m, paid in zip(later["m"], later["amount_paid"], strict=True)]
        units.append((began, path["customer_id"].iloc[0], gone["charged_off_amount"].iloc[0], cash))
    assert_curve(recoveries(portfolio, HORIZON).cells, "recovery", curve_by_hand(units, first=1))


def test_accounts_opened_before_the_data_begin_are_left_out_and_counted(drawn):
    portfolio, paths = drawn
    found = opening_vintages(portfolio, HORIZON)
    before = sum(number(path["opened_on"].iloc[0]) < number(START) for path in paths)
    counts = found.left_out.set_index("reason")["units"]
    assert counts["opened before the first month covered"] == before
    whole = found.cells[(found.cells["since"] == 0) & (found.cells["measure"] == "ever_30")]
    whole = whole[(whole["basis"] == "accounts") & (whole["dimension"] == "all")]
    recent = sum(number(path["opened_on"].iloc[0]) > END - 2 for path in paths)
    assert whole["units"].sum() + counts.sum() + recent >= len(paths)


def test_accounts_already_delinquent_when_first_seen_are_counted(drawn):
    portfolio, paths = drawn
    late = sum(path["days_past_due"].iloc[0] > 0 for path in paths)
    assert entry_vintages(portfolio, HORIZON).left_out["units"].sum() == late


def test_a_charge_off_before_the_data_begin_is_left_out_of_recovery(drawn, tmp_path):
    write_random_portfolio(tmp_path, 31, accounts=10)
    months = pd.read_parquet(tmp_path / "months.parquet")
    first = months["account_id"] == months["account_id"].iloc[0]
    months.loc[first, ["status", "charged_off_amount"]] = ["charged_off", None]
    months.to_parquet(tmp_path / "months.parquet", index=False)
    left_out = recoveries(open_portfolio(tmp_path), HORIZON).left_out
    assert left_out.to_dict("records") == [{"reason": "charged off before the first month covered", "units": 1}]


def test_a_cohort_is_shown_only_as_far_as_all_of_it_was_followed(drawn):
    cells = opening_vintages(drawn[0], HORIZON).cells
    for cohort, curve in cells.groupby("cohort"):
        assert curve["since"].max() == min(HORIZON, END - number(Period.parse(cohort).end))


def test_opening_vintages_refuse_a_dimension_that_changes(drawn):
    with pytest.raises(ParameterError, match="cannot be split by 'agency', which changes"):
        opening_vintages(drawn[0], HORIZON, ["agency"])


def test_segments_of_a_fixed_dimension_add_up_to_the_whole(drawn):
    cells = entry_vintages(drawn[0], HORIZON, ["product", "age_of_account"]).cells
    keys = ["cohort", "since", "measure", "basis"]
    sums = cells.groupby(["dimension", *keys])["numerator"].sum().unstack("dimension")
    np.testing.assert_allclose(sums["product"], sums["all"])
    np.testing.assert_allclose(sums["age_of_account"], sums["all"])
