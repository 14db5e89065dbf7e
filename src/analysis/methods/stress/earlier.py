"""The chapter's headline numbers as of an earlier month end, measured with today's elasticities and cures.

Elasticities fitted on fewer months would change more by their own error than by what happened in between, so that
only what can be counted is taken as it was: accounts, roll rates, recoveries, scores, and the economy that
scenarios begin from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from analysis.core.errors import InputError
from analysis.core.scenarios import Scenario
from analysis.methods.stress.credit.cells import credit_book, mean_rates
from analysis.methods.stress.credit.loss_curves import recovered_shares
from analysis.methods.stress.credit.loss_rates import cells_of, places, recoveries_by_group
from analysis.methods.stress.credit.loss_tables import WEIGHTED, loss_table
from analysis.methods.stress.credit.model import CreditModel, Economy, price, staged_book
from analysis.methods.stress.credit.score_risk import score_risk
from analysis.methods.stress.projection.book import Book, without_new_business
from analysis.methods.stress.projection.peaks import own_peaks
from analysis.methods.stress.projection.projection import chance_paths
from analysis.methods.stress.projection.recovery import RecoveryCurve
from analysis.methods.stress.reverse.net_loss import NetLoss
from analysis.methods.stress.reverse.path_loss import PathLoss
from analysis.methods.stress.reverse.search import LinearShifts, reverse_stress
from analysis.methods.stress.scenarios.facts import drivers_with
from analysis.methods.stress.scenarios.paths import monthly_path
from analysis.methods.stress.scenarios.plausibility import plausibility


@dataclass(frozen=True)
class Earlier:
    """What is known at an earlier month end: `accounts` (the panel's exposures), `claims` (its recovery cells),
    `history` of the economy and `paths` of the scenarios from there; `model` and `economy` of then, elasticities
    and cures being today's; the recovery curve."""

    day: date
    accounts: pd.DataFrame
    claims: pd.DataFrame | None
    history: pd.DataFrame
    paths: Mapping[str, pd.DataFrame]
    model: CreditModel
    economy: Economy
    curve: RecoveryCurve


def earlier(
    day: date,
    accounts: pd.DataFrame,
    claims: pd.DataFrame | None,
    defaults: pd.DataFrame,
    book: Book,
    today: tuple[CreditModel, Economy],
    history: pd.DataFrame,
    scenarios: Mapping[str, Scenario],
    recovery_months: int,
) -> Earlier:
    """Of `day`, from its own accounts, claims, defaults (default_cells) and book; scenarios are joined to the
    economy of then.

    Raises ParameterError where a scenario cannot begin there.
    """
    known = history.loc[: pd.Timestamp(day)]
    model, economy = today
    paths = {name: monthly_path(one, known, economy.months) for name, one in scenarios.items()}
    recovered = recovered_shares(claims, book.groups, recovery_months, model.secured)
    then = replace(
        model, book=book, recovered=recovered, rate=mean_rates(accounts, book.groups), scores=score_risk(defaults)
    )
    drivers = {name: drivers_with(known, path) for name, path in paths.items()}
    curve = replace(recoveries_by_group(claims, book.groups, recovery_months), rate=recovered)
    return Earlier(day, accounts, claims, known, paths, then, replace(economy, start=day, drivers=drivers), curve)


def lifetime_loss(one: Earlier, conversion: float) -> float:
    """Expected lifetime loss of the accounts of then, weighted over scenarios, in currency."""
    model = one.model
    held = credit_book(one.accounts, model.book, conversion, model.life)
    cells = cells_of(held)
    priced, place = price(model, one.economy, cells), places(held, cells)
    staged = staged_book(held, priced, place, model)
    found = loss_table(staged, priced, priced.by_scenario, one.economy.weights, 0.5)
    weighted = found[(found["scenario"] == WEIGHTED) & (found["measure"] == "lifetime")]
    return float(weighted["expected"].iloc[0])


def peak_rate(one: Earlier, scenario: str, draws: int, seed: int, days: int = 30) -> float:
    """Expected peak of the share of the balance `days` or more past due under a scenario, from then on: the mean
    of the peaks of so many draws, as peaks() tells today's."""
    alone = replace(one.economy, drivers={scenario: one.economy.drivers[scenario]})
    shifts = one.model.shifts(alone, draws, seed)[scenario]
    paths = chance_paths(one.model.book, shifts, one.economy.months, seed)
    return float(own_peaks(paths, one.model.book, days).mean())


def breaking_quantile(
    one: Earlier, read: Sequence[str], months: int, baseline: str, multiple: float, seed: int
) -> float | None:
    """Share of bootstrapped histories nearer than the least implausible economy whose net loss over `months` of
    the book of then is `multiple` times the baseline's; None where no economy does it, or where the history of
    then is too short to judge any."""
    try:
        near = plausibility(one.history, one.economy.months, list(read), seed=seed)
    except InputError:
        return None
    book = one.model.book
    loss = PathLoss(book, one.model.satellites, one.curve, one.history, months)
    linear = LinearShifts(one.model.satellites, near, one.history, loss.ahead, book.reference)
    value = NetLoss(without_new_business(book), linear, one.curve, months)
    limit = multiple * loss.expected(one.paths[baseline])
    starts = [near.changes(path) for name, path in one.paths.items() if name != baseline]
    # One number for a comparison: the search begins from the costliest scenario, and from the steepest way out.
    costliest = sorted(starts, key=lambda changes: float(value(changes[None])[0]))[-1:]
    found = reverse_stress(value, limit, near, one.history, costliest)
    return found.quantile if found.reached else None
