"""The stress chapter where something is missing, and where scenarios or parameters ask for what cannot be."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from chapter_runs import STRESS_QUICK, Left, make_project, portfolio_of, run_cells
from small_portfolios import EDGES, write

from analysis.core.errors import ParameterError
from analysis.data.simulate import simulate

PERIOD = "2025Q4"
HOLE = re.compile(r"\b(nan|None(?! lies)|NaT|inf)\b|\{\{|—\s+(of|is|are|in)\b|\bis ;|\(\)")
TOLD = {"entry": {"unemployment": {"elasticity": 0.2, "error": 0.05, "lag": 2, "source": "a textbook"}}}

Edge = Callable[[str], Left]


@pytest.fixture(scope="module")
def macro(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An economy for portfolios that have none of their own."""
    table = pd.read_parquet(demo / "macro.parquet")
    path = tmp_path_factory.mktemp("economy") / "macro.csv"
    table.assign(month=table["month"].astype(str).str[:7]).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def at_edge(macro: Path, tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Edge:
    """Runs of the chapter on portfolios at the edge of the contract, with that economy, each made once."""
    runs: dict[str, Left] = {}

    def run(name: str) -> Left:
        if name not in runs:
            folder = write(tmp_path_factory.mktemp("edges") / name, *EDGES[name]())
            root = make_project(tmp_path_factory.mktemp(name), folder, PERIOD)
            runs[name] = run_cells(root, patch, STRESS_QUICK | {"stress.macro": str(macro)}, "stress")
        return runs[name]

    return run


def project_of(stress_root: Path, root: Path) -> Path:
    """A project on the same portfolio whose scenarios can be changed."""
    return make_project(root, portfolio_of(stress_root), PERIOD)


@pytest.mark.parametrize(
    "name",
    [
        "one_account", "one_month", "two_months", "required_columns_only", "always_cured", "nothing_owed",
        "all_current", "all_ninety_days_late", "nothing_open_at_the_end", "all_charged_off", "stale",
    ],
)  # fmt: skip
def test_the_stress_chapter_runs_to_its_end_and_no_sentence_has_a_hole(at_edge: Edge, name: str) -> None:
    left = at_edge(name)
    assert (left.folder / "headline.json").is_file() and left.headlines
    assert not HOLE.search(left.prose)
    assert {"scenarios", "satellites"} <= set(left.sections)
    for headline in left.headlines.values():
        if headline.lower is not None:
            assert headline.lower <= headline.value <= headline.upper, headline.key


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("one_month", "0 months of steps are there, 3 are needed"),
        ("two_months", "1 month of steps is there, 3 are needed"),
        ("nothing_owed", "nothing is owed"),
        ("one_account", "the book has fewer than 10 open accounts"),
        ("nothing_open_at_the_end", "the book has fewer than 10 open accounts"),
    ],
)
def test_too_small_or_young_a_book_is_not_projected_whatever_is_assumed(
    at_edge: Edge, name: str, reason: str
) -> None:
    left = at_edge(name)
    assert f"Nothing is projected: {reason}" in left.prose
    assert not {"projection", "ecl", "reverse_stress"} & set(left.tables)
    assert set(left.headlines) == {"stage_3"}


def test_where_no_step_can_be_tied_nothing_is_projected_and_the_reason_is_told(
    macro: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "kept", *EDGES["two_months"]())
    chosen = STRESS_QUICK | {"stress.macro": str(macro), "stress.satellites.published": {}}
    left = run_cells(make_project(tmp_path / "root", folder, PERIOD), patch, chosen, "stress")
    assert (
        "nothing is projected: 1 month of steps is there, 24 are needed, and the parameters give no" in left.prose
    )
    assert not {"projection", "ecl", "reverse_stress"} & set(left.tables)


def test_one_product_with_required_columns_alone_goes_through_the_whole_chain(at_edge: Edge) -> None:
    left = at_edge("required_columns_only")
    assert set(left.table("projection")["group"]) == {"card", "all"}
    assert {"ecl", "ecl_movement", "loss_distribution", "capacity", "reverse_stress"} <= set(left.tables)
    assert "opening_pd" not in left.tables, "no scores are recorded"
    assert left.left_out == {"claim": ["months.charged_off_amount", "months.amount_paid"]}
    assert "comes from no recoveries, since none are recorded" in left.prose


def test_where_nothing_is_charged_off_nothing_is_lost(at_edge: Edge) -> None:
    left = at_edge("always_cured")
    losses = left.table("ecl")
    assert (losses[["expected", "lower", "upper"]] == 0).all(axis=None)
    assert "The largest part of that shortfall" not in left.prose
    assert left.table("loss_contributions")["shortfall_share"].isna().all()


def test_without_accounts_short_of_default_no_year_is_drawn(at_edge: Edge) -> None:
    left = at_edge("all_ninety_days_late")
    assert "fewer than 10 accounts owe anything and are not in default" in left.prose
    assert "ecl" in left.tables and "loss_distribution" not in left.tables


def change(path: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    edit(content)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def without_growth(content: dict[str, Any]) -> None:
    del content["paths"]["gdp_yoy"]


def percent(content: dict[str, Any]) -> None:
    path = content["paths"]["unemployment_rate"]
    content["paths"]["unemployment_rate"] = {"given": "level", "values": [5.0] * len(path["values"])}


def jump(content: dict[str, Any]) -> None:
    path = content["paths"]["unemployment_rate"]
    content["paths"]["unemployment_rate"] = {"given": "level", "values": [0.30] * len(path["values"])}


def too_long(content: dict[str, Any]) -> None:
    for path in content["paths"].values():
        path["values"] = [*path["values"], path["values"][-1]]


def other_weight(content: dict[str, Any]) -> None:
    content["weight"] = 0.4


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            without_growth,
            r"scenario 'severe' cannot be run .*\n.*no path for gdp_yoy, which the macro history has",
        ),
        (percent, r"severe\.yml: .*\n.*'unemployment_rate', value 1 is 5; allowed is 0 to 0\.4 .* 0\.05 is 5%"),
        (jump, r"unemployment_rate jumps at the join: from 0\.0\d+ to 0\.3 at value 1"),
        (too_long, r"severe\.yml: .*\n.*paths reach 39 months ahead; the models serve 36 at most"),
        (other_weight, r"scenario weights \(.*severe 0\.4.*\) sum to 1\.3; give each 0 or more, to sum to 1"),
    ],
)
def test_a_scenario_that_cannot_be_run_stops_the_chapter_with_its_mend(
    stress_root: Path,
    tmp_path: Path,
    patch: pytest.MonkeyPatch,
    edit: Callable[[dict[str, Any]], None],
    message: str,
) -> None:
    root = project_of(stress_root, tmp_path / "root")
    change(root / "params" / "scenarios" / "severe.yml", edit)
    with pytest.raises(ParameterError, match=message):
        run_cells(root, patch, STRESS_QUICK, "stress")


def test_a_provision_of_zero_is_refused_before_anything_runs(
    stress_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    root = project_of(stress_root, tmp_path / "root")
    with pytest.raises(ParameterError, match=r"provision is 0: .* Give the amount on the books, or null"):
        run_cells(root, patch, STRESS_QUICK | {"stress.losses.provision": 0}, "stress")


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (1.0, "The limit is lost even if the economy stays as it is, when "),
        (1e12, "No scenario exhausts it"),
    ],
)
def test_a_provision_is_held_against_twelve_months_of_losses(
    stress_root: Path, patch: pytest.MonkeyPatch, amount: float, said: str
) -> None:
    left = run_cells(stress_root, patch, STRESS_QUICK | {"stress.losses.provision": amount}, "stress")
    assert not HOLE.search(left.prose)
    assert said in left.prose and "over 12 months that exhausts the provision" in left.prose
    assert ("the provision falls short by" in left.prose) == (amount == 1.0)
    assert (left.table("reverse_scenarios")["months"] == 12).all()


@pytest.mark.parametrize("months", [20, 30])
def test_a_short_history_of_the_economy_leaves_out_only_what_needs_a_longer_one(
    macro: Path, stress_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch, months: int
) -> None:
    short, table = tmp_path / "macro.csv", pd.read_csv(macro)
    table[table["month"] <= "2025-12"].tail(months).to_csv(short, index=False)
    told = {"stress.macro": str(short), "stress.satellites.published": TOLD}
    # A project of its own: results of earlier runs stay in the folder.
    left = run_cells(project_of(stress_root, tmp_path / "root"), patch, STRESS_QUICK | told, "stress")
    assert not HOLE.search(left.prose)
    assert {"scenarios", "projection", "ecl", "capacity"} <= set(left.tables)
    judged = months >= 24
    assert (f"How far out scenarios lie cannot be told: macro history has {months} months" in left.prose) != judged
    assert (
        "What would break us, and what each variable does to the net loss, are left out" in left.prose
    ) != judged
    assert ("reverse_stress" in left.tables) == ("breaking_distance" in left.headlines) == judged
    if judged:
        found = left.headlines["breaking_distance"]
        assert found.value is not None and found.year_ago is None, "18 months of the economy were known then"


@pytest.mark.parametrize("months", [2, 8])
def test_where_the_economy_is_known_for_less_than_the_basis_months_nothing_is_projected(
    macro: Path, stress_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch, months: int
) -> None:
    short, table = tmp_path / "macro.csv", pd.read_csv(macro)
    table[table["month"] <= "2025-12"].tail(months).to_csv(short, index=False)
    told = STRESS_QUICK | {"stress.macro": str(short), "stress.satellites.published": TOLD}
    left = run_cells(project_of(stress_root, tmp_path / "root"), patch, told, "stress")
    assert not HOLE.search(left.prose)
    assert "the economy is known too short a time before the 12 months whose rates are moved" in left.prose
    assert not {"projection", "ecl", "reverse_stress"} & set(left.tables)
    assert set(left.headlines) == {"stage_3"}


def test_a_baseline_that_no_file_names_is_refused(
    stress_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    root = project_of(stress_root, tmp_path / "root")
    with pytest.raises(ParameterError, match=r"'basline'.*baseline"):
        run_cells(root, patch, STRESS_QUICK | {"stress.baseline": "basline"}, "stress")


def test_one_scenario_alone_is_told_without_comparing_it_with_itself(
    stress_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    root = project_of(stress_root, tmp_path / "root")
    for path in (root / "params" / "scenarios").glob("*.yml"):
        if path.stem not in ("baseline", "template"):
            path.unlink()
    change(root / "params" / "scenarios" / "baseline.yml", lambda content: content.update(weight=1.0))
    left = run_cells(root, patch, STRESS_QUICK, "stress")
    assert not HOLE.search(left.prose)
    assert "1 scenario begins at the last actual" in left.prose
    assert not re.search(r"against .* under Baseline|Were Baseline certain", left.prose)
    table = left.table("ecl").pivot(index="measure", columns="scenario", values="expected")
    np.testing.assert_allclose(table["baseline"], table["weighted"])


def test_eighteen_months_rest_on_published_elasticities_and_say_so(
    tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "short"
    simulate(folder, accounts=1_500, months=18, end=date(2025, 12, 31), seed=5, name="short")
    root = make_project(tmp_path / "root", folder, PERIOD)
    left = run_cells(root, patch, STRESS_QUICK | {"stress.satellites.published": TOLD}, "stress")
    assert not HOLE.search(left.prose)
    assert (left.table("satellite")["source"] == "assumption").all()
    assert "Assumed from elsewhere, for want of two years of data: falling behind" in left.prose
    assert "What moved the expected loss since last quarter is left out" in left.prose
    assert [gate.key for gate in left.headlines["lifetime_loss"].gates] == ["assumption"]


def test_without_charge_offs_recoveries_are_left_out(
    stress_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    from small_portfolios import Change, changed

    lacking = Change(columns={"months": ("charged_off_amount",)}, statuses=("charged_off", "sold"))
    folder = changed(portfolio_of(stress_root), tmp_path / "p" / "kept", lacking)
    left = run_cells(make_project(tmp_path / "root", folder, PERIOD), patch, STRESS_QUICK, "stress")
    assert not HOLE.search(left.prose)
    assert "comes from no recoveries" in left.prose and "recovery_claim" not in left.tables
    assert left.left_out == {"claim": ["months.charged_off_amount"]}
