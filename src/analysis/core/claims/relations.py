"""What claims have to do with each other; a relation names claims and the test they must pass, never its outcome.

A figure of a claim is referred to as `claim-id.field`: value, values, before, after, change, growth, or a series'
element from 1 (`claim-id.values.3`). `base` is the level a change started from, worked out where it isn't printed.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from analysis.core.claims.entry import Entry
from analysis.core.claims.expression import check_names


class Link(Entry):
    """What all relations have in common."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    says: str = Field(min_length=10, max_length=240)
    """Why the claims belong together, in the registrar's own words."""


class Sameness(Link):
    """The same quantity, printed in several places."""

    kind: Literal["same"]
    figures: tuple[str, ...] = Field(min_length=2)


class Order(Link):
    """Figures that must rise in the order given, as the dates or steps of one process do."""

    kind: Literal["order"]
    figures: tuple[str, ...] = Field(min_length=2)


class Agreement(Link):
    """Claims that must point the same way (`direction`)."""

    kind: Literal["agree"]
    claims: tuple[str, ...] = Field(min_length=2)


class Containment(Link):
    """A figure, or each of a series, that must lie within the range of another."""

    kind: Literal["inside"]
    figure: str
    within: str


class BaseRate(Link):
    """An accuracy, and how common the event is that it speaks of."""

    kind: Literal["base_rate"]
    accuracy: str
    prevalence: str


class Outcome(Link):
    """A forecast as a multiple of the present level, and what came (a claim with before and after)."""

    kind: Literal["outcome"]
    forecast: str
    observed: str


class Evidence(Link):
    """Claims of an effect, and a study with arms drawn by lot of the same question (a claim with `direction`)."""

    kind: Literal["evidence"]
    claims: tuple[str, ...] = Field(min_length=1)
    study: str


class Implied(Link):
    """A quantity that follows from figures, and at most one test of it.

    Without a test it is worked out and told, and no verdict follows from it.
    """

    kind: Literal["implied"]
    expression: str
    """Numbers, names of the inputs, + − * / ** and parentheses."""
    inputs: dict[str, str | tuple[str, ...]]
    """Name → figure, or a list of figures that make a series."""
    unit: str = ""
    about: tuple[str, ...] = Field(min_length=1)
    """Claims that the result speaks of."""
    equals: str | None = None
    """Figure that it must equal, within what was rounded."""
    rises: str | None = None
    """Claim of growth: each value of the series must be above the one before."""
    neutral: float | None = None
    """Value at which the claims agree without anything unsaid."""
    comparable: str | None = None
    """Figure of another group, which it would equal were the groups alike."""

    @model_validator(mode="after")
    def _one_test(self) -> Implied:
        given = [n for n in ("equals", "rises", "neutral", "comparable") if getattr(self, n) is not None]
        if len(given) > 1:
            raise ValueError(f"{', '.join(given)} are given; a relation has one test")
        check_names(self.expression, self.inputs)
        lengths = {len(x) for x in self.inputs.values() if not isinstance(x, str)}
        if len(lengths) > 1:
            raise ValueError(f"series of {', '.join(map(str, sorted(lengths)))} figures; all must be as long")
        return self


Relation = Annotated[
    Sameness | Order | Agreement | Containment | BaseRate | Outcome | Evidence | Implied,
    Field(discriminator="kind"),
]
