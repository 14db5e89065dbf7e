"""What the segmentation chapter leaves, and that its numbers agree with each other."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from chapter_runs import Left

LIMITS = {"lower", "upper"}
SAVED = {
    "tiers": {"tier", "accounts", "share", "balance", "balance_share", "in_need", "lowest", "score", "suppressed"},
    "tier_migration": {"from_tier", "to_tier", "way", "accounts", "share", *LIMITS, "suppressed"},
    "tier_curves": {"tier", "months", "exit", "begun", "gone", "rate", "rate_lower", "rate_upper", "suppressed"},
    "exposure": {"dimension", "value", "accounts", "balance", "chance", "loss_given", "exposure", *LIMITS},
    "concentration": {"measure", "value", "top", *LIMITS},
    "scorecard": {"event", "feature", "bin", "accounts", "events", "woe", "iv", "points", "suppressed"},
    "model_validation": {"event", "model", "measure", "estimate", *LIMITS, "later"},
    "champion_challenger": {"event", "model", "role", "difference", "verdict"},
    "drift": {"feature", "psi", "chance"},
    "refit": {"rule", "subject", "value", "limit", "exceeded", "told"},
    "fairness": {"attribute", "group", "metric", "value", *LIMITS, "rows", "suppressed"},
    "clusters": {"group", "feature", "accounts", "mean", *LIMITS, "difference", "suppressed"},
    "causes": {"recorded", "predicted", "accounts", "share", *LIMITS, "suppressed"},
    "queue_value": {"score", "depth", "accounts", "calls", "gross", "incremental", "incremental_per_1000_calls"},
    "queue_against_printed": {"score", "money_per_1000_calls", *LIMITS, "difference", "all_lower", "all_upper"},
    "uplift": {"score", "of", "estimate", *LIMITS},
    "allocation": {"treatment", "accounts", "share", "today", "effect", *LIMITS, "suppressed"},
    "policy_value": {"estimator", "policy", "today", "gain", "gain_lower", "gain_upper", "effective_size"},
    "shadow_prices": {"constraint", "unit", "limit", "used", "price", *LIMITS},
}


def work_table(left: Left, name: str) -> pd.DataFrame:
    return pd.read_parquet(left.work / "accounts" / left.chapter / f"{name}.parquet")


@pytest.mark.parametrize("name", SAVED)
def test_the_results_that_others_build_on_are_there(segmentation: Left, name: str) -> None:
    frame = segmentation.table(name)
    assert len(frame) > 0
    assert set(frame.columns) >= SAVED[name]


def test_accounts_stay_in_the_work_folder(segmentation: Left, demo: Path) -> None:
    months = pq.read_table(demo / "months.parquet", columns=["account_id", "month", "status", "days_past_due"])
    rows = months.to_pandas()
    last = rows[(rows["month"] == rows["month"].max()) & (rows["status"] == "open")]
    late = set(last.loc[last["days_past_due"] > 0, "account_id"])
    for name in ("tiers", "exposure"):
        assert set(work_table(segmentation, name)["account_id"]) == late, name
    assert set(work_table(segmentation, "allocation")["account_id"]) <= late
    for name, frame in segmentation.tables.items():
        assert not {"account_id", "customer", "customer_id", "fold"} & set(frame.columns), name


def test_nothing_is_left_out_where_all_tables_are_there(segmentation: Left) -> None:
    assert segmentation.left_out == {}
    told = {"tiers", "exposure", "models", "scorecard", "fairness", "groups", "causes", "queue", "allocation"}
    assert set(segmentation.sections) >= {*told, "advice", "truth"}


def test_no_sentence_has_a_hole(segmentation: Left) -> None:
    assert not re.search(r"\b(nan|None|NaT|inf)\b|\{\{|—\s+(of|is|are|in)\b", segmentation.prose)
    assert not re.search(r"\b(nan|NaT)\b|\{\{", segmentation.texts)


def test_every_headline_has_its_value_in_its_interval(segmentation: Left) -> None:
    assert {"exposure", "captured", "policy_gain"} <= set(segmentation.headlines)
    for headline in segmentation.headlines.values():
        assert headline.lower <= headline.value <= headline.upper, headline.key


def test_exposure_is_compared_with_a_quarter_and_a_year_ago(segmentation: Left) -> None:
    headline = segmentation.headlines["exposure"]
    whole = segmentation.table("exposure").query("dimension == 'all'").iloc[0]
    assert headline.value == pytest.approx(whole["exposure"])
    assert headline.previous is not None and headline.year_ago is not None
    for then in (headline.previous, headline.year_ago):
        assert 0.2 < then / headline.value < 5


def test_points_of_the_components_add_up_to_the_score_of_each_account(segmentation: Left) -> None:
    tiers = work_table(segmentation, "tiers")
    points = [name for name in tiers if name.startswith(("value_", "risk_"))]
    assert len(points) == 7
    np.testing.assert_allclose(tiers[points].sum(axis=1), tiers["score"])
    ordered = tiers.sort_values("score", ascending=False)
    assert ordered["tier"].is_monotonic_increasing


def test_a_need_changes_the_treatment_and_not_the_tier(segmentation: Left) -> None:
    tiers = work_table(segmentation, "tiers")
    needy = tiers["need"].astype(bool)
    assert 10 < needy.sum() < len(tiers)
    assert set(tiers.loc[needy, "treatment"]) == {"relief"}
    ways = tiers[~needy].groupby("tier")["treatment"].nunique()
    assert (ways == 1).all() and "relief" not in set(tiers.loc[~needy, "treatment"])


def test_exposure_of_the_accounts_is_that_of_the_table(segmentation: Left) -> None:
    accounts = work_table(segmentation, "exposure")
    np.testing.assert_allclose(
        accounts["exposure"], accounts["balance"] * accounts["p_charge_off"] * accounts["loss_given"]
    )
    table = segmentation.table("exposure")
    assert accounts["exposure"].sum() == pytest.approx(table.query("dimension == 'all'")["exposure"].item())
    shown = table[~table["suppressed"]]
    assert ((shown["lower"] <= shown["exposure"]) & (shown["exposure"] <= shown["upper"])).all()
    np.testing.assert_allclose(shown["chance"] * shown["loss_given"] * shown["balance"], shown["exposure"])


def test_models_are_judged_on_later_accounts_and_never_by_accuracy(segmentation: Left) -> None:
    judged = segmentation.table("model_validation")
    assert set(judged["event"]) == {"charged_off_12", "cured_3", "cured_6"}
    assert set(judged["model"]) == {"scorecard", "tree", "boosting"}
    assert judged["later"].all()
    assert {"auc", "ks", "pr_auc", "lift"} <= set(judged["measure"]) and "accuracy" not in set(judged["measure"])
    assert "Plain accuracy is not told" in segmentation.prose
    auc = judged.query("measure == 'auc'")
    assert (auc["lower"] > 0.6).all() and (auc["estimate"] < 0.95).all()


def test_no_model_reads_a_protected_attribute(segmentation: Left) -> None:
    read = set(segmentation.table("scorecard")["feature"]) | set(segmentation.table("drift")["feature"])
    assert not {"sex", "education", "marital_status", "age"} & read
    assert {"sex", "education", "marital_status", "age"} == set(segmentation.table("fairness")["attribute"])


def test_age_bands_are_printed_from_the_youngest_on(segmentation: Left) -> None:
    rows = [line.split("|")[2].strip() for line in segmentation.markdown("tbl-segmentation-fairness").splitlines()]
    bands = [name for name in rows if re.search(r"\d", name)]
    first = [int(re.search(r"\d+", name).group()) for name in bands]  # type: ignore[union-attr]
    assert len(bands) > 2 and bands[0].startswith("Below") and first == sorted(first)


def test_all_orders_of_a_queue_add_the_same_once_all_of_it_is_worked(segmentation: Left) -> None:
    whole = segmentation.table("queue_value").query("depth == 1")
    assert len(whole) >= 6
    np.testing.assert_allclose(whole["incremental"], whole["incremental"].iloc[0])
    np.testing.assert_allclose(whole["gross"], whole["gross"].iloc[0])


def test_the_allocation_keeps_its_limits_and_gives_each_account_one_treatment(segmentation: Left) -> None:
    accounts = work_table(segmentation, "allocation")
    assert accounts["account_id"].is_unique
    mix, real = segmentation.table("allocation"), accounts["treatment"].value_counts()
    shown = mix[~mix["suppressed"]].set_index("treatment")["accounts"]
    assert (shown == real.reindex(shown.index, fill_value=0)).all()
    hours = {"agent": 0.9, "agent_plan": 1.2, "robot_then_agent": 0.5}
    prices = segmentation.table("shadow_prices").set_index("constraint")
    assert sum(hours.get(name, 0) * n for name, n in real.items()) <= prices.loc["agent_hours", "limit"] + 1e-9
    assert (prices["price"] >= 0).all()


def test_what_the_advice_says_of_queue_and_mix_is_what_the_tables_say(segmentation: Left) -> None:
    against = segmentation.table("queue_against_printed")
    against = against[against["score"] != "random order"].sort_values("money_per_1000_calls", ascending=False)
    leader = against.iloc[0]
    said = "Keep the order" if leader["score"] == "printed" else "Don't reorder"
    said = "Work the queue by" if leader["all_lower"] > 0 else said
    assert said in segmentation.prose
    robust = segmentation.table("policy_value").set_index("estimator").loc["doubly_robust"]
    mix = ("Leave the mix", "Try the proposed mix", "Change the mix")
    expected = 2 if robust["gain_lower"] > 0 else 1 if robust["gain"] > 0 else 0
    assert [text in segmentation.prose for text in mix].index(True) == expected


def test_the_lead_of_the_best_queue_is_told_with_limits_that_allow_for_its_having_been_picked(
    segmentation: Left,
) -> None:
    against = segmentation.table("queue_against_printed").set_index("score").drop(index="random order")
    others = against.drop(index="printed")
    assert (others["all_lower"] < others["difference_lower"]).all()
    assert (others["all_upper"] > others["difference_upper"]).all()
    assert f"limits that hold for all {len(others)} differences at once" in segmentation.texts
    if against["money_per_1000_calls"].idxmax() != "printed":
        assert f"the best of {len(against)} orders tried" in segmentation.prose
        assert f"its being the best of {len(against)} orders allowed for" in segmentation.prose


def test_the_coverage_told_is_the_coverage_of_the_table(segmentation: Left) -> None:
    judged = segmentation.table("truth")
    held = (judged["lower"] <= judged["truth"]) & (judged["truth"] <= judged["upper"])
    assert (held == judged["covered"].astype(bool)).all()
    assert f"{held.sum()} of {len(judged)} intervals hold the truth" in segmentation.prose
