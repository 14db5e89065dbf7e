"""Loss given default by product and bucket from cure and recovery curves, and loss rates of cells by scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.states import Buckets
from analysis.methods.stress.credit_cells import KEYS, exposure_profile
from analysis.methods.stress.expected_credit_loss import discount_factors
from analysis.methods.stress.loss_given_default import lgd_in_default, stressed_recoveries
from analysis.methods.stress.projection_recovery import RecoveryCurve, recovery_curve

Array = npt.NDArray[np.float64]


def lgd_table(
    recovered: Array, cure_curve: Array, charge_off_days: Sequence[int], buckets: Buckets, rate: Sequence[float],
    cost: float = 0.0, amount: float = 1.0, days: int = 90,
) -> Array:  # fmt: skip
    """Loss given default by group and bucket, (G, B), fractions of the exposure.

    `recovered` (G, K): share of a claim recovered in each month after charge-off; `amount`: what the economy makes
    of each payment. `cure_curve` (M,): share of accounts `days` past due that cure for good within 1 … M months,
    of all groups. `charge_off_days` (G,): from which a group's accounts are charged off. Buckets not yet in
    default have the loss at the day of default.
    """
    table = np.ones((len(recovered), len(buckets.labels)))
    starts = (0, *buckets.edges)
    for group, curve in enumerate(recovered):
        wait = max(round((charge_off_days[group] - days) / 30), 1)
        # Interest is collected too, but no more than the claim makes good the loss.
        stressed = stressed_recoveries(curve * min(1.0, 1.0 / max(amount * curve.sum(), 1e-9)), amount)
        cured = cure_curve[np.minimum(np.arange(wait), len(cure_curve) - 1)] if len(cure_curve) else np.zeros(wait)
        by_month = lgd_in_default(cured, stressed, rate[group], cost)
        places = [min(max((start - days) // 30, 0), wait) for start in starts]
        table[group] = by_month[places]
    return table


def cure_curve(curves: pd.DataFrame, days: int = 90, again: float = 0.0) -> Array:
    """Share of accounts `days` past due that cure for good within 1 … M months, (M,), from the cure chapter's
    cure_curves (dimension, value, exit, months, rate); less the share `again` of cures that don't last.

    Months that are not shown take the value before, 0 at the start. Empty where that entry was not followed.
    """
    rows = curves[
        (curves["dimension"] == "entry_days") & (curves["value"] == str(days)) & (curves["exit"] == "cured")
    ]
    if not len(rows):
        return np.zeros(0)
    by_month = rows.set_index("months")["rate"].sort_index()
    whole = by_month.reindex(range(1, int(by_month.index.max()) + 1)).ffill().fillna(0.0)
    return np.asarray((1.0 - again) * np.maximum.accumulate(whole.to_numpy(float)))


@dataclass(frozen=True)
class LossRates:
    """Loss per unit of exposure now, by cell and scenario: `twelve` months and `life`, (…, cells); `defaulted`:
    what is lost of an account in default, (cells,)."""

    cells: pd.DataFrame
    twelve: Array
    life: Array
    defaulted: Array

    def staged(self, stage: npt.ArrayLike, place: npt.ArrayLike) -> Array:
        """Loss rate of accounts in cells `place` by their stage: twelve months, life, default."""
        where = np.asarray(place)
        kept = np.stack([self.twelve[..., where], self.life[..., where]])
        found = np.where(np.asarray(stage) == 1, kept[0], kept[1])
        return np.where(np.asarray(stage) == 3, self.defaulted[where], found)

    def lifetime(self, stage: npt.ArrayLike, place: npt.ArrayLike) -> Array:
        """The same over life whatever the stage, as CECL asks."""
        return self.staged(np.maximum(np.asarray(stage), 2), place)


def loss_rates(
    cells: pd.DataFrame, groups: Sequence[str], buckets: Buckets, curves: Array, lgd: Array
) -> LossRates:
    """Loss rates of cells (rows of KEYS) from default curves (…, G, B, life) and lgd (G, B)."""
    life = curves.shape[-1]
    group = np.array([groups.index(name) for name in cells["product"]])
    bucket = np.array([buckets.labels.index(name) for name in cells["bucket"]])
    loss = lgd[group, bucket]
    worth = (
        exposure_profile(cells, life)
        * discount_factors(cells["annual_rate"].to_numpy(float), life)
        * lgd[group, 0][:, None]
    )
    chances = curves[..., group, bucket, :]
    return LossRates(
        cells, np.einsum("...ct,ct->...c", chances[..., :12], worth[:, :12]),
        np.einsum("...ct,ct->...c", chances, worth), loss,
    )  # fmt: skip


def weigh(rates: Mapping[str, LossRates], weights: Mapping[str, float]) -> LossRates:
    """Probability-weighted loss rates: losses are weighted, not economies (IFRS 9 5.5.17)."""
    parts = [(weights[name], one) for name, one in rates.items()]
    first = parts[0][1]
    sums = [sum(w * getattr(one, name) for w, one in parts) for name in ("twelve", "life", "defaulted")]
    return LossRates(first.cells, *(np.asarray(value, float) for value in sums))


def cells_of(*books: pd.DataFrame) -> pd.DataFrame:
    """Cells that occur in any of the books, a row each."""
    rows = pd.concat([book[KEYS] for book in books], ignore_index=True)
    return rows.drop_duplicates().sort_values(KEYS, ignore_index=True)


def places(book: pd.DataFrame, cells: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Row of `cells` of each account."""
    index = pd.MultiIndex.from_frame(cells[KEYS])
    return np.asarray(index.get_indexer(pd.MultiIndex.from_frame(book[KEYS])), dtype=np.int64)


def share_not_lasting(redefault: pd.DataFrame | None) -> float:
    """Share of cures followed by a re-default, of all accounts, from the cure chapter's redefault; 0 unknown."""
    if redefault is None:
        return 0.0
    whole = redefault.loc[redefault["dimension"] == "all", "rate"].dropna()
    return float(whole.iloc[0]) if len(whole) else 0.0


def recoveries_by_group(claims: pd.DataFrame | None, groups: Sequence[str], horizon: int) -> RecoveryCurve:
    """projection_recovery.recovery_curve(); without claims nothing is taken to be recovered."""
    if claims is None or not len(claims):
        return RecoveryCurve(tuple(groups), np.zeros((len(groups), horizon)), np.zeros((len(groups), horizon)))
    return recovery_curve(claims, groups, horizon)
