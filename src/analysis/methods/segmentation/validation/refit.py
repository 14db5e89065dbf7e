"""Is it time to refit the model in use?"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.segmentation.validation.drift import SCORE


@dataclass(frozen=True)
class RefitLimits:
    """When a model in use must be refitted.

    `score_psi` and `feature_psi` are stability indices; `auc_fall` is how far AUC may fall below what it was when
    the model was accepted; `expected_observed` how far the mean prediction may be off, either way.
    """

    score_psi: float = 0.25
    feature_psi: float = 0.25
    auc_fall: float = 0.03
    expected_observed: float = 1.25


def refit_triggers(
    drift: pd.DataFrame, accepted: pd.DataFrame, now: pd.DataFrame, limits: RefitLimits | None = None
) -> pd.DataFrame:
    """Which limits the model in use exceeds: rule, subject, value, limit, exceeded, told.

    `drift` is the table of `drift`; `accepted` and `now` are `validate_model`'s tables when the model was accepted
    and on the latest accounts whose outcome is known. `exceeded` compares the value alone; `told` says that chance
    does not explain it: the index is above chance, or the interval is wholly beyond the limit. Refit where both.
    """
    rules = limits or RefitLimits()
    rows: list[tuple[str, str, float, float, bool, bool]] = []
    for name, psi, chance in zip(drift["feature"], drift["psi"], drift["chance"], strict=True):
        limit = rules.score_psi if name == SCORE else rules.feature_psi
        rows.append(("psi", name, psi, limit, psi > limit, psi > chance))
    (before, _, _), (auc, _, highest) = _estimate(accepted, "auc"), _estimate(now, "auc")
    most = rules.auc_fall
    rows.append(("auc_fall", "auc", before - auc, most, before - auc > most, before - highest > most))
    ratio, lower, upper = _estimate(now, "expected_observed")
    off, surest, most = max(ratio, 1 / ratio), max(lower, 1 / upper), rules.expected_observed
    rows.append(("calibration", "expected_observed", off, most, off > most, surest > most))
    table = pd.DataFrame(rows, columns=["rule", "subject", "value", "limit", "exceeded", "told"])
    return table.astype({"exceeded": bool, "told": bool})


def _estimate(table: pd.DataFrame, measure: str) -> tuple[float, float, float]:
    """Value and limits of one measure. Raises InputError where the table lacks it."""
    row = table[table["measure"] == measure]
    if len(row) != 1:
        raise InputError(f"validation: {measure} is not in the table; validate the model with it")
    value, lower, upper = row[["value", "lower", "upper"]].to_numpy(dtype=float)[0]
    return float(value), float(lower), float(upper)
