"""The delinquency chapter's methods: tidy frames of counts in, tidy frames of rates out; one file a question."""

from analysis.methods.delinquency import (
    alerts,
    first_contact,
    forecast,
    funnel,
    mix,
    origination,
    rates,
    recoveries,
    response,
    risk_map,
    roll_rates,
    roll_table,
    standing,
    truth,
    vintages,
)

__all__ = [
    "alerts",
    "first_contact",
    "forecast",
    "funnel",
    "mix",
    "origination",
    "rates",
    "recoveries",
    "response",
    "risk_map",
    "roll_rates",
    "roll_table",
    "standing",
    "truth",
    "vintages",
]
