"""Tiers by S4's three dimensions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import InputError, ParameterError
from analysis.core.parameters.segmentation import RISK_WEIGHTS, VALUE_WEIGHTS
from analysis.methods.segmentation.tiers.components import group_risk, tier_components
from analysis.methods.segmentation.tiers.rules import (
    SHARES,
    TierRules,
    assign_tiers,
    contributions_against_mean,
    cutoffs_for_shares,
    score_accounts,
)

LENDERS = {"parent_bank": 1.0, "consumer_finance": 0.5}


def accounts(count: int = 400, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "on_time_share": rng.integers(0, 13, count) / 12,
            "days_past_due": rng.integers(0, 240, count),
            "product": rng.choice(["mortgage", "auto", "card", "cash_loan"], count),
            "lender": rng.choice(list(LENDERS), count),
            "bureau_delinquencies": rng.integers(0, 9, count).astype(float),
            "debt_ratio": rng.random(count) * 1.2,
            "industry_risk": rng.random(count),
            "region_risk": rng.random(count),
        }
    )
    return frame.set_index(pd.Index([f"A{i}" for i in range(count)]))


def components(frame: pd.DataFrame) -> pd.DataFrame:
    return tier_components(frame, lender_value=LENDERS)


def test_s4s_value_weights_are_forty_thirty_twenty_ten() -> None:
    assert list(VALUE_WEIGHTS.values()) == [0.4, 0.3, 0.2, 0.1]


@settings(max_examples=50, deadline=None)
@given(
    st.sets(
        st.sampled_from([f"value_{n}" for n in VALUE_WEIGHTS] + [f"risk_{n}" for n in RISK_WEIGHTS]), min_size=1
    ),
    st.floats(0.01, 0.99),
)
def test_weights_sum_to_one_whatever_the_portfolio_lacks(known: set[str], risk_share: float) -> None:
    weights = TierRules(risk_share=risk_share).weights(sorted(known))
    assert sum(weights.values()) == pytest.approx(1.0) and set(weights) == known
    assert min(weights.values()) > 0


def test_a_lacking_component_leaves_the_others_in_proportion() -> None:
    weights = TierRules().weights(["value_repayment_history", "value_debt_age", "risk_debt_ratio"])
    assert weights["value_repayment_history"] / weights["value_debt_age"] == pytest.approx(4 / 3)
    assert weights["risk_debt_ratio"] == pytest.approx(0.5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_contributions_add_up_to_the_score_and_to_its_distance_from_the_mean(seed: int) -> None:
    frame = accounts(30, seed)
    frame.loc[frame.index[3], "debt_ratio"] = np.nan
    scored = score_accounts(components(frame))
    points = scored.drop(columns=["score", "assumed"])
    assert points.sum(axis=1).to_numpy() == pytest.approx(scored.score.to_numpy())
    assert scored.score.between(0, 100).all() and scored.assumed.sum() == 1
    apart = contributions_against_mean(scored)
    assert apart.sum(axis=1).to_numpy() == pytest.approx((scored.score - scored.score.mean()).to_numpy())


def test_the_best_of_all_scores_a_hundred_and_the_worst_nothing() -> None:
    best = {"on_time_share": 1, "days_past_due": 0, "product": "mortgage", "lender": "parent_bank"}
    best |= {"bureau_delinquencies": 0, "debt_ratio": 0, "industry_risk": 0, "region_risk": 0}
    worst = {"on_time_share": 0, "days_past_due": 500, "product": "cash_loan", "lender": "x"}
    worst |= {"bureau_delinquencies": 9, "debt_ratio": 3, "industry_risk": 1, "region_risk": 1}
    found = score_accounts(tier_components(pd.DataFrame([best, worst]), lender_value={**LENDERS, "x": 0.0}))
    assert found.score.tolist() == pytest.approx([100.0, 0.0])


def test_older_debt_is_worse() -> None:
    frame = pd.concat([accounts(1)] * 4).assign(days_past_due=[0, 30, 90, 180])
    scored = score_accounts(components(frame))
    assert scored.score.is_monotonic_decreasing and scored.score.nunique() == 4
    assert scored.value_debt_age.tolist() == pytest.approx([15.0, 12.5, 7.5, 0.0])


def test_tiers_take_the_target_shares_best_first() -> None:
    tiered = assign_tiers(score_accounts(components(accounts(2000))))
    share = tiered.tier.value_counts(normalize=True).sort_index()
    assert share.to_numpy() == pytest.approx(SHARES, abs=0.005)
    assert tiered.groupby("tier").score.mean().is_monotonic_decreasing
    assert share[[1, 2]].sum() == pytest.approx(0.15, abs=0.005) and share[[4, 5]].sum() == pytest.approx(
        0.4, abs=0.005
    )


def test_equal_scores_are_never_parted() -> None:
    scored = pd.DataFrame({"score": np.repeat([90.0, 50.0, 10.0], [3, 5, 12])})
    assert assign_tiers(scored).groupby("score").tier.nunique().eq(1).all()


def test_fixed_cutoffs_hold_next_quarter_to_the_same_bar() -> None:
    scored = score_accounts(components(accounts(500)))
    cutoffs = cutoffs_for_shares(scored.score)
    better = scored.assign(score=scored.score + 10)
    fixed = assign_tiers(better, rules=TierRules(cutoffs=cutoffs))
    assert (fixed.tier <= assign_tiers(scored).tier).all() and fixed.tier.mean() < 3
    # By shares alone the portfolio could never improve.
    assert assign_tiers(better).tier.tolist() == assign_tiers(scored).tier.tolist()


def test_need_changes_the_treatment_and_neither_score_nor_tier() -> None:
    scored = score_accounts(components(accounts(200)))
    need = pd.Series({"A0": "illness", "A7": "unemployment"})
    plain, soft = assign_tiers(scored), assign_tiers(scored, need)
    assert soft.score.equals(plain.score) and soft.tier.equals(plain.tier)
    changed = soft.index[soft.treatment != plain.treatment].tolist()
    assert changed == ["A0", "A7"] and set(soft.loc[changed, "treatment"]) == {"relief"}
    assert plain.groupby("tier").treatment.first().tolist() == [
        "personal",
        "personal",
        "robot_and_agent",
        "legal",
        "legal",
    ]


def test_a_groups_risk_is_its_rate_stretched_and_small_groups_are_pulled_in() -> None:
    group = pd.Series(["safe"] * 1000 + ["risky"] * 1000 + ["tiny"] + [None])
    event = pd.Series([0] * 950 + [1] * 50 + [0] * 800 + [1] * 200 + [1, 0])
    risk = group_risk(group, event).groupby(group).first()
    assert risk["safe"] == 0 and risk["risky"] == 1 and 0 < risk["tiny"] < 1
    assert group_risk(group, event).isna().sum() == 1
    assert group_risk(pd.Series(["one"] * 4), pd.Series([0, 1, 0, 1])).tolist() == [0.5] * 4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"value_weights": {"repayment_history": 0.5}}, "value_weights: 0.5; none below 0, and the sum is 1"),
        ({"shares": (0.5, 0.6, 0.0, 0.0, -0.1)}, "shares: 0.5, 0.6"),
        ({"cutoffs": (80, 85, 50, 35)}, "give four falling scores"),
        ({"treatments": ("legal",)}, "give five of each"),
        ({"risk_share": 2}, "risk_share is 2"),
    ],
)
def test_rules_that_cannot_hold_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        TierRules(**wrong)  # type: ignore[arg-type]


def test_unknown_products_needs_and_shares_out_of_range_are_refused() -> None:
    with pytest.raises(InputError, match=r"product boat has no value; known are mortgage"):
        tier_components(pd.DataFrame({"product": ["boat"]}))
    with pytest.raises(InputError, match="on_time_share leaves 0 to 1"):
        tier_components(pd.DataFrame({"on_time_share": [12.0]}))
    with pytest.raises(InputError, match="need: bored unknown; known are unemployment, illness, legal_dispute"):
        assign_tiers(pd.DataFrame({"score": [1.0]}), pd.Series({0: "bored"}))
    with pytest.raises(InputError, match="none of the components that carry weight"):
        score_accounts(pd.DataFrame({"other": [1.0]}))
