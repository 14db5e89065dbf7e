"""Aggregates of the account-month panel, one file a question, written once as Ibis expressions."""

from analysis.data.panel import (
    alerts,
    chain,
    covariates,
    dimensions,
    families,
    first_contact,
    funnel,
    origination,
    ratios,
    recoveries,
    response,
    rolls,
    spell_months,
    spells,
    stock,
    vintages,
)

__all__ = [
    "alerts",
    "chain",
    "covariates",
    "dimensions",
    "families",
    "first_contact",
    "funnel",
    "origination",
    "ratios",
    "recoveries",
    "response",
    "rolls",
    "spell_months",
    "spells",
    "stock",
    "vintages",
]
