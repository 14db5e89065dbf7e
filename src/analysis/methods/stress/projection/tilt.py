"""Roll rates moved by the economy: each yes-or-no step of satellites.cells.CHAIN by its log-odds.

Within a kind of step (say, all that is `worse`) shares stay as they are; between kinds they move so that the odds
of each step are multiplied by e^δ. With every δ 0 the roll rates come back as they were. Where δ moves each step
in its adverse direction, the share that ends in the worst kinds rises, whatever the roll rates are.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from analysis.core.errors import ParameterError
from analysis.core.states import Buckets
from analysis.methods.stress.satellites.cells import CHAIN, KINDS, kind_matrix

Array = npt.NDArray[np.float64]

CURE = KINDS.index("current")
FARTHEST = 30.0
"""Log-odds beyond which a step is as good as certain, or impossible."""


class Tilt:
    """Ratios by which shares and flow rates of some groups change; `shares` (G, S, S), rows summing to 1."""

    def __init__(self, shares: Array, buckets: Buckets) -> None:
        names = kind_matrix(buckets)
        self.inside = len(buckets.labels)
        self.kind = np.array([[KINDS.index(name) if name else 0 for name in row] for row in names])
        held = [np.where(names == kind, shares, 0.0).sum(axis=-1)[:, : self.inside] for kind in KINDS]
        self.held = dict(zip(KINDS, held, strict=True))

    def ratios(self, shifts: Mapping[str, Array]) -> Array:
        """New ÷ old shares, (D, G, S, S), for log-odds by step (D,); steps that aren't named keep theirs.

        Rates that hold more than shares, as those of balances, are multiplied by the same. Rows of exits are 1.
        """
        return self.spread(self.by_kind(shifts))

    def spread(self, kinds: Array) -> Array:
        """Ratios by kind of step, (D, G, B, kinds), at their places among states, (D, G, S, S)."""
        draws, groups, size = len(kinds), kinds.shape[1], len(self.kind)
        found = np.ones((draws, groups, size, size))
        rows = np.arange(self.inside)[:, None]
        found[:, :, : self.inside] = kinds[:, :, rows, self.kind[: self.inside]]
        return found

    def by_kind(self, shifts: Mapping[str, Array]) -> Array:
        """ratios() by kind of step: rows of buckets and KINDS, (D, G, B, kinds)."""
        unknown = [name for name in shifts if name not in CHAIN]
        if unknown:
            raise ParameterError(f"step '{unknown[0]}' cannot be moved; roll rates have {', '.join(CHAIN)}")
        draws = len(next(iter(shifts.values()))) if shifts else 1
        delta = {name: np.asarray(shifts.get(name, np.zeros(draws)), float)[:, None] for name in CHAIN}
        current = self._current({name: value for name, value in delta.items()})
        overdue = self._overdue({name: value[:, :, None] for name, value in delta.items()})
        return np.concatenate([current[:, :, None], overdue], axis=2)

    def keep_cures(self, kinds: Array, kept: Array) -> Array:
        """by_kind() where only the share `kept` (D,) of each bucket's probability of cure is left.

        What is lost goes where the account would have gone without a cure, in proportion: better, stay, worse,
        charged off; those who pay off or close still do. A bucket that knows nothing but cures keeps them.
        """
        cured = kinds[:, :, 1:, CURE] * self.held["current"][:, 1:]
        held = np.stack([self.held[kind][:, 1:] for kind in KINDS[CURE + 1 :]], axis=-1)
        other = np.einsum("dgbk,gbk->dgb", kinds[:, :, 1:, CURE + 1 :], held)
        share = np.where(other > 0, np.asarray(kept, float)[:, None, None], 1.0)
        more = 1.0 + np.divide((1.0 - share) * cured, other, out=np.zeros_like(cured), where=other > 0)
        found = kinds.copy()
        found[:, :, 1:, CURE] *= share
        found[:, :, 1:, CURE + 1 :] *= more[..., None]
        return found

    def _current(self, delta: Mapping[str, Array]) -> Array:
        """Ratios by kind of the current accounts' row, (D, G, kinds)."""
        p = {kind: self.held[kind][:, 0] for kind in KINDS}
        bad = p["worse"] + p["charged_off"]
        stays, enters = _split(p["current"], bad, delta["entry"])
        worse, gone = _split(p["worse"], p["charged_off"], delta["charge_off"])
        one = np.ones_like(stays)
        return np.stack([one, stays, one, one, enters * worse, enters * gone], axis=-1)

    def _overdue(self, delta: Mapping[str, Array]) -> Array:
        """Ratios by kind of the overdue rows, (D, G, rows, kinds)."""
        p = {kind: self.held[kind][:, 1:] for kind in KINDS}
        after_stay = p["worse"] + p["charged_off"]
        after_better = p["stay"] + after_stay
        after_cure = p["better"] + after_better
        rest, cured = _split(after_cure, p["current"], delta["cure"])
        rest_better, better = _split(after_better, p["better"], delta["better"])
        rest_stay, stay = _split(after_stay, p["stay"], delta["stay"])
        worse, gone = _split(p["worse"], p["charged_off"], delta["charge_off"])
        to_stay = rest * rest_better
        onward = to_stay * rest_stay
        return np.stack(
            [np.ones_like(cured), cured, rest * better, to_stay * stay, onward * worse, onward * gone], -1
        )


def _split(no: Array, yes: Array, delta: Array) -> tuple[Array, Array]:
    """Ratios of the shares that don't and do take a step whose odds are multiplied by e^δ."""
    total = no + yes
    chance = np.divide(yes, total, out=np.zeros_like(total), where=total > 0)
    factor = np.exp(np.clip(delta, -FARTHEST, FARTHEST))
    scale = 1.0 / (1.0 + chance * (factor - 1.0))
    return np.asarray(scale), np.asarray(factor * scale)
