"""Several arms against one control: limits and verdicts that count how many were tried."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from experiment_cases import CURED, NOTHING, PAID, TIME, counted, decisions, registered
from scipy.special import stdtr

from analysis.methods.cases.experiments.draws import ExperimentTruth, draw_experiment
from analysis.methods.cases.experiments.effects import effects
from analysis.methods.cases.experiments.power import experiment_power
from analysis.methods.cases.experiments.readings import evidence_of, read_together
from analysis.methods.cases.experiments.study import led
from analysis.methods.cases.experiments.together import influences, joint_level
from analysis.statistics.newcombe import newcombe

ARMS = ("robot", "agent", "letter", "visit")
NONE_WORKS = dict.fromkeys(ARMS, NOTHING)


def several(*outcomes, arms=ARMS):
    return registered(*outcomes, arms=arms, ratio_alpha=1e-6)


def drawn(seed, customers=300, log_odds=NONE_WORKS):
    truth = ExperimentTruth(log_odds, (1 / len(log_odds),) * len(log_odds))
    return draw_experiment(truth, customers, seed).decisions


def test_a_single_challenger_has_its_own_limits_to_the_last_digit():
    found = effects(decisions(400), registered(CURED, PAID, TIME), replications=300)
    assert found["all_lower"].tolist() == found["lower"].tolist()
    assert found["all_upper"].tolist() == found["upper"].tolist()
    assert (found["all_level"] == 0.95).all() and (found["challengers"] == 1).all()


def test_two_challengers_of_equal_size_have_newcombes_limits_at_dunnetts_level():
    """Dunnett 1964, two-sided 5%, two treatments, degrees beyond 120: 2.21 (Biometrics 20, 482–491)."""
    table = {"robot": (1000, 2000), "agent": (1090, 2000), "letter": (1000, 2000)}
    found = effects(counted(table), several(CURED, arms=tuple(table))).set_index("arm")
    own = 1 - 2 * stdtr(1e6, -2.21)
    assert found["all_level"].tolist() == pytest.approx([own] * 2, abs=1.5e-3)
    wide = newcombe(1090, 2000, 1000, 2000, own)
    assert found.loc["agent", ["all_lower", "all_upper"]].tolist() == pytest.approx(wide[1:], abs=4e-4)


def test_the_control_that_arms_share_makes_half_of_their_noise_common_by_hand():
    """Equal sizes and shares: a difference is the control's noise and as much of its own, so two share half."""
    one_each = np.zeros((300, 3, 2))
    one_each[np.arange(300), np.arange(300) // 100] = np.column_stack([np.arange(300) % 2, np.ones(300)])
    parts = influences(one_each, 0, [1, 2])
    assert np.corrcoef(parts.T)[0, 1] == pytest.approx(0.5)
    assert joint_level(parts[:, :1], 300, 0.95) == 0.95
    assert joint_level(np.column_stack([parts[:, 0], np.zeros(300)]), 300, 0.95) == 0.95


def test_what_one_challenger_would_show_several_may_not():
    """A rise of 4.2 points, 2,000 each, is z = 2.66: beyond 1.96, short of the 2.69 that Dunnett asks of nine."""
    sizes = {"agent": (1084, 2000)} | {f"letter_{i}": (1000, 2000) for i in range(8)}
    table = {"robot": (1000, 2000)} | sizes
    alone = effects(counted({name: table[name] for name in ("robot", "agent")}), registered()).iloc[0]
    among = effects(counted(table), several(CURED, arms=tuple(table))).set_index("arm").loc["agent"]
    assert (alone["verdict"], among["verdict"]) == ("better", "can't tell")
    assert among["lower"] == pytest.approx(alone["lower"], abs=1e-4) and among["lower"] > 0 > among["all_lower"]


def test_an_effect_that_its_arms_undo_is_read_as_such():
    sizes = {"agent": (1084, 2000)} | {f"letter_{i}": (1000, 2000) for i in range(8)}
    table = {"robot": (1000, 2000)} | sizes
    asked = several(CURED, arms=tuple(table))
    read = read_together([led(effects(counted(table), asked), asked)]).set_index("arm")
    assert read.loc["agent", "reading"] == "not after counting arms"
    assert read["p_holm"].notna().sum() == 9
    told = evidence_of(read.reset_index(), 0.95)["trial:agent"]
    assert told.lower == read.loc["agent", "all_lower"] and told.shows == "can't be told"


def test_a_strong_challenger_among_weak_ones_is_still_found():
    table = {"robot": (1000, 2000), "agent": (1200, 2000), "letter": (1010, 2000), "visit": (995, 2000)}
    found = effects(counted(table), several(CURED)).set_index("arm")["verdict"]
    assert found.to_dict() == {"agent": "better", "letter": "can't tell", "visit": "can't tell"}


def test_limits_for_all_arms_are_wider_and_the_verdict_goes_by_them():
    found = effects(drawn(4), several(CURED, PAID, TIME), replications=400)
    assert (found["all_lower"] <= found["lower"]).all() and (found["upper"] <= found["all_upper"]).all()
    assert found["all_level"].between(0.95, 1 - 0.05 / 3).all()
    clear = (found["all_lower"] > 0) | (found["all_upper"] < 0)
    assert (clear == (found["verdict"] != "can't tell")).all()


def test_what_several_arms_could_show_is_told_at_the_level_they_are_held_to():
    table = {"robot": (1000, 2000), "agent": (1000, 2000), "letter": (1000, 2000)}
    asked = several(CURED, arms=tuple(table))
    pair = experiment_power(counted({name: table[name] for name in ("robot", "agent")}), registered())
    among = experiment_power(counted(table), asked)
    assert among["detectable"].iloc[0] > pair["detectable"].iloc[0]
    bonferroni = experiment_power(counted({n: table[n] for n in ("robot", "agent")}), registered(level=0.975))
    assert among["detectable"].iloc[0] <= bonferroni["detectable"].iloc[0]


@pytest.fixture(scope="module")
def worthless():
    """Verdicts of 200 experiments with three arms that change nothing."""
    found = []
    for seed in range(200):
        one = effects(drawn(5000 + seed), several(CURED)).assign(seed=seed)
        found.append(one.assign(alone=(one["lower"] > 0) | (one["upper"] < 0)))
    return pd.concat(found)


def test_worthless_challengers_are_called_better_or_worse_no_more_often_than_the_level_allows(worthless):
    wrong = worthless.groupby("seed")[["alone", "verdict"]].agg(
        {"alone": "any", "verdict": lambda told: (told != "can't tell").any()}
    )
    # 5% of 200 are 10, and 17 or fewer in 99 of 100 such simulations; each arm for itself is wrong in about 12%.
    assert wrong["verdict"].sum() <= 17
    assert wrong["alone"].sum() >= 18


def test_money_and_times_hold_the_level_too():
    wrong = []
    for seed in range(40):
        one = effects(drawn(9000 + seed), several(PAID, TIME), replications=300, seed=seed)
        clear = one["verdict"] != "can't tell"
        wrong.append(clear.groupby(one["measure"]).any())
    # 40 draws of five measures that move together.
    assert np.mean(wrong) <= 0.1


def test_registering_more_arms_never_narrows_a_verdict():
    asked = several(CURED)
    frame = drawn(7)
    pair = frame[frame["arm"].isin(["robot", "agent"])]
    alone = effects(pair, replace(asked, arms=("robot", "agent"))).iloc[0]
    among = effects(frame, asked).set_index("arm").loc["agent"]
    assert among["effect"] == pytest.approx(alone["effect"])
    assert among["all_upper"] - among["all_lower"] > alone["all_upper"] - alone["all_lower"]
