"""Words: sentences and labels are templates in `words/<language>/<chapter>.yml`, filled with computed values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined, TemplateError, UndefinedError

from analysis.core.errors import ChapterError, ParameterError
from analysis.core.periods import Period, parse_month
from analysis.report.headlines import Change
from analysis.report.numbers import Numbers, known

FOLDER = Path(__file__).with_name("words")
COMMON = "common"
SECTIONS = ("findings", "labels", "headlines", "cells")


class Words:
    """Words of one chapter in one language, with the common ones behind them.

    `currency` and `minimum` (accounts that a shown cell has at least) go to `numbers`, for tables and figures.

    Raises ParameterError for a language that is not there, and ChapterError for a key or a value that is missing.

    >>> Words("en", "common").label("product.card")
    'Credit cards'
    """

    def __init__(
        self, language: str, chapter: str, currency: str = "", minimum: int = 10, folder: Path = FOLDER
    ) -> None:
        available = sorted(path.name for path in folder.iterdir() if (path / f"{COMMON}.yml").is_file())
        if language not in available:
            raise ParameterError(
                f"language '{language}' is not available; it can be {', '.join(available)}. "
                f"A language is a folder under {folder.parent.name}/{folder.name}/."
            )
        self.language, self.chapter, self.currency = language, chapter, currency
        common = _read(folder / language / f"{COMMON}.yml")
        own = {} if chapter == COMMON else _read(folder / language / f"{chapter}.yml")
        self._forms: Mapping[str, Any] = common["forms"]
        self._texts = {section: _flat(common.get(section)) | _flat(own.get(section)) for section in SECTIONS}
        self._names = f"words/{language}/{chapter}.yml"
        self.numbers = numbers_of(self._forms["numbers"], currency, minimum)
        self._environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        self._environment.filters.update(self._filters())
        self._environment.globals["currency"] = currency
        self._environment.tests["known"] = _known

    def say(self, key: str, **values: Any) -> str:
        """Sentence `findings.<key>` filled, on one line; raises ChapterError naming what is missing."""
        return self._fill("findings", key, values)

    def headline(self, key: str, **values: Any) -> str:
        """Label of a headline number, `headlines.<key>`."""
        return self._fill("headlines", key, values)

    def label(self, key: str, **values: Any) -> str:
        """Label `labels.<key>` of the chapter, else the common one: `label("product.card")`."""
        return self._fill("labels", key, values)

    def name(self, kind: str, value: object) -> str:
        """Label of a value of the data; one that has no word is shown as it stands, beginning large."""
        key = f"{kind}.{value}"
        if key in self._texts["labels"]:
            return self.label(key)
        text = str(value).replace("_", " ")
        return text[:1].upper() + text[1:]

    def cell(self, cell_id: str, **values: Any) -> str | None:
        """Replacement of the markdown cell with that id, or None where the notebook's own text stands."""
        return self._fill("cells", cell_id, values, as_written=True) if cell_id in self._texts["cells"] else None

    @property
    def cells(self) -> tuple[str, ...]:
        """Ids of the markdown cells that are replaced."""
        return tuple(self._texts["cells"])

    def _fill(self, section: str, key: str, values: Mapping[str, Any], as_written: bool = False) -> str:
        texts = self._texts[section]
        if key not in texts:
            near = get_close_matches(key, texts, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else f"; {section} has: {', '.join(sorted(texts)[:12])}"
            raise ChapterError(f"{self._names}: {section} has no '{key}'{hint}")
        try:
            text = self._environment.from_string(texts[key]).render(values)
        except UndefinedError as error:
            given = ", ".join(sorted(values)) or "none"
            raise ChapterError(f"{self._names}: {section}.{key}: {error.message}; values given: {given}") from None
        except (TemplateError, TypeError, ValueError) as error:
            raise ChapterError(f"{self._names}: {section}.{key} cannot be filled: {error}") from None
        return text.strip() if as_written else " ".join(text.split())

    def _filters(self) -> dict[str, Callable[..., str]]:
        numbers = self.numbers
        return {
            "pct": numbers.pct,
            "points": lambda value, digits=None: numbers.points(_size(value), digits),
            "signed_points": lambda value, digits=None: numbers.points(value, digits, signed=True),
            "money": numbers.money,
            "count": numbers.count,
            "number": numbers.number,
            "interval": self.interval,
            "month": self.month,
            "day": self.day,
            "quarter": self.quarter,
            "days": lambda value, digits=0: self._unit("days", value, digits),
            "months": lambda value, digits=0: self._unit("months", value, digits),
            "plural": self.plural,
            "ordinal": self.ordinal,
            "listed": self.listed,
            "change": lambda value, certain=None: self._verb("change", value, certain),
            "change_to": lambda value, certain=None: self._verb("change_to", value, certain),
            "name": lambda value, kind: self.name(kind, value),
            "sentence": lambda text: text[:1].upper() + text[1:],
            "inline": lambda text: text[:1].lower() + text[1:],
        }

    def interval(self, value: float | None, lower: float | None, upper: float | None, digits: int = 1) -> str:
        """`2.3% (2.1–2.5)`."""
        return self.numbers.interval(value, lower, upper, digits, unit="%")

    def month(self, day: date | str) -> str:
        """`December 2025`."""
        day = _date(day)
        return self._forms["month"].format(
            name=self._forms["months"][day.month - 1], month=day.month, year=day.year
        )

    def day(self, day: date) -> str:
        """`31 December 2025`."""
        name = self._forms["months"][day.month - 1]
        return self._forms["day"].format(day=day.day, name=name, month=day.month, year=day.year)

    def quarter(self, period: Period | date | str, long: bool = False) -> str:
        """`Q4 2025`, or in `long` form `the fourth quarter of 2025`."""
        period = Period.of(period) if isinstance(period, date) else Period.parse(period)
        form = self._forms["quarter_long" if long else "quarter"]
        return form.format(number=period.quarter, ordinal=self.ordinal(period.quarter), year=period.year)

    def plural(self, value: float | None, one: str, many: str, digits: int = 0) -> str:
        """`1 account`, `2,345 accounts`."""
        text = self.numbers.number(value, digits)
        return f"{text} {one if text == '1' else many}"

    def ordinal(self, number: int) -> str:
        """`first` … `tenth`, then `11th`."""
        words = self._forms["ordinals"]
        if 1 <= number <= len(words):
            return str(words[number - 1])
        endings = self._forms["ordinal_endings"]
        teens = 10 <= number % 100 <= 20
        return f"{number}{endings['other'] if teens else endings.get(number % 10, endings['other'])}"

    def listed(self, items: list[str] | tuple[str, ...]) -> str:
        """`a`, `a and b`, `a, b and c`."""
        texts = [str(item) for item in items]
        if len(texts) < 2:
            return "".join(texts)
        return f"{self._forms['comma'].join(texts[:-1])}{self._forms['and']}{texts[-1]}"

    def _unit(self, unit: str, value: float | None, digits: int) -> str:
        one, many = self._forms["units"][unit]
        return self.plural(value, one, many, digits)

    def _verb(self, form: str, value: Change | float | None, certain: bool | None) -> str:
        """Verb of a change: up, down, same, or `uncertain` where chance can explain it."""
        if isinstance(value, Change):
            certain = value.certain if certain is None else certain
            value = value.difference
        verbs = self._forms[form]
        if value is None or not known(value):
            return str(verbs["unknown"])
        if value == 0:
            return str(verbs["same"])
        if certain is False:
            return str(verbs["uncertain"])
        return str(verbs["up" if value > 0 else "down"])


def numbers_of(forms: Mapping[str, Any], currency: str = "", minimum: int = 10) -> Numbers:
    """Number conventions from `forms.numbers` of a language's common words."""
    scales = tuple((float(size), str(word)) for size, word in forms["scales"])
    return Numbers(
        **{**forms, "scales": scales, "months": tuple(forms["months"]), "currency": currency, "minimum": minimum}
    )


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        there = ", ".join(sorted(p.stem for p in path.parent.glob("*.yml")))
        raise ChapterError(f"the words of chapter '{path.stem}' are missing: {path}; there are: {there}")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise ChapterError(f"{path} is not valid YAML: {error}") from None
    unknown = sorted(set(content) - {*SECTIONS, "forms"})
    if unknown:
        raise ChapterError(f"{path}: unknown section '{unknown[0]}'; it can have {', '.join(SECTIONS)}")
    return content


def _flat(texts: Mapping[str, Any] | None, prefix: str = "") -> dict[str, str]:
    """Nested keys joined with dots."""
    flat: dict[str, str] = {}
    for key, value in (texts or {}).items():
        flat.update(
            _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": str(value)}
        )
    return flat


def _known(value: object) -> bool:
    """The test `{% if rate is known %}`: there, and neither None nor NaN."""
    return not isinstance(value, StrictUndefined) and known(value)


def _size(value: float | None) -> float | None:
    return value if value is None else abs(value)


def _date(day: date | str) -> date:
    return parse_month(day) if isinstance(day, str) else day
