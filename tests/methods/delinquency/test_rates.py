"""Rates, roll rates, vintages and recovery from small frames of cells."""

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import ParameterError
from analysis.core.states import Buckets
from analysis.methods.delinquency.cures import cure_by_bucket
from analysis.methods.delinquency.rates import changes, rates
from analysis.methods.delinquency.recoveries import pool_cohorts, recovery_curve
from analysis.methods.delinquency.roll_rates import counts_matrix, matrix, roll_rates
from analysis.methods.delinquency.vintages import against_earlier, vintage_curves
from analysis.statistics.ratio import wilson

STATES = Buckets((1, 90)).states


def cell(numerator, denominator, measure="overdue_30", basis="accounts", **labels):
    """A cell whose customers have one account each."""
    moments = {"nn": numerator, "nd": numerator, "dd": denominator, "units": denominator, "clusters": denominator}
    whole = {"dimension": "all", "value": "all", "measure": measure, "basis": basis}
    return whole | labels | {"numerator": numerator, "denominator": denominator, "largest": 1.0} | moments


def test_a_rate_keeps_its_numerator_and_denominator_and_gets_wilsons_limits():
    found = rates(pd.DataFrame([cell(3000, 100_000)])).iloc[0]
    limits = wilson(0.03, 100_000)
    assert (found["numerator"], found["denominator"], found["rate"]) == (3000, 100_000, 0.03)
    assert found["rate_lower"] == pytest.approx(limits.lower, rel=1e-4)
    assert found["rate_upper"] == pytest.approx(limits.upper, rel=1e-4)


def test_cash_over_balance_may_exceed_one_and_a_share_may_not():
    cash = cell(150, 100, "recovery", "balance") | {"nn": 400.0}
    two = pd.DataFrame([cash, cell(100, 100, "recovery", "accounts")])
    found = rates(two)
    assert found["rate"].tolist() == [1.5, 1.0]
    assert found["rate_upper"].iloc[0] > 1.5
    assert found["rate_upper"].iloc[1] == 1.0


def test_cells_without_moments_are_refused_by_name():
    with pytest.raises(ParameterError, match="cells lack nn, clusters; pass what the panel's functions return"):
        rates(pd.DataFrame([cell(1, 2)]).drop(columns=["nn", "clusters"]))


def test_a_change_is_the_difference_of_the_two_rates_and_says_whether_it_is_certain():
    cells = pd.DataFrame([cell(500, 10_000, period="now"), cell(300, 10_000, period="then")])
    found = changes(cells, [("now", "then")]).iloc[0]
    assert found["change"] == pytest.approx(0.02)
    assert 0 < found["change_lower"] < 0.02 < found["change_upper"]
    assert found["certain"]


def test_customers_late_in_both_periods_make_a_change_sharper():
    cells = pd.DataFrame([cell(500, 10_000, period="now"), cell(490, 10_000, period="then")])
    same = {"dimension": "all", "value": "all", "measure": "overdue_30", "basis": "accounts"}
    cross = {"joint_nn": 450.0, "joint_nd": 500.0, "joint_dn": 490.0, "joint_dd": 10_000.0}
    joint = pd.DataFrame([same | {"period": "now", "before": "then"} | cross])
    apart, together = changes(cells, [("now", "then")]), changes(cells, [("now", "then")], joint)
    width = [float(t["change_upper"].iloc[0] - t["change_lower"].iloc[0]) for t in (apart, together)]
    assert width[1] < 0.4 * width[0]


def test_segments_seen_in_one_period_only_have_no_change():
    cells = pd.DataFrame([cell(5, 100, period="now", value="new"), cell(5, 100, period="then", value="old")])
    assert changes(cells, [("now", "then")]).empty


def step(from_state, to_state, accounts, from_accounts, **other):
    moments = {f"{basis}_nn": accounts for basis in ("accounts", "balance")}
    moments |= {f"{basis}_nd": accounts for basis in ("accounts", "balance")}
    moments |= {f"{basis}_dd": from_accounts for basis in ("accounts", "balance")}
    labels = {
        "dimension": "all",
        "value": "all",
        "period": "2025Q4",
        "from_state": from_state,
        "to_state": to_state,
    }
    counts = {"accounts": accounts, "balance": 10.0 * accounts, "to_balance": 9.0 * accounts}
    totals = {"from_accounts": from_accounts, "from_balance": 10.0 * from_accounts, "clusters": from_accounts}
    return labels | counts | totals | moments | other


ROLLED = pd.DataFrame(
    [
        step("current", "current", 900, 1000),
        step("current", "1–89", 80, 1000),
        step("current", "paid_off", 20, 1000),
        step("1–89", "current", 30, 100),
        step("1–89", "1–89", 70, 100),
        step("90+", "charged_off", 10, 10),
    ]
)


def test_a_roll_rate_row_sums_to_one_and_lists_every_state():
    found = roll_rates(ROLLED, STATES)
    rows = found.groupby("from_state", observed=True)
    assert (rows.size() == len(STATES)).all()
    np.testing.assert_allclose(rows[["rate", "balance_rate"]].sum(), 1.0)


def test_a_step_nobody_took_has_rate_zero_and_an_upper_limit():
    found = roll_rates(ROLLED, STATES).set_index(["from_state", "to_state"]).loc[("1–89", "90+")]
    assert (found["rate"], found["rate_lower"], found["accounts"]) == (0, 0, 0)
    assert 0.02 < found["rate_upper"] < 0.06


def test_the_matrix_holds_the_roll_rates_in_the_order_of_the_states():
    found = matrix(ROLLED, STATES)
    assert found[0, :2].tolist() == [0.9, 0.08]
    assert found[2, STATES.index("charged_off")] == 1
    assert found[STATES.index("sold"), STATES.index("sold")] == 1
    assert counts_matrix(ROLLED, STATES).sum() == ROLLED["accounts"].sum()


def test_cures_are_the_steps_from_a_delinquent_bucket_back_to_current():
    found = cure_by_bucket(roll_rates(ROLLED, STATES), Buckets((1, 90)))
    assert found["bucket"].tolist() == ["1–89", "90+"]
    assert found["rate"].tolist() == [0.3, 0.0]


def vintage(cohort, since, numerator, denominator=100, **labels):
    return cell(numerator, denominator, labels.pop("measure", "ever_30"), cohort=cohort, since=since, **labels)


def test_only_the_latest_followed_cohorts_are_kept():
    cells = [vintage(cohort, since, since) for cohort in ("2024Q1", "2024Q2", "2024Q3") for since in (0, 1, 2)]
    cells.append(vintage("2024Q4", 0, 0))
    found = vintage_curves(pd.DataFrame(cells), cohorts=2, horizon=1)
    assert sorted(set(found["cohort"])) == ["2024Q2", "2024Q3"]
    assert found["since"].max() == 1


def test_a_cohort_is_set_against_the_one_a_year_before():
    curves = vintage_curves(pd.DataFrame([vintage("2023Q4", 3, 2), vintage("2024Q4", 3, 5)]))
    found = against_earlier(curves, "ever_30", 3).set_index("cohort")
    assert found.loc["2024Q4", "change"] == pytest.approx(0.03)
    assert np.isnan(found.loc["2023Q4", "change"])


def test_pooled_recovery_stops_where_the_youngest_cohort_does():
    rows = [vintage("2024Q1", s, 10 * s, measure="recovery") for s in (1, 2, 3)]
    rows += [vintage("2024Q2", s, 20 * s, measure="recovery") for s in (1, 2)]
    found = pool_cohorts(pd.DataFrame(rows), ["2024Q1", "2024Q2"])
    assert found["since"].tolist() == [1, 2]
    assert found["rate"].tolist() == [0.15, 0.3]
    assert recovery_curve(pd.DataFrame(rows))["rate"].tolist() == pytest.approx([0.1, 0.2, 0.3, 0.2, 0.4])


def test_pooling_cohorts_that_are_not_there_is_refused():
    cells = pd.DataFrame([vintage("2024Q1", 1, 10, measure="recovery")])
    with pytest.raises(
        ParameterError, match=r"none of the cohorts \['2020Q1'\] is among those found: \['2024Q1'\]"
    ):
        pool_cohorts(cells, ["2020Q1"])
