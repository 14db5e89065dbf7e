"""What the stress chapter leaves, and that its numbers agree with each other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from chapter_runs import SHARED, STRESS_QUICK, Left, read_cells, run_cells

from analysis.methods.stress.earlier import earlier, lifetime_loss, peak_rate
from analysis.methods.stress.satellites.backtest import borne_out

START = pd.Timestamp("2025-12-31")
LIMITS = {"expected", "lower", "upper"}
SAVED = {
    "scenarios": {"scenario", "weight", "unemployment_rate", "gdp_yoy", "cpi_yoy", "distance", "quantile"},
    "satellite": {"step", "driver", "lag", "elasticity", "alone", "se", "lower", "upper", "source"},
    "satellite_truth": {"step", "driver", "elasticity", "truth", "covered"},
    "projection": {
        "scenario",
        "month",
        "group",
        "basis",
        "measure",
        *LIMITS,
        "lower_parameter",
        "upper_parameter",
    },
    "projection_totals": {"scenario", "measure", *LIMITS},
    "peaks": {"scenario", "days", "month", "start", *LIMITS},
    "mix": {"scenario", "month", "bucket", *LIMITS},
    "arrears_by_product": {"product", "month", "base", "worse", *LIMITS},
    "recoveries": {"scenario", "month", *LIMITS, "lower_parameter", "upper_parameter"},
    "recovery_timing": {"scenario", "measure", *LIMITS},
    "ecl": {"scenario", "weight", "measure", *LIMITS, "exposure"},
    "ecl_movement": {"step", "amount", "total"},
    "loss_distribution": {"level", "value_at_risk", "shortfall", "var_lower", "var_upper"},
    "capacity": {"scenario", "month", "needed_agents", "agents", "overload", "cures_lost_assumed"},
    "reverse_stress": {"month", "variable", "value", "distance", "quantile", "net_loss", "limit"},
}
TITLES = {
    "baseline": "Baseline", "adverse": "Adverse", "severe": "Severe", "epidemic": "Epidemic returns",
    "inflation": "Inflation above 5%",
}  # fmt: skip


@pytest.mark.parametrize("name", SAVED)
def test_stress_results_that_others_build_on_are_there(stress: Left, name: str) -> None:
    frame = stress.table(name)
    assert len(frame) > 0
    assert set(frame.columns) >= SAVED[name]


def test_no_stress_sentence_has_a_hole(stress: Left) -> None:
    assert stress.left_out == {}
    assert not re.search(r"\b(nan|None|NaT|inf)\b|\{\{|—\s+(of|is|are|in)\b", stress.prose)
    assert not re.search(r"\b(nan|NaT)\b|\{\{", stress.texts)


def test_stress_headlines_are_the_numbers_of_the_results(stress: Left) -> None:
    losses = stress.table("ecl").set_index(["scenario", "measure"])["expected"]
    assert stress.headlines["lifetime_loss"].value == pytest.approx(losses["weighted", "lifetime"])
    peaks = stress.table("peaks").set_index(["scenario", "days"]).loc[("severe", 30)]
    told = stress.headlines["severe_30"]
    assert (told.value, told.lower, told.upper) == (peaks["expected"], peaks["lower"], peaks["upper"])
    assert "breaking_distance" in stress.headlines


def test_weighted_losses_are_the_weighted_sum_of_the_scenarios(stress: Left) -> None:
    losses = stress.table("ecl")
    parts = losses.dropna(subset="weight")
    sums = (parts["weight"] * parts["expected"]).groupby(parts["measure"]).sum()
    whole = losses[losses["scenario"] == "weighted"].set_index("measure")["expected"]
    pd.testing.assert_series_equal(sums.sort_index(), whole.sort_index(), check_names=False)
    wide = losses.pivot(index="scenario", columns="measure", values="expected")
    assert (wide["twelve_month"] <= wide["ecl"]).all() and (wide["ecl"] <= wide["lifetime"]).all()


def test_stages_hold_the_weighted_loss_and_all_exposure(stress: Left) -> None:
    stages = stress.table("stages")
    losses = stress.table("ecl").query("scenario == 'weighted' and measure == 'ecl'").iloc[0]
    assert not stages["suppressed"].any()
    assert stages["ecl"].sum() == pytest.approx(losses["expected"])
    assert stages["exposure"].sum() == pytest.approx(losses["exposure"])


def test_the_movement_ends_at_the_weighted_loss_to_the_cent(stress: Left) -> None:
    amounts = stress.table("ecl_movement").set_index("step")["amount"]
    inner = amounts.drop(["opening", "closing"]).sum()
    assert round(amounts["opening"] + inner - amounts["closing"], 2) == 0
    losses = stress.table("ecl").query("scenario == 'weighted' and measure == 'ecl'").iloc[0]
    assert amounts["closing"] == pytest.approx(losses["expected"], abs=0.01)


def test_a_worse_economy_costs_more(stress: Left) -> None:
    losses = stress.table("ecl").pivot(index="scenario", columns="measure", values="expected")
    for measure in ("ecl", "lifetime"):
        assert losses.loc["baseline", measure] <= losses.loc["adverse", measure] <= losses.loc["severe", measure]


def test_projections_of_all_scenarios_begin_at_todays_book(stress: Left) -> None:
    first = stress.table("projection").query("group == 'all' and basis == 'accounts' and measure == 'open'")
    start = first[first["month"] == START]
    assert start["scenario"].nunique() == 5 and start["expected"].nunique() == 1
    assert (start["lower"] == start["upper"]).all()


def test_a_peak_is_of_months_ahead_and_lies_within_its_limits(stress: Left) -> None:
    peaks = stress.table("peaks")
    assert (peaks["month"] > START).all()
    assert ((peaks["lower"] <= peaks["expected"]) & (peaks["expected"] <= peaks["upper"])).all()
    assert (peaks["lower"] < peaks["upper"]).all()
    rates = stress.table("projection").query("group == 'all' and basis == 'balance'").set_index("scenario")
    for name, one in peaks.set_index("scenario").iterrows():
        own = rates[rates["measure"] == f"overdue_{one['days']}"].loc[name]
        # No draw's highest month is below what it has in any one month.
        assert one["lower"] >= own["lower"].max() - 1e-12 and one["upper"] >= own["upper"].max() - 1e-12


def test_monthly_recoveries_add_up_to_those_of_the_horizon(stress: Left) -> None:
    months = stress.table("recoveries")
    totals = stress.table("projection_totals").query("measure == 'recovered'").set_index("scenario")["expected"]
    assert (months["month"] > START).all() and (months.groupby("scenario").size() == 36).all()
    found = months.groupby("scenario")["expected"].sum()
    pd.testing.assert_series_equal(found.sort_index(), totals.sort_index(), check_names=False)
    timing = stress.table("recovery_timing").pivot(index="scenario", columns="measure", values="expected")
    first = months[months["month"] <= START + pd.offsets.MonthEnd(12)].groupby("scenario")["expected"].sum()
    pd.testing.assert_series_equal(timing["first"].sort_index(), first.sort_index(), check_names=False)
    assert f"by month {timing.loc['severe', 'half']:.0f} under Severe" in stress.prose


def test_the_mix_of_buckets_is_whole_and_holds_the_arrears_of_the_projection(stress: Left) -> None:
    mix = stress.table("mix")
    assert mix.groupby(["scenario", "month"])["expected"].sum().to_numpy() == pytest.approx(1.0)
    late = mix[~mix["bucket"].isin(["current", "1–29"])].groupby(["scenario", "month"])["expected"].sum()
    rates = stress.table("projection").query("group == 'all' and basis == 'balance' and measure == 'overdue_30'")
    told = rates.set_index(["scenario", "month"])["expected"].reindex(late.index)
    assert late.to_numpy() == pytest.approx(told.to_numpy())
    parts = stress.table("arrears_by_product")
    month = parts["month"].iloc[0]
    assert parts["expected"].sum() == pytest.approx(told["severe", month] - told["baseline", month])


def test_scenarios_join_the_last_actual(stress: Left) -> None:
    paths = stress.table("scenario_paths").query("variable == 'unemployment_rate'")
    actual = paths[paths["scenario"] == "actual"].set_index("month")["value"]
    ahead = paths[paths["scenario"] == "severe"].set_index("month")["value"]
    assert actual.index.max() == START and ahead.index.min() == START + pd.offsets.MonthEnd(1)
    assert abs(ahead.iloc[0] - actual.iloc[-1]) < 0.003


def test_the_breaking_path_does_break(stress: Left) -> None:
    found = stress.table("reverse_stress").iloc[0]
    assert found["reached"]
    assert found["net_loss"] == pytest.approx(found["limit"], rel=1e-3)


def test_an_economy_has_one_distance_wherever_it_is_told(stress: Left) -> None:
    told = stress.table("reverse_scenarios").set_index("scenario")
    alone = stress.table("scenarios").set_index("scenario")
    assert list(told.index) == [*alone.index, "breaking"]
    for column in ("distance", "quantile"):
        assert told.loc[alone.index, column].tolist() == pytest.approx(alone[column].tolist())
    assert told.loc["breaking", "distance"] == pytest.approx(stress.table("reverse_stress")["distance"].iloc[0])


def test_what_scenarios_lose_lies_within_its_own_limits(stress: Left) -> None:
    told = stress.table("reverse_scenarios").set_index("scenario")
    assert (told["months"] == 24).all()
    assert (told["lower"] <= told["net_loss"]).all() and (told["net_loss"] <= told["upper"]).all()
    assert told.loc["epidemic", "net_loss"] > told.loc["baseline", "net_loss"]


def test_the_worst_months_of_the_breaking_path_are_dated(stress: Left) -> None:
    path = stress.table("reverse_stress").pivot(index="month", columns="variable", values="value")
    worst = stress.table("reverse_farthest").set_index("variable").loc["unemployment_rate"]
    ahead = path["unemployment_rate"].loc[: START + pd.offsets.MonthEnd(24)]
    assert worst["month"] == (ahead - worst["now"]).abs().idxmax()
    assert worst["value"] == pytest.approx(ahead[worst["month"]])


def test_headlines_are_compared_with_a_quarter_and_a_year_ago(stress: Left) -> None:
    before = stress.table("comparisons").set_index("before")
    for key in ("lifetime_loss", "severe_30", "breaking_distance"):
        found = stress.headlines[key]
        assert (found.previous, found.year_ago) == (before.loc["quarter", key], before.loc["year", key])
        assert None not in (found.previous, found.year_ago, found.lower, found.upper)


def test_what_is_held_against_earlier_is_measured_as_today_is(
    stress_root: Path, stress: Left, patch: pytest.MonkeyPatch
) -> None:
    scope = run_until(stress_root, patch, "earlier")
    now = earlier(
        scope["last"], scope["today"], scope["claimed"], scope["defaults"], scope["book"],
        (scope["model"], scope["economy"]), scope["history"], scope["scenarios"], scope["params"].recovery_months,
    )  # fmt: skip
    told = stress.headlines
    assert lifetime_loss(now, scope["chosen"].conversion) == pytest.approx(told["lifetime_loss"].value, rel=1e-9)
    assert peak_rate(now, "severe", STRESS_QUICK["stress.draws"], scope["run"].seed) == pytest.approx(
        told["severe_30"].value, rel=1e-9
    )


def run_until(root: Path, patch: pytest.MonkeyPatch, last: str) -> dict[str, Any]:
    """What the chapter holds in its hand once a cell has run."""
    patch.chdir(root)
    patch.setattr("analysis.report.show._publish", lambda bundle, details: None)
    patch.setattr("analysis.report.show._shown", {})
    scope: dict[str, Any] = {}
    for cell in read_cells(root, "stress"):
        if cell.cell_type == "code":
            exec(compile(cell.source, f"cell '{cell.id}'", "exec"), scope)
        if cell.id == "parameters":
            scope["overrides"] = dict(STRESS_QUICK)
        if cell.id == last:
            break
    return scope


def test_every_fitted_step_is_backtested_and_said_to_be_better_or_not(stress: Left) -> None:
    judged, fitted = stress.table("satellite_backtest"), stress.table("satellite")
    assert set(judged["step"]) == set(fitted.loc[fitted["source"] == "fitted", "step"])
    assert judged["covered"].between(0, 1).all()
    unproven = [step for step, proven in borne_out(judged).items() if not proven]
    assert ("what they add to a projection is not borne out yet" in stress.prose) == bool(unproven)
    gates = {(gate.key, "do not bear out" in gate.text) for one in stress.headlines.values() for gate in one.gates}
    assert (("assumption", True) in gates) == bool(unproven)


def test_losses_without_steps_that_later_months_do_not_bear_out_stand_beside(stress: Left) -> None:
    unproven = [step for step, proven in borne_out(stress.table("satellite_backtest")).items() if not proven]
    assert unproven, "the small portfolio bears every satellite out; choose another"
    beside = stress.table("unproven").iloc[0]
    assert beside["steps"].split(", ") == unproven
    assert beside["loss"] > 0 and 0 < beside["peak"] < 1
    assert "not borne out by later months" in stress.prose


def test_limits_of_breaking_path_and_staff_hold_their_values(stress: Left) -> None:
    found = stress.table("reverse_stress").iloc[0]
    assert found["net_loss_lower"] <= found["net_loss_lower_parameter"] <= found["net_loss_upper_parameter"]
    assert found["net_loss_upper_parameter"] <= found["net_loss_upper"]
    assert found["quantile_lower"] <= found["quantile_upper"] and 0 <= found["never"] <= 1
    staff = stress.table("capacity")
    assert (staff["needed_lower"] <= staff["needed_upper"]).all()
    assert (staff["months_short_lower"] <= staff["months_short_upper"]).all()


def test_the_limit_is_held_against_todays_book_and_new_business_is_told_apart(stress: Left) -> None:
    table = stress.table("reverse_scenarios").set_index("scenario")
    limit = stress.table("reverse_stress")["limit"].iloc[0]
    assert limit == pytest.approx(2.0 * table.loc["baseline", "net_loss"])
    assert (table["with_new"] > table["net_loss"]).all()
    assert "without new business" in stress.prose


def test_no_more_agents_are_needed_today_than_there_are(stress: Left) -> None:
    today = stress.table("capacity").query("month == @START")
    np.testing.assert_allclose(today["overload"], 1.0)


def test_a_provision_is_held_against_the_loss_and_is_what_breaks(
    stress_root: Path, patch: pytest.MonkeyPatch
) -> None:
    left = run_cells(stress_root, patch, STRESS_QUICK | {"stress.losses.provision": 1_000_000.0}, "stress")
    table = left.table("provision").set_index("scenario")
    np.testing.assert_allclose(table["coverage"], 1_000_000.0 / table["ecl"])
    assert left.table("reverse_stress")["limit"].iloc[0] == 1_000_000.0
    assert "falls short" in left.prose
    assert left.table("reverse_stress")["distance"].iloc[0] == 0
    assert "What breaks us is lost even if the economy stays as it is" in left.prose
    assert "over 12 months that exhausts the provision" in left.prose
    assert "the provision falls short by" in left.prose


def test_too_few_months_fall_back_on_published_elasticities(
    stress_root: Path, patch: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.methods.stress.satellites.fit.LEAST_MONTHS", 99)
    told = {"elasticity": 0.2, "error": 0.05, "lag": 2, "source": "a textbook"}
    chosen = STRESS_QUICK | {"stress.satellites.published": {"entry": {"unemployment": told}}}
    left = run_cells(stress_root, patch, chosen, "stress")
    assert (left.table("satellite")["source"] == "assumption").all()
    assert "Assumed from elsewhere, for want of two years of data: falling behind (a textbook)" in left.prose
    assert [gate.key for gate in left.headlines["lifetime_loss"].gates] == ["assumption"]
    none = STRESS_QUICK | {"stress.satellites.published": {}}
    alone = run_cells(stress_root, patch, none, "stress")
    assert "No step can be tied to the economy" in alone.prose
    assert "stage_3" in alone.headlines


def test_staging_by_score_asks_how_much_worse_an_account_became(stress: Left) -> None:
    bands = stress.table("opening_pd").set_index("score_band")
    assert not bands["suppressed"].any()
    # Fifths in the middle may change places by chance in so small a book.
    assert (bands["pd_opening"].idxmax(), bands["pd_opening"].idxmin()) == ("1", "5")
    assert (bands["pd_now"] > bands["pd_opening"]).all()
    performing = stress.table("stages").query("stage < 3")["accounts"].sum()
    assert bands["accounts"].sum() == performing
    assert bands["stage_2"].sum() == stress.table("stages").set_index("stage").loc[2, "accounts"]


def test_without_the_cure_chapter_no_cures_are_taken_and_that_is_said(stress: Left) -> None:
    assert "cures after default are not known and taken as none" in stress.prose


def test_the_interval_of_an_expected_loss_holds_more_than_elasticities(stress: Left) -> None:
    found = stress.table("ecl").query("scenario == 'baseline' and measure == 'lifetime'").iloc[0]
    assert found["lower"] < found["expected"] < found["upper"]
    assert (found["upper"] - found["lower"]) / found["expected"] > 0.02


def test_public_history_is_projected_and_set_against_what_came(
    stress_root: Path, patch: pytest.MonkeyPatch
) -> None:
    folder = SHARED / "fred"
    if not (folder / "DRCCLACBS.csv").is_file():
        pytest.skip("DRCCLACBS.csv is not at hand: no shared/data/fred beside the project")
    left = run_cells(stress_root, patch, STRESS_QUICK | {"stress.history_folder": str(folder)}, "stress")
    told = left.table("history").set_index("quarter")
    assert told.index[0] == "2020Q1" and told.index[-1] == "2022Q4"
    assert told.loc["2020Q2", "expected"] > 2 * told.loc["2020Q2", "actual"]
    assert not left.table("history_multiples")["reached"].any()
    assert set(left.table("history_levels")["form"]) == {"levels", "yearly changes"}
    assert "Levels would tell" in left.prose and "more than 3 times" in left.prose
    assert "can tell no elasticity: in 26 quarters" in left.prose
    assert "Cherry, Jiang, Matvos" in left.prose and "fig-stress-history" in left.labels


def test_a_history_folder_without_the_series_says_which_are_missing(
    stress_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    left = run_cells(stress_root, patch, STRESS_QUICK | {"stress.history_folder": str(tmp_path)}, "stress")
    assert "The test against public history is left out: DRCCLACBS and UNRATE not found" in left.prose


def test_one_page_names_the_worst_scenario_by_each_measure_and_what_makes_it(stress: Left) -> None:
    page = stress.prose.split("## On one page")[1]
    losses = stress.table("ecl")
    for measure, words in (("ecl", "expected to lose most under"), ("lifetime", "Over life it is")):
        rows = losses[(losses["measure"] == measure) & (losses["scenario"] != "weighted")]
        title = TITLES[rows.loc[rows["expected"].idxmax(), "scenario"]]
        assert title in page[page.index(words) : page.index(words) + 80]
    parts = stress.table("loss_by_driver")
    worst = parts[parts["scenario"] == "severe"].nlargest(1, "lifetime").iloc[0]
    assert worst["lifetime"] > 0 and f"most of all through {worst['driver']}" in page
    unproven = [step for step, proven in borne_out(stress.table("satellite_backtest")).items() if not proven]
    assert ("rests on satellites that later months do not bear out" in page) == bool(unproven)


def test_staff_tables_and_sentence_tell_one_run_with_its_loop_closed(stress: Left) -> None:
    staff, effects = stress.table("capacity"), stress.table("capacity_loop").set_index("scenario")
    options = stress.table("capacity_options").set_index("option")
    severe = staff[(staff["scenario"] == "severe") & (staff["month"] > START)]
    assert options.loc["as it is", "worst_overload"] == pytest.approx(severe["overload"].max(), rel=1e-3)
    assert options.loc["as it is", "contacts_made"] == pytest.approx(severe["contacts_made"].min(), abs=1e-3)
    lost = staff.groupby("scenario")["cures_lost_assumed"].sum()
    told = (effects["cures"] - effects["cures_assumed"]).reindex(lost.index)
    np.testing.assert_allclose(lost, told, atol=1e-6)
    assert (effects["peak_30_assumed"] >= effects["peak_30"]).all()
    assert effects.loc["severe", "charged_off_added"] > 0 and lost["severe"] > 0
    assert f"{lost['severe']:,.0f} of {effects.loc['severe', 'cures']:,.0f} expected cures" in stress.prose
    assert "Other sections take all contacts as made" in stress.prose


def test_need_within_overtime_misses_no_contact(stress: Left) -> None:
    staff = stress.table("capacity").query("month > @START")
    within = staff[staff["overload"] <= 1.05]
    # Without overtime some of these would be short.
    assert (within["overload"] > 1).any()
    assert (within["contacts_made"] == 1.0).all() and (within["missing_agents"] == 0).all()
