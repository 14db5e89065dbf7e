"""Printed figures as intervals: what was rounded or qualified may be anything that rounds or qualifies so."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from analysis.core.claims.claim import Claim
from analysis.core.claims.entry import Bound
from analysis.core.claims.printed import resolution


class Span(NamedTuple):
    """Numbers that a figure may stand for: the printed one, and the limits of what would be printed so."""

    value: float
    low: float
    high: float

    def meets(self, other: Span) -> bool:
        """Whether one number could be meant by both; a hair's breadth is rounding of the machine."""
        slack = 1e-9 * max(1.0, *(abs(x) for x in (*self, *other) if math.isfinite(x)))
        return self.low <= other.high + slack and other.low <= self.high + slack

    def scaled(self, factor: float) -> Span:
        ends = sorted((self.low * factor, self.high * factor))
        return Span(self.value * factor, *ends)


def span(claim: Claim, figure: tuple[float, float], bound: Bound = "exactly") -> Span:
    """Interval of a figure: half of its last printed digit either way; a whole one where "about" is said.

    "Over" and "under" leave one side open; the figure itself is then the other side. Zeros at the end of a whole
    number count as printed: about 1,200 is 1,199 to 1,201. A laxer reading would let any growth rate pass.
    """
    steps = [resolution(number, claim.printed) or 0.0 for number in figure]
    middle = (figure[0] + figure[1]) / 2
    reach = 1.0 if bound == "about" else 0.5
    low, high = figure[0] - reach * steps[0], figure[1] + reach * steps[1]
    if bound == "at_least":
        low, high = figure[0], math.inf
    elif bound == "at_most":
        low, high = -math.inf, figure[1]
    return Span(middle, low, high)


def combine(function: Callable[..., float], spans: Sequence[Span]) -> Span:
    """A function of figures, with the limits it reaches at theirs; right where it is monotone in each of them.

    NaN throughout where the function has no value, as a change in percent of nothing.
    """
    value = function(*(s.value for s in spans))
    if math.isnan(value):
        return Span(value, value, value)
    corners = [function(*corner) for corner in itertools.product(*((s.low, s.high) for s in spans))]
    known = [x for x in corners if not math.isnan(x)]
    return Span(value, min(known, default=value), max(known, default=value))


def points(before: float, after: float) -> float:
    return after - before


def relative(before: float, after: float) -> float:
    """Change in percent of the level before; NaN where that is zero."""
    return (after / before - 1) * 100 if before else math.nan


def multiple(before: float, after: float) -> float:
    return after / before if before else math.nan
