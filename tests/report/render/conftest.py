"""Editions that tests of the renderers look at."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from editions import RUN, make_info, make_work, prepare, render

from analysis.core.portfolio import PortfolioInfo
from analysis.report.render.edition import Edition


@pytest.fixture
def info() -> PortfolioInfo:
    return make_info()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return make_work(tmp_path / "work" / "demo" / "2025Q4")


@pytest.fixture
def edition(work: Path, info: PortfolioInfo) -> Edition:
    return prepare(work, info)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published folder with one edition of the embedded renderer, rendered once for all tests."""
    folder = tmp_path_factory.mktemp("report")
    work = make_work(folder / "work" / "demo" / "2025Q4")
    to = folder / "published" / "demo" / "2025Q4"
    result = render(work, to, make_info())
    run = RUN | {"title": "Demo portfolio", "simulated": True, "pdf_ua": result.accessible}
    (to / "run.json").write_text(json.dumps(run))
    return to
