"""Expected stocks and flows of one basis, fast enough for searches that run many thousands of paths.

The roll rates of each kind of step are a matrix of their own, so a month is one product of stocks, each times the
ratio of its kind, with these matrices side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from analysis.core.states import Buckets
from analysis.methods.stress.projection.book import Basis
from analysis.methods.stress.projection.tilt import Tilt
from analysis.methods.stress.satellites.cells import KINDS

Array = npt.NDArray[np.float64]

AT_ONCE = 4_000
"""Paths × months whose ratios are worked out together."""


class Mover:
    """Moves stocks (D, G, S) of a basis by roll rates under log-odds by step."""

    def __init__(self, basis: Basis, buckets: Buckets) -> None:
        self.basis, self.tilt = basis, Tilt(basis.shares, buckets)
        self.inside = inside = self.tilt.inside
        kinds = [np.where(self.tilt.kind == kind, basis.matrix, 0.0)[:, :inside] for kind in range(len(KINDS))]
        rates = np.stack(kinds, axis=2)
        self.rates = rates.reshape(len(rates), -1, rates.shape[-1])
        self.sums = rates.sum(axis=-1)
        self.rest = basis.matrix[:, inside:]

    def ratios(self, shifts: Mapping[str, Array], months: int, kept: Array | None = None) -> Iterator[Array]:
        """Tilt.by_kind() of each month, (D, G, B, kinds), with only the share `kept` (D, H) of cures if given."""
        for month, found in enumerate(self._moved_by_economy(shifts, months)):
            yield found if kept is None else self.tilt.keep_cures(found, kept[:, month])

    def _moved_by_economy(self, shifts: Mapping[str, Array], months: int) -> Iterator[Array]:
        draws = len(next(iter(shifts.values()))) if shifts else 1
        block = max(1, AT_ONCE // draws)
        for first in range(0, months, block):
            size = min(block, months - first)
            flat = {step: values[:, first : first + size].ravel() for step, values in shifts.items()}
            found = self.tilt.by_kind(flat)
            shaped = found.reshape(draws if shifts else 1, -1, *found.shape[1:])
            for month in range(size):
                yield shaped[:, month if shifts else 0]

    def weighted(self, stock: Array, ratios: Array) -> Array:
        """Stocks in buckets by kind of step, (D, G, B, kinds)."""
        return np.asarray(stock[:, :, : self.inside, None] * ratios)

    def moved(self, stock: Array, weighted: Array) -> Array:
        """Where all of it is found a month later, without new business, (D, G, S)."""
        flat = np.swapaxes(weighted.reshape(*weighted.shape[:2], -1), 0, 1)
        left = np.swapaxes(stock[:, :, self.inside :], 0, 1)
        return np.swapaxes(flat @ self.rates + left @ self.rest, 0, 1)

    def flows(self, weighted: Array) -> dict[str, Array]:
        """Charged off, cured (overdue to current) and entered, (D, G) each."""
        places = {name: KINDS.index(name) for name in ("charged_off", "current", "worse")}
        by_kind = weighted * self.sums
        return {
            "charged_off": by_kind[..., places["charged_off"]].sum(axis=-1),
            "cured": by_kind[..., 1:, places["current"]].sum(axis=-1),
            "entered": by_kind[..., 0, places["worse"]],
        }


def expected_charge_offs(basis: Basis, buckets: Buckets, shifts: Mapping[str, Array], months: int) -> Array:
    """What is charged off by path, month and group under log-odds by step (D, H), (D, H, G)."""
    mover = Mover(basis, buckets)
    draws = len(next(iter(shifts.values()))) if shifts else 1
    stock, lost = np.repeat(basis.stock[None], draws, axis=0), []
    for ratios in mover.ratios(shifts, months):
        weighted = mover.weighted(stock, ratios)
        lost.append(mover.flows(weighted)["charged_off"])
        stock = mover.moved(stock, weighted) + basis.inflow
    return np.stack(lost, axis=1)
