"""Two functions of queueing theory in logarithms, exact to about ten digits however large their arguments.

Both are incomplete gamma functions. scipy's are used where they neither underflow nor lose digits; beyond, at
least thirty standard deviations into a tail, the integral is so nearly exponential that Gauss–Laguerre quadrature
is exact.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

TINY = 1e-250
NODES, WEIGHTS = np.polynomial.laguerre.laggauss(24)


def log_erlang_b(agents: Array, load: Array) -> Array:
    """log of Erlang's B formula: log(aⁿ e^(−a)/n!) − log Q(n + 1, a); −∞ for a load of 0 with agents."""
    from scipy.special import gammaincc, gammaln, xlogy

    agents, load = np.broadcast_arrays(np.asarray(agents, float), np.asarray(load, float))
    below = gammaincc(agents + 1.0, load)
    with np.errstate(divide="ignore", invalid="ignore"):
        usual = xlogy(agents, load) - load - gammaln(agents + 1.0) - np.log(below)
        usual = np.where((load == 0) & (agents > 0), -np.inf, usual)
    deep = below < TINY
    if deep.any():
        usual[deep] = -_log_inverse_b(agents[deep], load[deep])
    return np.minimum(np.asarray(usual), 0.0)


def _log_inverse_b(agents: Array, load: Array) -> Array:
    """log(1/B) for agents far below the load: 1/B = ∫ e^(−t)(1 + t/a)ⁿ dt, t from 0 to ∞."""
    rate = 1.0 - agents / load
    t = NODES / rate[..., None]
    rest = agents[..., None] * _log1p_less(t / load[..., None])
    return np.asarray(np.log((WEIGHTS * np.exp(rest)).sum(axis=-1) / rate))


def log_kummer(x: Array, z: Array) -> Array:
    """log A(x, z), A = 1 + Σ zʲ/((x+1)…(x+j)) = x·e^z·z^(−x)·γ(x, z): Kummer's M(1; x + 1; z). x above 0, z from
    0."""
    from scipy.special import gammainc

    x, z = np.broadcast_arrays(np.asarray(x, float), np.asarray(z, float))
    lower = gammainc(x, z)
    with np.errstate(divide="ignore", invalid="ignore"):
        usual = _log_scale(x, z) + np.log(lower)
    usual = np.where(z == 0, 0.0, usual)
    deep = (lower < TINY) & (z > 0)
    if deep.any():
        usual[deep] = _log_kummer_deep(x[deep], z[deep])
    return np.maximum(np.asarray(usual), 0.0)


def _log_scale(x: Array, z: Array) -> Array:
    """z − x·log z + log Γ(x + 1), without the cancellation of its large terms: by Stirling's series for large
    x."""
    from scipy.special import gammaln

    large = np.maximum(x, 30.0)
    series = 1.0 / (12.0 * large) - 1.0 / (360.0 * large**3) + 1.0 / (1260.0 * large**5)
    ratio = z / x
    by_stirling = x * (ratio - 1.0 - np.log(ratio)) + 0.5 * np.log(2.0 * np.pi * x) + series
    return np.asarray(np.where(x >= 30.0, by_stirling, z - x * np.log(z) + gammaln(x + 1.0)))


def _log_kummer_deep(x: Array, z: Array) -> Array:
    """log A(x, z) for z far below x: A = x·∫ exp(z(1 − e^(−v)) − x·v) dv, v from 0 to ∞."""
    rate = x - z
    v = NODES / rate[..., None]
    rest = z[..., None] * _expm1_less(v)
    return np.asarray(np.log((WEIGHTS * np.exp(rest)).sum(axis=-1) * x / rate))


def _log1p_less(t: Array) -> Array:
    """log(1 + t) − t."""
    return np.asarray(np.where(t < 1e-3, -(t**2) * (0.5 - t * (1 / 3 - t * (0.25 - t / 5))), np.log1p(t) - t))


def _expm1_less(v: Array) -> Array:
    """1 − e^(−v) − v."""
    return np.asarray(np.where(v < 1e-3, -(v**2) * (0.5 - v * (1 / 6 - v / 24)), -np.expm1(-v) - v))
