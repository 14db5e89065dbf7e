"""One claim: what is said, where, and its figures as printed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from analysis.core.claims.entry import Bound, ChangeUnit, Compared, Design, Direction, Entry, Figure, LevelUnit
from analysis.core.claims.expression import check_names
from analysis.core.claims.printed import resolution


class Place(Entry):
    """Where in the source a claim stands."""

    line: int = Field(ge=1)
    """Line of the source file, from 1."""
    to: int | None = Field(None, ge=1)
    """Last line, where the figures run over several."""
    section: str = ""
    """Section, page or slide as the document counts them."""


class Change(Entry):
    """A change as printed: negative for a fall."""

    value: Figure
    unit: ChangeUnit
    bound: Bound = "exactly"


class Growth(Entry):
    """A growth rate a year as printed, in percent."""

    value: Figure
    bound: Bound = "exactly"


class Years(Entry):
    """First and last year of a claim's before and after."""

    start: int = Field(ge=1900, le=2100)
    end: int = Field(ge=1900, le=2100)

    @model_validator(mode="after")
    def _in_time(self) -> Years:
        if self.end <= self.start:
            raise ValueError("the end is a later year than the start")
        return self


class Sample(Entry):
    """Sizes that the document gives, in the units that were compared (accounts, customers, calls)."""

    treated: int = Field(ge=1)
    control: int | None = Field(None, ge=1)


class Duration(Entry):
    """A length of time as printed."""

    value: float = Field(gt=0)
    unit: Literal["days", "weeks", "months"]

    @property
    def days(self) -> float:
        return self.value * {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12}[self.unit]


class Timing(Entry):
    """A warning: how long ahead it comes, and how long the behaviour that sets it off must have lasted."""

    lead: Duration
    window: Duration


class Formula(Entry):
    """Arithmetic that the document prints with its result; inputs may be lists, taken element by element."""

    expression: str
    """Numbers, names of the inputs, + − * / ** and parentheses."""
    inputs: dict[str, tuple[float, ...]]
    gives: tuple[float, ...]
    """Results as printed."""

    @model_validator(mode="after")
    def _fits(self) -> Formula:
        check_names(self.expression, self.inputs)
        for name, values in self.inputs.items():
            if len(values) not in (1, len(self.gives)):
                raise ValueError(
                    f"'{name}' has {len(values)} values for {len(self.gives)} results; give one or each"
                )
        return self


class Claim(Entry):
    """A quantitative claim. It holds what the document says and nothing that was worked out from it."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    says: str = Field(min_length=10, max_length=200)
    """What is claimed, in the registrar's own words."""
    place: Place
    printed: tuple[str, ...] = Field(min_length=1)
    """The figures as printed, verbatim and short; each stands on the lines of `place`."""
    quantity: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    """What is measured: overdue_rate, recovery_rate, cost …"""
    unit: LevelUnit
    currency: str | None = None
    """Of money, as a three-letter code."""
    out_of: float | None = Field(None, gt=0)
    """Highest score, where the unit is a score."""
    compared: Compared = "customers"
    """What is counted or compared."""
    scope: str = ""
    """Whose: a bank, a tier of customers, a country."""
    value: Figure | None = None
    values: tuple[float, ...] | None = None
    """A series, in the document's order."""
    before: Figure | None = None
    after: Figure | None = None
    bound: Bound = "exactly"
    """How `value`, or else `after`, is qualified."""
    change: Change | None = None
    direction: Direction | None = None
    """Where the document says that it rose or fell."""
    period: Years | None = None
    growth: Growth | None = None
    parts: dict[str, float] | None = None
    """Parts of one whole, in percent."""
    whole: float = 100.0
    timing: Timing | None = None
    formula: Formula | None = None
    sample: Sample | None = None
    design: Design
    note: str = Field("", max_length=400)
    """What a reader of the source needs to know about the wording."""

    @model_validator(mode="after")
    def _complete(self) -> Claim:
        if self.unit == "money" and not self.currency:
            raise ValueError("'currency' is required where the unit is money, for example CNY")
        if self.unit == "score" and not self.out_of:
            raise ValueError("'out_of' is required where the unit is score: the highest score that can be had")
        if self.growth and not (self.before and self.after and self.period):
            raise ValueError("'growth' needs 'before', 'after' and 'period' to be worked out from")
        if not any(True for _ in self._figures()) and not self.direction:
            raise ValueError("no figure: give value, values, before, after, change, parts, timing or formula")
        return self

    @model_validator(mode="after")
    def _as_printed(self) -> Claim:
        for name, number in self._figures():
            if resolution(number, self.printed) is None:
                raise ValueError(
                    f"'{name}' is {number:g}, which is not among the figures printed: {', '.join(self.printed)}"
                )
        return self

    def _figures(self) -> Iterator[tuple[str, float]]:
        """Every figure with the name of its field; what wasn't printed may not stand in a claim."""
        for name in ("value", "before", "after"):
            low, high = getattr(self, name) or (None, None)
            # "All day" is 0 to 24 hours: nothing prints where a range from zero begins.
            yield from ((name, x) for x in (low, high) if x is not None and not (x == 0 and high))
        for number in self.values or ():
            yield "values", number
        for name, part in (("change.value", self.change), ("growth.value", self.growth)):
            for number in part.value if part else ():
                yield name, number
        for key, number in (self.parts or {}).items():
            yield f"parts.{key}", number
        yield from self._sizes()
        if self.formula:
            for key, inputs in self.formula.inputs.items():
                yield from ((f"formula.inputs.{key}", number) for number in inputs)
            yield from (("formula.gives", number) for number in self.formula.gives)

    def _sizes(self) -> Iterator[tuple[str, float]]:
        if self.timing:
            yield "timing.lead", self.timing.lead.value
            yield "timing.window", self.timing.window.value
        if self.sample:
            yield "sample.treated", self.sample.treated
            if self.sample.control is not None:
                yield "sample.control", self.sample.control
