"""What speeds an exit: odds ratios of fitted monthly hazards, by variable and value."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

_TREATMENT = re.compile(r"(?:C\()?(?P<variable>\w+)(?:,.*?\))?\)?\[T\.(?P<value>.*)\]")


def odds(coefficients: pd.DataFrame, exit_name: str = "cured") -> pd.DataFrame:
    """Odds ratios of leaving by an exit against staying, one row a coefficient but the intercept.

    `coefficients` is MultinomialHazard.coefficients()'s table. Returns variable, value (of a category, against the
    formula's first; empty for a number: per unit), coef, odds, odds_lower, odds_upper. Above 1 the exit comes
    sooner among accounts still open; of how many take it in the end it says nothing.
    """
    own = coefficients[(coefficients["exit"] == exit_name) & (coefficients["covariate"] != "Intercept")]
    parts = [_TREATMENT.fullmatch(name) for name in own["covariate"]]
    names = own["covariate"].tolist()
    return pd.DataFrame(
        {
            "variable": [m["variable"] if m else name for m, name in zip(parts, names, strict=True)],
            "value": [m["value"] if m else "" for m in parts],
            "coef": own["coef"].to_numpy(),
            "odds": np.exp(own["coef"].to_numpy()),
            "odds_lower": np.exp(own["lower"].to_numpy()),
            "odds_upper": np.exp(own["upper"].to_numpy()),
        }
    )


def readable(covariate: str) -> str:
    """Variable and value of a coefficient as a person would write them.

    >>> readable("C(product)[T.cash_loan]")
    'product: cash loan'
    """
    match = _TREATMENT.fullmatch(covariate)
    text = f"{match['variable']}: {match['value']}" if match else covariate
    return text.replace("_", " ")
