"""Aggregates of the account-month panel, one file a question, written once as Ibis expressions."""

from analysis.data.panel import (
    alerts,
    dimensions,
    families,
    first_contact,
    funnel,
    origination,
    ratios,
    recoveries,
    response,
    rolls,
    stock,
    vintages,
)

__all__ = [
    "alerts",
    "dimensions",
    "families",
    "first_contact",
    "funnel",
    "origination",
    "ratios",
    "recoveries",
    "response",
    "rolls",
    "stock",
    "vintages",
]
