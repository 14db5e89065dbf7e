"""Runs of the delinquency chapter that several tests look at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import nbformat
import pytest
from as_of import cut
from chapter_runs import NOTEBOOK, SHARED, Left, make_project, run_cells
from small_portfolios import EDGES, write

from analysis.data.simulate import simulate

PERIOD = "2025Q4"
QUICK = {"delinquency.forecast_draws": 200}


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
def standard(demo: Path, tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Left:
    """The chapter as a scheduled run executes it: tables checked, papermill, a kernel of its own."""
    from analysis.pipeline.progress import Lines
    from analysis.pipeline.run import Request, execute, open_run, resolve

    root = make_project(tmp_path_factory.mktemp("scheduled"), demo, PERIOD)
    patch.chdir(root)
    request = Request(root / "params" / "quarterly.yml")
    params, places = resolve(root, request)
    execute(open_run(request, params, places), Lines())
    cells = nbformat.read(places.notebooks / NOTEBOOK.name, as_version=4).cells
    outputs = [
        output for cell in cells for output in cell.get("outputs", []) if "arrears" in output.get("metadata", {})
    ]
    return Left(places.work, [(output["metadata"]["arrears"], output["data"]) for output in outputs])


@pytest.fixture(scope="session")
def hard(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Left:
    """The variant that breaks what chapters lean on."""
    folder = tmp_path_factory.mktemp("portfolios") / "hard"
    simulate(folder, accounts=1_500, months=36, end=date(2025, 12, 31), seed=11, variant="hard", name="hard")
    return run_cells(make_project(tmp_path_factory.mktemp("hard"), folder, PERIOD), patch)


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
def taiwan_quarter(taiwan: Path, tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Left:
    """The quarter as `arrears report --period 2005Q3` runs it."""
    return run_cells(make_project(tmp_path_factory.mktemp("quarter"), taiwan, "2005Q3"), patch)


@pytest.fixture(scope="session")
def edges() -> dict[str, Left]:
    """Runs made so far on portfolios at the edge of the contract."""
    return {}


@pytest.fixture(scope="session")
def seen_then(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> tuple[Left, Left]:
    """2025Q2 of a portfolio with half a year more in its files, and of the files as they lay there on June 30."""
    whole = tmp_path_factory.mktemp("portfolios") / "later"
    simulate(whole, accounts=1_200, months=33, end=date(2025, 12, 31), seed=3, name="later")
    then = cut(whole, tmp_path_factory.mktemp("then") / "later", date(2025, 6, 30))
    roots = (make_project(tmp_path_factory.mktemp("root"), folder, "2025Q2") for folder in (whole, then))
    chosen = {
        "delinquency.dimensions": ["product", "age_of_account", "opened_quarter", "agency", "method", "strategy"]
    }
    first, second = (run_cells(root, patch, chosen) for root in roots)
    return first, second


@pytest.fixture
def edge(
    request: pytest.FixtureRequest,
    edges: dict[str, Left],
    tmp_path_factory: pytest.TempPathFactory,
    patch: pytest.MonkeyPatch,
) -> Left:
    """The chapter run on the portfolio named by the test's parameter."""
    name = request.param
    if name not in edges:
        folder = write(tmp_path_factory.mktemp("edges") / name, *EDGES[name]())
        edges[name] = run_cells(make_project(tmp_path_factory.mktemp(name), folder, PERIOD), patch, QUICK)
    return edges[name]
