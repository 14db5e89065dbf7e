"""Programmes against targets: standing, probability of arriving, risks and balanced measures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from analysis.core.errors import InputError, ParameterError
from analysis.core.programme import Programme, load_programme
from analysis.methods.cases.programme.kpis import balanced_score, scorecard
from analysis.methods.cases.programme.overview import risks_to_targets
from analysis.methods.cases.programme.progress import movement, progress, standing
from analysis.methods.cases.programme.reach import coverage, reach, risk_shift
from analysis.methods.cases.programme.risks import risk_register
from analysis.methods.cases.quasi_experiments.study import Effect

ROOT = Path(__file__).resolve().parents[4]
SHIPPED = sorted((ROOT / "params" / "programme").glob("*.yml"))
START = "2024-12-31"
AS_OF = pd.Timestamp("2025-12-31")


def plan_of(**changes: object) -> Programme:
    target = {"kpi": "rate", "title": "Rate", "given": "change", "better": "lower", "value": -0.2, "by_month": 24}
    content = {
        "name": "plan",
        "title": "Plan",
        "start": START,
        "phases": [{"name": "one", "title": "One", "from_month": 0}],
        "targets": [target | {"ambitious": -0.3}],
    }
    return Programme.model_validate(content | changes)


def history_of(before: float, after: float, noise: float = 0.0, seed: int = 1, months: int = 36) -> pd.DataFrame:
    ends = pd.date_range(end=AS_OF, periods=months, freq="ME")
    swings = noise * np.random.default_rng(seed).normal(size=months)
    level = np.where(ends <= pd.Timestamp(START), before, after)
    return pd.DataFrame({"kpi": "rate", "month": ends, "value": level + swings})


DESK = {
    "name": "desk",
    "title": "Desk",
    "phase": "one",
    "evidence": "desk",
    "kpi": "rate",
    "from_month": 12,
    "full_by_month": 24,
    "pass_through": [-1.0, -1.0],
}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_programmes_can_be_read(path: Path) -> None:
    assert load_programme(path).targets


def test_the_platform_s_targets_are_those_its_paper_prints() -> None:
    targets = {target.kpi: target for target in load_programme(ROOT / "params/programme/platform.yml").targets}
    assert targets["overdue_rate"].value == 0.055
    assert (targets["cycle_time"].value, targets["cycle_time"].ambitious) == (-0.2, -0.3)
    assert (targets["collection_cost"].value, targets["collection_cost"].ambitious) == (-0.15, -0.25)
    assert (targets["complaint_rate"].value, targets["complaint_rate"].ambitious) == (-0.4, -0.6)
    assert targets["satisfaction"].value == 4.0
    aims = {target.kpi: target.value for target in load_programme(ROOT / "params/programme/strategy.yml").targets}
    assert aims == {"recovery_rate": 0.2, "cycle_time": -0.3}


def test_half_the_way_is_half_the_way() -> None:
    (row,) = progress(plan_of(), history_of(0.10, 0.09), AS_OF).to_dict("records")
    assert row["share_of_way"] == pytest.approx(0.5)
    assert row["change"] == pytest.approx(-0.10)
    assert row["wanted_level"] == pytest.approx(0.08)
    assert (row["by"], row["months_left"]) == (pd.Timestamp("2026-12-31"), 12)


@pytest.mark.parametrize(
    ("after", "noise", "status"),
    [(0.07, 0.001, "reached"), (0.095, 0.001, "not reached yet"), (0.08, 0.01, "can't be told")],
)
def test_a_target_counts_as_reached_only_beyond_its_interval(after: float, noise: float, status: str) -> None:
    assert progress(plan_of(), history_of(0.10, after, noise), AS_OF)["status"].tolist() == [status]


def test_a_measure_without_a_baseline_is_not_measured() -> None:
    late = history_of(0.1, 0.09, months=14)
    assert progress(plan_of(), late, AS_OF)["status"].tolist() == ["not measured"]
    assert reach(plan_of(), late, {}, AS_OF)["verdict"].tolist() == ["not measured"]
    with pytest.raises(InputError, match="history has no column value"):
        progress(plan_of(), late.drop(columns="value"), AS_OF)


def test_months_after_the_as_of_date_are_not_looked_at() -> None:
    history = history_of(0.1, 0.09, 0.002)
    later = history.assign(month=history["month"] + pd.offsets.MonthEnd(36), value=9.0)
    both = pd.concat([history, later])
    pd.testing.assert_frame_equal(progress(plan_of(), history, AS_OF), progress(plan_of(), both, AS_OF))


def test_intervals_of_a_change_hold_the_truth_at_their_level() -> None:
    held = []
    for seed in range(300):
        (row,) = progress(plan_of(), history_of(0.10, 0.085, 0.004, seed), AS_OF).to_dict("records")
        held.append(row["change_lower"] <= -0.15 <= row["change_upper"])
    assert 0.90 <= np.mean(held) <= 1.0


def test_swings_and_steps_of_a_level_are_told_apart() -> None:
    rng = np.random.default_rng(1)
    swing, drift = movement(rng.normal(0, 1, 4000))
    assert (swing, drift) == pytest.approx((1.0, 0.0), abs=0.1)
    swing, drift = movement(np.cumsum(rng.normal(0, 1, 4000)))
    assert (swing, drift) == pytest.approx((0.0, 1.0), abs=0.3)


def test_a_target_behind_us_is_on_track_and_one_far_off_is_not() -> None:
    near = reach(plan_of(), history_of(0.10, 0.06, 0.001), {}, AS_OF).iloc[0]
    far = reach(plan_of(), history_of(0.10, 0.099, 0.001), {}, AS_OF).iloc[0]
    assert (near["verdict"], far["verdict"]) == ("on track", "off track")
    assert near["probability"] > 0.7
    assert far["probability"] < 0.05
    assert (near["probability_ambitious"] <= near["probability"]) and near["lower"] < near["expected"] < near[
        "upper"
    ]


def test_a_measured_effect_still_to_be_rolled_out_raises_the_probability_and_an_unmeasured_one_does_not() -> None:
    history, effect = history_of(0.10, 0.09, 0.001), {"desk": Effect(0.2, 0.16, 0.24, 0.0, 0.02)}
    plan = plan_of(initiatives=[DESK])
    with_it, without = reach(plan, history, effect, AS_OF).iloc[0], reach(plan, history, {}, AS_OF).iloc[0]
    # 0.09 less 20% is 0.072, beyond the 0.08 asked for.
    assert with_it["expected"] == pytest.approx(0.072, abs=0.001)
    assert with_it["probability"] > 0.8
    assert without["probability"] < 0.1
    assert (with_it["counted"], without["uncounted"]) == ("desk", "desk")
    assert with_it["without_programme"] == pytest.approx(without["probability"], abs=0.02)


def test_what_is_rolled_out_already_is_not_counted_again() -> None:
    plan = plan_of(initiatives=[DESK | {"from_month": 0, "full_by_month": 12}])
    found = reach(plan, history_of(0.10, 0.09, 0.001), {"desk": Effect(0.2, 0.16, 0.24, 0.0, 0.02)}, AS_OF).iloc[0]
    assert found["expected"] == pytest.approx(found["recent"], abs=0.0005)
    assert coverage(plan.initiatives[0], np.array([0.0, 6.0, 12.0, 30.0])).tolist() == [0.0, 0.5, 1.0, 1.0]


def test_the_probability_is_that_of_the_normal_where_only_chance_is_in_it() -> None:
    from scipy.stats import norm

    plan, history = plan_of(), history_of(0.10, 0.082, 0.004, 3)
    found = standing(plan, history, "rate", AS_OF)
    assert found is not None
    still = reach(plan, history.assign(), {}, AS_OF, draws=200_000).iloc[0]
    if found.drift == 0:
        gap = 0.8 * found.baseline - found.recent
        exact = norm.cdf(gap / np.hypot(found.recent_error, 0.8 * found.baseline_error))
        assert still["probability"] == pytest.approx(exact, abs=0.005)
    assert still["monte_carlo_error"] < 0.0012


def test_a_risk_that_delays_lowers_the_probability() -> None:
    risk = {"name": "late", "title": "Late", "probability": 0.5, "delay_months": 9, "impact": {"rate": 0.02}}
    plan, effect = plan_of(initiatives=[DESK], risks=[risk]), {"desk": Effect(0.15, 0.13, 0.17, 0.0, 0.01)}
    shift = risk_shift(plan, history_of(0.10, 0.09, 0.001), effect, AS_OF).iloc[0]
    assert (shift["risk"], shift["kpi"]) == ("late", "rate")
    assert shift["shift"] < -0.5
    assert shift["shift"] == shift["happens"] - shift["otherwise"] and shift["error"] < 0.01


def test_a_risk_that_moves_nothing_is_not_told_as_moving_a_target() -> None:
    risks = [
        {"name": "late", "title": "Late", "probability": 0.5, "delay_months": 9, "impact": {"rate": 0.02}},
        {"name": "idle", "title": "Idle", "probability": 0.5, "impact": {}},
    ]
    plan, effect = plan_of(initiatives=[DESK], risks=risks), {"desk": Effect(0.15, 0.13, 0.17, 0.0, 0.01)}
    history = history_of(0.10, 0.09, 0.001).assign(events=500.0, units=5000.0)
    table = risks_to_targets(plan, history, effect, AS_OF)
    assert table["risk"].tolist() == ["late", "idle"]
    assert table["told"].tolist() == [True, False]


def test_the_register_ranks_by_probability_times_harm_and_counts_no_good_as_harm() -> None:
    risks = [
        {"name": "a", "title": "A", "probability": 0.1, "impact": {"rate": 0.5}},
        {"name": "b", "title": "B", "probability": 0.5, "impact": {"rate": 0.2}},
        {"name": "c", "title": "C", "probability": 0.9, "impact": {"rate": -0.4}},
    ]
    table = risk_register(plan_of(risks=risks))
    assert table["risk"].tolist() == ["b", "a", "c"]
    assert table["expected_harm"].tolist() == pytest.approx([0.10, 0.05, 0.0])


KPIS = [
    {
        "name": "breaches",
        "title": "B",
        "group": "compliance",
        "weight": 0.5,
        "worst": 0.1,
        "best": 0.0,
        "floor": 0.05,
    },
    {"name": "cures", "title": "C", "group": "conversion", "weight": 0.5, "worst": 0.0, "best": 1.0},
]


def test_no_conversion_buys_off_a_breach() -> None:
    values = pd.DataFrame(
        {"breaches": [0.0, 0.06, 0.02], "cures": [0.6, 1.0, 0.5]}, index=["kind", "harsh", "slow"]
    )
    table = balanced_score(plan_of(kpis=KPIS), values).set_index("unit")
    assert table["score"].to_dict() == pytest.approx({"kind": 80.0, "slow": 65.0, "harsh": 0.0})
    assert table.loc["harsh", ["rank", "rank_by_conversion", "moved"]].tolist() == [3.0, 1.0, -2.0]
    assert scorecard(plan_of(kpis=KPIS), values)["worth"].between(0, 1).all()


def test_a_score_without_one_of_its_measures_is_refused() -> None:
    with pytest.raises(InputError, match="the measures lack breaches"):
        balanced_score(plan_of(kpis=KPIS), pd.DataFrame({"cures": [0.5]}))
    missing = balanced_score(plan_of(kpis=KPIS), pd.DataFrame({"cures": [0.5, 0.4], "breaches": [0.0, np.nan]}))
    assert missing["score"].isna().sum() == 1


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"onn_track": 0.8}, "'onn_track' is unknown; the nearest known key is 'on_track'"),
        ({"initiatives": [DESK | {"phase": "two"}]}, "initiative 'desk': phase 'two' is none of one"),
        ({"initiatives": [DESK | {"kpi": "cost"}]}, r"initiative 'desk': kpi 'cost' has no target \(rate\)"),
        ({"initiatives": [DESK | {"full_by_month": 6}]}, "full_by_month 6 is not after from_month 12"),
        ({"kpis": KPIS[:1]}, r"weights of kpis sum to 0\.500, not 1"),
        ({"risks": [{"name": "a", "title": "A", "probability": 1.5}]}, r"'risks\.0\.probability' is 1\.5"),
        ({"phases": []}, "'phases' is"),
    ],
)
def test_a_programme_file_with_a_wrong_key_or_value_is_refused_by_name(
    changes: dict[str, object], text: str, tmp_path: Path
) -> None:
    content = plan_of().model_dump(mode="json", exclude_none=True) | changes
    file = tmp_path / "plan.yml"
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ParameterError, match=text):
        load_programme(file)


def test_targets_for_the_worse_are_refused(tmp_path: Path) -> None:
    content = plan_of().model_dump(mode="json", exclude_none=True)
    content["targets"][0]["value"] = 0.2
    file = tmp_path / "plan.yml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ParameterError, match="a change for the worse where lower is better"):
        load_programme(file)
