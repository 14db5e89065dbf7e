"""Counts nested in each other: which of them can be shown without their differences telling of a few accounts.

A count of accounts 60+ days past due less one of those 90+ counts those 60–89 days; accounts charged off within
eight months less those within seven, those charged off in the eighth. Such a difference is a cell like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class NestedCounts:
    """Counts of disjoint groups of accounts (columns), each at positions (rows) nested in each other.

    `counts` and `sizes` (accounts that each is a count of) have the shape (positions, groups). `nested[i, j]`: the
    accounts counted at one of i, j are among those counted at the other. What should rather be shown comes first.
    """

    counts: Array
    sizes: Array
    nested: Mask


def told(difference: npt.ArrayLike, least: int) -> npt.NDArray[np.bool_]:
    """Whether a difference of two counts tells of 1 to `least` − 1 accounts; nobody, or enough, is not told."""
    size = np.abs(np.asarray(difference, float))
    return (size > 0.5) & (size < least - 0.5)


def too_near(table: NestedCounts, open_: Mask, least: int) -> Mask:
    """Cells of `open_` (positions × groups) that cannot be shown because of those shown before them.

    In each group the positions are gone through in turn, and one is passed over where its count, or the
    number it is a count of, differs from a nested one already shown by 1 to `least` − 1. So what is shown at an
    early position never depends on later ones.
    """
    shown = np.zeros_like(open_)
    for position in range(len(open_)):
        near = told(table.counts - table.counts[position], least) | told(
            table.sizes - table.sizes[position], least
        )
        clash = (near & shown & table.nested[position][:, None]).any(axis=0)
        shown[position] = open_[position] & ~clash
    return open_ & ~shown


def protect_groups(
    hidden: Mask, table: NestedCounts, total_shown: Mask, minimum: int = 10, least: int = 3
) -> Mask:
    """Hide further cells until totals less the cells shown tell of no few accounts.

    `total_shown` says at which positions the sum over all groups is published. There the groups withheld are,
    taken together, a cell known by subtraction: it must be more than one group, of `minimum` accounts, with no
    few events or non-events, and so must differ from one position to a nested one. Where the total is withheld
    some group is, too, since they would add up to it. The smallest groups go first.
    """
    hidden = hidden.copy()
    for _ in range(hidden.size + 1):
        before = hidden.sum()
        for position in range(len(hidden)):
            _close_position(hidden, table, position, bool(total_shown[position]), minimum, least)
        _close_pairs(hidden, table, total_shown, least)
        if hidden.sum() == before:
            break
    return hidden


def _close_position(
    hidden: Mask, table: NestedCounts, position: int, total_shown: bool, minimum: int, least: int
) -> None:
    counts, sizes = table.counts[position], table.sizes[position]

    def open_to(inside: Mask) -> bool:
        if not total_shown:
            return not inside.any()
        n, events = sizes[inside].sum(), counts[inside].sum()
        few = bool(told(events, least) | told(n - events, least))
        return bool(inside.any()) and (inside.sum() == 1 or n < minimum or few)

    while open_to(hidden[position] & (sizes > 0)):
        rest = np.flatnonzero(~hidden[position] & (sizes > 0))
        if not len(rest):
            return
        hidden[position, _best(rest, sizes, hidden[position] & (sizes > 0), open_to)] = True


def _best(rest: npt.NDArray[np.intp], sizes: Array, inside: Mask, open_to: Callable[[Mask], bool]) -> int:
    """Smallest group that closes the gap, else the smallest."""
    by_size = rest[np.argsort(sizes[rest], kind="stable")]
    for group in by_size:
        tried = inside.copy()
        tried[group] = True
        if not open_to(tried):
            return int(group)
    return int(by_size[0])


def _close_pairs(hidden: Mask, table: NestedCounts, total_shown: Mask, least: int) -> None:
    """Hide one group more at the later of each two positions whose hidden groups differ by a few accounts."""
    both = table.nested & total_shown[:, None] & total_shown[None, :]
    for first, second in np.argwhere(np.triu(both & exposed(hidden, table.counts, least), 1)):
        pair = [int(first), int(second)]
        if not exposed(hidden[pair], table.counts[pair], least)[0, 1]:
            continue
        for position in reversed(pair):
            rest = np.flatnonzero(~hidden[position] & (table.sizes[position] > 0))
            if len(rest):
                hidden[position, _closing(hidden, table, pair, position, rest, least)] = True
                break


def _closing(
    hidden: Mask,
    table: NestedCounts,
    pair: list[int],
    position: int,
    rest: npt.NDArray[np.intp],
    least: int,
) -> int:
    def open_to(inside: Mask) -> bool:
        tried = hidden[pair].copy()
        tried[pair.index(position)] = inside
        return bool(exposed(tried, table.counts[pair], least)[0, 1])

    return _best(rest, table.sizes[position], hidden[position], open_to)


def exposed(hidden: Mask, counts: Array, least: int) -> Mask:
    """Pairs of positions between which the hidden groups, known by subtraction, differ by 1 to `least` − 1.

    With H and K the groups hidden at two positions, totals less the groups shown give the difference over H ∪ K,
    and where no group is in both, over H and over K apart.
    """
    inside = hidden.astype(float)
    over, common = inside @ counts.T, inside @ (inside * counts).T
    own = np.diag(over)
    ahead, behind = over - own[:, None], own[None, :] - over.T
    together = ahead + behind - (common - common.T)
    apart = inside @ inside.T < 0.5
    return np.where(apart, told(ahead, least) | told(behind, least), told(together, least))
