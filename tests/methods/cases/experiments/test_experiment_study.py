"""Experiments judged as a whole: what is wrong with them, what they show, and how many questions were asked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from experiment_cases import CURED, NOTHING, PAID, registered

from analysis.core.errors import ParameterError
from analysis.core.parameters.cases import Experiment, RegisteredOutcome
from analysis.methods.cases.experiments.against_truth import effects_against_truth
from analysis.methods.cases.experiments.draws import ExperimentTruth, draw_experiment
from analysis.methods.cases.experiments.faults import arm_counts, find_fault
from analysis.methods.cases.experiments.naive import chosen_against_drawn
from analysis.methods.cases.experiments.peeking import bands, by_segment, crossings, peek
from analysis.methods.cases.experiments.readings import evidence_of, read_together
from analysis.methods.cases.experiments.study import checks, judge, register

EFFECT = {"robot": NOTHING, "agent": (0.9, 0.9, 0.9)}


def drawn(customers=600, seed=3, **truth):
    found = draw_experiment(ExperimentTruth(**truth), customers, seed)
    months = pd.date_range("2023-01-31", periods=20, freq="ME")
    frame = found.decisions.assign(decided_month=np.resize(months, len(found.decisions)))
    return frame, found.features


def judged(asked=None, seed=3, **truth):
    frame, features = drawn(seed=seed, **truth)
    return judge(frame, features, asked or registered(CURED, PAID), replications=200, seed=1)


def cut(frame, share):
    """A share of the agents' decisions lost after the draw."""
    lost = (frame["arm"] == "agent") & (np.random.default_rng(0).random(len(frame)) < share)
    return frame[~lost]


BREAKS = {
    "ratio": lambda frame: cut(frame, 0.3),
    "no_arm": lambda frame: frame[frame["arm"] == "robot"],
    "odd_arm": lambda frame: frame.assign(arm=frame["arm"].where(frame.index > 20, "letter")),
    "few": lambda frame: pd.concat([frame[frame["arm"] == "robot"], frame[frame["arm"] == "agent"].head(4)]),
    "not_drawn": lambda frame: frame.assign(randomised=frame.index > 5),
    "probability": lambda frame: frame.assign(probability=0.7),
    "contaminated": lambda frame: pd.concat([frame, frame.head(30).assign(arm="agent")], ignore_index=True),
    "early": lambda frame: frame.assign(cured=np.nan, paid=np.nan),
    "other": lambda frame: frame.assign(customer=None),
}


@pytest.mark.parametrize("kind", BREAKS)
def test_a_broken_experiment_is_told_with_its_fault_and_shows_no_effect(kind):
    frame, features = drawn()
    broken = BREAKS[kind](frame)
    found = judge(broken, features.reindex(broken.index), registered(CURED, PAID), replications=200)
    assert found.fault is not None and found.fault.kind == kind
    assert found.effects.empty and by_segment(found, pd.Series("all", index=broken.index)).empty
    assert peek(found).empty and evidence_of(judged().effects, 0.95)


def test_a_lost_seventh_of_an_arm_is_noticed_in_a_large_experiment():
    frame, _ = drawn(customers=4000)
    assert find_fault(frame, registered()) is None
    assert find_fault(cut(frame, 0.15), registered()).kind == "ratio"


def test_arms_are_counted_whatever_is_wrong():
    frame, _ = drawn()
    table = arm_counts(BREAKS["odd_arm"](frame), registered()).set_index("arm")
    assert table.loc["letter", "units"] == 21 and np.isnan(table.loc["letter", "planned"])
    assert table["decisions"].sum() == len(frame)
    assert arm_counts(BREAKS["no_arm"](frame), registered()).set_index("arm").loc["agent", "units"] == 0


def test_a_plain_effect_has_the_adjusted_one_and_what_could_be_shown_beside_it():
    row = judged(log_odds=EFFECT).effects.query("measure == 'share'").iloc[0]
    assert row["lower"] < row["effect"] < row["upper"] and row["lower"] > 0
    assert row["adjusted_upper"] - row["adjusted_lower"] < row["upper"] - row["lower"]
    assert 0 < row["detectable"] < 0.2 and row["like_more_units"] > 1
    assert row["had"] == pytest.approx(row["value"] * row["units"])


def test_nothing_usable_known_before_leaves_the_plain_effect():
    frame, _ = drawn()
    found = judge(frame, pd.DataFrame({"same": 1.0}, index=frame.index), registered(), replications=200)
    assert found.fault is None and found.effects["adjusted_effect"].isna().all()


def test_an_outcome_that_is_not_recorded_is_left_out_and_named():
    frame, features = drawn()
    found = judge(frame.drop(columns="paid"), features, registered(CURED, PAID), replications=200)
    assert found.unrecorded == ("paid",) and set(found.effects["outcome"]) == {"cured"}


def test_an_outcome_known_of_too_few_yet_is_left_out_and_named():
    frame, features = drawn()
    late = frame.assign(paid=frame["paid"].where(frame["arm"].eq("robot") | (frame.index < 12)))
    assert judge(late, features, registered(CURED, PAID), replications=200).unrecorded == ("paid",)


def test_a_feature_known_only_where_the_outcome_is_not_is_not_adjusted_for():
    frame, features = drawn()
    recent = frame.index >= frame.index[-100]
    frame = frame.assign(cured=frame["cured"].mask(recent))
    found = judge(frame, features.assign(new=np.where(recent, 1.0, np.nan)), registered(), replications=200)
    assert found.fault is None and found.effects["adjusted_effect"].notna().all()


def test_what_a_single_look_shows_may_not_stand_once_all_are_counted():
    row = {"experiment": "a", "outcome": "cured", "primary": True, "lead": True, "verdict": "better"}
    row |= dict.fromkeys(["lower", "all_lower"], 0.01) | dict.fromkeys(["upper", "all_upper"], 0.09)
    row |= {"p": 0.03, "relevant": np.nan}
    open_ = row | {"verdict": "can't tell", "lower": -0.05, "all_lower": -0.05, "p": 0.5}
    one = read_together([pd.DataFrame([row])])
    two = read_together([pd.DataFrame([row]), pd.DataFrame([open_ | {"experiment": "b"}]), pd.DataFrame()])
    assert one["reading"].tolist() == ["better"]
    assert two["reading"].tolist() == ["not after counting all", "can't tell"]
    assert two["p_holm"].tolist() == pytest.approx([0.06, 0.5])


def test_an_effect_within_what_matters_is_too_small_to_matter():
    row = {"experiment": "a", "outcome": "cured", "primary": True, "lead": True, "verdict": "better"}
    row |= {"lower": 0.001, "upper": 0.009, "p": 0.01, "relevant": 0.02}
    alone = row | {"all_lower": 0.001, "all_upper": 0.009}
    assert read_together([pd.DataFrame([alone])])["reading"].tolist() == ["too small to matter"]
    # Limits that hold for all arms are the ones that must lie within it.
    among = row | {"all_lower": -0.001, "all_upper": 0.021, "verdict": "can't tell"}
    assert read_together([pd.DataFrame([among])])["reading"].tolist() == ["not after counting arms"]


def test_evidence_is_the_first_primary_outcome_by_arm_where_there_are_several():
    arms = {"robot": NOTHING, "agent": (0.5, 0.5, 0.5), "letter": NOTHING}
    asked = registered(CURED, PAID, arms=tuple(arms))
    table = judged(asked, log_odds=arms, shares=(0.4, 0.3, 0.3)).effects
    assert set(evidence_of(table, 0.95)) == {"trial:agent", "trial:letter"}
    single = evidence_of(judged().effects, 0.95)["trial"]
    assert single.lower < single.estimate < single.upper and single.level == 0.95


def test_evidence_counts_all_comparisons_that_were_read_together():
    one = judged().effects
    together = read_together([one, one.assign(experiment="other"), one.assign(experiment="third")])
    assert evidence_of(together, 0.95)["trial"].p == pytest.approx(min(3 * evidence_of(one, 0.95)["trial"].p, 1))


def test_checks_hold_each_arm_and_the_balance():
    table = checks([judged()])
    assert table["arm"].tolist() == ["robot", "agent"] and (table["fault"] == "").all()
    assert (table["compared"] > 5).all() and table["ratio_p"].iloc[0] > 0.001


DECLARED = {"experiment": "trial", "control": "robot"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"control": "robott"},
            "control is 'robott', which nothing was drawn into; arms in the log are agent, robot",
        ),
        ({"shares": {"robot": 0.7, "agent": 0.7}}, "shares that sum to 1|shares above zero that sum to 1"),
        (
            {"outcomes": (RegisteredOutcome(name="back", kind="binary", column="back_3"),)},
            "outcome 'back' has column 'back_3'; with a horizon of 3 months it can be paid, cured",
        ),
        (
            {"outcomes": (RegisteredOutcome(name="c", kind="binary", column="cured", primary=False),)},
            "no outcome is primary, so none decides",
        ),
    ],
)
def test_a_registration_that_makes_no_sense_stops_with_what_is_allowed(changes, message):
    with pytest.raises(ParameterError, match=message):
        register(Experiment(**DECLARED | changes), ["agent", "robot"], 0.95)


def test_a_missing_arm_is_registered_all_the_same():
    assert register(Experiment(**DECLARED), ["agent"], 0.95).arms == ("agent", "robot")
    assert register(Experiment(**DECLARED), ["robot"], 0.95).treated == ("unnamed",)
    shares = {"robot": 0.7, "agent": 0.3}
    assert register(Experiment(**DECLARED, shares=shares), ["robot"], 0.95).planned == shares


def test_bands_are_cut_at_their_edges_and_gaps_stay_gaps():
    found = bands(pd.Series([600.0, 620.0, 679.9, 680.0, np.nan]), [620, 680])
    assert found.tolist()[:4] == ["<620", "620–<680", "620–<680", ">=680"] and pd.isna(found.iloc[4])
    assert bands(pd.Series(["card", None]), [620]).iloc[0] == "card"


def test_segments_come_in_the_order_of_their_bands_and_tell_who_had_the_event():
    frame, features = drawn(log_odds=EFFECT)
    one = judge(frame, features, registered(), replications=200)
    table = by_segment(one, bands(features["score"], [630, 670]))
    assert table["segment"].tolist() == ["<630", "630–<670", ">=670"]
    known = one.decisions[one.decisions["cured"].notna()]
    assert table["had"].sum() == known.loc[known["arm"] == "agent", "cured"].sum()


def test_an_outcome_is_looked_at_when_it_was_known_not_when_it_was_decided_on():
    one = judged(log_odds=EFFECT)
    plain, cure = peek(one), peek(one, probation=3)
    horizon = one.registered.horizon
    assert plain["look"].max() == one.decisions["decided_month"].max() + pd.offsets.MonthEnd(horizon - 1)
    assert cure["look"].max() == plain["look"].max() + pd.offsets.MonthEnd(2)
    assert (plain["upper"] - plain["lower"] > plain["fixed_upper"] - plain["fixed_lower"]).all()


def test_peeking_is_counted():
    days = pd.date_range("2024-01-31", periods=4, freq="ME")
    seen = pd.DataFrame({"look": days, "fixed_lower": [-1, 1, -1, 1], "fixed_upper": [2.0] * 4})
    found = crossings(seen.assign(decided=[False, False, False, True]))
    assert found == {"looks": 4, "fixed": 2, "changes": 3, "decided": days[3].date()}
    assert crossings(seen.assign(decided=False))["decided"] is None


def test_handling_by_choice_shows_a_difference_where_the_draw_shows_none():
    frame, features = drawn(customers=2500, log_odds={"robot": NOTHING, "agent": NOTHING})
    one = judge(frame, features, registered(), replications=200)
    # Outside the experiment the hard cases are given to agents.
    outside, known = drawn(customers=2500, seed=9, log_odds={"robot": NOTHING, "agent": NOTHING})
    outside = outside.assign(arm=np.where(known["score"] < known["score"].median(), "agent", "robot"))
    row = chosen_against_drawn([one], outside).iloc[0]
    assert row["drawn_lower"] < 0 < row["drawn_upper"]
    assert row["naive_upper"] < 0 and row["selection_upper"] < 0
    assert row["selection"] == pytest.approx(row["naive"] - row["drawn"])


def test_where_nobody_was_handled_by_choice_nothing_is_compared():
    one = judged()
    outside = drawn()[0].assign(arm="letter")
    assert chosen_against_drawn([one], outside).empty


def test_truth_is_held_against_shares_back_by_month_for_all_and_by_segment():
    frame, features = drawn(customers=2500, log_odds={"robot": NOTHING, "agent": (1.0, 1.0, 1.0)})
    one = judge(frame.assign(back_1=frame["cured"]), features, registered(), replications=200)
    cell = {"cured": {"robot": 0.5, "agent": 0.6}}
    truth = {
        "segments": {"names": ["low", "high"], "origination_score_edges": [650.0]},
        "experiments": {"trial": {"outcomes": {"cured_within_1": {"all": cell, "low": cell, "odd": cell}}}},
    }
    found = effects_against_truth(one, features["score"], truth)
    assert found["segment"].tolist() == ["all", "low"] and (found["measure"] == "back_1").all()
    assert found["truth"].tolist() == pytest.approx([0.1, 0.1])
    assert (found["covered"] == found["lower"].le(found["truth"]) & found["truth"].le(found["upper"])).all()
    assert effects_against_truth(one, None, truth)["segment"].tolist() == ["all"]
    assert effects_against_truth(one, None, {}).empty
