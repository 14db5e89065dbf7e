"""Exposure at default: what will be owed when an account defaults, in the coming periods."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.core.errors import ParameterError
from analysis.methods.stress.losses.one_factor import Array, fraction


def drawn_and_undrawn(balance: npt.ArrayLike, limit: npt.ArrayLike, conversion: npt.ArrayLike) -> Array:
    """EAD of a revolving account: balance + conversion × what is left of the limit.

    `conversion`: credit conversion factor, the share of the undrawn limit drawn by the time of default, 0 to 1.
    Where the balance exceeds the limit, nothing is added.
    """
    owed, ceiling = _amount("balance", balance), _amount("limit", limit)
    return np.asarray(owed + fraction("conversion", conversion) * np.maximum(ceiling - owed, 0.0))


def amortised_balance(
    balance: npt.ArrayLike, annual_rate: npt.ArrayLike, months_left: npt.ArrayLike, months: int
) -> Array:
    """Balance owed in months 1 … `months` of a loan repaid in level instalments, shape (..., months).

    Month t's is what is owed before its payment, the (t − 1)-th's having been made: B·(g^n − g^(t−1)) / (g^n − 1),
    g = 1 + r/12, r nominal, n payments left; B·(1 − (t − 1)/n) at rate 0; nothing after the n-th. A default in
    month t costs that balance; interest unpaid until then is the caller's to add.
    """
    owed, left = _amount("balance", balance), _amount("months_left", months_left)
    rate = np.asarray(annual_rate, float)
    if not ((rate > -1) & (rate < 10)).all():
        raise ParameterError("annual_rate must be a fraction above -1, 0.12 for 12%; 5 would be 500%")
    owed, left, growth = (np.asarray(x)[..., None] for x in np.broadcast_arrays(owed, left, np.log1p(rate / 12.0)))
    paid = np.arange(months)
    ahead = np.maximum(left - paid, 0.0)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        # B·(1 − g^−(n−t+1)) / (1 − g^−n): the same, and never overflows.
        level = np.expm1(-growth * ahead) / np.expm1(-growth * left)
        straight = ahead / left
    share = np.where(np.abs(growth) < 1e-12, straight, level)
    return np.asarray(owed * np.where(left > 0, share, paid == 0))


def behavioural_life(
    monthly_exit: npt.ArrayLike, share: float = 0.95, longest: int = 360
) -> npt.NDArray[np.int64]:
    """Months until `share` of revolving accounts have closed: ⌈ln(1 − share) / ln(1 − monthly exit rate)⌉.

    A card has no maturity: its life is how long the lender is exposed (IFRS 9 5.5.20, B5.5.40), not its notice
    period. At most `longest` months. Expected life, the mean, is 1 ÷ exit: shorter.
    """
    if not 0 < share < 1:
        raise ParameterError(f"share is {share}; it must lie between 0 and 1, such as 0.95")
    rate = fraction("monthly_exit", monthly_exit)
    with np.errstate(divide="ignore", invalid="ignore"):
        months = np.ceil(np.log1p(-share) / np.log1p(-rate) - 1e-9)
    return np.asarray(np.clip(np.where(rate >= 1, 1, months), 1, longest), dtype=np.int64)


def _amount(name: str, value: npt.ArrayLike) -> Array:
    array = np.asarray(value, float)
    if not (array >= 0).all():
        raise ParameterError(f"{name} holds a value that is missing or below 0; pass 0 or more")
    return array
