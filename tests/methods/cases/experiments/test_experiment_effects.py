"""Effects of arms: by hand, by other libraries, and against known truths."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from experiment_cases import CURED, NOTHING, PAID, TIME, counted, decisions, registered

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cases.experiments.arms import arm_sums, read_arms
from analysis.methods.cases.experiments.design import Outcome, Registered
from analysis.methods.cases.experiments.draws import MONTHS, ExperimentTruth, draw_experiment, true_effects
from analysis.methods.cases.experiments.effects import effects, p_value, verdict
from analysis.methods.cases.experiments.multiplicity import adjust
from analysis.methods.cases.experiments.time_to_event import cumulative_incidence, time_measures, time_to_current
from analysis.statistics.newcombe import newcombe


def test_independent_shares_have_newcombes_interval():
    found = effects(counted({"robot": (480, 800), "agent": (560, 790)}), registered()).iloc[0]
    plain = newcombe(560, 790, 480, 800)
    told = found[["effect", "lower", "upper"]].tolist()
    assert told == pytest.approx([float(value) for value in plain], abs=2e-4)
    assert (found["units"], found["units_control"], found["verdict"]) == (790, 800, "better")


def test_money_is_a_difference_of_means_with_the_textbook_error():
    frame = decisions(800, by_customer=True).drop_duplicates("customer")
    found = effects(frame, registered(PAID)).set_index("measure")
    sides = [frame.loc[frame["arm"] == arm, "paid"] for arm in ("agent", "robot")]
    error = np.sqrt(sum(side.var() / len(side) for side in sides))
    assert found.loc["mean", "effect"] == pytest.approx(sides[0].mean() - sides[1].mean())
    assert found.loc["mean", "se"] == pytest.approx(error, rel=0.08)
    capped = [side.clip(upper=frame["paid"].quantile(0.99)).mean() for side in sides]
    assert found.loc["capped_mean", "effect"] == pytest.approx(capped[0] - capped[1])
    assert found.loc["capped_mean", "se"] < found.loc["mean", "se"]


def test_one_huge_payment_moves_the_mean_and_not_the_capped_mean():
    frame = decisions(400)
    found = effects(frame, registered(PAID), replications=200).set_index("measure")["effect"]
    first = frame.index[frame["arm"] == "agent"][0]
    richer = frame.assign(paid=frame["paid"].where(frame.index != first, 1e8))
    moved = effects(richer, registered(PAID), replications=200).set_index("measure")["effect"]
    assert moved["mean"] - found["mean"] > 1e5
    assert abs(moved["capped_mean"] - found["capped_mean"]) < 2000


def test_accounts_that_fare_alike_within_customers_widen_an_interval_drawn_by_customer():
    once = decisions(300, by_customer=True).drop_duplicates("customer")
    copies = pd.concat([once.assign(account_id=once["account_id"] + 10_000 * i) for i in range(4)])
    asked = registered(CURED, PAID, TIME, unit="customer")
    first, again = (effects(frame, asked, replications=600).set_index("measure") for frame in (once, copies))
    assert again["se"].to_numpy() == pytest.approx(first["se"].to_numpy(), rel=0.12)
    assert again["effect"].to_numpy() == pytest.approx(first["effect"].to_numpy())
    loose = effects(copies, registered(CURED, unit="account_id", cluster="account_id")).iloc[0]
    assert loose["se"] == pytest.approx(first.loc["share", "se"] / 2, rel=0.02)


def test_agents_who_were_drawn_and_differ_widen_an_interval_clustered_by_agent():
    rng = np.random.default_rng(1)
    agent = np.repeat(np.arange(60), 40)
    skill = rng.normal(0, 0.15, 60)[agent]
    frame = pd.DataFrame(
        {"account_id": range(agent.size), "agent": agent, "arm": np.where(agent % 2, "new", "old")}
    )
    frame = frame.assign(cured=(rng.random(agent.size) < 0.5 + skill).astype(float))
    frame = frame.assign(paid=100 * frame["cured"] * rng.gamma(2, 1, agent.size))
    asked = registered(CURED, PAID, arms=("old", "new"), control="old", unit="agent", cluster="agent")
    by_agent = effects(frame, asked, replications=400).set_index("measure")
    alone = replace(asked, unit="account_id", cluster="account_id")
    by_account = effects(frame, alone, replications=400).set_index("measure")
    assert by_agent.loc[["share", "mean"], "clusters"].eq(60).all()
    # 40 conversations of an agent, correlated by 0.09, are worth about 9.
    ratio = by_agent["se"] / by_account["se"]
    assert ratio["share"] == pytest.approx(2.1, abs=0.5) and ratio["mean"] > 1.3
    assert by_agent["effect"].to_numpy() == pytest.approx(by_account["effect"].to_numpy())


def test_the_share_cured_and_the_months_until_then_are_those_of_lifelines():
    lifelines = pytest.importorskip("lifelines")
    frame = decisions(400)
    found = effects(frame, registered(TIME), replications=50).set_index("measure")
    for arm, column in (("agent", "value"), ("robot", "value_control")):
        own = frame[frame["arm"] == arm]
        code = own["exit"].map({"open": 0, "cured": 1, "charged_off": 2})
        fitter = lifelines.AalenJohansenFitter(calculate_variance=False)
        # lifelines deals ties by lot; apart within their month, before those cut at its end, they need no lot.
        apart = np.where(code == 0, 0.0, -0.5 + 1e-4 * np.arange(len(own)))
        fitter.fit(own["duration"] + apart, code, event_of_interest=1)
        curve = fitter.cumulative_density_.iloc[:, 0]
        by_month = [float(curve[curve.index <= k].iloc[-1]) for k in range(MONTHS + 1)]
        assert found.loc["share_by_horizon", column] == pytest.approx(by_month[-1])
        assert found.loc["restricted_mean_months", column] == pytest.approx(MONTHS - sum(by_month[:-1]))


def test_shares_with_the_event_are_by_hand():
    """10 at risk: 2 cured, 1 lost; 6 at risk after one is cut: 3 cured. F = 0.2, then 0.2 + 0.7 · 0.5."""
    counts = np.array([10.0, 6.0, 2.0, 3.0, 1.0, 0.0])
    assert cumulative_incidence(counts).tolist() == pytest.approx([0.2, 0.55])
    assert time_measures(counts).tolist() == pytest.approx([0.55, 1 + 0.8])


def test_without_cuts_the_share_is_the_plain_share_and_nobody_left_stops_it():
    counts = np.array([4.0, 0.0, 0.0, 3.0, 0.0, 0.0, 1.0, 0.0, 0.0])
    assert cumulative_incidence(counts).tolist() == pytest.approx([0.75, 0.75, 0.75])
    assert np.isnan(cumulative_incidence(np.array([4.0, 0.0, 2.0, 0.0, 0.0, 0.0]))[1])


def test_an_arm_that_nobody_was_followed_in_to_the_horizon_is_refused():
    frame = decisions(200)
    cut = frame["arm"] == "agent"
    short = frame.assign(duration=frame["duration"].where(~cut, 1.0), exit=frame["exit"].where(~cut, "open"))
    with pytest.raises(InputError, match="nobody in agent was followed to the horizon of 6 months"):
        effects(short, registered(TIME))


def test_months_until_back_are_read_from_what_was_seen():
    back = pd.DataFrame(
        [[0, 0, 1], [1, 1, 1], [0, 0, 0], [0, 0, np.nan], [np.nan] * 3, [0, np.nan, 1]],
        columns=["back_0", "back_1", "back_2"],
    )
    found = time_to_current(back, 3)
    assert found["duration"].tolist() == [3, 1, 3, 2, 0, 1]
    assert found["exit"].tolist() == ["cured", "cured", "open", "open", "open", "open"]
    with pytest.raises(ParameterError, match="absent: back_3"):
        time_to_current(back, 4)


def test_every_arm_is_held_against_the_control():
    arms = {"robot": NOTHING, "agent": (0.4, 0.2, 0.1), "agent_plan": (1.5, 1.5, 1.5)}
    drawn = draw_experiment(ExperimentTruth(arms, (0.4, 0.3, 0.3)), 600, 5)
    shares = dict(zip(arms, (0.4, 0.3, 0.3), strict=True))
    asked = Registered("three", tuple(arms), "robot", (CURED, TIME), MONTHS, shares)
    found = effects(drawn.decisions, asked, replications=200).set_index(["measure", "arm"])
    assert set(found["control"]) == {"robot"}
    assert found.loc[("share", "agent_plan"), "verdict"] == "better"
    # Sooner is fewer months: the same direction is better told the other way round.
    months = found.loc[("restricted_mean_months", "agent_plan")]
    assert months["upper"] < 0 and months["verdict"] == "better"


@pytest.mark.parametrize(
    ("lower", "upper", "better", "told"),
    [
        (0.1, 0.2, "higher", "better"),
        (0.1, 0.2, "lower", "worse"),
        (-0.2, -0.1, "lower", "better"),
        (-0.1, 0.1, "higher", "can't tell"),
        (np.nan, np.nan, "higher", "can't tell"),
    ],
)
def test_the_verdict_is_by_interval_and_direction(lower, upper, better, told):
    assert verdict(lower, upper, better) == told


def test_p_values_are_students():
    assert p_value(2.262, 1.0, 10) == pytest.approx(0.05, abs=1e-4)
    assert np.isnan(p_value(1.0, np.nan, 10))


def test_sums_by_cluster_and_arm_hold_each_decision_once():
    frame = decisions(100)
    arms = read_arms(frame, registered())
    sums = arm_sums(arms, np.column_stack([frame["paid"], np.ones(len(frame))]))
    total = frame.groupby("arm")["paid"].sum()
    assert sums[..., 0].sum(axis=0) == pytest.approx(total[["robot", "agent"]].to_numpy())
    assert sums[..., 1].sum() == len(frame)


@pytest.mark.parametrize("by_customer", [False, True], ids=["accounts", "customers"])
def test_intervals_cover_the_true_effects(by_customer):
    truth = ExperimentTruth(by_customer=by_customer)
    true = true_effects(draw_experiment(truth, 150_000, 99), "robot").loc["agent"]
    asked = registered(CURED, PAID, TIME, unit="customer" if by_customer else "account_id", ratio_alpha=1e-6)
    hits = []
    for seed in range(60):
        frame = draw_experiment(truth, 250, 1000 + seed).decisions
        found = effects(frame, asked, replications=300, seed=seed).set_index("measure")
        hits.append((found["lower"] <= true[found.index]) & (true[found.index] <= found["upper"]))
    # 60 draws of six measures that move together: the benchmark tells each coverage to within a point.
    assert 0.90 <= np.mean(hits) <= 0.99


def test_a_placebo_is_found_about_as_often_as_the_level_says():
    asked, found = registered(CURED, PAID, TIME, ratio_alpha=1e-6), []
    for seed in range(60):
        frame = decisions(250, 3000 + seed, log_odds={"robot": NOTHING, "agent": NOTHING})
        found.append(effects(frame, asked, replications=300, seed=seed)["verdict"] != "can't tell")
    assert 0.01 <= np.mean(found) <= 0.10


def test_naive_before_and_after_is_biased_where_the_experiment_is_not():
    """Accounts entering later cure more, whoever works them: after less before takes that for an effect."""
    rng, effect = np.random.default_rng(8), 0.05
    month, agent = np.repeat([0, 1], 4000), rng.random(8000) < 0.5
    frame = pd.DataFrame({"account_id": range(8000), "customer": range(8000), "month": month})
    agent_then = np.where(frame["month"] == 1, agent, False)
    cured = (rng.random(8000) < 0.4 + 0.15 * month + effect * agent_then).astype(float)
    frame = frame.assign(cured=cured, arm=np.where(agent_then, "agent", "robot"))
    naive = frame.loc[frame["arm"] == "agent", "cured"].mean() - frame.loc[frame["month"] == 0, "cured"].mean()
    found = effects(frame[frame["month"] == 1], registered()).iloc[0]
    assert found["lower"] <= effect <= found["upper"] < naive


# Benjamini and Hochberg 1995, JRSS B 57, section 3.2: fifteen tests of a trial of thrombolysis, ordered p values.
# At 5%, Bonferroni and Holm reject three, the procedure that controls the false discovery rate four.
THROMBOLYSIS = [
    *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
    *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
]


def test_many_findings_are_cut_as_in_the_published_example():
    found = adjust(pd.DataFrame({"p": THROMBOLYSIS}))
    assert (found["found_holm"].sum(), found["found_bh"].sum()) == (3, 4)
    assert found["tests"].tolist() == [15] * 15
    assert found["p_bh"].iloc[3] == pytest.approx(0.0095 * 15 / 4)
    assert found["p_holm"].iloc[3] == pytest.approx(0.0095 * 12)


def test_families_are_adjusted_apart_and_missing_values_are_no_tests():
    table = pd.DataFrame({"experiment": ["a", "a", "b", "b"], "p": [0.02, 0.04, 0.04, np.nan]})
    found = adjust(table, ["experiment"])
    assert found["tests"].tolist() == [2, 2, 1, 0]
    assert found["p_holm"].tolist()[:3] == pytest.approx([0.04, 0.04, 0.04])
    assert np.isnan(found["p_holm"].iloc[3]) and not found["found_holm"].iloc[3]
    with pytest.raises(InputError, match="'p' is outside 0 to 1 in 1 of 1 rows"):
        adjust(pd.DataFrame({"p": [1.2]}))


def test_a_cap_that_is_no_quantile_is_refused():
    with pytest.raises(ParameterError, match="cap is 99"):
        effects(decisions(50), registered(Outcome("paid", "money", "paid")), cap=99)
