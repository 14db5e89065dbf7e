"""Numbers in the figures as printed, and how finely they were printed."""

from __future__ import annotations

import re
from collections.abc import Iterable

NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")

SCALES = {
    "万亿": 1e12,
    "萬億": 1e12,
    "trillion": 1e12,
    "亿": 1e8,
    "億": 1e8,
    "bn": 1e9,
    "billion": 1e9,
    "万": 1e4,
    "萬": 1e4,
    "million": 1e6,
    "m": 1e6,
    "thousand": 1e3,
    "k": 1e3,
}
"""What may follow a number and multiply it; longer words are tried first."""

NUMERALS = dict(zip("一二三四五六七八九十", range(1, 11), strict=True)) | {"两": 2, "兩": 2}
"""Chinese digits that stand alone, as in 三倍 (three times)."""


def numbers_in(token: str) -> dict[float, float]:
    """Each number a printed token holds, with the unit of its last printed digit.

    A scale word after a number (亿, million) multiplies both; in a range (5-10万) also where it follows the second
    number only, and the bare number is kept beside it.

    >>> numbers_in("约1200亿")[1.2e11]
    100000000.0
    >>> numbers_in("8.5%")
    {8.5: 0.1}
    """
    found: dict[float, float] = {}
    matches = list(NUMBER.finditer(token))
    scales = [_scale(token[match.end() :]) for match in matches]
    for match in matches:
        text = match.group().replace(",", "").rstrip(".")
        value, step = float(text), 10.0 ** -len(text.partition(".")[2])
        for scale in {1.0, *scales}:
            found[value * scale] = step * scale
    for character in token:
        if character in NUMERALS:
            found.setdefault(float(NUMERALS[character]), 1.0)
    return found


def _scale(rest: str) -> float:
    rest = rest.lstrip().lower()
    for word, factor in sorted(SCALES.items(), key=lambda item: -len(item[0])):
        following = rest[len(word) :]
        # "m" of "months" is no million; Chinese words are written without a space after them.
        if rest.startswith(word) and not (word.isascii() and following[:1].isalpha()):
            return factor
    return 1.0


def resolution(value: float, printed: Iterable[str]) -> float | None:
    """Unit of the last digit a number was printed with (0.1 for 8.5%); None where it isn't among the figures."""
    for token in printed:
        for number, step in numbers_in(token).items():
            if abs(abs(value) - number) <= 1e-9 * max(1.0, number):
                return step
    return None
