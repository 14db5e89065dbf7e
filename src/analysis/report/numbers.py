"""How numbers are printed: one set of conventions a language, used by sentences, tables and axes alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Value = float | int | None


def known(value: object) -> bool:
    """False for None, NaN and infinities: what is printed as a dash."""
    return isinstance(value, str) or (value is not None and math.isfinite(value))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Numbers:
    """Conventions of a language, the portfolio's currency, and the fewest accounts that a shown cell has.

    Rates are fractions of 1 and are printed as percent; a missing value is printed as `missing`.

    >>> Numbers(currency="CNY").money(1_234_567_890)
    'CNY 1.23 bn'
    """

    decimal: str = "."
    thousands: str = ","
    minus: str = "−"
    missing: str = "—"
    small_cell: str = "n<{minimum}"
    withheld: str = "withheld"
    points_word: str = "points"
    point_word: str = "point"
    to_word: str = "to"
    nothing: str = "nothing to show"
    months: tuple[str, ...] = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    scales: tuple[tuple[float, str], ...] = ((1e9, "bn"), (1e6, "million"), (1e3, "thousand"))
    currency: str = ""
    minimum: int = 10

    def number(self, value: Value, digits: int = 0, signed: bool = False) -> str:
        """`value` with thousands separators; `signed` puts a plus before what is above zero."""
        if value is None or not known(value):
            return self.missing
        text = f"{abs(value):,.{digits}f}"
        nonzero = any(c in "123456789" for c in text)
        sign = (self.minus if value < 0 else "+" if signed else "") if nonzero else ""
        return sign + text.replace(",", "\0").replace(".", self.decimal).replace("\0", self.thousands)

    def count(self, value: Value) -> str:
        """A whole number: `12,345`."""
        return self.number(value, 0)

    def pct(self, value: Value, digits: int | None = None, signed: bool = False) -> str:
        """A fraction as percent: one decimal, two under one percent, unless `digits` says otherwise."""
        if value is None or not known(value):
            return self.missing
        digits = digits if digits is not None else (1 if abs(value) >= 0.00995 or value == 0 else 2)
        return f"{self.number(value * 100, digits, signed)}%"

    def points(self, value: Value, digits: int | None = None, signed: bool = False) -> str:
        """A difference of two fractions in percentage points: `0.4 points`."""
        if value is None or not known(value):
            return self.missing
        digits = digits if digits is not None else (1 if abs(value) >= 0.00095 or value == 0 else 2)
        text = self.number(value * 100, digits, signed)
        word = self.point_word if abs(round(value * 100, digits)) == 1 else self.points_word
        return f"{text} {word}"

    def money(self, value: Value, digits: int | None = None) -> str:
        """An amount in the portfolio's currency, scaled to thousand, million or bn, with three figures."""
        if value is None or not known(value):
            return self.missing
        size, word = self.scale([value])
        scaled = value / size
        if digits is None:
            digits = 0 if size == 1 or abs(scaled) >= 100 else 1 if abs(scaled) >= 10 else 2
        return " ".join(part for part in (self.currency, self.number(scaled, digits), word) if part)

    def scale(self, values: Sequence[Value]) -> tuple[float, str]:
        """Divisor and its word that fit the largest of `values`: `(1e6, "million")`; `(1, "")` for small ones."""
        largest = max((abs(v) for v in values if v is not None and known(v)), default=0.0)
        for size, word in self.scales:
            if largest >= 0.9995 * size:
                return size, word
        return 1.0, ""

    def interval(
        self, value: Value, lower: Value, upper: Value, digits: int = 2, unit: str = "", signed: bool = False
    ) -> str:
        """Percent with its interval in the narrow form of tables: `2.31 (2.10–2.54)`; `unit` follows the first."""
        if value is None or not known(value):
            return self.missing
        text = f"{self.number(value * 100, digits, signed)}{unit}"
        if lower is None or upper is None or not (known(lower) and known(upper)):
            return text
        # a dash before a negative bound would be read as a minus
        dash = f" {self.to_word} " if lower < 0 or signed else "–"
        bounds = (self.number(bound * 100, digits, signed) for bound in (lower, upper))
        return f"{text} ({dash.join(bounds)})"

    def suppressed(self, because: str = "small_cell") -> str:
        """What stands in a cell that is not shown: `n<10` for a small cell, `withheld` for any other reason."""
        return self.small_cell.format(minimum=self.minimum) if because == "small_cell" else self.withheld

    def unit(self, value: Value, unit: str, digits: int | None = None) -> str:
        """`value` in a headline's unit: fraction, currency, count, or a bare number for days and months."""
        if unit == "fraction":
            return self.pct(value, digits)
        if unit == "currency":
            return self.money(value, digits)
        if unit == "count":
            return self.number(value, digits or 0)
        return self.number(value, 1 if digits is None else digits)
