"""What a chapter's notebook holds in its hand: data, parameters, words, results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from analysis.core.errors import ParameterError
from analysis.core.parameters import RunParameters, load_parameters
from analysis.core.periods import Period
from analysis.data.portfolio import Portfolio, open_portfolio
from analysis.pipeline.chapters import find_chapters
from analysis.pipeline.hashes import write_json
from analysis.pipeline.places import find_root, notes_path, portfolio_folder, work_folder_of
from analysis.report import show
from analysis.report.headlines import Gate, Headline
from analysis.report.results import Results
from analysis.report.words import Words


@dataclass(frozen=True)
class LeftOut:
    """A section that could not be filled: its label, its title, and the tables and columns that are missing."""

    label: str
    title: str
    missing: tuple[str, ...]


@dataclass
class Chapter:
    """One chapter of one quarter. `headlines` is filled by the notebook and written by `close()`."""

    name: str
    run: RunParameters
    root: Path
    work: Path
    headlines: list[Headline] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def period(self) -> Period:
        return self.run.quarter

    @property
    def params(self) -> Any:
        """The chapter's own section of the parameters; None for a chapter that has none."""
        return getattr(self.run, self.name, None)

    @cached_property
    def portfolio(self) -> Portfolio:
        """The portfolio as of the period's end."""
        return open_portfolio(portfolio_folder(self.root, self.run), self.period.end, self.run.engine)

    @cached_property
    def results(self) -> Results:
        return Results(self.work, self.name)

    @cached_property
    def words(self) -> Words:
        return Words(self.run.language, self.name, currency=self.portfolio.info.currency)

    def say(self, key: str, **values: Any) -> None:
        """Show the finding `key`, filled with values."""
        show.prose(self.words.say(key, **values))

    def section(self, title_key: str, label: str, *needs: str) -> bool:
        """Begin a section that needs tables (`contacts`) and columns (`contacts.outcome`) of the portfolio.

        Shows the heading (`labels.<title_key>` of the words, with the id `sec-…`) and returns True when all are
        there; otherwise says in a line that the section is left out, and why, and returns False.
        """
        label = label if label.startswith("sec-") else f"sec-{label}"
        title = self.words.label(title_key)
        missing = self.portfolio.missing(*needs)
        show.prose(f"## {title} {{#{label}}}")
        if missing:
            self.left_out.append(LeftOut(label, title, tuple(missing)))
            names = self.words.listed([f"`{name}`" for name in missing])
            show.prose(self.words.label("section.left_out", missing=names))
        return not missing

    def gate(self, key: str, text: str) -> None:
        """Record a reason not to lean on the chapter as a whole; the first page shows it before any number."""
        self.gates.append(Gate(key, text))

    def close(self) -> None:
        """Write the headlines, and what the run record and the first page need to know of the chapter."""
        self.results.headline(self.headlines)
        notes = {
            "gates": [asdict(g) for g in self.gates],
            "left_out": [asdict(section) for section in self.left_out],
        }
        write_json(notes_path(self.work, self.name), notes)


def open_chapter(
    name: str, params_file: Path | str = "params/quarterly.yml", overrides: Mapping[str, Any] | None = None
) -> Chapter:
    """Open a chapter by its name, under papermill or by hand.

    A relative `params_file` counts from the project's root, wherever the kernel started. Raises ParameterError for
    an unknown chapter or parameter, InputError where the portfolio cannot be opened.
    """
    root = find_root()
    known = [chapter.name for chapter in find_chapters(root)]
    if name not in known:
        raise ParameterError(f"chapter '{name}' is unknown; it can be {', '.join(known)}")
    path = root / params_file
    params = load_parameters(path, overrides)
    return Chapter(name, params, root, work_folder_of(root, path, params))
