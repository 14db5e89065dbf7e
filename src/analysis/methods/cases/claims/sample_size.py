"""How many accounts it takes to see a difference between two arms."""

from __future__ import annotations

import math

from analysis.core.errors import ParameterError


def two_proportions_size(
    first: float, second: float, power: float = 0.8, alpha: float = 0.05, corrected: bool = False
) -> int:
    """Accounts in each of two equal arms for a two-sided test of two shares (fractions of 1).

    n = (z_{1−α/2} √(2 p̄ q̄) + z_{power} √(p₁q₁ + p₂q₂))² ÷ (p₁ − p₂)², rounded up (Fleiss, Levin and Paik,
    Statistical Methods for Rates and Proportions, 3rd ed., 2003, section 4.2). `corrected` is for a test with
    continuity correction: n/4 · (1 + √(1 + 4 ÷ (n |p₁ − p₂|)))². Accounts drawn in clusters (a customer's
    accounts, an agent's queue) need more: times 1 + (accounts a cluster − 1) · intraclass correlation.

    Raises ParameterError for shares outside 0 to 1, equal ones, or a power or level outside 0 to 1.

    >>> two_proportions_size(0.50, 0.75, power=0.9)
    77
    """
    _check(first, second, power, alpha)
    if first == second:
        raise ParameterError(f"both shares are {first:g}; no sample shows a difference that isn't there")
    mean = (first + second) / 2
    numerator = _quantile(1 - alpha / 2) * math.sqrt(2 * mean * (1 - mean))
    numerator += _quantile(power) * math.sqrt(first * (1 - first) + second * (1 - second))
    size = (numerator / (first - second)) ** 2
    if corrected:
        size = size / 4 * (1 + math.sqrt(1 + 4 / (size * abs(first - second)))) ** 2
    return math.ceil(size - 1e-9)


def two_proportions_power(first: float, second: float, size: float, alpha: float = 0.05) -> float:
    """Chance that two arms of `size` accounts each show the difference, by the same approximation.

    The tiny chance of a significant difference the wrong way is left out.
    """
    _check(first, second, 0.5, alpha)
    if size < 1:
        raise ParameterError(f"size is {size:g}; an arm has at least one account")
    mean, gap = (first + second) / 2, abs(first - second)
    spread = math.sqrt(first * (1 - first) + second * (1 - second))
    critical = _quantile(1 - alpha / 2) * math.sqrt(2 * mean * (1 - mean))
    if spread == 0:
        return 1.0 if gap * math.sqrt(size) > critical else 0.0
    return _probability((gap * math.sqrt(size) - critical) / spread)


def detectable_difference(first: float, size: float, power: float = 0.8, alpha: float = 0.05) -> float:
    """Smallest rise from a share that two arms of `size` accounts show; NaN where none up to 100% is shown."""
    _check(first, first, power, alpha)
    low, high = first, 1.0 - 1e-12
    if two_proportions_power(first, high, size, alpha) < power:
        return math.nan
    for _ in range(100):
        middle = (low + high) / 2
        enough = two_proportions_power(first, middle, size, alpha) >= power
        low, high = (low, middle) if enough else (middle, high)
    return high - first


def chance_difference(first: float, second: float, sizes: tuple[float, float], alpha: float = 0.05) -> float:
    """Difference of two shares that chance alone exceeds in `alpha` of samples of these sizes.

    z_{1−α/2} √(p̄ q̄ (1/n₁ + 1/n₂)), with p̄ the share in both arms together, which is what the usual test asks.
    """
    _check(first, second, 0.5, alpha)
    mean = (first * sizes[0] + second * sizes[1]) / sum(sizes)
    return _quantile(1 - alpha / 2) * math.sqrt(mean * (1 - mean) * (1 / sizes[0] + 1 / sizes[1]))


def relative_change_size(change: float, power: float = 0.8, alpha: float = 0.05) -> float:
    """Accounts in each arm for a relative change of a mean (0.1: a tenth), for each unit of squared spread.

    The size is this times (standard deviation ÷ mean)², which a document that prints only the change leaves out:
    n = 2 (z_{1−α/2} + z_{power})² · (sd ÷ mean)² ÷ change², the usual approximation for two means of equal
    variance. Money recovered is mostly nothing and sometimes much: its spread is well above its mean.
    """
    if change == 0:
        raise ParameterError("change is 0; no sample shows a difference that isn't there")
    _check(0.5, 0.5, power, alpha)
    return 2 * (_quantile(1 - alpha / 2) + _quantile(power)) ** 2 / change**2


def _check(first: float, second: float, power: float, alpha: float) -> None:
    for name, value in (("first", first), ("second", second)):
        if not 0 <= value <= 1:
            raise ParameterError(f"{name} is {value:g}; a share is a fraction from 0 to 1 (35% is 0.35)")
    for name, value in (("power", power), ("alpha", alpha)):
        if not 0 < value < 1:
            raise ParameterError(f"{name} is {value:g}; give a fraction between 0 and 1")


def _quantile(probability: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(probability))


def _probability(quantile: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(quantile))
