"""Runs of the report's chapters that several tests look at."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import nbformat
import pytest
from as_of import cut
from chapter_runs import (
    CASES_QUICK,
    FEWER,
    NOTEBOOKS,
    SHARED,
    STRESS_QUICK,
    Left,
    lend_results,
    make_project,
    portfolio_of,
    run_cells,
)
from small_portfolios import CHANGES, EDGES, changed, write

from analysis.data.simulate import simulate

PERIOD = "2025Q4"
QUICK = {"delinquency.forecast_draws": 200, "cure.draws": 200}
"""The segmentation chapter with one event less to fit, a shorter window, and few groups to try."""


@pytest.fixture(scope="session")
def patch() -> Iterator[pytest.MonkeyPatch]:
    """Patches of a session's runs; the working directory is given back at the end."""
    before = Path.cwd()
    with pytest.MonkeyPatch.context() as patches:
        yield patches
    os.chdir(before)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3,000 simulated accounts over three years to December 2025."""
    folder = tmp_path_factory.mktemp("portfolios") / "demo"
    simulate(folder, accounts=3_000, months=36, end=date(2025, 12, 31), seed=7)
    return folder


@pytest.fixture(scope="session")
def scheduled(demo: Path, tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> dict[str, Left]:
    """The chapters as a scheduled run executes them: tables checked, papermill, a kernel of their own."""
    from analysis.pipeline.progress import Lines
    from analysis.pipeline.run import Request, execute, open_run, resolve

    root = make_project(tmp_path_factory.mktemp("scheduled"), demo, PERIOD)
    patch.chdir(root)
    request = Request(root / "params" / "quarterly.yml")
    params, places = resolve(root, request)
    execute(open_run(request, params, places), Lines())
    return {chapter: _left(chapter, places.work, places.notebooks) for chapter in NOTEBOOKS}


def _left(chapter: str, work: Path, executed: Path) -> Left:
    cells = nbformat.read(executed / NOTEBOOKS[chapter].name, as_version=4).cells
    outputs = [
        output for cell in cells for output in cell.get("outputs", []) if "arrears" in output.get("metadata", {})
    ]
    return Left(work, chapter, [(output["metadata"]["arrears"], output["data"]) for output in outputs])


@pytest.fixture(scope="session")
def standard(scheduled: dict[str, Left]) -> Left:
    """The delinquency chapter of the scheduled run."""
    return scheduled["delinquency"]


@pytest.fixture(scope="session")
def cure(scheduled: dict[str, Left]) -> Left:
    """The cure chapter of the scheduled run."""
    return scheduled["cure"]


@pytest.fixture(scope="session")
def segmentation(scheduled: dict[str, Left]) -> Left:
    """The segmentation chapter of the scheduled run."""
    return scheduled["segmentation"]


@pytest.fixture(scope="session")
def hard_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project on the variant that breaks what chapters lean on."""
    folder = tmp_path_factory.mktemp("portfolios") / "hard"
    simulate(folder, accounts=1_500, months=36, end=date(2025, 12, 31), seed=11, variant="hard", name="hard")
    return make_project(tmp_path_factory.mktemp("hard"), folder, PERIOD)


@pytest.fixture(scope="session")
def hard(hard_root: Path, patch: pytest.MonkeyPatch) -> Left:
    return run_cells(hard_root, patch)


@pytest.fixture(scope="session")
def hard_cure(hard_root: Path, patch: pytest.MonkeyPatch) -> Left:
    return run_cells(hard_root, patch, chapter="cure")


@pytest.fixture(scope="session")
def hard_segmentation(hard_root: Path, hard_cure: Left, patch: pytest.MonkeyPatch) -> Left:
    return run_cells(hard_root, patch, FEWER, "segmentation")


@pytest.fixture(scope="session")
def taiwan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30,000 real clients; skipped only where the file is not there."""
    from analysis.data.sources import import_source

    source = SHARED / "taiwan_card_clients.csv"
    if not source.is_file():
        pytest.skip(f"{source.name} is not in ../shared/data")
    folder = tmp_path_factory.mktemp("portfolios") / "taiwan"
    import_source("taiwan", [source], folder)
    return folder


@pytest.fixture(scope="session")
def taiwan_window(taiwan: Path, tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Left:
    """The window and states of the golden counts."""
    chosen = {"delinquency.window": {"start": "2005-04", "end": "2005-08"}, "delinquency.states": [1, 90]}
    return run_cells(make_project(tmp_path_factory.mktemp("window"), taiwan, "2005Q3"), patch, chosen)


@pytest.fixture(scope="session")
def taiwan_root(taiwan: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("quarter"), taiwan, "2005Q3")


@pytest.fixture(scope="session")
def taiwan_quarter(taiwan_root: Path, patch: pytest.MonkeyPatch) -> Left:
    """The quarter as `arrears report --period 2005Q3` runs it."""
    return run_cells(taiwan_root, patch)


@pytest.fixture(scope="session")
def taiwan_cure(taiwan_root: Path, patch: pytest.MonkeyPatch) -> Left:
    return run_cells(taiwan_root, patch, chapter="cure")


@pytest.fixture(scope="session")
def taiwan_segmentation(taiwan_root: Path, patch: pytest.MonkeyPatch) -> Left:
    return run_cells(taiwan_root, patch, {"segmentation.groups.resamples": 5}, "segmentation")


@pytest.fixture(scope="session")
def later_roots(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """2025Q2 of a portfolio with half a year more in its files, and of the files as they lay there on June 30."""
    whole = tmp_path_factory.mktemp("portfolios") / "later"
    simulate(whole, accounts=1_200, months=33, end=date(2025, 12, 31), seed=3, name="later")
    then = cut(whole, tmp_path_factory.mktemp("then") / "later", date(2025, 6, 30))
    first, second = (make_project(tmp_path_factory.mktemp("root"), folder, "2025Q2") for folder in (whole, then))
    return first, second


@pytest.fixture(scope="session")
def seen_then(later_roots: tuple[Path, Path], patch: pytest.MonkeyPatch) -> tuple[Left, Left]:
    chosen = {
        "delinquency.dimensions": ["product", "age_of_account", "opened_quarter", "agency", "method", "strategy"]
    }
    first, second = (run_cells(root, patch, chosen) for root in later_roots)
    return first, second


@pytest.fixture(scope="session")
def cure_seen_then(later_roots: tuple[Path, Path], patch: pytest.MonkeyPatch) -> tuple[Left, Left]:
    first, second = (run_cells(root, patch, QUICK, "cure") for root in later_roots)
    return first, second


@pytest.fixture(scope="session")
def segmentation_seen_then(
    later_roots: tuple[Path, Path], cure_seen_then: tuple[Left, Left], patch: pytest.MonkeyPatch
) -> tuple[Left, Left]:
    first, second = (run_cells(root, patch, FEWER, "segmentation") for root in later_roots)
    return first, second


@pytest.fixture(scope="session")
def segmentation_without(
    later_roots: tuple[Path, Path],
    cure_seen_then: tuple[Left, Left],
    tmp_path_factory: pytest.TempPathFactory,
    patch: pytest.MonkeyPatch,
) -> Callable[[str], Left]:
    """Runs of the segmentation chapter on a portfolio that lacks something, each made once."""
    runs: dict[str, Left] = {}

    def run(name: str) -> Left:
        if name not in runs:
            change = CHANGES[name]
            folder = changed(portfolio_of(later_roots[1]), tmp_path_factory.mktemp(name) / "later", change)
            root = make_project(tmp_path_factory.mktemp(f"{name}_root"), folder, "2025Q2")
            if change.keeps_cure:
                lend_results(cure_seen_then[1], root)
            runs[name] = run_cells(root, patch, FEWER, "segmentation")
        return runs[name]

    return run


@pytest.fixture(scope="session")
def at_the_edge(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Callable[[str, str], Left]:
    """Runs of a chapter on a portfolio at the edge of the contract, each made once."""
    roots: dict[str, Path] = {}
    runs: dict[tuple[str, str], Left] = {}

    def run(name: str, chapter: str) -> Left:
        if name not in roots:
            folder = write(tmp_path_factory.mktemp("edges") / name, *EDGES[name]())
            roots[name] = make_project(tmp_path_factory.mktemp(name), folder, PERIOD)
        if (name, chapter) not in runs:
            runs[name, chapter] = run_cells(roots[name], patch, {**QUICK, **FEWER}, chapter)
        return runs[name, chapter]

    return run


@pytest.fixture
def edge(request: pytest.FixtureRequest, at_the_edge: Callable[[str, str], Left]) -> Left:
    """The delinquency chapter run on the portfolio named by the test's parameter."""
    return at_the_edge(request.param, "delinquency")


@pytest.fixture
def cure_edge(request: pytest.FixtureRequest, at_the_edge: Callable[[str, str], Left]) -> Left:
    """The cure chapter run on the portfolio named by the test's parameter."""
    return at_the_edge(request.param, "cure")


@pytest.fixture
def segmentation_edge(request: pytest.FixtureRequest, at_the_edge: Callable[[str, str], Left]) -> Left:
    """The segmentation chapter run on the portfolio named by the test's parameter."""
    return at_the_edge(request.param, "segmentation")


@pytest.fixture(scope="session")
def stress_root(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("stress"), demo, PERIOD)


@pytest.fixture(scope="session")
def stress(stress_root: Path, patch: pytest.MonkeyPatch) -> Left:
    """The stress chapter on 3,000 accounts, without the cure chapter before it."""
    return run_cells(stress_root, patch, STRESS_QUICK, "stress")


@pytest.fixture(scope="session")
def cases(demo: Path, tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Left:
    """The chapter of case studies on 3,000 accounts, with fewer bootstrap draws."""
    root = make_project(tmp_path_factory.mktemp("cases"), demo, PERIOD)
    return run_cells(root, patch, {"cases.replications": 200}, "cases")


@pytest.fixture(scope="session")
def cases_seen_then(later_roots: tuple[Path, Path], patch: pytest.MonkeyPatch) -> tuple[Left, Left]:
    first, second = (run_cells(root, patch, CASES_QUICK, "cases") for root in later_roots)
    return first, second


@pytest.fixture
def cases_edge(request: pytest.FixtureRequest, at_the_edge: Callable[[str, str], Left]) -> Left:
    """The chapter of case studies run on the portfolio named by the test's parameter."""
    return at_the_edge(request.param, "cases")


@pytest.fixture(scope="session")
def taiwan_cases(taiwan_root: Path, patch: pytest.MonkeyPatch) -> Left:
    """The chapter of case studies on a portfolio that logs neither decisions nor contacts."""
    return run_cells(taiwan_root, patch, chapter="cases")
