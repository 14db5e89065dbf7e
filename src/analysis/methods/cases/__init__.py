"""Case studies: which published claims survive an audit of their own figures, and what it would take to know."""

from analysis.methods.cases.claims import audit, verdicts
from analysis.methods.cases.claims_power import (
    detectable_difference,
    two_proportions_power,
    two_proportions_size,
)
from analysis.methods.cases.claims_reasons import REASONS, VERDICTS
from analysis.methods.cases.claims_support import support

__all__ = [
    "REASONS",
    "VERDICTS",
    "audit",
    "detectable_difference",
    "support",
    "two_proportions_power",
    "two_proportions_size",
    "verdicts",
]
