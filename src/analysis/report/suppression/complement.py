"""Complementary suppression: what to withhold besides, so that no withheld cell follows from totals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

TOLERANCE = 1e-9


def protect(
    hidden: np.ndarray, counts: np.ndarray, had: np.ndarray, groups: list[np.ndarray], minimum: int
) -> np.ndarray:
    """Hide further cells until no group is weak and no cell follows from all totals together."""
    hidden = hidden.copy()
    while True:
        grown = False
        for members in groups:
            while _weak(members, hidden, counts, minimum):
                chosen = _smallest(members, hidden, counts, had)
                if chosen is None:
                    break
                hidden[chosen] = grown = True
        if grown:
            continue
        if not _break_open(hidden, counts, had, groups):
            return hidden


def _weak(members: np.ndarray, hidden: np.ndarray, counts: np.ndarray, minimum: int) -> bool:
    """A group gives its hidden cells away when there is one, or when all of them together are a small cell."""
    inside = members[hidden[members]]
    return len(inside) == 1 or (len(inside) > 1 and counts[inside].sum() < minimum)


def _smallest(members: np.ndarray, hidden: np.ndarray, counts: np.ndarray, had: np.ndarray) -> int | None:
    """Smallest cell still shown; one that leaves open who had the event goes first, empty ones protect nothing."""
    shown = members[~hidden[members]]
    shown = shown[counts[shown] > 0] if (counts[shown] > 0).any() else shown
    if not len(shown):
        return None
    inside = members[hidden[members]]
    events, accounts = had[inside].sum() + had[shown], counts[inside].sum() + counts[shown]
    told = (events == 0) | (events == accounts)
    return int(shown[np.lexsort((counts[shown], told))[0]])


def _break_open(hidden: np.ndarray, counts: np.ndarray, had: np.ndarray, groups: list[np.ndarray]) -> bool:
    """Hide one more cell beside each that follows from several totals taken together; False when none does."""
    helped = False
    for cell in determined(hidden, groups):
        for members in sorted((g for g in groups if cell in g), key=lambda g: counts[g].sum()):
            chosen = _smallest(members, hidden, counts, had)
            if chosen is not None:
                hidden[chosen] = helped = True
                break
    return helped


def determined(hidden: np.ndarray, groups: Sequence[np.ndarray]) -> list[int]:
    """Hidden cells whose value follows from the totals of `groups` and the cells shown.

    The totals are linear equations in the hidden cells. A cell is determined when it is zero in every direction
    in which the hidden cells can move while all totals stay, that is, in the null space of the equations.
    """
    found: list[int] = []
    for linked in _linked([members[hidden[members]] for members in groups]):
        cells = np.unique(np.concatenate(linked))
        equations = np.array([np.isin(cells, members) for members in linked], dtype=float)
        _, sizes, directions = np.linalg.svd(equations, full_matrices=True)
        free = directions[(sizes > TOLERANCE).sum() :]
        found += [int(cell) for cell, moves in zip(cells, np.abs(free.T), strict=True) if (moves < 1e-7).all()]
    return sorted(found)


def _linked(groups: list[np.ndarray]) -> list[list[np.ndarray]]:
    """Groups of hidden cells in sets that share no cell with each other: small systems are solved fast."""
    sets: list[tuple[set[int], list[np.ndarray]]] = []
    for members in groups:
        if not len(members):
            continue
        cells, inside = set(members.tolist()), [members]
        apart = []
        for others, their in sets:
            if cells.isdisjoint(others):
                apart.append((others, their))
            else:
                cells, inside = cells | others, inside + their
        sets = [*apart, (cells, inside)]
    return [inside for _, inside in sets]
