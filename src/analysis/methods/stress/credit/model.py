"""All that an expected credit loss hangs on: roll rates, satellites, the economy, loss given default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.stress.credit.default_curves import (
    basis_curves,
    default_curves,
    drawn_curves,
    weighted_curves,
)
from analysis.methods.stress.credit.loss_rates import LossRates, lgd_table, loss_rates, weigh
from analysis.methods.stress.credit.score_risk import ScoreRisk, relative_loss, scaled
from analysis.methods.stress.credit.staging import StagingRules, stages
from analysis.methods.stress.projection.book import Book
from analysis.methods.stress.projection.projection import Shifts, draw_steps, scenario_shifts
from analysis.methods.stress.satellites.draws import draw_coefficients
from analysis.methods.stress.satellites.satellite import Satellite

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Economy:
    """Drivers by scenario (history with the path after it), from a last actual month on, and their weights."""

    start: date
    drivers: Mapping[str, pd.DataFrame]
    weights: Mapping[str, float]
    months: int

    @property
    def ahead(self) -> list[pd.Timestamp]:
        """Month ends that the scenarios reach."""
        return [pd.Timestamp(self.start) + pd.offsets.MonthEnd(step) for step in range(1, self.months + 1)]


@dataclass(frozen=True)
class CreditModel:
    """Roll rates and satellites of a date; recoveries (G, K) and lasting cures after default (G, M); what is
    assumed; how score bands differ; and which products are backed by collateral."""

    book: Book
    satellites: Mapping[str, Satellite]
    recovered: Array
    cured: Array
    charge_off_days: Sequence[int]
    rate: Sequence[float]
    life: int
    cost: float = 0.0
    rules: StagingRules = field(default_factory=StagingRules)
    scores: ScoreRisk = field(default_factory=ScoreRisk)
    secured: Sequence[str] = ()

    def shifts(self, economy: Economy, draws: int = 1, seed: int = 0) -> dict[str, Shifts]:
        """Log-odds by step under each scenario, told from the economy's last actual month."""
        book = replace(self.book, start=economy.start)
        coefficients = draw_steps(self.satellites, draws, seed)
        return {
            name: scenario_shifts(self.satellites, drivers, book, economy.months, draws, seed, coefficients)
            for name, drivers in economy.drivers.items()
        }

    def recovery_amount(self, economy: Economy) -> dict[str, float]:
        """What each scenario makes of a payment after charge-off, on average over its months: 1 is as it was."""
        one = self.satellites.get("recovery")
        if one is None:
            return dict.fromkeys(economy.drivers, 1.0)
        ahead, reference = economy.ahead, self.book.reference
        shift = {name: one.shift(drivers, ahead, reference) for name, drivers in economy.drivers.items()}
        return {name: float(np.exp(value.mean())) for name, value in shift.items()}

    def drawn_amount(self, economy: Economy, draws: int, seed: int) -> dict[str, Array]:
        """The same with the satellite's coefficients drawn, (draws,); the same ones for each scenario."""
        one = self.satellites.get("recovery")
        if one is None:
            return {name: np.ones(draws) for name in economy.drivers}
        ahead, reference = economy.ahead, self.book.reference
        shift = {
            name: draw_coefficients(one, draws, np.random.default_rng([seed, 13])).shifts(
                drivers, ahead, reference
            )
            for name, drivers in economy.drivers.items()
        }
        return {name: np.exp(value.mean(axis=1)) for name, value in shift.items()}

    def lgd(
        self, amount: npt.ArrayLike = 1.0, recovered: Array | None = None, cured: Array | None = None
    ) -> Array:
        """Loss given default by group and bucket, (…, G, B); with draws of recoveries and cures where given."""
        return lgd_table(
            self.recovered if recovered is None else recovered, self.cured if cured is None else cured,
            self.charge_off_days, self.book.buckets, self.rate, self.cost, amount, self.rules.stage_3_days,
        )  # fmt: skip


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
    """Loss rates and probabilities of default of `cells` (rows of credit.cells.KEYS).

    `shifts`: model.shifts() of the same economy, where they are at hand already.
    """
    shifts = shifts or model.shifts(economy)
    days = model.rules.stage_3_days
    curves = {name: default_curves(model.book, one, model.life, days) for name, one in shifts.items()}
    lgd = {name: model.lgd(amount) for name, amount in model.recovery_amount(economy).items()}
    rates = _rates(model, cells, curves, lgd)
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
    model: CreditModel,
    economy: Economy,
    cells: pd.DataFrame,
    shifts: Mapping[str, Shifts],
    lgd: Mapping[str, Array],
) -> dict[str, LossRates]:
    """Loss rates by scenario with coefficients drawn as the first in `shifts`, and loss given default as drawn in
    `lgd` (D, G, B) by scenario: (D, cells). Roll rates of the basis months stay at their estimates."""
    days = model.rules.stage_3_days
    curves = {
        name: drawn_curves(model.book, one, model.life, len(lgd[name]), days) for name, one in shifts.items()
    }
    return _rates(model, cells, curves, lgd)


def _rates(
    model: CreditModel, cells: pd.DataFrame, curves: Mapping[str, Array], lgd: Mapping[str, Array]
) -> dict[str, LossRates]:
    return {
        name: loss_rates(cells, model.book.groups, model.book.buckets, curve, lgd[name])
        for name, curve in curves.items()
    }


def _chance(model: CreditModel, cells: pd.DataFrame, curves: Array) -> Array:
    """Cumulative probability of default over each cell's life."""
    group = np.array([model.book.groups.index(name) for name in cells["product"]])
    bucket = np.array([model.book.buckets.labels.index(name) for name in cells["bucket"]])
    total = np.cumsum(curves[group, bucket], axis=1)
    return np.asarray(total[np.arange(len(cells)), cells["months_left"].to_numpy(int) - 1])


def staged_book(book: pd.DataFrame, priced: Priced, place: npt.ArrayLike, model: CreditModel) -> pd.DataFrame:
    """The accounts with stage, reason, cell, pd_opening, pd_now (over what is left of life), pd (over the next
    year) and lgd, weighted over scenarios; by_year and by_life: its PD ÷ its cell's.

    An account's PD at opening is taken to be that of a current account of its product and score band, with its
    months left, in the economy of the basis months; its PD now that of its bucket and band under the scenarios.
    Without scores all accounts of a product began alike.
    """
    where = np.asarray(place)
    product, band = book["product"], book["score_band"]
    now = model.scores.of(product, band, book["bucket"])
    then = model.scores.of(product, band, model.book.buckets.labels[0])
    tested = pd.DataFrame(
        {"days_past_due": book["days_past_due"], "pd_now": scaled(priced.lifetime_pd[where], now),
         "pd_opening": scaled(priced.opening_pd[where], then)}, index=book.index,
    )  # fmt: skip
    found = stages(tested, model.rules)
    return book.assign(
        stage=found["stage"], reason=found["reason"], cell=where,
        pd_opening=tested["pd_opening"], pd_now=tested["pd_now"], pd=scaled(priced.year_pd[where], now),
        by_year=relative_loss(priced.year_pd[where], now), by_life=relative_loss(priced.lifetime_pd[where], now),
        lgd=priced.weighted.defaulted[where],
    )  # fmt: skip
