"""From the linear programme's solution to one treatment for every account."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.methods.segmentation.allocation.problem import Array, Problem, Whole

SLIP = 1e-9
"""Share of a limit by which sums of rounded numbers may pass it."""
ROUNDS = 200
PAIRS = 200


@dataclass
class Draft:
    """A choice in the making over few units: value and use of every option, and the option taken.

    value: (units, options); use: (units, options, rows); limit and weight, what a unit over the limit is charged
    while the draft breaks it: (rows,).
    """

    value: Array
    use: Array
    taken: Whole
    limit: Array
    weight: Array

    @property
    def worth(self) -> float:
        return float(self.value[np.arange(len(self.taken)), self.taken].sum())

    @property
    def drawn(self) -> Array:
        return np.asarray(self.use[np.arange(len(self.taken)), self.taken].sum(axis=0))

    @property
    def slip(self) -> Array:
        return SLIP * np.maximum(np.abs(self.limit), 1.0)

    def over(self, drawn: Array) -> Array:
        """Charge for what is drawn over the limits; drawn: (…, rows)."""
        past = drawn - self.limit - self.slip
        return np.asarray(np.where(past > 0, past + self.slip, 0.0) @ self.weight)

    @property
    def keeps(self) -> bool:
        return bool(self.over(self.drawn) == 0)


def draft_of(problem: Problem, options: list[Whole], prices: Array) -> Draft:
    """The draft of a small problem; a divided unit begins with the option that is best at the prices."""
    most = max(len(pool.value) for pool in problem.pools)
    value = np.full((problem.size, most), -np.inf)
    use = np.zeros((problem.size, most, problem.rows))
    start = 0
    for pool in problem.pools:
        rows = slice(start, start + pool.units)
        value[rows, : len(pool.value)] = pool.value.T
        use[rows, : len(pool.value)] = pool.dense().transpose(2, 1, 0)
        start += pool.units
    best = (value - use @ prices).argmax(axis=1)
    taken = np.concatenate(options)
    spread = float(np.ptp(value[np.isfinite(value)])) or 1.0
    least = np.where(use != 0, np.abs(use), np.inf).min(axis=(0, 1))
    weight = 10.0 * spread / np.where(np.isfinite(least), least, 1.0)
    return Draft(value, use, np.where(taken < 0, best, taken), problem.limit, weight)


def improve(draft: Draft, prices: Array, enough: float) -> None:
    """Changes of one unit, then of two together, each the best there is, until worth ≥ enough or none helps.

    A change that mends a broken limit comes before any gain.
    """
    for _ in range(ROUNDS):
        if draft.keeps and draft.worth >= enough:
            return
        gains, unit, option, drawn = _moves(draft, prices)
        if not len(gains):
            return
        total = gains - draft.over(draft.drawn + drawn) + draft.over(draft.drawn)
        best = int(total.argmax())
        if total[best] > _least_gain(draft):
            draft.taken[unit[best]] = option[best]
        elif not _swap(draft, gains, unit, option, drawn):
            return


def _least_gain(draft: Draft) -> float:
    return 1e-12 * float(np.abs(draft.value[np.isfinite(draft.value)]).max())


def _moves(draft: Draft, prices: Array) -> tuple[Array, Whole, Whole, Array]:
    """The changes that lose least at the prices: gain, unit, option, change in what is drawn (moves, rows)."""
    places = np.arange(len(draft.taken))
    gain = draft.value - draft.value[places, draft.taken][:, None]
    change = draft.use - draft.use[places, draft.taken][:, None, :]
    loss = change @ prices - gain
    loss[places, draft.taken] = np.inf
    order = np.argsort(loss, axis=None)[: 4 * PAIRS]
    unit, option = np.unravel_index(order, loss.shape)
    fine = np.isfinite(loss[unit, option])
    unit, option = unit[fine], option[fine]
    return gain[unit, option], unit, option, change[unit, option]


def _swap(draft: Draft, gains: Array, unit: Whole, option: Whole, drawn: Array) -> bool:
    """The best change of two units at once; False where none helps."""
    gains, unit, option, drawn = gains[:PAIRS], unit[:PAIRS], option[:PAIRS], drawn[:PAIRS]
    now = draft.drawn
    charge = draft.over(now + drawn[:, None, :] + drawn[None, :, :]) - draft.over(now)
    total = gains[:, None] + gains[None, :] - charge
    total[unit[:, None] == unit[None, :]] = -np.inf
    one, other = np.unravel_index(int(total.argmax()), total.shape)
    if total[one, other] <= _least_gain(draft):
        return False
    draft.taken[unit[one]], draft.taken[unit[other]] = option[one], option[other]
    return True
