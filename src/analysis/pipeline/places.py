"""Where things lie: the project's root, a run's work folder, and the published report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from analysis.core.errors import ParameterError
from analysis.core.parameters import RunParameters
from analysis.core.periods import Period
from analysis.core.portfolio import read_portfolio_info

PARAMS_FILE = "params.yml"
NOTES_FILE = "chapter.json"
"""Gates and left-out sections of a chapter, in its own folder under `state/`."""


def find_root(start: Path | None = None) -> Path:
    """The project's folder: the nearest one at or above `start` with `pyproject.toml` and `params/`.

    Raises ParameterError where there is none.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "pyproject.toml").is_file() and (folder / "params").is_dir():
            return folder
    raise ParameterError(
        f"{start} is not inside the project (no folder above it holds pyproject.toml and params/); go there first"
    )


@dataclass(frozen=True)
class Places:
    """Folders of one portfolio's quarter. `suffix` sets a restatement apart from the quarter itself."""

    root: Path
    portfolio: str
    period: Period
    suffix: str = ""

    @property
    def work(self) -> Path:
        return self.root / "reports" / "work" / self.portfolio / f"{self.period}{self.suffix}"

    @property
    def params(self) -> Path:
        """The run's resolved parameters."""
        return self.work / PARAMS_FILE

    @property
    def notebooks(self) -> Path:
        """Executed notebooks."""
        return self.work / "notebooks"

    @property
    def state(self) -> Path:
        """What each chapter's last run was made from."""
        return self.work / "state"

    @property
    def results(self) -> Path:
        return self.work / "results"

    @property
    def record(self) -> Path:
        return self.work / "run.json"

    def published(self, to: Path) -> Path:
        return to / self.portfolio / str(self.period)

    def relative(self, path: Path) -> str:
        """A path as it is written down: from the root where it lies below it."""
        path = path.resolve()
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)


def portfolio_folder(root: Path, params: RunParameters) -> Path:
    """Folder of the portfolio; a relative path counts from the project's root."""
    return params.portfolio if params.portfolio.is_absolute() else root / params.portfolio


def places_of(root: Path, params: RunParameters) -> Places:
    """Places of the quarter that the parameters speak of; raises InputError where the portfolio is not one."""
    info = read_portfolio_info(portfolio_folder(root, params))
    return Places(root, info.name, params.quarter)


def work_folder_of(root: Path, params_file: Path, params: RunParameters) -> Path:
    """Work folder that a parameter file belongs to.

    A run's resolved file lies in its work folder, which may be a restatement's; any other file means the work
    folder of the quarter itself.
    """
    params_file = params_file.resolve()
    in_work = params_file.name == PARAMS_FILE and params_file.parent.parent.parent == root / "reports" / "work"
    return params_file.parent if in_work else places_of(root, params).work


def notes_path(work: Path, chapter: str) -> Path:
    """File with a chapter's gates and left-out sections."""
    return work / "state" / chapter / NOTES_FILE
