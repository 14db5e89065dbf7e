"""The segmentation chapter on 30,000 real clients, whose default in October 2005 is known by hindsight."""

from __future__ import annotations

import re

import pytest
from chapter_runs import Left


@pytest.mark.parametrize(("model", "least"), [("boosting", 0.775), ("scorecard", 0.76)])
def test_models_order_clients_as_well_as_the_contracts_columns_allow(
    taiwan_segmentation: Left, model: str, least: float
) -> None:
    judged = taiwan_segmentation.table("model_validation").query("measure == 'auc'").set_index("model")
    assert set(judged["event"]) == {"default_next_month"} and (judged["accounts"] == 30_000).all()
    assert judged.loc[model, "estimate"] >= least
    assert judged.loc[model, "upper"] < 0.82, "no more can be known without the outcome itself"


def test_the_base_rate_is_that_of_the_source(taiwan_segmentation: Left) -> None:
    judged = taiwan_segmentation.table("model_validation")
    assert set(judged["events"].dropna()) == {6_636}
    assert "22.1% had the event" in taiwan_segmentation.prose


def test_the_outcome_and_protected_attributes_are_no_features(taiwan_segmentation: Left) -> None:
    read = set(taiwan_segmentation.table("scorecard")["feature"])
    assert not [name for name in read if "default" in name]
    assert not {"sex", "education", "marital_status", "age"} & read


def test_hindsight_is_said(taiwan_segmentation: Left) -> None:
    prose = taiwan_segmentation.prose
    assert "was known only by 31 October 2005, after the period's end" in prose
    assert "each by a model that has not seen the customer" in prose
    assert not taiwan_segmentation.table("model_validation")["later"].any()


def test_no_migration_is_told_across_the_break_of_september(taiwan_segmentation: Left) -> None:
    assert "tier_migration" not in taiwan_segmentation.tables
    assert "recorded differently from September 2005 on" in taiwan_segmentation.prose


def test_what_six_months_of_one_product_cannot_tell_is_left_out(taiwan_segmentation: Left) -> None:
    assert set(taiwan_segmentation.left_out) == {"queue", "allocation"}
    saved = set(taiwan_segmentation.tables)
    assert not {"exposure", "tier_curves", "causes", "queue_value", "allocation", "truth"} & saved
    assert "treatments have to be drawn by lot" in taiwan_segmentation.prose


def test_a_tier_emptied_by_equal_scores_is_said_to_be_empty(taiwan_segmentation: Left) -> None:
    tiers = taiwan_segmentation.table("tiers").set_index("tier")
    empty = tiers.index[tiers["accounts"] == 0].tolist()
    assert empty == [2]
    assert "so many have the same that tier 2 is empty" in taiwan_segmentation.prose


def test_needs_that_nobody_records_are_not_counted(taiwan_segmentation: Left) -> None:
    assert "in_need" not in taiwan_segmentation.table("tiers").columns
    assert "need" not in taiwan_segmentation.markdown("tbl-segmentation-tiers")


def test_no_sentence_has_a_hole_on_real_data(taiwan_segmentation: Left) -> None:
    assert not re.search(r"\b(nan|None|NaT|inf)\b|\{\{|—\s+(of|is|are|in)\b", taiwan_segmentation.prose)
