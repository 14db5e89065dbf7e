"""League tables beside the skill that a simulated portfolio was drawn with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit

Array = npt.NDArray[np.float64]

COLUMNS = ("arm", "segment", "measure", "estimate", "lower", "upper", "truth", "covered")
FIRST_PLACED = 3
"""Missed payments from which the simulator's accounts are with an agency."""


def league_against_truth(
    table: pd.DataFrame, entity: str, outcome: str, truth: Mapping[str, Any], horizon: int
) -> pd.DataFrame:
    """Shrunken differences of a table of `league` beside the true ones, one row an entity that has a place.

    The truth is a shift of log-odds: of a promise by agent or wording, of a cure a month by agency. It becomes a
    difference in shares at the share expected of the entity's cases, less the mean of all cases; for agencies over
    the months that a placement has (`horizon` less its own), among those who can cure at all. That takes cases of
    an entity for alike, which makes true differences up to a tenth too large. Columns: arm (the entity as in the
    table), segment, measure, estimate, lower, upper, truth, covered; empty where no truth is told.
    """
    shifts = _shifts(truth, entity, outcome)
    there = table[table["estimate"].notna()]
    there = there[there[entity].isin(list(shifts))]
    if there.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    shift = there[entity].map(shifts).to_numpy(dtype=float)
    weight = there["cases"].to_numpy(dtype=float)
    shift = shift - np.average(shift, weights=weight)
    share = (
        _cured(truth, shift, horizon) if entity == "agency" else expit(logit(_inside(there["expected"])) + shift)
    )
    base = _cured(truth, 0 * shift, horizon) if entity == "agency" else _inside(there["expected"])
    true = share - base
    true = true - np.average(true, weights=weight)
    made = {
        "arm": there[entity].astype(str),
        "segment": "all",
        "measure": f"difference in {outcome}",
        "estimate": there["shrunken"],
        "lower": there["shrunken_lower"],
        "upper": there["shrunken_upper"],
        "truth": true,
    }
    found = pd.DataFrame(made)
    return found.assign(covered=found["truth"].between(found["lower"], found["upper"])).reset_index(drop=True)


def _shifts(truth: Mapping[str, Any], entity: str, outcome: str) -> dict[str, float]:
    """Log-odds by entity; nothing for what the simulator doesn't tell as one number."""
    strategies = truth.get("parameters", {}).get("strategies", {})
    told: dict[tuple[str, str], Mapping[str, float]] = {
        ("agent", "promise"): truth.get("agents", {}),
        ("agency", "back"): truth.get("agencies", {}),
    }
    if "script_promise" in strategies:
        told["script", "promise"] = {"script_a": 0.0, "script_b": float(strategies["script_promise"])}
    return dict(told.get((entity, outcome), {}))


def _cured(truth: Mapping[str, Any], shift: Array, horizon: int) -> Array:
    """Share cured within the months of a placement, where the monthly log-odds are shifted."""
    known = truth["cure"]["by_missed_payments"]
    cells = [known[str(missed)] for missed in range(FIRST_PLACED, FIRST_PLACED + max(horizon - 1, 1))]
    able = cells[0]["hazard"] / cells[0]["hazard_of_those_who_can"]
    stay = np.ones_like(shift)
    for cell in cells:
        stay = stay * (1 - expit(logit(cell["hazard_of_those_who_can"]) + shift))
    return np.asarray(able * (1 - stay))


def _inside(share: pd.Series) -> Array:
    return np.asarray(share.to_numpy(dtype=float).clip(0.001, 0.999))
