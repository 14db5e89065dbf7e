"""First default by month over an account's life under a scenario, with the satellites' uncertainty."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from analysis.methods.stress.projection.book import Book
from analysis.methods.stress.projection.probability_of_default import first_defaults, marginal_default
from analysis.methods.stress.projection.projection import Shifts, roll_rates
from analysis.methods.stress.projection.tilt import Tilt

Array = npt.NDArray[np.float64]


def default_curves(book: Book, shifts: Shifts, life: int, days: int = 90) -> Array:
    """Probability of first default in month 1 … `life` by group and bucket, (G, B, life), at the point estimates.

    Beyond the shifts' months roll rates are those of the book's basis months.
    """
    months = min((len(values) for values in shifts.point.values()), default=0)
    ahead = (
        roll_rates(book, shifts.point, min(months, life)) if months else np.empty((0, *book.accounts.matrix.shape))
    )
    return _with_rest(book, ahead, life, days)


def drawn_curves(book: Book, shifts: Shifts, life: int, most: int, days: int = 90) -> Array:
    """The same for the first `most` draws of the coefficients, (D, G, B, life)."""
    drawn = {step: values[:most] for step, values in shifts.drawn.items()}
    draws, months = next(iter(drawn.values())).shape
    flat = {step: values[:, : min(months, life)].T.ravel() for step, values in drawn.items()}
    ratios = Tilt(book.accounts.shares, book.buckets).ratios(flat)
    matrix = book.accounts.matrix
    ahead = (matrix * ratios).reshape(-1, draws, *matrix.shape)
    return _with_rest(book, ahead, life, days)


def basis_curves(book: Book, life: int, days: int = 90) -> Array:
    """The same in the economy of the basis months, (G, B, life)."""
    return marginal_default(
        np.broadcast_to(book.accounts.matrix, (life, *book.accounts.matrix.shape)), book.buckets, days
    )


def weighted_curves(curves: Mapping[str, Array], weights: Mapping[str, float]) -> Array:
    """Probability-weighted mean of scenarios' curves."""
    return np.asarray(sum(weights[name] * curve for name, curve in curves.items()), float)


def _with_rest(book: Book, ahead: Array, life: int, days: int) -> Array:
    """First default in the months of `ahead` (H, …, G, S, S), then at the basis months' rates until `life`: those
    who are left default as accounts of their bucket do there."""
    if not len(ahead):
        return basis_curves(book, life, days)
    found, left = first_defaults(ahead, book.buckets, days)
    if life == len(ahead):
        return found
    after = basis_curves(book, life - len(ahead), days)
    good = list(range(left.shape[-1]))
    rest = np.zeros((*found.shape[:-1], after.shape[-1]))
    rest[..., good, :] = left @ after[:, good, :]
    return np.concatenate([found, rest], axis=-1)
