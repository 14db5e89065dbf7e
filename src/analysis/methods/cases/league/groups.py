"""Which places of a league table chance can't have dealt: ranks with limits, and groups of equals."""

from __future__ import annotations

from string import ascii_uppercase

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]


def ranks(draws: Array, level: float = 0.95) -> dict[str, Array]:
    """Mean rank, its limits and the chance of being first, from draws (draws, n) of true values, the highest best.

    >>> ranks(np.array([[2.0, 1.0], [3.0, 1.0]]))["rank"].tolist()
    [1.0, 2.0]
    """
    place = 1.0 + np.argsort(np.argsort(-draws, axis=1), axis=1)
    lower, upper = np.quantile(place, [(1 - level) / 2, (1 + level) / 2], axis=0, method="inverted_cdf")
    return {
        "rank": place.mean(axis=0),
        "rank_lower": lower,
        "rank_upper": upper,
        "best": (place == 1).mean(axis=0),
    }


def cannot_tell(draws: Array, level: float = 0.95) -> pd.DataFrame:
    """Letters of groups that can't be told apart, and how many others each is surely better and worse than.

    `draws` (draws, n) are in the table's order, best first. Two entities are told apart where one is above the
    other with a probability of at least (1 + level) / 2. A letter is a longest run of neighbours no two of which
    are told apart, so that an entity may have several: groups of equals overlap, as being hard to tell apart is
    not transitive. Each pair is judged by itself; draws from shrunken values keep the share of false ones low
    without further correction (Gelman, Hill and Yajima 2012, Journal of Research on Educational Effectiveness 5,
    189–211).
    """
    sure = _sure(draws, (1 + level) / 2)
    apart = sure | sure.T
    letters = [""] * len(apart)
    for number, (first, last) in enumerate(_runs(apart)):
        for place in range(first, last + 1):
            letters[place] += _letter(number)
    return pd.DataFrame({"group": letters, "better_than": sure.sum(axis=1), "worse_than": sure.sum(axis=0)})


def _sure(draws: Array, chance: float) -> npt.NDArray[np.bool_]:
    """(n, n): the row is above the column with at least this probability."""
    count = draws.shape[1]
    above = np.array([(draws[:, [i]] > draws).mean(axis=0) for i in range(count)]).reshape(count, count)
    return np.asarray(above >= chance)


def _runs(apart: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Longest runs of places no two of which are told apart."""
    found: list[tuple[int, int]] = []
    for first in range(len(apart)):
        last = first
        while last + 1 < len(apart) and not apart[first : last + 1, last + 1].any():
            last += 1
        if not found or last > found[-1][1]:
            found.append((first, last))
    return found


def _letter(number: int) -> str:
    """A to Z, then A1 to Z1 and so on.

    >>> _letter(0), _letter(27)
    ('A', 'B1')
    """
    turn, place = divmod(number, len(ascii_uppercase))
    return ascii_uppercase[place] + (str(turn) if turn else "")
