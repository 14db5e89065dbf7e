"""Loss given default by product and bucket from cure and recovery curves, and loss rates of cells by scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.states import Buckets
from analysis.methods.stress.credit.cells import KEYS, exposure_profile
from analysis.methods.stress.credit.expected_credit_loss import (
    discount_factors,
    staged_loss,
    summed_loss,
    weighted_loss,
)
from analysis.methods.stress.credit.loss_given_default import lgd_in_default
from analysis.methods.stress.projection.recovery import RecoveryCurve, recovery_curve

Array = npt.NDArray[np.float64]


def lgd_table(
    recovered: Array, cured: Array, charge_off_days: Sequence[int], buckets: Buckets, rate: Sequence[float],
    cost: float = 0.0, amount: npt.ArrayLike = 1.0, days: int = 90,
) -> Array:  # fmt: skip
    """Loss given default by group and bucket, (…, G, B), fractions of the exposure.

    `recovered` (…, G, K): share of a claim recovered in each month after charge-off; `amount` (…): what the
    economy makes of each payment. `cured` (…, G, M): share of accounts `days` past due that cure for good within
    1 … M months. `charge_off_days` (G,): from which a group's accounts are charged off. Buckets not yet in default
    have the loss at the day of default.
    """
    times = np.asarray(amount, float)[..., None, None]
    # Interest is collected too, but no more than the claim makes good the loss.
    paid = recovered * times / np.maximum((recovered * times).sum(axis=-1, keepdims=True), 1.0)
    starts, columns = (0, *buckets.edges), []
    for group in range(recovered.shape[-2]):
        wait = months_to_charge_off(charge_off_days[group], days)
        mine = cured[..., group, :]
        known = np.minimum(np.arange(wait), mine.shape[-1] - 1)
        curve = mine[..., known] if mine.shape[-1] else np.zeros((*mine.shape[:-1], wait))
        by_month = lgd_in_default(curve, paid[..., group, :], rate[group], cost)
        columns.append(by_month[..., [min(max((start - days) // 30, 0), wait) for start in starts]])
    return np.stack(columns, axis=-2)


def months_to_charge_off(charge_off_days: int, days: int = 90) -> int:
    """Months from default to charge-off, at least one."""
    return max(round((charge_off_days - days) / 30), 1)


@dataclass(frozen=True)
class LossRates:
    """Loss per unit of exposure now, by cell and scenario: `twelve` months and `life`, (…, cells); `defaulted`:
    what is lost of an account in default, (…, cells)."""

    cells: pd.DataFrame
    twelve: Array
    life: Array
    defaulted: Array

    def staged(
        self,
        stage: npt.ArrayLike,
        place: npt.ArrayLike,
        by_year: npt.ArrayLike = 1.0,
        by_life: npt.ArrayLike = 1.0,
    ) -> Array:
        """Loss rate of accounts in cells `place` by their stage: twelve months, life, default.

        `by_year`, `by_life`: the account's PD ÷ its cell's, over twelve months and over life."""
        where = np.asarray(place)
        year, life = self.twelve[..., where] * np.asarray(by_year), self.life[..., where] * np.asarray(by_life)
        return staged_loss(stage, year, life, self.defaulted[..., where])


def loss_rates(
    cells: pd.DataFrame, groups: Sequence[str], buckets: Buckets, curves: Array, lgd: Array
) -> LossRates:
    """Loss rates of cells (rows of KEYS) from default curves (…, G, B, life) and lgd (…, G, B): summed_loss() of
    one unit owed now, with the loss given default of the day of default."""
    life = curves.shape[-1]
    group = np.array([groups.index(name) for name in cells["product"]])
    bucket = np.array([buckets.labels.index(name) for name in cells["bucket"]])
    present = exposure_profile(cells, life) * discount_factors(cells["annual_rate"].to_numpy(float), life)
    lost = lgd[..., group, 0]
    # Sums of roll rates exceed 1 by rounding.
    chance = np.minimum(curves, 1.0)
    twelve, whole = (np.empty((*curves.shape[:-3], len(cells))) for _ in range(2))
    for g, b in set(zip(group.tolist(), bucket.tolist(), strict=True)):
        rows = np.flatnonzero((group == g) & (bucket == b))
        twelve[..., rows], whole[..., rows] = summed_loss(chance[..., g, b, :], lost[..., rows], present[rows])
    return LossRates(cells, twelve, whole, lgd[..., group, bucket])


def weigh(rates: Mapping[str, LossRates], weights: Mapping[str, float]) -> LossRates:
    """Probability-weighted loss rates: losses are weighted, not economies (IFRS 9 5.5.17)."""
    first = next(iter(rates.values()))
    sums = [
        weighted_loss(pd.DataFrame({name: getattr(one, part) for name, one in rates.items()}), weights)
        for part in ("twelve", "life", "defaulted")
    ]
    return LossRates(first.cells, *(one.to_numpy(float) for one in sums))


def cells_of(*books: pd.DataFrame) -> pd.DataFrame:
    """Cells that occur in any of the books, a row each."""
    rows = pd.concat([book[KEYS] for book in books], ignore_index=True)
    return rows.drop_duplicates().sort_values(KEYS, ignore_index=True)


def places(book: pd.DataFrame, cells: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Row of `cells` of each account."""
    index = pd.MultiIndex.from_frame(cells[KEYS])
    return np.asarray(index.get_indexer(pd.MultiIndex.from_frame(book[KEYS])), dtype=np.int64)


def recoveries_by_group(claims: pd.DataFrame | None, groups: Sequence[str], horizon: int) -> RecoveryCurve:
    """projection.recovery.recovery_curve(); without claims nothing is taken to be recovered."""
    if claims is None or not len(claims):
        return RecoveryCurve(tuple(groups), np.zeros((len(groups), horizon)), np.zeros((len(groups), horizon)))
    return recovery_curve(claims, groups, horizon)
