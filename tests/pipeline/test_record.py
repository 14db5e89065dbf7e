"""Run records, the paths they write down, and what the command line makes of its options."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analysis.core.errors import InputError, ParameterError
from analysis.core.parameters import load_parameters
from analysis.core.periods import Period
from analysis.pipeline.commands import name_from, overrides_of, params_file, published_folder
from analysis.pipeline.hashes import FileHashes
from analysis.pipeline.places import places_of
from analysis.pipeline.record import begin_record, code_version, package_versions, params_hash, read_inputs
from analysis.pipeline.run import require_covered
from analysis.pipeline.state import parameters_of

if TYPE_CHECKING:
    from conftest import Project

CODE = {"hash": "x", "notebooks": {}}


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)


def test_a_run_id_begins_with_the_time_so_that_ids_sort(project: Project) -> None:
    params = load_parameters(project.params)
    record = begin_record(places_of(project.root, params), params, CODE, {})
    moment, _, rest = record["run_id"].partition("-")
    assert record["started"].replace("-", "").replace(":", "") == moment
    assert len(rest) == 6


def test_a_path_inside_the_project_is_written_from_its_root(project: Project) -> None:
    params = load_parameters(project.params, {"portfolio": str(project.portfolio)})
    record = begin_record(places_of(project.root, params), params, CODE, {})
    assert record["parameters"]["portfolio"] == "data/portfolio/tiny"


def test_the_parameters_hash_follows_what_can_change_a_number_only(project: Project) -> None:
    plain = params_hash(load_parameters(project.params))
    assert params_hash(load_parameters(project.params, {"jobs": 5, "renderer": "quarto"})) == plain
    assert params_hash(load_parameters(project.params, {"delinquency.history_months": 5})) != plain


def test_a_chapter_depends_on_its_own_section_and_the_runs_own_keys(project: Project) -> None:
    known = parameters_of(load_parameters(project.params), "delinquency")
    assert {"period", "engine", "language", "seed", "level", "gates", "delinquency"} <= set(known)
    assert "delinquency" not in parameters_of(load_parameters(project.params), "first")
    assert "jobs" not in known


def test_without_git_the_packages_version_stands_alone(project: Project) -> None:
    version = code_version(project.root)
    assert version["version"]
    assert (version["commit"], version["dirty"]) == (None, None)


def test_a_project_inside_somebody_elses_checkout_does_not_take_its_commit(project: Project) -> None:
    git(project.root.parent, "init", "--quiet")
    git(project.root.parent, "commit", "--quiet", "--allow-empty", "-m", "theirs")
    assert code_version(project.root)["commit"] is None


def test_a_changed_notebook_makes_the_checkout_dirty_and_a_portfolio_does_not(project: Project) -> None:
    git(project.root, "init", "--quiet")
    git(project.root, "add", "notebooks", "params", "pyproject.toml")
    git(project.root, "commit", "--quiet", "-m", "first")
    assert code_version(project.root)["dirty"] is False
    project.write_portfolio(accounts=5)
    assert code_version(project.root)["dirty"] is False
    project.write_chapter(10, "first", "pass")
    assert code_version(project.root)["dirty"] is True


def test_inputs_are_the_contracts_tables_and_the_files_beside_them(project: Project) -> None:
    (project.portfolio / "notes.txt").write_text("not of the contract", encoding="utf-8")
    (project.portfolio / "contacts.parquet").write_bytes(b"no Parquet at all")
    inputs = read_inputs(project.portfolio, FileHashes(project.root / "hashes.json"))
    assert {name: entry.get("rows") for name, entry in inputs.items()} == {
        "accounts": 2,
        "months": 24,
        "contacts": None,
        "portfolio.yml": None,
    }


def test_versions_are_those_of_the_projects_own_requirements() -> None:
    versions = package_versions()
    assert {"duckdb", "pandas", "papermill"} <= set(versions)
    assert "pytest" not in versions


@pytest.mark.parametrize("period", ["2025Q1", "2025Q3"])
def test_a_covered_period_passes(period: str) -> None:
    require_covered(Period.parse(period), Period(2025, 1), Period(2025, 3))


def test_a_portfolio_of_one_quarter_names_that_one() -> None:
    with pytest.raises(InputError, match=r"period 2025Q2 lies outside the data; the portfolio covers 2025Q1$"):
        require_covered(Period(2025, 2), Period(2025, 1), Period(2025, 1))


def test_a_portfolio_on_the_command_line_counts_from_where_one_stands(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.portfolio)
    given = overrides_of(["delinquency.history_months=7"], portfolio=Path(), period=None)
    assert given == {"portfolio": str(project.portfolio.resolve()), "delinquency.history_months": 7}


@pytest.mark.parametrize(
    ("folder", "name"), [("data/portfolio/demo", "demo"), ("My Bank (2025)", "my-bank-2025"), ("…", "demo")]
)
def test_a_simulated_portfolio_is_named_after_its_folder(folder: str, name: str) -> None:
    assert name_from(Path(folder)) == name


def test_an_override_without_a_value_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"'level' is not an override; write chapter.key=value"):
        overrides_of(["level"])


def test_the_parameter_file_is_found_from_anywhere_in_the_project(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root / "notebooks")
    assert params_file(Path("params/quarterly.yml")) == project.params


def test_reports_are_published_in_the_project_unless_told_otherwise(project: Project) -> None:
    assert published_folder(project.root, None) == project.published
    assert published_folder(project.root, Path("elsewhere")) == project.root / "elsewhere"
