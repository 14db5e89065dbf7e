"""What is true of a simulated portfolio: `truth.json` beside its tables."""

from __future__ import annotations

import json
from typing import Any

from analysis.core.errors import InputError
from analysis.data.portfolio import Portfolio

FILE = "truth.json"
HELD_AGAINST = ("entry", "cure")
"""Parts that estimates are held against."""


def read_truth(portfolio: Portfolio) -> dict[str, Any] | None:
    """The parameters a simulated portfolio was drawn from, and the quantities they imply; None where it is real.

    It knows the whole history, the future of an as-of day included, so nothing may be estimated from it: it is
    there to be held against estimates. Raises InputError where the file is damaged.
    """
    path = portfolio.folder / FILE
    if not portfolio.info.simulated or not path.is_file():
        return None
    try:
        truth = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid JSON: {error}. Simulate the portfolio again") from None
    missing = [key for key in HELD_AGAINST if not isinstance(truth, dict) or key not in truth]
    if missing:
        raise InputError(f"{path} is not valid: it lacks '{missing[0]}'. Simulate the portfolio again")
    return dict(truth)
