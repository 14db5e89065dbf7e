"""All that an expected credit loss hangs on: roll rates, satellites, the economy, loss given default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.stress.default_curves import basis_curves, default_curves, drawn_curves, weighted_curves
from analysis.methods.stress.loss_rates import LossRates, lgd_table, loss_rates, weigh
from analysis.methods.stress.projection import Shifts, scenario_shifts
from analysis.methods.stress.projection_book import Book
from analysis.methods.stress.satellite import Satellite
from analysis.methods.stress.staging import StagingRules, stages

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Economy:
    """Drivers by scenario (history with the path after it), from a last actual month on, and their weights."""

    start: date
    drivers: Mapping[str, pd.DataFrame]
    weights: Mapping[str, float]
    months: int


@dataclass(frozen=True)
class CreditModel:
    """Roll rates and satellites of a date; recoveries (G, K) and the cure curve after default; what is assumed."""

    book: Book
    satellites: Mapping[str, Satellite]
    recovered: Array
    cure_curve: Array
    charge_off_days: Sequence[int]
    rate: Sequence[float]
    life: int
    cost: float = 0.0
    rules: StagingRules = field(default_factory=StagingRules)

    def shifts(self, economy: Economy, draws: int = 1, seed: int = 0) -> dict[str, Shifts]:
        """Log-odds by step under each scenario, told from the economy's last actual month."""
        book = replace(self.book, start=economy.start)
        return {
            name: scenario_shifts(self.satellites, drivers, book, economy.months, draws, seed)
            for name, drivers in economy.drivers.items()
        }

    def recovery_amount(self, economy: Economy) -> dict[str, float]:
        """What each scenario makes of a payment after charge-off, on average over its months: 1 is as it was."""
        one = self.satellites.get("recovery")
        if one is None:
            return dict.fromkeys(economy.drivers, 1.0)
        ahead = [pd.Timestamp(economy.start) + pd.offsets.MonthEnd(step) for step in range(1, economy.months + 1)]
        shift = {name: one.shift(drivers, ahead, self.book.reference) for name, drivers in economy.drivers.items()}
        return {name: float(np.exp(value.mean())) for name, value in shift.items()}

    def lgd(self, amount: float) -> Array:
        """Loss given default by group and bucket, (G, B)."""
        buckets, days = self.book.buckets, self.rules.stage_3_days
        return lgd_table(self.recovered, self.cure_curve, self.charge_off_days, buckets, self.rate,
                         self.cost, amount, days)  # fmt: skip


@dataclass(frozen=True)
class Priced:
    """Cells priced under an economy: loss rates by scenario and weighted; `lifetime_pd` (cells,), weighted, and
    that of a current account of the same product and life in the economy of the basis months."""

    by_scenario: dict[str, LossRates]
    weighted: LossRates
    year_pd: Array
    lifetime_pd: Array
    opening_pd: Array


def price(
    model: CreditModel, economy: Economy, cells: pd.DataFrame, shifts: Mapping[str, Shifts] | None = None
) -> Priced:
    """Loss rates and probabilities of default of `cells` (rows of credit_cells.KEYS).

    `shifts`: model.shifts() of the same economy, where they are at hand already.
    """
    shifts = shifts or model.shifts(economy)
    days = model.rules.stage_3_days
    curves = {name: default_curves(model.book, one, model.life, days) for name, one in shifts.items()}
    rates = _rates(model, economy, cells, curves)
    weighted = weighted_curves(curves, economy.weights)
    basis = basis_curves(model.book, model.life, days)
    current = cells.assign(bucket=model.book.buckets.labels[0])
    return Priced(
        rates,
        weigh(rates, economy.weights),
        _chance(model, cells.assign(months_left=np.minimum(cells["months_left"], 12)), weighted),
        _chance(model, cells, weighted),
        _chance(model, current, basis),
    )


def drawn_rates(
    model: CreditModel, economy: Economy, cells: pd.DataFrame, shifts: Mapping[str, Shifts], draws: int
) -> dict[str, LossRates]:
    """Loss rates by scenario with the first `draws` coefficients drawn in `shifts`, (draws, cells).

    That tells how far the elasticities are uncertain; loss given default and roll rates stay at their estimates.
    """
    days = model.rules.stage_3_days
    curves = {name: drawn_curves(model.book, one, model.life, draws, days) for name, one in shifts.items()}
    return _rates(model, economy, cells, curves)


def _rates(
    model: CreditModel, economy: Economy, cells: pd.DataFrame, curves: Mapping[str, Array]
) -> dict[str, LossRates]:
    amount = model.recovery_amount(economy)
    return {
        name: loss_rates(cells, model.book.groups, model.book.buckets, curve, model.lgd(amount[name]))
        for name, curve in curves.items()
    }


def _chance(model: CreditModel, cells: pd.DataFrame, curves: Array) -> Array:
    """Cumulative probability of default over each cell's life."""
    group = np.array([model.book.groups.index(name) for name in cells["product"]])
    bucket = np.array([model.book.buckets.labels.index(name) for name in cells["bucket"]])
    total = np.cumsum(curves[group, bucket], axis=1)
    return np.asarray(total[np.arange(len(cells)), cells["months_left"].to_numpy(int) - 1])


def staged_book(book: pd.DataFrame, priced: Priced, place: npt.ArrayLike, rules: StagingRules) -> pd.DataFrame:
    """The accounts with stage, reason, cell, pd (over the next year) and lgd, weighted over scenarios.

    An account's PD at opening is taken to be that of a current account of its product, with its months left, in
    the economy of the basis months: scores at opening don't enter.
    """
    where = np.asarray(place)
    tested = pd.DataFrame(
        {"days_past_due": book["days_past_due"], "pd_now": np.clip(priced.lifetime_pd[where], 0, 1),
         "pd_opening": np.clip(priced.opening_pd[where], 0, 1)}, index=book.index,
    )  # fmt: skip
    found = stages(tested, rules)
    return book.assign(stage=found["stage"], reason=found["reason"], cell=where,
                       pd=np.clip(priced.year_pd[where], 0, 1), lgd=priced.weighted.defaulted[where])  # fmt: skip
