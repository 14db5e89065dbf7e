"""Names that a person gave: known ones pass, unknown ones are refused with the nearest."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from analysis.core.contract import TABLES
from analysis.core.errors import ParameterError

PROTECTED = frozenset(column.name for table in TABLES.values() for column in table.columns if column.protected)
"""Columns of the contract that are for fairness tests only."""


def known(where: str, kind: str, name: str, names: Iterable[str]) -> str:
    """The name itself; raises ParameterError, with the nearest known name, where it is not among `names`."""
    names = [str(one) for one in names]
    if name in names:
        return name
    near = get_close_matches(str(name), names, n=1, cutoff=0.4)
    hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(names) or 'none'}"
    raise ParameterError(f"{where} names the {kind} '{name}', which is unknown; {hint}")


def refuse_protected(where: str, column: str, mend: str) -> None:
    """Raises ParameterError where `column` is a protected attribute."""
    if column in PROTECTED:
        raise ParameterError(f"{where} decides by '{column}', a protected attribute; {mend}")
