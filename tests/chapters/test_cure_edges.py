"""The cure chapter on portfolios at the edge of what the contract allows."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from chapter_runs import Left, make_project, run_cells

EDGES = [
    "one_account",
    "required_columns_only",
    "two_months",
    "three_months",
    "all_current",
    "all_ninety_days_late",
    "all_charged_off",
    "opened_this_summer",
    "never_cured",
    "always_cured",
    "recorded_differently_from_2024",
]
FOLLOWED = ["required_columns_only", "always_cured", "recorded_differently_from_2024"]
"""Those with enough spells for the chapter's models."""

HOLE = re.compile(r"\b(nan|None|NaT|inf)\b|\{\{|—\s+(of|is|are|in)\b")


@pytest.mark.parametrize("cure_edge", EDGES, indirect=True)
def test_the_chapter_runs_to_its_end_and_no_sentence_has_a_hole(cure_edge: Left) -> None:
    assert (cure_edge.folder / "headline.json").is_file()
    assert not HOLE.search(cure_edge.prose)
    assert "exits" in cure_edge.sections


@pytest.mark.parametrize("cure_edge", EDGES, indirect=True)
def test_every_headline_at_the_edge_has_its_value_inside_its_interval(cure_edge: Left) -> None:
    for headline in cure_edge.headlines.values():
        assert (headline.lower is None) == (headline.upper is None)
        if headline.lower is not None:
            assert headline.lower <= headline.value <= headline.upper, headline.key


@pytest.mark.parametrize("cure_edge", sorted(set(EDGES) - set(FOLLOWED)), indirect=True)
def test_where_hardly_any_spell_can_be_followed_nothing_is_concluded(cure_edge: Left) -> None:
    assert "nothing is concluded here" in cure_edge.prose
    saved = set(cure_edge.tables)
    assert not {"cure_model", "never_cure", "exits", "cure_curves", "validation", "state_forecast"} & saved


@pytest.mark.parametrize("cure_edge", ["one_account"], indirect=True)
def test_a_single_account_is_told_nowhere(cure_edge: Left) -> None:
    for name, frame in cure_edge.tables.items():
        numbers = frame.select_dtypes("number").drop(columns="agree", errors="ignore")
        assert numbers.empty or numbers.isna().all(axis=None), name
    assert all(headline.value is None for headline in cure_edge.headlines.values())


@pytest.mark.parametrize("cure_edge", FOLLOWED, indirect=True)
def test_without_contacts_treatments_and_the_economy_the_rest_is_told(cure_edge: Left) -> None:
    assert set(cure_edge.table("hazards")["exit"]) == {"cured"}
    variables = cure_edge.table("hazards")["covariate"]
    assert not variables.str.contains("contact|treatment_last|unemployment").any()
    assert "recovery_curve" not in cure_edge.tables
    assert "recovery" not in cure_edge.sections


@pytest.mark.parametrize("cure_edge", ["required_columns_only"], indirect=True)
def test_one_product_is_not_compared_with_itself(cure_edge: Left) -> None:
    assert "fig-cure-products" not in cure_edge.labels
    assert set(cure_edge.table("never_cure")["product"]) == {"all", "card"}
    model = cure_edge.table("cure_model")
    assert model.query("part == 'incidence'")["covariate"].tolist() == ["Intercept"]


@pytest.mark.parametrize("cure_edge", ["always_cured"], indirect=True)
def test_where_all_are_cured_none_is_lost(cure_edge: Left) -> None:
    exits = cure_edge.table("exits").query("exit == 'not_cured' and not suppressed")
    assert (exits["rate"] == 0).all()
    table = cure_edge.table("never_cure").query("reading == 'proven'")
    assert (table["rate"] < 0.02).all()


@pytest.mark.parametrize("cure_edge", ["never_cured", "all_charged_off"], indirect=True)
def test_where_none_is_cured_no_model_is_fitted(cure_edge: Left) -> None:
    summary = cure_edge.tables.get("spells_summary", pd.DataFrame({"exit": []}))
    assert "cured" not in set(summary["exit"])
    assert "no cure" in cure_edge.prose


@pytest.mark.parametrize("cure_edge", ["recorded_differently_from_2024"], indirect=True)
def test_a_break_leaves_the_counts_in_agreement(cure_edge: Left) -> None:
    assert cure_edge.table("reconciliation")["agree"].all()


def test_simulated_accounts_without_the_work_done_on_them(
    later_roots: tuple[Path, Path], tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    import shutil

    import pyarrow.parquet as pq

    source = later_roots[1] / "params" / "quarterly.yml"
    folder = Path(re.search(r"portfolio: (.+)", source.read_text()).group(1))  # type: ignore[union-attr]
    bare = tmp_path / "later"
    bare.mkdir()
    for name in ("accounts.parquet", "portfolio.yml"):
        shutil.copy(folder / name, bare)
    months = pq.read_table(folder / "months.parquet")
    pq.write_table(months.drop_columns(["amount_paid", "charged_off_amount"]), bare / "months.parquet")
    left = run_cells(make_project(tmp_path / "root", bare, "2025Q2"), patch, {"cure.draws": 200}, "cure")
    assert not HOLE.search(left.prose)
    assert not {"recovery", "truth"} & set(left.sections)
    assert "expected_cash" in pd.read_parquet(left.work / "accounts" / "cure" / "scores.parquet")
