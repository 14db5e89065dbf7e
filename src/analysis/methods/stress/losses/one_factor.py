"""Vasicek's one-factor model: defaults that move together because of one common factor.

Account i defaults where √ρ·Z + √(1−ρ)·εᵢ < Φ⁻¹(PD), with Z (the economy: high is good) and εᵢ independent standard
normal; ρ is the asset correlation. All functions take arrays that broadcast and return their common shape.

Sources: Vasicek, "The distribution of loan portfolio value", Risk 15 (12), 2002, 160–162; Gordy, "A risk-factor
model foundation for ratings-based bank capital rules", Journal of Financial Intermediation 12, 2003, 199–232.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.core.errors import ParameterError

Array = npt.NDArray[np.float64]


def conditional_pd(pd: npt.ArrayLike, correlation: npt.ArrayLike, factor: npt.ArrayLike) -> Array:
    """Probability of default where the common factor is `factor`: Φ((Φ⁻¹(PD) − √ρ·Z) / √(1−ρ)).

    `pd` is over the horizon, unconditional, 0 to 1; `correlation` 0 to below 1; a factor of −3 is a bad year.
    Raises ParameterError for values out of range.
    """
    from scipy.special import ndtr, ndtri

    probability, rho = fraction("pd", pd), _correlation(correlation)
    with np.errstate(invalid="ignore"):
        score = (ndtri(probability) - np.sqrt(rho) * np.asarray(factor, float)) / np.sqrt(1.0 - rho)
    return np.asarray(ndtr(score))


def factor_given_rate(rate: npt.ArrayLike, pd: npt.ArrayLike, correlation: npt.ArrayLike) -> Array:
    """The factor at which a very large portfolio defaults at `rate`: (Φ⁻¹(PD) − √(1−ρ)·Φ⁻¹(rate)) / √ρ.

    The inverse of `conditional_pd`: how bad a year was, or how bad a scenario is. Raises ParameterError for a
    correlation of 0, under which the factor has no say.
    """
    from scipy.special import ndtri

    probability, rho, found = fraction("pd", pd), _correlation(correlation), fraction("rate", rate)
    if np.any(rho == 0):
        raise ParameterError(
            "correlation is 0: the rate doesn't depend on the factor; give one above 0, such as 0.1"
        )
    return np.asarray((ndtri(probability) - np.sqrt(1.0 - rho) * ndtri(found)) / np.sqrt(rho))


def loss_quantile(
    level: npt.ArrayLike, pd: npt.ArrayLike, correlation: npt.ArrayLike, lgd: npt.ArrayLike = 1.0
) -> Array:
    """Quantile of the loss rate of an infinitely fine-grained portfolio, in closed form.

    LGD·Φ((Φ⁻¹(PD) + √ρ·Φ⁻¹(level)) / √(1−ρ)): the loss (share of exposure) not exceeded with probability `level`;
    at 0.999 it is the one Basel's capital is set by. A portfolio of few or unequal accounts has a larger one: its
    own luck comes on top.
    """
    from scipy.special import ndtri

    return conditional_pd(pd, correlation, -ndtri(fraction("level", level))) * fraction("lgd", lgd)


def loss_distribution_function(rate: npt.ArrayLike, pd: npt.ArrayLike, correlation: npt.ArrayLike) -> Array:
    """Probability that the default rate of a very large portfolio stays at or below `rate`."""
    from scipy.special import ndtr

    return np.asarray(ndtr(-factor_given_rate(rate, pd, correlation)))


def expected_shortfall(
    level: npt.ArrayLike, pd: npt.ArrayLike, correlation: npt.ArrayLike, lgd: npt.ArrayLike = 1.0
) -> Array:
    """Mean loss rate beyond the quantile: LGD·Φ₂(Φ⁻¹(PD), Φ⁻¹(1−level); √ρ) / (1−level).

    Φ₂ is the bivariate normal distribution function, here by quadrature over the factor: the mean of
    `conditional_pd` over the worst 1 − level of years, at 64 Gauss–Legendre nodes in its
    probability's logarithm (to twelve digits in a tail, to four at level 0).
    """
    from scipy.special import ndtri

    tail = 1.0 - fraction("level", level)
    nodes, weights = np.polynomial.legendre.leggauss(64)
    # Probability u = tail·e^(−s), s from 0 to 40: fine where the factor is extreme, and nothing left beyond.
    reach = 20.0 * (nodes + 1.0)
    chance = tail[..., None] * np.exp(-reach)
    rates = conditional_pd(_last(pd), _last(correlation), ndtri(chance))
    return np.asarray((rates * np.exp(-reach) * 20.0 * weights).sum(axis=-1)) * fraction("lgd", lgd)


def _last(value: npt.ArrayLike) -> Array:
    return np.asarray(value, float)[..., None]


def fraction(name: str, value: npt.ArrayLike) -> Array:
    """`value` as an array; raises ParameterError where any of it is outside 0 to 1, showing the first."""
    array = np.asarray(value, float)
    wrong = ~((array >= 0) & (array <= 1))
    if wrong.any():
        raise ParameterError(
            f"{name} has {float(array[wrong].flat[0])!r}; it must lie from 0 to 1: pass fractions, 0.05 for 5%"
        )
    return array


def _correlation(value: npt.ArrayLike) -> Array:
    rho = fraction("correlation", value)
    if np.any(rho == 1):
        raise ParameterError(
            "correlation is 1: all accounts would default at once; give one below 1, such as 0.15"
        )
    return rho
