"""A claim file: a document, its claims, and how they hang together."""

from __future__ import annotations

from pydantic import Field, model_validator

from analysis.core.claims.claim import Claim
from analysis.core.claims.entry import Entry
from analysis.core.claims.relations import Relation


class Document(Entry):
    """The document that claims were taken from."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    title: str
    short: str = ""
    """How readers know it where its id would say nothing, for example "Choi et al. 2025"; empty: the id."""
    source: str = ""
    """Name of the file; figures are found there by line. Empty where only a citation is at hand."""
    citation: str = ""
    year: int | None = Field(None, ge=1900, le=2100)
    note: str = ""

    @model_validator(mode="after")
    def _traceable(self) -> Document:
        if not (self.source or self.citation):
            raise ValueError("give 'source', the name of the file, or 'citation'")
        return self

    @property
    def called(self) -> str:
        """What it is called in a table."""
        return self.short or self.id


class Deck(Entry):
    """A claim file. One without a document holds relations only, between the claims of other files."""

    document: Document | None = None
    claims: tuple[Claim, ...] = ()
    relations: tuple[Relation, ...] = ()
