"""From a scenario's roll rates to probabilities of default by month: what an expected credit loss asks for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.core.errors import ParameterError
from analysis.core.states import Buckets

Array = npt.NDArray[np.float64]


def default_states(buckets: Buckets, days: int = 90) -> list[int]:
    """Places of the states that are default: buckets from `days` past due (IFRS 9 B5.5.37: 90), and charged
    off."""
    if days not in buckets.edges:
        raise ParameterError(
            f"default at {days} days past due needs a bucket that begins there, not {buckets.edges}"
        )
    first = buckets.edges.index(days) + 1
    return [*range(first, len(buckets.labels)), buckets.states.index("charged_off")]


def marginal_default(matrices: Array, buckets: Buckets, days: int = 90) -> Array:
    """Probability that an account, by its bucket today, first defaults in month t: (…, buckets, H).

    `matrices`: roll rates by month, (H, …, S, S), as Projection.matrices. Accounts that leave otherwise never
    default. Buckets that are in default today have 1 in the first month. Sums to the cumulative PD, so it feeds
    credit.expected_credit_loss.loss_schedule().
    """
    return first_defaults(matrices, buckets, days)[0]


def first_defaults(matrices: Array, buckets: Buckets, days: int = 90) -> tuple[Array, Array]:
    """marginal_default(), and where those of each performing bucket who have not defaulted or left are at the end:
    (…, performing buckets, performing buckets)."""
    rates = np.moveaxis(np.asarray(matrices, float), 0, -3)
    inside, bad = len(buckets.labels), default_states(buckets, days)
    good = [place for place in range(inside) if place not in bad]
    months = rates.shape[-3]
    found = np.zeros((*rates.shape[:-3], inside, months))
    found[..., [place for place in bad if place < inside], 0] = 1.0
    alive = np.broadcast_to(np.eye(len(good)), (*rates.shape[:-3], len(good), len(good)))
    for month in range(months):
        step = rates[..., month, :, :][..., good, :]
        found[..., good, month] = (alive @ step[..., bad].sum(axis=-1)[..., None])[..., 0]
        alive = alive @ step[..., good]
    return found, alive
