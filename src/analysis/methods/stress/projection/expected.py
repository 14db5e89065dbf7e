"""Expected stocks and flows of one basis, fast enough for searches that run many thousands of paths.

The roll rates of each kind of step are a matrix of their own, so a month is one product of stocks, each times the
ratio of its kind, with these matrices side by side; rows of flows stand below those of states. Draws come last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from analysis.core.states import Buckets
from analysis.methods.stress.projection.book import Basis
from analysis.methods.stress.projection.tilt import CURE, GONE, WORSE, Tilt
from analysis.methods.stress.satellites.cells import KINDS

Array = npt.NDArray[np.float64]

FLOWS = ("charged_off", "cured", "entered")
AT_ONCE = 1_000
"""Paths × months whose ratios are worked out together: few enough to stay near the processor."""


class Mover:
    """Moves stocks (G, S, D) of a basis by roll rates under log-odds by step."""

    def __init__(self, basis: Basis, buckets: Buckets) -> None:
        self.basis, self.tilt = basis, Tilt(basis.shares, buckets)
        self.inside = inside = self.tilt.inside
        kinds = [np.where(self.tilt.kind == kind, basis.matrix, 0.0)[:, :inside] for kind in range(len(KINDS))]
        rates = np.stack(kinds, axis=2)
        groups, states = basis.stock.shape
        self.states, self.gone = states, buckets.states.index("charged_off")
        into = np.concatenate([rates, _flow_rates(rates)], axis=-1)
        self.into = np.ascontiguousarray(np.swapaxes(into.reshape(groups, -1, states + len(FLOWS)), 1, 2))
        self.rest = np.swapaxes(basis.matrix[:, inside:], 1, 2)
        self.inflow = basis.inflow[:, :, None]

    def start(self, draws: int) -> Array:
        """Today's stock for so many draws, (G, S, D)."""
        return np.repeat(self.basis.stock[:, :, None], draws, axis=2)

    def ratios(self, shifts: Mapping[str, Array], months: int, kept: Array | None = None) -> Iterator[Array]:
        """Tilt.by_kind() of each month, (G, B, kinds, D), with only the share `kept` (D, H) of cures if given."""
        for month, found in enumerate(self._moved_by_economy(shifts, months)):
            yield found if kept is None else self.tilt.keep_cures(found, kept[:, month])

    def _moved_by_economy(self, shifts: Mapping[str, Array], months: int) -> Iterator[Array]:
        if not shifts:
            yield from [self.tilt.by_kind({})] * months
            return
        draws = len(next(iter(shifts.values())))
        block = max(1, AT_ONCE // draws)
        for first in range(0, months, block):
            size = min(block, months - first)
            flat = {step: values[:, first : first + size].T.ravel() for step, values in shifts.items()}
            found = self.tilt.by_kind(flat)
            for month in range(size):
                yield found[..., month * draws : (month + 1) * draws]

    def step(self, stock: Array, ratios: Array) -> tuple[Array, Array]:
        """Where all of it is found a month later, new business with it, (G, S, D), and FLOWS, (G, 3, D)."""
        weighted = stock[:, : self.inside, None] * ratios
        came = self.into @ weighted.reshape(len(stock), -1, stock.shape[-1])
        moved = came[:, : self.states] + self.rest @ stock[:, self.inside :] + self.inflow
        return np.asarray(moved), np.asarray(came[:, self.states :])


def _flow_rates(rates: Array) -> Array:
    """Rates at which buckets and kinds of step add to FLOWS, (G, B, kinds, 3)."""
    total, found = rates.sum(axis=-1), np.zeros((*rates.shape[:-1], len(FLOWS)))
    found[:, :, GONE, 0] = total[:, :, GONE]
    found[:, 1:, CURE, 1] = total[:, 1:, CURE]
    found[:, 0, WORSE, 2] = total[:, 0, WORSE]
    return found


def expected_charge_offs(basis: Basis, buckets: Buckets, shifts: Mapping[str, Array], months: int) -> Array:
    """What is charged off by path, month and group under log-odds by step (D, H), (D, H, G)."""
    mover = Mover(basis, buckets)
    stock, lost = mover.start(len(next(iter(shifts.values()))) if shifts else 1), []
    for ratios in mover.ratios(shifts, months):
        stock, flows = mover.step(stock, ratios)
        lost.append(flows[:, FLOWS.index("charged_off")])
    return np.moveaxis(np.stack(lost), (0, 1, 2), (1, 2, 0))
