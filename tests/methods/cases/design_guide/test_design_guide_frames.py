"""From logged decisions to the frames of the designs: dates, units, who is left out, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from analysis.core.parameters.cases import CasesParameters
from analysis.core.parameters.cases_interventions import Intervention
from analysis.methods.cases.design_guide.frames import prepare
from analysis.methods.cases.design_guide.judge import (
    broken,
    checks_of,
    first_with,
    judge,
    leading,
    misled,
    plain_table,
)
from analysis.methods.cases.quasi_experiments.draws import draw_chosen
from analysis.methods.cases.quasi_experiments.study import Check, DesignRefused, Effect, Study

MONTHS = pd.date_range("2023-01-31", periods=30, freq="ME")
STARTS = {"a": 8, "b": 14, "c": 18, "d": 22, "e": 26, "f": None, "g": None}
DESK = Intervention(name="desk", assigned_by="rollout", arms=("old", "new"), outcome="back_1", horizon=2)
AGENTS = Intervention(
    name="agents",
    assigned_by="judgement",
    arms=("robot", "agent"),
    outcome="cured",
    options={"covariates": ["score", "log_balance", "mood"], "placebo_outcome": "cured_before"},
)


def desk_rows(each: int = 20, seed: int = 1, effect: float = 0.0) -> pd.DataFrame:
    """Decisions of seven regions over 30 months, some of which change from `old` to `new`."""
    rng = np.random.default_rng(seed)
    rows = []
    for region, start in STARTS.items():
        for place, month in enumerate(MONTHS):
            new = start is not None and place >= start
            for _ in range(each):
                rows.append((region, month, "new" if new else "old", float(rng.random() < 0.5 + effect * new)))
    return pd.DataFrame(rows, columns=["region", "decided_month", "arm", "back_1"])


def agent_rows(rows: int = 3000, seed: int = 1) -> pd.DataFrame:
    frame = draw_chosen(rows, 0.2, seed)
    return frame.assign(arm=np.where(frame["agent"] == 1, "agent", "robot"))


def test_a_unit_counts_as_reached_as_soon_as_outcomes_are_still_open_there() -> None:
    frame = prepare(DESK, desk_rows()).frame
    adopted = frame.groupby("region")["adopted"].first()
    assert adopted["a"] == MONTHS[7]
    assert prepare(DESK.model_copy(update={"horizon": 4}), desk_rows()).frame["adopted"].min() == MONTHS[5]
    assert adopted[["f", "g"]].isna().all()


def test_rates_are_of_decisions_with_a_known_outcome() -> None:
    rows = desk_rows()
    rows.loc[(rows["region"] == "a") & (rows.index % 4 == 0), "back_1"] = np.nan
    ready = prepare(DESK, rows)
    cell = ready.frame[(ready.frame["region"] == "a") & (ready.frame["month"] == MONTHS[3])].iloc[0]
    own = rows[(rows["region"] == "a") & (rows["decided_month"] == MONTHS[3])]["back_1"]
    assert cell["decisions"] == own.notna().sum() == 15
    assert cell["events"] == own.sum()
    assert ready.used == rows["back_1"].notna().sum()


def test_a_unit_with_a_month_without_decisions_is_left_out_and_named() -> None:
    rows = desk_rows()
    rows = rows[~((rows["region"] == "g") & (rows["decided_month"] == MONTHS[4]))]
    ready = prepare(DESK, rows)
    assert ready.about["left_out"] == ("g",)
    assert set(ready.frame["region"]) == set(STARTS) - {"g"}


def test_one_region_is_the_first_with_a_year_before_it_and_is_held_against_regions_not_yet_reached() -> None:
    one = DESK.model_copy(update={"name": "one", "assigned_by": "one_unit"})
    ready = prepare(one, desk_rows())
    assert ready.declared.options["treated"] == "b"  # a was reached in its seventh month
    assert ready.declared.options["date"] == MONTHS[13]
    # c is reached first of the others; from then on four are left: d, e, f and g, until d is.
    assert set(ready.frame["region"]) == {"b", "d", "e", "f", "g"}
    assert ready.frame["month"].max() == MONTHS[20]


def test_which_region_is_looked_at_does_not_hang_on_outcomes() -> None:
    one = DESK.model_copy(update={"name": "one", "assigned_by": "one_unit"})
    chosen = {prepare(one, desk_rows(seed=seed)).declared.options["treated"] for seed in range(6)}
    assert chosen == {"b"}


def test_one_date_is_judged_by_the_regions_own_months() -> None:
    one = DESK.model_copy(update={"assigned_by": "date", "options": {"harmonics": 0, "ramp": False}})
    ready = prepare(one, desk_rows())
    assert set(ready.frame["region"]) == {"b"}
    assert len(ready.frame) == len(MONTHS)


def test_before_and_after_is_that_of_the_regions_reached_at_their_own_dates() -> None:
    rows = desk_rows(effect=0.3)
    ready = prepare(DESK, rows)
    starts = rows["region"].map({k: np.nan if v is None else v - 1 for k, v in STARTS.items()})
    place = rows["decided_month"].map({month: place for place, month in enumerate(MONTHS)})
    held, after = rows[starts.notna()], (place >= starts)[starts.notna()]
    expected = held.loc[after, "back_1"].mean() - held.loc[~after, "back_1"].mean()
    assert ready.plain is not None
    assert ready.plain.estimate == pytest.approx(expected)
    row = plain_table({"desk": ready}).iloc[0]
    assert row["treated"] == after.sum() and row["untreated"] == (~after).sum()
    assert row["treated_rate"] - row["untreated_rate"] == pytest.approx(row["plain"])


def test_covariates_that_are_not_recorded_are_named_and_left_out() -> None:
    ready = prepare(AGENTS, agent_rows())
    assert ready.unrecorded == ("mood",)
    assert ready.declared.options["covariates"] == ["score", "log_balance"]
    assert ready.declared.options["cluster"] == "customer"


def test_too_few_decisions_are_refused_with_their_numbers() -> None:
    rows = agent_rows(150)
    counts = rows["arm"].value_counts()
    says = rf"{counts['agent']} decisions for 'agent' and {counts['robot']} for 'robot' .* 100 of each are needed"
    with pytest.raises(DesignRefused, match=says):
        prepare(AGENTS, rows)
    with pytest.raises(DesignRefused, match="'cured' is known of none of 150 decisions"):
        prepare(AGENTS, rows.assign(cured=np.nan))
    with pytest.raises(DesignRefused, match="'region' of accounts is not recorded"):
        prepare(DESK, desk_rows().drop(columns="region"))


def test_what_the_data_refuse_stays_in_the_table_and_what_has_no_decisions_does_not() -> None:
    gone = DESK.model_copy(update={"name": "gone"})
    back = DESK.model_copy(update={"name": "back"})
    rows = desk_rows()
    returned = rows.assign(arm=rows["arm"].mask(rows["decided_month"] == MONTHS[-1], "old"))
    table, studies, ready = judge(
        [DESK, back, gone, AGENTS], {"desk": rows, "back": returned, "agents": agent_rows()}
    )
    assert table["intervention"].tolist() == ["desk", "back", "agents"]
    assert table.set_index("intervention").loc["back", "verdict"] == "refused"
    assert "a roll-out that was taken back" in table.set_index("intervention").loc["back", "refused"]
    assert set(studies) == set(ready) == {"desk", "agents"}
    assert first_with(studies, "event_study") == "desk" and first_with(studies, "weights") is None
    assert set(checks_of(studies)["intervention"]) == {"desk", "agents"}


def test_no_intervention_gives_empty_tables_with_their_columns() -> None:
    table, studies, ready = judge([], {})
    assert table.empty and "refused" in table and not studies and not ready
    assert plain_table(ready).empty and checks_of(studies).empty


def study_of(*checks: Check) -> Study:
    return Study("design", "what", Effect(0.1, 0.05, 0.15, 0.01), "assumption", 10, 1, checks)


def test_only_checks_that_speak_against_the_design_call_it_broken() -> None:
    studies = {
        "weak": study_of(Check("hidden confounding", 1.0, 1.1, False, "")),
        "few": study_of(Check("rows within the bandwidth", 10, 50, False, "")),
        "wrong": study_of(Check("pre-trend", 0.01, 0.05, False, "")),
        "sound": study_of(Check("pre-trend", 0.3, 0.05, True, "")),
    }
    assert broken(studies) == ["wrong"]


def test_the_first_page_is_chosen_by_design_and_precision_never_by_the_result() -> None:
    def of(lower: float, upper: float, passed: bool = True) -> Study:
        checks = (Check("pre-trend", 0.5, 0.05, passed, ""),)
        return Study("design", "what", Effect((lower + upper) / 2, lower, upper, 0.5), "", 10, 1, checks)

    desk = DESK.model_copy(update={"experiment": "desk"})
    dated = desk.model_copy(update={"name": "dated", "assigned_by": "date"})
    all_three = [dated, desk, AGENTS]
    studies = {"dated": of(0.08, 0.1), "desk": of(-0.05, 0.05), "agents": of(0.1, 0.4)}
    assert leading(all_three, studies) == "desk"  # not its weaker design, though that one shows an effect
    assert leading(all_three, studies | {"desk": of(-0.05, 0.05, passed=False)}) == "agents"
    assert leading(all_three, {}) is None


def test_the_plain_difference_farthest_from_a_shown_effect_is_told() -> None:
    columns = ["intervention", "verdict", "estimate", "lower", "upper", "plain", "plain_lower", "plain_upper"]
    rows = [
        ("open", "can't be told", 0.0, -0.5, 0.5, 0.9, 0.8, 1.0),
        ("near", "higher", 0.05, 0.01, 0.09, 0.04, 0.02, 0.06),
        ("far", "higher", 0.05, 0.01, 0.09, 0.00, -0.02, 0.02),
    ]
    found = misled(pd.DataFrame(rows, columns=columns))
    assert found is not None
    assert (found["intervention"], found["outside"], found["silent"]) == ("far", True, True)
    assert misled(pd.DataFrame(rows[:1], columns=columns)) is None


def test_the_registered_interventions_have_an_outcome_their_horizon_reaches() -> None:
    assert {one.assigned_by for one in CasesParameters().interventions} == {
        "cutoff",
        "rollout",
        "one_unit",
        "date",
        "judgement",
    }
    with pytest.raises(
        ValidationError, match="back_3 looks 3 months beyond the decision's, the horizon takes in 2"
    ):
        Intervention(name="late", assigned_by="rollout", arms=("a", "b"), outcome="back_3", horizon=2)
    with pytest.raises(ValidationError, match="assigned by cutoff; options must hold score and cutoff"):
        Intervention(name="cut", assigned_by="cutoff", arms=("a", "b"), outcome="cured")
    with pytest.raises(ValidationError, match="options must hold covariates known before"):
        Intervention(name="gut", assigned_by="judgement", arms=("a", "b"), outcome="cured")
    with pytest.raises(ValidationError, match="should match pattern"):
        Intervention(name="cash", assigned_by="rollout", arms=("a", "b"), outcome="paid")


def test_drawn_regions_are_judged_as_the_design_judges_them_alone() -> None:
    from analysis.methods.cases.quasi_experiments.difference_in_differences import difference_in_differences

    ready = prepare(DESK, desk_rows(each=8))
    again = difference_in_differences(ready.frame, "back_1", seed=1)
    table, _, _ = judge([DESK], {"desk": desk_rows(each=8)})
    assert table["estimate"].iloc[0] == pytest.approx(again.effect.estimate)
    assert table["lower"].iloc[0] == pytest.approx(again.effect.lower)
