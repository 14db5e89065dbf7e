"""Adapters: real data into the table contract. None guesses: a code without a meaning stops the import."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from analysis.core.errors import ParameterError
from analysis.data.sources import fannie_mae, own_files, taiwan
from analysis.data.sources.landing import ImportReport

__all__ = ["SOURCES", "ImportReport", "Source", "import_source"]


@dataclass(frozen=True)
class Source:
    """An adapter. `options` are the names of its keyword arguments besides `replace`, with their meaning."""

    name: str
    description: str
    files: str
    function: Callable[..., ImportReport]
    not_filled: tuple[str, ...]
    options: dict[str, str]


SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source(
            "taiwan",
            "UCI 'Default of Credit Card Clients': 30,000 card clients, April to September 2005",
            "the CSV, or the original workbook (.xls, .xlsx)",
            taiwan.import_taiwan,
            taiwan.NOT_FILLED,
            {"codes": "meanings of further codes of SEX, EDUCATION, MARRIAGE"},
        ),
        Source(
            "fannie_mae",
            "Fannie Mae Single-Family Loan Performance Data: US mortgages by month",
            "combined files (since October 2020), or acquisition and performance files together",
            fannie_mae.import_fannie_mae,
            fannie_mae.NOT_FILLED,
            {
                "unknown_delinquency": "refuse (default), last_known or current",
                "region": "state (default) or zip3",
                "codes": "meanings of further codes of channel, zero_balance_code, assistance",
            },
        ),
        Source(
            "csv",
            "a lender's own CSV or Parquet files, through a mapping (docs/own-data.md)",
            "one mapping (.yml) that names the files",
            own_files.import_own,
            ("whatever the mapping does not name",),
            {},
        ),
    )
}


def import_source(
    name: str, files: list[Path], to: Path, *, replace: bool = False, **options: Any
) -> ImportReport:
    """Run one adapter. Writes `to` whole or not at all.

    Options may be nested or dotted: `{"codes.zero_balance_code.97": "sold"}` is `{"codes": {"zero_balance_code":
    {"97": "sold"}}}`. Raises ParameterError for an unknown source or option, InputError (ContractError)
    for data that cannot be used.
    """
    if name not in SOURCES:
        near = get_close_matches(name, SOURCES, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ParameterError(f"source '{name}' is unknown{hint} Known are {', '.join(SOURCES)}.")
    source, options = SOURCES[name], _nested(options)
    unknown = sorted(set(options) - set(source.options))
    if unknown:
        known = ", ".join(source.options) or "none"
        raise ParameterError(f"source {name} has no option {', '.join(unknown)}; its options are: {known}")
    return source.function([Path(file) for file in files], Path(to), replace=replace, **options)


def _nested(options: dict[str, Any]) -> dict[str, Any]:
    """Dotted keys as nested dictionaries."""
    nested: dict[str, Any] = {}
    for key, value in options.items():
        *path, last = key.split(".")
        place = nested
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return nested
