"""Cash after charge-off under a scenario: claims of today and those to come, along the recovery curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RecoveryCurve:
    """By group (G): `rate` (G, K), cash in month s = 1 … K after charge-off ÷ amount charged off; `claims` (G, K):
    amount charged off whose next month is s. Currency."""

    groups: tuple[str, ...]
    rate: Array
    claims: Array


def recovery_curve(
    cells: pd.DataFrame, groups: Sequence[str], horizon: int = 24, dimension: str = "product"
) -> RecoveryCurve:
    """Curve and open claims from the panel's recovery_cells().

    Each month of the curve rests on the cohorts followed that far; a month that no cohort of the group reached
    takes the rate of all groups, 0 where none did.
    """
    rows = cells.assign(group=cells[dimension].astype(str))
    opened = rows[rows["since"] == 0].groupby(["group", "followed"])["charged_off"].sum()
    paid = rows[rows["since"] > 0].groupby(["group", "since"])["paid"].sum()
    at_risk, cash, claims = (np.zeros((len(groups), horizon)) for _ in range(3))
    for place, group in enumerate(groups):
        for followed, amount in opened.get(group, pd.Series(dtype=float)).items():
            at_risk[place, : int(followed)] += amount
            if followed < horizon:
                claims[place, int(followed)] += amount
        mine = paid.get(group, pd.Series(dtype=float))
        cash[place] = mine.reindex(range(1, horizon + 1)).fillna(0.0).to_numpy()
    pooled = np.divide(cash.sum(0), at_risk.sum(0), out=np.zeros(horizon), where=at_risk.sum(0) > 0)
    rate = np.where(at_risk > 0, cash / np.where(at_risk > 0, at_risk, 1.0), pooled)
    return RecoveryCurve(tuple(groups), rate, claims)


def project_recoveries(charged_off: Array, curve: RecoveryCurve, shift: Array | None = None) -> Array:
    """Cash by draw, month and group, (D, H, G).

    `charged_off` (D, H, G): amounts of the months ahead (Projection.flow); their cash begins the month after.
    `shift` (D, H): log of the ratio by which the economy changes a month's cash, from the recovery satellite; 0
    without. Claims older than the curve bring nothing more. Raises ParameterError where groups differ.
    """
    draws, months, groups = charged_off.shape
    size = curve.rate.shape[1]
    if groups != len(curve.groups):
        raise ParameterError(f"charge-offs have {groups} groups, the recovery curve {len(curve.groups)}")
    claims = np.broadcast_to(curve.claims, (draws, groups, size)).copy()
    cash = np.empty((draws, months, groups))
    for month in range(months):
        cash[:, month] = (claims * curve.rate).sum(axis=-1)
        claims = np.concatenate([charged_off[:, month, :, None], claims[..., :-1]], axis=-1)
    return cash if shift is None else cash * np.exp(shift)[:, :, None]
