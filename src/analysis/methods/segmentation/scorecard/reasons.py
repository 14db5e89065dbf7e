"""Why an account scores low: the features that cost it most points."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.segmentation.scorecard.binning import Array, Slots
from analysis.methods.segmentation.scorecard.card import Scorecard

Against = Literal["average", "best"]


def reason_codes(
    card: Scorecard, features: pd.DataFrame, top: int = 4, against: Against = "average"
) -> pd.DataFrame:
    """The `top` features that cost each account most points, worst first; only those that cost any.

    `against` is what an account's points are held against: the feature's average in training ("average", the
    neutral score of Siddiqi 2006, ch. 8) or its best bin ("best"). One row an account and reason: account (the
    index of `features`), rank, feature, bin, points, lost. It says what lowered the score, not what caused the
    arrears. Raises ParameterError for another `against` or a `top` below 1.
    """
    if against not in ("average", "best") or top < 1:
        raise ParameterError(
            f"reasons: against '{against}' and top {top}; allowed are average or best, and 1 or more"
        )
    slots, points = card.slots(features), card.bin_points()
    lost = np.column_stack(
        [
            _reference(own, bins.counts, against) - own[slot]
            for own, bins, slot in zip(points, card.bins, slots, strict=True)
        ]
    )
    order = np.argsort(-lost, axis=1, kind="stable")[:, :top]
    return _rows(card, features.index, slots, points, lost, order)


def _reference(points: Array, counts: Array, against: Against) -> float:
    if against == "best":
        return float(points[counts > 0].max())
    return float((points * counts).sum() / counts.sum())


def _rows(
    card: Scorecard, accounts: pd.Index, slots: list[Slots], points: list[Array], lost: Array, order: Slots
) -> pd.DataFrame:
    rows, ranks = np.indices(order.shape)
    feature = order.ravel()
    row = rows.ravel()
    slot = np.column_stack(slots)[row, feature]
    labels = [np.array(bins.labels, dtype=object) for bins in card.bins]
    table = pd.DataFrame(
        {
            "account": accounts.to_numpy()[row],
            "rank": ranks.ravel() + 1,
            "feature": np.array(card.features, dtype=object)[feature],
            "bin": [labels[j][s] for j, s in zip(feature, slot, strict=True)],
            "points": [points[j][s] for j, s in zip(feature, slot, strict=True)],
            "lost": lost[row, feature],
        }
    )
    return table[table["lost"] > 1e-9].reset_index(drop=True)
