"""What every entry of a claim file is made of: strict fields, figures, units."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

LevelUnit = Literal[
    "percent", "times", "count", "score", "hours", "days", "months", "years", "year", "money", "unspecified"
]
"""Unit of a level. `percent` is a share of a whole, 0 to 100; `unspecified` where the document doesn't say what
was measured, as with "efficiency"; `year` is a date."""

ChangeUnit = Literal["percent", "points", "times"]
"""Unit of a change as printed: percent (%), percentage points, or times (×)."""

Bound = Literal["exactly", "about", "at_least", "at_most"]
"""How the document qualifies a figure: as printed; roughly; that or more (over); that or less (under, nearly)."""

Direction = Literal["up", "down"]

Design = Literal[
    "none",
    "before_after",
    "comparison",
    "ab_test",
    "forecast",
    "target",
    "survey",
    "model",
    "record",
    "rule",
]
"""What the document says the claim rests on.

none: an effect with no comparison named; before_after: the same unit, earlier and later; comparison: two groups,
not drawn by lot; ab_test: drawn by lot; forecast, target: not yet seen when printed; survey: a sample or study;
model: the output of a model or script; record: a level read off books; rule: a threshold, weight or norm, not an
observation.
"""


Compared = Literal["customers", "cases", "calls", "staff", "firms", "markets"]
"""What one would count, and draw by lot to test the claim; whole firms and markets can't be drawn so."""


class Entry(BaseModel):
    """Part of a claim file. Unknown fields are refused; values are frozen once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _as_range(value: Any) -> Any:
    """A number as (number, number); a list of two as it is."""
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    pair = (
        [value, value]
        if numeric
        else list(value)
        if isinstance(value, (list, tuple)) and len(value) == 2
        else None
    )
    if pair is None or any(isinstance(x, bool) or not isinstance(x, (int, float)) for x in pair):
        raise ValueError("give a number, or a range as [low, high]")
    if pair[0] > pair[1]:
        raise ValueError("a range is [low, high], the smaller number first")
    return (float(pair[0]), float(pair[1]))


Figure = Annotated[
    tuple[float, float],
    BeforeValidator(_as_range),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number"},
                {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
            ]
        }
    ),
]
"""A printed figure: a number, or a range [low, high]; read as (low, high), equal for a single number."""


def single(figure: tuple[float, float]) -> bool:
    """Whether a figure is one number, not a range."""
    return figure[0] == figure[1]
