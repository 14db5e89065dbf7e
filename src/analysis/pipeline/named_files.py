"""Files and folders that parameters name: found, read and refused before any chapter is run.

Each is read by the loader that its chapter uses. What they hold is part of what a chapter is made from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.core.errors import InputError, ParameterError
from analysis.core.parameters import RunParameters
from analysis.core.parameters.section import Section
from analysis.pipeline.places import portfolio_folder

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".yml", ".csv")
"""Of a folder, files with these are read."""
NEEDED, READ = ("DRCCLACBS", "UNRATE"), ("DRCCLACBS", "UNRATE", "RCCCBNCOPCT")
"""Public series that the stress chapter's test on history needs, and those that it reads."""


def named_paths(params: RunParameters, chapter: str) -> Iterator[tuple[str, Path]]:
    """Key (`stress.scenarios`) and path, as written, of every file and folder that a chapter's section names."""
    section = getattr(params, chapter, None)
    if isinstance(section, Section):
        yield from _paths(section, chapter)


def _paths(value: Any, key: str) -> Iterator[tuple[str, Path]]:
    if isinstance(value, Path):
        yield key, value
    elif isinstance(value, Section):
        for name in type(value).model_fields:
            yield from _paths(getattr(value, name), f"{key}.{name}")
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _paths(inner, f"{key}.{name}")
    elif isinstance(value, tuple):
        for inner in value:
            yield from _paths(inner, key)


def named_files(root: Path, params: RunParameters, chapter: str) -> list[tuple[str, Path]]:
    """Key and file of all that is there of what a chapter's section names, a folder's files one by one."""
    found = []
    for key, path in named_paths(params, chapter):
        place = root / path
        inside = sorted(place.iterdir()) if place.is_dir() else [place]
        found += [(key, file) for file in inside if file.is_file() and (file == place or file.suffix in SUFFIXES)]
    return found


def refuse(params_file: Path, found: Iterable[str]) -> None:
    """Raise ParameterError with all faults as one numbered list, unless there are none."""
    lines = [f"{number:3d}. {_indented(fault)}" for number, fault in enumerate(found, 1)]
    if lines:
        listed = "\n".join(lines)
        raise ParameterError(f"{params_file}: it names files that cannot be used. Nothing was run.\n{listed}")


def _indented(fault: str) -> str:
    return "\n     ".join(fault.splitlines())


def faults(root: Path, params: RunParameters, chapters: Iterable[str], has_macro: bool) -> Iterator[str]:
    """What is wrong with the files that these chapters' parameters name: key, file, rule and mend.

    `has_macro`: whether the portfolio has a macro table. Without one, and no `stress.macro`, no scenario is read.
    """
    for chapter in chapters:
        if chapter == "stress":
            yield from _stress(root, params, has_macro)
        elif chapter == "cases":
            yield from _cases(root, params)


def _stress(root: Path, params: RunParameters, has_macro: bool) -> Iterator[str]:
    stress = params.stress
    if has_macro or stress.macro:
        yield from _scenarios(root / stress.scenarios, stress.baseline)
    if stress.macro:
        yield from _told("stress.macro", partial(_read_macro, root / stress.macro))
    if stress.history_folder:
        yield from _history(root / stress.history_folder)


def _scenarios(folder: Path, baseline: str) -> Iterator[str]:
    from analysis.core.scenarios import check_weights, load_scenarios, require_baseline

    try:
        scenarios = load_scenarios(folder)
    except ParameterError as error:
        yield f"stress.scenarios: {error}"
        return
    weights = {name: one.weight for name, one in scenarios.items()}
    yield from _told("stress.baseline", partial(require_baseline, scenarios, baseline))
    yield from _told("stress.scenarios", partial(check_weights, weights), f"{folder}: ")


def _cases(root: Path, params: RunParameters) -> Iterator[str]:
    from analysis.core.claims import load_claims
    from analysis.core.programme import load_programmes

    cases = params.cases
    yield from _told("cases.claims", partial(load_claims, root / cases.claims))
    programmes = [root / path for path in cases.programme]
    yield from _told("cases.programme", partial(load_programmes, programmes))


def _read_macro(file: Path) -> pd.DataFrame:
    from analysis.core.macro import read_macro

    return read_macro(file)


def _history(folder: Path) -> Iterator[str]:
    """The chapter leaves its test on history out where series are missing; a named folder must have them."""
    key, or_null = "stress.history_folder", "or give null to leave the test on history out"
    if not folder.is_dir():
        yield f"{key}: folder {folder} does not exist; mend its name, {or_null}"
        return
    files = {file.stem.split("_")[0]: file for file in sorted(folder.glob("*.csv"))}
    missing = [f"{name}.csv" for name in NEEDED if name not in files]
    if missing:
        yield f"{key}: {folder} has no {' and no '.join(missing)}; put it there (docs/stress.md), {or_null}"
    for name, file in files.items():
        yield from _told(key, partial(_read_series, name, file))


def _read_series(name: str, file: Path) -> None:
    """Raise InputError for a file that is no table; a series that is used must also have dates and numbers."""
    import pandas as pd

    try:
        table = pd.read_csv(file)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(f"{file} is not a CSV with a header: {str(error).strip()}") from None
    if name in READ:
        from analysis.methods.stress.history.changes import quarterly

        try:
            quarterly(table)
        except InputError as error:
            raise InputError(f"{file}: {error}") from None


def _told(key: str, read: Callable[[], object], where: str = "") -> Iterator[str]:
    try:
        read()
    except (InputError, ParameterError) as error:
        yield f"{key}: {where}{error}"


def join_faults(root: Path, params: RunParameters, last: date) -> Iterator[str]:
    """What keeps scenarios from continuing the macro history as of `last`; files and tables are valid by then."""
    from analysis.core.scenario_join import require_join
    from analysis.core.scenarios import load_scenarios

    history = _macro_until(root, params, last)
    if history is None:
        return
    if not len(history):
        yield f"stress.macro: {params.stress.macro} has no month up to {last:%Y-%m}; give earlier months"
        return
    for scenario in load_scenarios(root / params.stress.scenarios).values():
        months = min(params.stress.months, scenario.months)
        yield from _told("stress.scenarios", partial(require_join, scenario, history, months))


def _macro_until(root: Path, params: RunParameters, last: date) -> pd.DataFrame | None:
    """Macro history up to `last`; None where neither a file nor the portfolio has one."""
    import pandas as pd

    from analysis.core.macro import macro_history

    if params.stress.macro:
        return _read_macro(root / params.stress.macro).loc[: pd.Timestamp(last)]
    from analysis.data.portfolio import open_portfolio

    portfolio = open_portfolio(portfolio_folder(root, params), params.quarter.end, params.engine)
    if portfolio.missing("macro"):
        return None
    return macro_history(portfolio.table("macro").to_pandas()).loc[: pd.Timestamp(last)]
