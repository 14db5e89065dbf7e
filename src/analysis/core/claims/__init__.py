"""Published claims as structured data: what a document says, where, and the figures printed; never a verdict."""

from analysis.core.claims.claim import Change, Claim, Formula, Growth, Place, Sample, Timing, Years
from analysis.core.claims.deck import Deck, Document
from analysis.core.claims.load import Registry, claim_schema, load_claims
from analysis.core.claims.printed import numbers_in, resolution
from analysis.core.claims.relations import (
    Agreement,
    BaseRate,
    Containment,
    Evidence,
    Implied,
    Order,
    Outcome,
    Relation,
    Sameness,
)
from analysis.core.claims.sources import missing_figures

__all__ = [
    "Agreement",
    "BaseRate",
    "Change",
    "Claim",
    "Containment",
    "Deck",
    "Document",
    "Evidence",
    "Formula",
    "Growth",
    "Implied",
    "Order",
    "Outcome",
    "Place",
    "Registry",
    "Relation",
    "Sameness",
    "Sample",
    "Timing",
    "Years",
    "claim_schema",
    "load_claims",
    "missing_figures",
    "numbers_in",
    "resolution",
]
