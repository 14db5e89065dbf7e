"""The chain with a memory: whether an account has been cured since its spell, and re-defaulted since."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.methods.cure.chain import ChainStates
from analysis.methods.cure.chain.paths import Whole
from analysis.statistics.jackknife import Array

NOW = ("in_arrears", "in_probation", "cured", "re_defaulted")
EVER = ("ever_cured", "ever_re_defaulted")
"""Groups that an account never leaves once it is in: shares of what happened so far, not of where accounts are."""

SPELL, CURED, AGAIN = range(3)
"""Memory of an account: in its first spell, cured since, re-defaulted since."""


def with_memory(matrix: Array, states: ChainStates) -> Array:
    """Shares between states with memory, shape (3·S, 3·S): first spell, cured since, re-defaulted since.

    The step is the chain's own, and moves the memory on: a first spell that leads into cured or current ends in a
    cure; a step from cured into arrears or probation is a re-default, which is never forgotten; one from current,
    a year or more after the cure, is a new spell and none.
    """
    size = len(states.names)
    wide = np.zeros((3, size, 3, size))
    after = _memory_after(states)
    for before in range(3):
        for kept in range(3):
            wide[before, :, kept, :] = np.where(after[before] == kept, matrix, 0.0)
    return wide.reshape(3 * size, 3 * size)


def _memory_after(states: ChainStates) -> npt.NDArray[np.int64]:
    """Memory after a step, by the memory before, the state stepped from and the state stepped into: (3, S, S)."""
    sound, back = states.mask(states.sound), states.mask(states.arrears, states.probation)
    size = len(sound)
    first = np.where(np.broadcast_to(sound, (size, size)), CURED, SPELL)
    relapse = np.outer(states.mask(states.cured), back)
    return np.stack([first, np.where(relapse, AGAIN, CURED), np.full((size, size), AGAIN)])


def group_shares(states: ChainStates) -> tuple[tuple[str, ...], Array]:
    """Names of the groups, and which states with memory belong to each: shape (groups, 3·S)."""
    arrears, probation, sound = (states.mask(names) for names in (states.arrears, states.probation, states.sound))
    exits = [states.mask([name]) for name in states.exits]
    none, some = np.zeros(len(sound), bool), np.ones(len(sound), bool)
    rows = [
        [arrears, arrears, none],
        [probation, probation, none],
        [sound, sound, sound],
        [none, none, arrears | probation],
        *([leaving] * 3 for leaving in exits),
        [none, some, some],
        [none, none, some],
    ]
    groups = np.stack([np.concatenate(row) for row in rows]).astype(float)
    return (*NOW, *states.exits, *EVER), groups


def remembered(moved: Whole, states: ChainStates) -> Whole:
    """Accounts by state and memory after a step, as with_memory() tells: from (…, 3, S, S) to (…, 3, S)."""
    sound, back = states.mask(states.sound), states.mask(states.arrears, states.probation)
    first, cured, again = np.moveaxis(moved.sum(axis=-2), -2, 0)
    relapsed = moved[..., CURED, states.places(states.cured), :].sum(axis=-2) * back
    return np.stack([first * ~sound, first * sound + cured - relapsed, again + relapsed], axis=-2)
