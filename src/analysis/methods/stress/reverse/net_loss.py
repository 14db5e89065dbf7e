"""Charge-offs less recoveries over some months, as a function of what the economy does."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from analysis.core.scenarios import EVERY_INDUSTRY
from analysis.methods.stress.projection.book import Book
from analysis.methods.stress.projection.expected import expected_charge_offs
from analysis.methods.stress.projection.paths import run
from analysis.methods.stress.projection.projection import month_noise
from analysis.methods.stress.projection.recovery import RecoveryCurve, project_recoveries
from analysis.methods.stress.reverse.search import LinearShifts
from analysis.methods.stress.satellites.drivers import DRIVERS, INDUSTRY
from analysis.methods.stress.satellites.satellite import Satellite

Array = npt.NDArray[np.float64]

LEAST = 1e-6


def read_variables(satellites: Mapping[str, Satellite]) -> list[str]:
    """Variables of the economy that any satellite reads: the others can do nothing, so they are free to follow."""
    read = {driver for one in satellites.values() for driver in one.drivers}
    columns = [column for driver, (column, _) in DRIVERS.items() if driver in read]
    return columns + ([EVERY_INDUSTRY] if INDUSTRY in read else [])


def net_loss(book: Book, shifts: Mapping[str, Array], curve: RecoveryCurve, months: int) -> Array:
    """Charge-offs of `months` less the cash that comes in on them within those months, (D,), in currency.

    `shifts` (D, H) by step; `recovery` among them moves the cash. Claims of before bring cash too, but none of it
    is counted: they are lost already. At least a millionth, so that logarithms can be taken.
    """
    rolls = {step: values for step, values in shifts.items() if step != "recovery"}
    lost = expected_charge_offs(book.balance, book.buckets, rolls, months)
    return _less_cash(lost, shifts, curve)


def net_loss_by_chance(
    book: Book, shifts: Mapping[str, Array], curve: RecoveryCurve, satellites: Mapping[str, Satellite], seed: int
) -> Array:
    """net_loss() over all months of `shifts` with noise of their own, and accounts that move by chance, (D,)."""
    random = np.random.default_rng([seed, 41])
    noisy = {
        step: values + month_noise(values.shape, satellites[step].tau, satellites[step].memory, random)
        for step, values in shifts.items()
    }
    rolls = {step: values for step, values in noisy.items() if step != "recovery"}
    months = next(iter(noisy.values())).shape[1]
    return _less_cash(run(book, rolls, months, random)["balance"].flows["charged_off"], noisy, curve)


def _less_cash(lost: Array, shifts: Mapping[str, Array], curve: RecoveryCurve) -> Array:
    fresh = RecoveryCurve(curve.groups, curve.rate, np.zeros_like(curve.claims))
    shift = shifts.get("recovery")
    cash = project_recoveries(lost, fresh, None if shift is None else shift[:, : lost.shape[1]])
    return np.maximum(lost.sum(axis=(1, 2)) - cash.sum(axis=(1, 2)), LEAST)


class NetLoss:
    """net_loss() of changes of the economy (D, A·k), for reverse_stress() and tornado()."""

    def __init__(self, book: Book, shifts: LinearShifts, curve: RecoveryCurve, months: int) -> None:
        self.book, self.shifts, self.curve, self.months = book, shifts, curve, months

    def __call__(self, changes: Array) -> Array:
        return net_loss(self.book, self.shifts(changes), self.curve, self.months)
