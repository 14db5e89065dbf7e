"""Disclosure control: what must not be shown, and what is withheld so that it cannot be worked out."""

from analysis.report.suppression.cells import suppress, withhold_sums
from analysis.report.suppression.nested import suppress_nested
from analysis.report.suppression.pairs import suppress_pairs
from analysis.report.suppression.rates import suppress_rates
from analysis.report.suppression.rolls import suppress_rolls
from analysis.report.suppression.steps import suppress_steps, withhold_counts

__all__ = [
    "suppress",
    "suppress_nested",
    "suppress_pairs",
    "suppress_rates",
    "suppress_rolls",
    "suppress_steps",
    "withhold_counts",
    "withhold_sums",
]
