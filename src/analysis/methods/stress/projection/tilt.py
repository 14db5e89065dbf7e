"""Roll rates moved by the economy: each yes-or-no step of satellites.cells.CHAIN by its log-odds.

Within a kind of step (say, all that is `worse`) shares stay as they are; between kinds they move so that the odds
of each step are multiplied by e^δ. With every δ 0 the roll rates come back as they were. Where δ moves each step
in its adverse direction, the share that ends in the worst kinds rises, whatever the roll rates are.

Arrays by kind have draws last, so that a month's arithmetic runs along memory.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from analysis.core.errors import ParameterError
from analysis.core.states import Buckets
from analysis.methods.stress.satellites.cells import CHAIN, KINDS, kind_matrix

Array = npt.NDArray[np.float64]

LEFT, CURE, BETTER, STAY, WORSE, GONE = range(len(KINDS))
FARTHEST = 30.0
"""Log-odds beyond which a step is as good as certain, or impossible."""


class Tilt:
    """Ratios by which shares and flow rates of some groups change; `shares` (G, S, S), rows summing to 1."""

    def __init__(self, shares: Array, buckets: Buckets) -> None:
        names = kind_matrix(buckets)
        self.inside = len(buckets.labels)
        self.kind = np.array([[KINDS.index(name) if name else 0 for name in row] for row in names])
        held = [np.where(names == kind, shares, 0.0).sum(axis=-1)[:, : self.inside] for kind in KINDS]
        self.held = np.stack(held, axis=-1)
        steps = {step: self._chance(step) for step in CHAIN}
        # What a step is of: the current accounts' row, the overdue ones', or both.
        self.current = {step: steps[step][:, 0, None] for step in ("entry", "charge_off")}
        self.overdue = {step: steps[step][:, 1:, None] for step in CHAIN if step != "entry"}

    def ratios(self, shifts: Mapping[str, Array]) -> Array:
        """New ÷ old shares, (D, G, S, S), for log-odds by step (D,); steps that aren't named keep theirs.

        Rates that hold more than shares, as those of balances, are multiplied by the same. Rows of exits are 1.
        """
        return self.by_state(self.by_kind(shifts))

    def by_state(self, kinds: Array) -> Array:
        """by_kind() as ratios()."""
        size = len(self.kind)
        found = np.ones((kinds.shape[-1], len(kinds), size, size))
        found[:, :, : self.inside] = np.moveaxis(self.spread(kinds), -1, 0)
        return found

    def spread(self, kinds: Array) -> Array:
        """by_kind() at the places that buckets step to, (G, B, S, D)."""
        return np.asarray(kinds[:, np.arange(self.inside)[:, None], self.kind[: self.inside]])

    def by_kind(self, shifts: Mapping[str, Array]) -> Array:
        """ratios() by kind of step: rows of buckets and KINDS, (G, B, kinds, D)."""
        unknown = [name for name in shifts if name not in CHAIN]
        if unknown:
            raise ParameterError(f"step '{unknown[0]}' cannot be moved; roll rates have {', '.join(CHAIN)}")
        draws = len(next(iter(shifts.values()))) if shifts else 1
        factor = {
            step: np.exp(np.clip(np.asarray(shifts[step], float), -FARTHEST, FARTHEST))
            if step in shifts
            else np.ones(draws)
            for step in CHAIN
        }
        found = np.empty((*self.held.shape, draws))
        found[:, :, LEFT], found[:, 0, BETTER : STAY + 1] = 1.0, 1.0
        self._tilt_current(found[:, 0], factor)
        self._tilt_overdue(found[:, 1:], factor)
        return found

    def keep_cures(self, kinds: Array, kept: Array) -> Array:
        """by_kind() where only the share `kept` (D,) of each bucket's probability of cure is left.

        What is lost goes where the account would have gone without a cure, in proportion: better, stay, worse,
        charged off; those who pay off or close still do. A bucket that knows nothing but cures keeps them.
        """
        held, overdue = self.held[:, 1:, :, None], kinds[:, 1:]
        cured = overdue[:, :, CURE] * held[:, :, CURE]
        other = np.einsum("gbkd,gbk->gbd", overdue[:, :, BETTER:], self.held[:, 1:, BETTER:])
        share = np.where(other > 0, np.asarray(kept, float), 1.0)
        more = 1.0 + np.divide((1.0 - share) * cured, other, out=np.zeros_like(cured), where=other > 0)
        found = kinds.copy()
        found[:, 1:, CURE] *= share
        found[:, 1:, BETTER:] *= more[:, :, None]
        return found

    def _chance(self, step: str) -> Array:
        """Share of those at risk of a step that take it, (G, B); 0 where none is at risk."""
        event, at_risk = (self.held[..., [KINDS.index(kind) for kind in kinds]].sum(-1) for kinds in CHAIN[step])
        return np.divide(event, at_risk, out=np.zeros_like(event), where=at_risk > 0)

    def _tilt_current(self, found: Array, factor: Mapping[str, Array]) -> None:
        """Ratios by kind of the current accounts' row into `found` (G, kinds, D)."""
        stays, enters = _split(self.current["entry"], factor["entry"])
        worse, gone = _split(self.current["charge_off"], factor["charge_off"])
        found[:, CURE] = stays
        np.multiply(enters, worse, out=found[:, WORSE])
        np.multiply(enters, gone, out=found[:, GONE])

    def _tilt_overdue(self, found: Array, factor: Mapping[str, Array]) -> None:
        """Ratios by kind of the overdue rows into `found` (G, rows, kinds, D), along the chain of steps."""
        rest = np.ones(())
        for step, kind in (("cure", CURE), ("better", BETTER), ("stay", STAY)):
            no, yes = _split(self.overdue[step], factor[step])
            np.multiply(rest, yes, out=found[:, :, kind])
            rest = rest * no
        worse, gone = _split(self.overdue["charge_off"], factor["charge_off"])
        np.multiply(rest, worse, out=found[:, :, WORSE])
        np.multiply(rest, gone, out=found[:, :, GONE])


def _split(chance: Array, factor: Array) -> tuple[Array, Array]:
    """Ratios of the shares that don't and do take a step of this chance whose odds are multiplied by a factor."""
    scale = 1.0 / (1.0 + chance * (factor - 1.0))
    return np.asarray(scale), np.asarray(factor * scale)
