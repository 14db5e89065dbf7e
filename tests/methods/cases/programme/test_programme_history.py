"""A programme's measures month by month, their errors, cycle time, and what is too little to tell."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_programme import AS_OF, plan_of

from analysis.methods.cases.programme.cycle_time import EXITS, cycle_history, cycle_quarters, period_median
from analysis.methods.cases.programme.history import kpi_history, quarters, score_values, too_few, why_not
from analysis.methods.cases.programme.overview import overview
from analysis.methods.cases.programme.progress import progress
from analysis.methods.cases.programme.quarters import against_baseline, moved

ENDS = pd.date_range("2023-01-31", "2025-12-31", freq="ME")


def cells_of(
    kpi: str = "cured_within_3", rate: float = 0.6, size: int = 20, folds: int = 32, seed: int = 1
) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [(kpi, end, fold, rng.binomial(size, rate), size) for end in ENDS for fold in range(folds)]
    frame = pd.DataFrame(rows, columns=["kpi", "month", "fold", "numerator", "denominator"])
    return frame.assign(events=frame["numerator"], units=frame["denominator"]).astype({"numerator": float})


def test_a_measure_is_numerator_over_denominator_summed_over_folds() -> None:
    cells = cells_of()
    found = kpi_history(cells).set_index("month")
    own = cells[cells["month"] == ENDS[0]]
    assert found.loc[ENDS[0], "value"] == pytest.approx(own["numerator"].sum() / own["denominator"].sum())


def test_the_error_is_that_of_a_share_where_customers_are_independent() -> None:
    found = kpi_history(cells_of())
    assert found["standard_error"].mean() == pytest.approx(np.sqrt(0.6 * 0.4 / 640), rel=0.05)


def test_ninety_five_percent_intervals_hold_the_rate_that_often() -> None:
    found = pd.concat([kpi_history(cells_of(seed=seed)) for seed in range(10)])
    held = (found["lower"] <= 0.6) & (found["upper"] >= 0.6)
    assert 0.92 <= held.mean() <= 0.98


def test_complaints_are_told_per_thousand_and_amounts_have_no_events() -> None:
    rate = kpi_history(cells_of("complaint_rate", 0.1))["value"].mean()
    assert rate == pytest.approx(100, rel=0.05)
    assert (kpi_history(cells_of("collection_cost"))["events"] == 0).all()


def test_a_quarter_pools_its_months_and_says_how_many() -> None:
    cells = cells_of()
    cells = cells[cells["month"] != ENDS[1]]
    found = quarters(cells).set_index("quarter")
    own = cells[cells["month"] <= "2023-03-31"]
    assert found.loc["2023Q1", "months"] == 2
    assert found.loc["2023Q1", "value"] == pytest.approx(own["numerator"].sum() / own["denominator"].sum())


@settings(max_examples=50)
@given(st.floats(0.08, 0.7))
def test_the_median_of_a_constant_hazard_is_where_half_have_left(hazard: float) -> None:
    at_risk = 1e6 * (1 - hazard) ** np.arange(15)
    median = float(period_median(at_risk, hazard * at_risk))
    whole = int(np.floor(median))
    assert (1 - hazard) ** whole >= 0.5 - 1e-9
    assert (1 - hazard) ** (whole + 1) <= 0.5 + 1e-9


def test_a_half_that_never_leaves_has_no_median() -> None:
    assert np.isnan(period_median(np.array([10.0, 9.0, 8.0]), np.array([1.0, 1.0, 8.0])))


def test_spells_of_one_age_alone_have_no_median_and_no_cycle_time() -> None:
    assert np.isnan(period_median(np.array([[10.0], [8.0]]), np.array([[5.0], [8.0]]))).all()
    assert cycle_history(waits_of(0.3).query("k == 1")).empty


def waits_of(hazard: float, seed: int = 1, size: int = 400) -> pd.DataFrame:
    """Months at risk of spells entered each month that leave with the same chance in each month of their life."""
    rng = np.random.default_rng(seed)
    rows = []
    for end in ENDS:
        for k in range(1, 14):
            at_risk = round(size * (1 - hazard) ** (k - 1))
            for fold in range(32):
                own = at_risk // 32 + (fold < at_risk % 32)
                rows.append((end, k, fold, own, rng.binomial(own, hazard)))
    frame = pd.DataFrame(rows, columns=["month", "k", "fold", "at_risk", "cured"])
    return frame.assign(**{name: 0 for name in EXITS if name != "cured"})


def test_cycle_time_is_that_of_the_hazard_not_of_the_spells_that_happened_to_end() -> None:
    found = pd.concat([cycle_history(waits_of(0.3, seed)) for seed in range(5)])
    # 0.7^1 = 0.7 and 0.7^2 = 0.49: half have left 0.2 ÷ 0.21 of the way through the second month.
    true = 1 + (0.7 - 0.5) / (0.7 - 0.49)
    assert found["value"].mean() == pytest.approx(true, rel=0.02)
    # Over 1,000 draws the interval holds it 92 to 96 times in 100, by hazard and size.
    assert 0.89 <= ((found["lower"] <= true) & (found["upper"] >= true)).mean() <= 0.99


def test_cycle_time_of_a_quarter_pools_its_months() -> None:
    found = cycle_quarters(waits_of(0.2))
    assert found["months"].tolist() == [3] * 12
    assert (found["standard_error"].to_numpy() < cycle_history(waits_of(0.2))["standard_error"].mean()).all()


def test_months_with_hardly_anybody_at_risk_have_no_cycle_time() -> None:
    assert cycle_history(waits_of(0.5, size=4)).empty


def history_of(**changes: object) -> pd.DataFrame:
    return kpi_history(cells_of("rate")).assign(**changes)


@pytest.mark.parametrize(("events", "units"), [(0.5, 500.0), (0.0, 2.0)])
def test_measures_of_a_handful_are_not_told(events: float, units: float) -> None:
    plan, history = plan_of(), history_of(events=events, units=units)
    assert too_few(plan, history, AS_OF, minimum=10, minimum_events=3) == ["rate"]
    (row,) = overview(plan, history, {}, AS_OF, draws=1000).to_dict("records")
    assert (row["why"], row["status"]) == ("few", "not measured")
    assert np.isnan(row["recent"])
    assert np.isnan(row["probability"])


@pytest.mark.parametrize(
    ("months", "why"),
    [(slice(0, 0), "absent"), (slice(24, 36), "late"), (slice(0, 25), "early"), (slice(18, 32), "")],
)
def test_it_is_said_why_nothing_is_told(months: slice, why: str) -> None:
    history = kpi_history(cells_of("rate"))
    history = history[history["month"].isin(ENDS[months])]
    (row,) = overview(plan_of(), history, {}, AS_OF, draws=1000).to_dict("records")
    assert row["why"] == why
    if why:
        assert why_not(plan_of(), history, "rate", AS_OF) == why


def test_a_baseline_of_nothing_has_no_relative_change() -> None:
    history = history_of().assign(value=0.0, standard_error=0.0)
    (row,) = progress(plan_of(), history, AS_OF).to_dict("records")
    assert np.isnan(row["change"])
    assert row["status"] == "can't be told"


def test_moving_away_by_more_than_the_interval_is_told_as_worse() -> None:
    history = history_of(events=100.0)
    later = history["month"] > "2024-12-31"
    worse = overview(plan_of(), history.assign(value=history["value"].where(~later, 0.9)), {}, AS_OF, draws=1000)
    better = overview(plan_of(), history.assign(value=history["value"].where(~later, 0.3)), {}, AS_OF, draws=1000)
    assert worse["worse"].tolist() == [True]
    assert better["worse"].tolist() == [False]
    assert better["status"].tolist() == ["reached"]


def test_a_score_takes_few_events_at_their_bound_and_few_units_as_unknown() -> None:
    rows = [
        ("complaint_rate", "2025Q1", 1.0, 1.0, 1000.0, 1000.0),
        ("complaint_rate", "2025Q2", 9.0, 9.0, 1000.0, 1000.0),
        ("satisfaction", "2025Q1", 3.0, 0.0, 12.0, 12.0),
        ("satisfaction", "2025Q2", 3.0, 0.0, 4.0, 4.0),
    ]
    table = pd.DataFrame(rows, columns=["kpi", "quarter", "value", "events", "denominator", "units"])
    found = score_values(table, ["complaint_rate", "satisfaction"], minimum=10, minimum_events=3)
    assert found.to_dict("index") == {"2025Q1": {"complaint_rate": 2.0, "satisfaction": 3.0}}


def test_quarters_are_told_against_the_baseline_and_a_measure_of_two_plans_once() -> None:
    standing = pd.DataFrame({"kpi": ["cost", "cost", "rating", "none"], "baseline": [10.0, 10.0, 4.0, np.nan]})
    levels = {"cost": [(12.0, 11.0, 13.0), (8.0, 7.0, 11.0)], "rating": [(np.nan,) * 3, (5.0, 4.5, 5.5)]}
    rows = [
        (kpi, quarter, *level)
        for kpi, both in levels.items()
        for quarter, level in zip(("2025Q3", "2025Q4"), both, strict=True)
    ]
    by_quarter = pd.DataFrame(rows, columns=["kpi", "quarter", "value", "lower", "upper"]).assign(months=3)
    found = against_baseline(by_quarter, standing)
    assert found["kpi"].tolist() == ["cost", "cost", "rating"]
    assert found["change"].tolist() == pytest.approx([0.2, -0.2, 0.25])
    assert found["upper"].tolist() == pytest.approx([0.3, 0.1, 0.375])
    assert found["month"].iloc[1] == pd.Timestamp("2025-12-31")
    assert against_baseline(by_quarter, standing.tail(1)).empty
    assert against_baseline(by_quarter.assign(months=2), standing).empty


def test_measures_move_towards_a_target_or_away_by_what_it_asks_for() -> None:
    standing = pd.DataFrame(
        {
            "kpi": ["cost", "cost", "rating", "cycle", "late", "none"],
            "better": ["lower", "lower", "higher", "lower", "lower", "higher"],
            "change_lower": [-0.2, -0.2, -0.3, -0.1, 0.1, np.nan],
            "change_upper": [-0.1, -0.1, -0.1, 0.1, 0.3, np.nan],
        }
    )
    assert moved(standing) == {"measures": 4, "towards": 1, "away": 2}
