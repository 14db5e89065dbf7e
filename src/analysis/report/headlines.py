"""Headline numbers: what a chapter hands to the first page, and how each compares with before."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from analysis.core.errors import ChapterError

UNITS = ("fraction", "currency", "count", "days", "months")
DIRECTIONS = ("up", "down", "none")
GATES = ("stale_data", "small_cell", "forecast_miss", "failed_check", "assumption")
"""Keys that a gate may have; its text says the particular."""


@dataclass(frozen=True)
class Gate:
    """A reason not to lean on a number, in plain words: `Gate("small_cell", "fewer than 100 accounts")`."""

    key: str
    text: str


@dataclass(frozen=True)
class Headline:
    """One number of the first page.

    `value`, `lower`, `upper`, `previous` and `year_ago` are in `unit` (fraction of 1, currency units, count, days,
    months) or None where unknown. `good_direction` says which way is better. Larger `priority` comes first.
    Raises ChapterError when a value is not finite, the interval does not hold the value, or a word is unknown.
    """

    key: str
    label: str
    value: float | None
    unit: str
    as_of: date
    lower: float | None = None
    upper: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    previous: float | None = None
    year_ago: float | None = None
    good_direction: str = "none"
    gates: tuple[Gate, ...] = ()
    priority: int = 0

    def __post_init__(self) -> None:
        for name in ("value", "lower", "upper", "numerator", "denominator", "previous", "year_ago"):
            object.__setattr__(self, name, self._finite(name))
        object.__setattr__(self, "gates", tuple(self.gates))
        _one_of(self.key, "unit", self.unit, UNITS)
        _one_of(self.key, "good_direction", self.good_direction, DIRECTIONS)
        for gate in self.gates:
            _one_of(self.key, "gate", gate.key, GATES)
        self._check_interval()

    def _finite(self, name: str) -> float | None:
        """Plain Python number of a field, so that numpy scalars are written as JSON numbers."""
        number = getattr(self, name)
        if number is None:
            return None
        if not math.isfinite(number):
            raise ChapterError(
                f"headline '{self.key}': {name} is {number}; give a finite number, or None if unknown"
            )
        return int(number) if float(number).is_integer() and self.unit == "count" else float(number)

    def _check_interval(self) -> None:
        if self.value is None or self.lower is None or self.upper is None:
            return
        if not self.lower <= self.value <= self.upper:
            raise ChapterError(
                f"headline '{self.key}': the value {self.value} lies outside its interval "
                f"{self.lower} to {self.upper}; give lower ≤ value ≤ upper"
            )

    @property
    def on_previous(self) -> Change | None:
        """Change on last quarter."""
        return change(self, self.previous)

    @property
    def on_year_ago(self) -> Change | None:
        """Change on the same quarter a year ago."""
        return change(self, self.year_ago)


@dataclass(frozen=True)
class Change:
    """A difference from an earlier value.

    `difference` is in the headline's unit, `relative` a fraction of the earlier value (None where that is zero).
    `certain` says whether it is more than chance can explain (None where no interval is known); `good` whether
    it went the good way (None where there is no good way or nothing changed).
    """

    difference: float
    relative: float | None
    certain: bool | None
    good: bool | None

    @property
    def direction(self) -> str:
        return "up" if self.difference > 0 else "down" if self.difference < 0 else "none"


def change(current: Headline, previous: float | None) -> Change | None:
    """Change of a headline from an earlier value; None where either is unknown.

    The earlier value has an uncertainty of its own, taken to be like the present one: the difference is `certain`
    when it exceeds √2 times the distance from the value to its bound on that side. The same customers are in
    both, so the true threshold is rather lower: a change called certain is so.
    """
    if current.value is None or previous is None:
        return None
    difference = current.value - previous
    bound = current.lower if difference > 0 else current.upper
    certain = None if bound is None else abs(difference) > math.sqrt(2) * abs(current.value - bound)
    wanted = {"up": difference > 0, "down": difference < 0}.get(current.good_direction)
    return Change(
        difference=difference,
        relative=difference / abs(previous) if previous else None,
        certain=certain,
        good=wanted if difference else None,
    )


def write_headlines(path: Path, headlines: Iterable[Headline]) -> None:
    """Write `headline.json`: a list in the order given; raises ChapterError when a key comes twice."""
    rows = [asdict(h) | {"as_of": h.as_of.isoformat(), "gates": [asdict(g) for g in h.gates]} for h in headlines]
    keys = [row["key"] for row in rows]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ChapterError(f"{path.name}: the headline key '{twice[0]}' comes more than once; give each its own")
    path.write_text(json.dumps(rows, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def read_headlines(path: Path) -> list[Headline]:
    """Read `headline.json`; raises ChapterError naming the file and what is wrong with it."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [_headline(row) for row in rows]
    except FileNotFoundError:
        raise ChapterError(f"{path} is missing: the chapter that writes it has not finished") from None
    except (json.JSONDecodeError, TypeError, KeyError, ValueError) as error:
        raise ChapterError(f"{path} cannot be read as a list of headlines: {error}") from None


def _headline(row: Mapping[str, Any]) -> Headline:
    unknown = sorted(set(row) - {field.name for field in fields(Headline)})
    if unknown:
        raise ValueError(f"unknown field '{unknown[0]}'")
    gates = tuple(Gate(**gate) for gate in row.get("gates", ()))
    return Headline(**{**row, "as_of": date.fromisoformat(row["as_of"]), "gates": gates})


def _one_of(key: str, name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ChapterError(f"headline '{key}': {name} is '{value}'; it can be {', '.join(allowed)}")
