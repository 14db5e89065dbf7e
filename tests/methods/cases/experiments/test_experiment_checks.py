"""What an experiment must stand before anything is compared: registration, draw, sizes, balance, overlap."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from experiment_cases import CURED, PAID, TIME, counted, decisions, registered

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cases.experiments.balance import balance, require_sample_ratio, sample_ratio
from analysis.methods.cases.experiments.checks import check_experiment, overlapping, refuse_overlapping
from analysis.methods.cases.experiments.design import Outcome, Registered
from analysis.methods.cases.experiments.effects import effects

EVEN = {"a": 0.5, "b": 0.5}


def test_the_chi_square_of_sizes_is_that_of_scipy():
    stats = pytest.importorskip("scipy.stats")
    for sizes, shares in (((821, 779), (0.5, 0.5)), ((400, 310, 290), (0.4, 0.3, 0.3))):
        names = "abc"[: len(sizes)]
        found = sample_ratio(dict(zip(names, sizes, strict=True)), dict(zip(names, shares, strict=True)))
        expected = stats.chisquare(sizes, np.array(shares) * sum(sizes)).pvalue
        assert (found.test, found.p) == ("chi-square", pytest.approx(expected))


@pytest.mark.parametrize(("a", "b", "p"), [(1, 7, 0.0703125), (0, 8, 0.0078125), (4, 4, 1.0)])
def test_small_arms_have_the_exact_binomial_chance(a, b, p):
    # Two-sided sign test of 8: 2 · (1 + 8)/256, 2/256, 1.
    found = sample_ratio({"a": a, "b": b}, EVEN)
    assert (found.test, found.p) == ("exact multinomial", pytest.approx(p))


def test_three_small_arms_have_the_exact_multinomial_chance():
    # Of 27 ways to deal three units to three equal arms, three put all in one arm; those are the least likely.
    found = sample_ratio({"a": 3, "b": 0, "c": 0}, dict.fromkeys("abc", 1 / 3))
    assert found.p == pytest.approx(3 / 27)


def test_sizes_that_chance_does_not_explain_stop_with_the_numbers():
    frame = counted({"robot": (100, 600), "agent": (100, 400)})
    with pytest.raises(
        InputError, match=r"robot 600 units, 60.00% where 50.00% was planned; agent 400 units.*p = 2.5e-10"
    ):
        check_experiment(frame, registered())
    assert len(check_experiment(frame, registered(shares={"robot": 0.6, "agent": 0.4}))) == 2


def test_a_drawn_experiment_is_found_mismatched_as_often_as_said():
    rng = np.random.default_rng(1)
    p = [sample_ratio({"a": n, "b": 500 - n}, EVEN).p for n in rng.binomial(500, 0.5, 2000)]
    assert 0.035 < np.mean(np.array(p) < 0.05) < 0.065


def test_units_are_counted_as_they_were_drawn_not_as_decisions():
    # 60 customers with ten accounts each in one arm, 60 with one account in the other: no mismatch of customers.
    frame = pd.DataFrame({"customer": np.r_[np.repeat(np.arange(60), 10), np.arange(60, 120)]})
    frame = frame.assign(arm=np.where(frame["customer"] < 60, "robot", "agent"), cured=1.0, account_id=frame.index)
    assert check_experiment(frame, registered(unit="customer"))["units"].tolist() == [60, 60]
    with pytest.raises(InputError, match="sample-ratio mismatch"):
        check_experiment(frame, registered())


def test_contaminated_units_are_refused_by_count():
    frame = counted({"robot": (10, 100), "agent": (20, 100)})
    frame.loc[150:152, "account_id"] = [7, 8, 9]
    frame.loc[150:152, "customer"] = [7, 8, 9]
    with pytest.raises(InputError, match=r"3 of 197 units \(account_id\) are in more than one arm, for example 7"):
        check_experiment(frame, registered())


def test_a_unit_in_two_clusters_is_refused():
    frame = counted({"robot": (10, 50), "agent": (20, 50)})
    frame.loc[1, "account_id"] = 0
    with pytest.raises(
        InputError, match=r"1 of 99 units \(account_id\) lie in more than one cluster \(customer\)"
    ):
        check_experiment(frame, registered())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"randomised": False}, "100 of 100 decisions were not drawn at random"),
        ({"probability": 0.7}, "100 of 100 decisions were drawn with another probability than planned"),
        (
            {"arm": "letter"},
            r"arms that are not registered: 'letter' \(100 decisions\); registered are robot, agent",
        ),
        ({"arm": "robot"}, "nothing was drawn into agent"),
        ({"customer": None}, "missing customer in 100 of 100 decisions"),
        ({"cured": 0.5}, "outcome 'cured' is binary: column 'cured' holds 0.5 and the like in 100"),
        ({"cured": "yes"}, "column 'cured' holds .*, not numbers"),
        ({"cured": np.nan}, "no outcome is known yet in robot, agent"),
    ],
)
def test_decisions_that_cannot_be_compared_are_refused(change, message):
    frame = counted({"robot": (10, 50), "agent": (20, 50)}).assign(**change)
    with pytest.raises(InputError, match=message):
        effects(frame, registered())


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(
        InputError, match="the decisions have no column cured; they have arm, account_id, customer"
    ):
        check_experiment(counted({"robot": (1, 9), "agent": (1, 9)}).drop(columns="cured"), registered())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"control": "letter"}, "control is 'letter', which is no arm"),
        ({"arms": ("robot",)}, "arms are robot; give two or more"),
        ({"shares": {"robot": 0.5}}, "shares are given for robot; give one to each of robot, agent"),
        ({"shares": {"robot": 0.5, "agent": 0.4}}, "shares above zero that sum to 1"),
        ({"horizon": 0}, "horizon is 0"),
        ({"outcomes": (CURED, CURED)}, "outcomes are cured, cured"),
    ],
)
def test_a_registration_that_makes_no_sense_is_refused(change, message):
    with pytest.raises(ParameterError, match=message):
        registered(**change)


def test_an_outcome_that_was_not_registered_cannot_be_asked_for():
    asked: Registered = registered(CURED, PAID)
    assert asked.outcome("paid") is PAID
    with pytest.raises(ParameterError, match="'back' is not registered; registered are cured, paid"):
        asked.outcome("back")
    with pytest.raises(ParameterError, match="kind is 'ordinal'; allowed are binary, money, time"):
        Outcome("mood", "ordinal", "mood")


def test_missing_outcomes_are_told_by_arm():
    frame = decisions(200)
    frame.loc[frame["arm"] == "agent", "cured"] = np.nan
    found = check_experiment(frame, registered(CURED, TIME)).set_index("arm")
    assert found["missing_cured"].to_dict() == {"robot": 0.0, "agent": 1.0}
    assert found["missing_time"].tolist() == [0.0, 0.0]


def test_experiments_on_the_same_units_at_once_are_counted_and_refused():
    day = pd.Timestamp("2025-01-10")
    first = pd.DataFrame({"account_id": range(100), "decided_at": day})
    near = pd.DataFrame({"account_id": range(90, 110), "decided_at": day + pd.Timedelta(days=40)})
    late = pd.DataFrame({"account_id": range(90, 110), "decided_at": day + pd.Timedelta(days=400)})
    found = overlapping({"first": first, "near": near, "late": late}, horizon=3)
    assert found.set_index(["first", "second"])["units"].to_dict() == {
        ("first", "late"): 0,
        ("first", "near"): 10,
        ("late", "near"): 0,
    }
    with pytest.raises(InputError, match=r"first and near share 10 units \(50.0% of the smaller\)"):
        refuse_overlapping(found)
    refuse_overlapping(found, most=0.5)


def test_standardised_differences_are_by_hand_and_see_what_the_arms_were_made_of():
    rng = np.random.default_rng(4)
    arm = pd.Series(rng.choice(["robot", "agent"], 800))
    fair = pd.Series(rng.normal(0, 1, 800))
    tilted = fair + 0.5 * (arm == "agent")
    region = pd.Series(np.where(rng.random(800) < 0.3 + 0.3 * (arm == "agent"), "north", "south"))
    found = balance(pd.DataFrame({"fair": fair, "tilted": tilted, "region": region}), arm, "robot")
    found = found.set_index(["feature", "value"])
    sides = [tilted[arm == name] for name in ("agent", "robot")]
    by_hand = (sides[0].mean() - sides[1].mean()) / np.sqrt((sides[0].var(ddof=0) + sides[1].var(ddof=0)) / 2)
    assert found.loc[("tilted", ""), "difference"] == pytest.approx(by_hand)
    assert found["beyond_chance"].to_dict() == {
        ("fair", ""): False,
        ("tilted", ""): True,
        ("region", "north"): True,
        ("region", "south"): True,
    }
    assert found.loc[("fair", ""), "by_chance"] == pytest.approx(
        1.96 * np.sqrt(sum(1 / len(side) for side in sides)), rel=1e-3
    )


def test_a_feature_known_only_in_one_arm_is_told_by_its_gaps():
    arm = pd.Series(["robot", "agent"] * 100)
    score = pd.Series(np.arange(200.0)).where(arm == "agent")
    found = balance(pd.DataFrame({"score": score}), arm, "robot").set_index("value")
    assert np.isnan(found.loc["", "mean_control"])
    assert found.loc["missing", ["mean", "mean_control"]].tolist() == [0.0, 1.0]


def test_a_feature_with_few_known_values_may_differ_by_more():
    arm = pd.Series(["robot", "agent"] * 200)
    known = pd.Series(np.random.default_rng(1).standard_normal(400))
    found = balance(pd.DataFrame({"all": known, "few": known.where(known.index >= 380)}), arm, "robot")
    chance = found.set_index(["feature", "value"])["by_chance"]
    assert chance["few", ""] == pytest.approx(chance["all", ""] * np.sqrt(400 / 20))


def test_in_fair_draws_five_in_a_hundred_features_are_beyond_chance():
    rng = np.random.default_rng(3)
    features = pd.DataFrame(rng.standard_normal((400, 600)), columns=[f"x{i}" for i in range(600)])
    found = balance(features, pd.Series(rng.choice(["robot", "agent"], 400)), "robot")
    assert 0.03 < found["beyond_chance"].mean() < 0.08


def test_a_mismatch_needs_arms_that_are_planned():
    with pytest.raises(ParameterError, match="units are given for a, c, shares for a, b"):
        require_sample_ratio({"a": 5, "c": 5}, EVEN)
