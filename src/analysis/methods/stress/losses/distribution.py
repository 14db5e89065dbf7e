"""The distribution of credit losses over a year, by Monte Carlo on cells of like accounts.

Given the common factor, accounts default independently (Vasicek's model, `one_factor`), so the number of defaults
in a cell of n like accounts is exactly Binomial(n, conditional PD): one draw stands for n. Nothing is approximated
but the grouping, which `losses.cells.group_accounts` tells. The normal approximation replaces the sum of those
binomials by a normal of equal mean and variance, given the same factors; its error is shown beside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.stress.losses.cells import check_cells, factor_loadings, product_correlation
from analysis.methods.stress.losses.one_factor import conditional_pd

Array = npt.NDArray[np.float64]

BLOCK = 1_000_000
"""Binomial draws held at once: 8 MB each of counts and probabilities."""


@dataclass(frozen=True)
class LossDraws:
    """Simulated losses of one horizon.

    `losses` (scenarios, segments) in currency; `factors` (scenarios, products), standard normal, high is good;
    `mean` and `variance` (scenarios,) of the total loss given the factors; `expected` (segments,), exact;
    `exposure`, the sum of accounts × ead.
    """

    losses: Array
    segments: tuple[str, ...]
    factors: Array
    mean: Array
    variance: Array
    expected: Array
    exposure: float

    @property
    def total(self) -> Array:
        """Loss of the whole portfolio by scenario (scenarios,)."""
        return np.asarray(self.losses.sum(axis=1))


@dataclass(frozen=True)
class _Plan:
    """Cells as arrays: each cell's place among the kinds (product × PD), and what a default costs its segment."""

    number: npt.NDArray[np.int64]
    kind: npt.NDArray[np.int64]
    kind_pd: Array
    kind_product: npt.NDArray[np.int64]
    loss: Array
    by_segment: Array


def simulate_losses(
    cells: pd.DataFrame,
    correlation: Mapping[str, float] | float,
    scenarios: int = 10_000,
    seed: int = 0,
    between: pd.DataFrame | float = 1.0,
    segment: str = "product",
) -> LossDraws:
    """Draws of the portfolio's loss, by segment.

    `cells`: product, pd (over the horizon), lgd, ead (an account's), accounts, and `segment`'s column.
    `correlation`: of assets, by product or one for all. `between`: correlation between the products' factors; 1.0
    is one common factor. The same seed gives the same draws. Raises InputError for cells, ParameterError for
    parameters, that cannot be.
    """
    check_cells(cells)
    if segment not in cells:
        raise InputError(f"cells: {segment} missing; segment must name a column, such as product")
    if scenarios < 1:
        raise ParameterError(f"scenarios is {scenarios}; give 1 or more, such as 10000")
    products = sorted(cells["product"].astype(str).unique())
    rho, root = product_correlation(correlation, products), factor_loadings(between, products)
    segments, place = np.unique(cells[segment].astype(str), return_inverse=True)
    plan = _plan(cells, products, place, len(segments))
    parts = list(_blocks(plan, rho, root, scenarios, seed))
    losses, factors, mean, variance = (np.concatenate(part) for part in zip(*parts, strict=True))
    expected = (cells["pd"].to_numpy(float) * plan.number) @ plan.by_segment
    exposure = float(plan.number @ cells["ead"].to_numpy(float))
    return LossDraws(losses, tuple(segments), factors, mean, variance, expected, exposure)


def _plan(cells: pd.DataFrame, products: list[str], place: npt.NDArray[np.int64], segments: int) -> _Plan:
    product = pd.Categorical(cells["product"].astype(str), products).codes.astype(float)
    kinds, kind = np.unique(np.column_stack([product, cells["pd"].to_numpy(float)]), axis=0, return_inverse=True)
    loss = cells["lgd"].to_numpy(float) * cells["ead"].to_numpy(float)
    by_segment = np.zeros((len(cells), segments))
    by_segment[np.arange(len(cells)), place] = loss
    number = cells["accounts"].to_numpy(np.int64)
    return _Plan(number, kind.ravel(), kinds[:, 1], kinds[:, 0].astype(np.int64), loss, by_segment)


def _blocks(
    plan: _Plan, rho: Array, root: Array, scenarios: int, seed: int
) -> Iterator[tuple[Array, Array, Array, Array]]:
    """Losses by segment, factors, and the total's mean and variance given them, a block of scenarios at a time."""
    rng = np.random.default_rng(seed)
    size = max(1, BLOCK // len(plan.number))
    for start in range(0, scenarios, size):
        factors = rng.standard_normal((min(size, scenarios - start), len(rho))) @ root.T
        chance = conditional_pd(plan.kind_pd, rho[plan.kind_product], factors[:, plan.kind_product])
        each = chance[:, plan.kind]
        defaults = rng.binomial(plan.number, each)
        mean, variance = each @ (plan.number * plan.loss), (each * (1.0 - each)) @ (plan.number * plan.loss**2)
        yield defaults @ plan.by_segment, factors, mean, variance


def tail_table(
    draws: LossDraws, levels: Sequence[float] = (0.95, 0.99, 0.999), confidence: float = 0.95
) -> pd.DataFrame:
    """Value at risk and expected shortfall at each level, with Monte Carlo intervals and the normal approximation.

    Columns level, value_at_risk (loss not exceeded in that share of scenarios), var_lower, var_upper (order
    statistics, so without an assumption), shortfall (mean of the loss beyond), shortfall_lower, shortfall_upper
    (variance after Manistre and Hancock, North American Actuarial Journal 9 (2), 2005, 129–156), normal_var,
    normal_shortfall, normal_error (normal_var ÷ value_at_risk − 1), normal_inside (whether it lies within the
    interval), expected_loss, exposure, scenarios. The intervals tell simulation error, not that of PD, LGD or
    correlation. Raises ParameterError for a level with fewer than five scenarios beyond it.
    """
    ordered = np.sort(draws.total)
    rows = [_tail(ordered, draws, _level(level, ordered.size), confidence) for level in levels]
    table = pd.DataFrame(rows)
    return table.assign(expected_loss=draws.expected.sum(), exposure=draws.exposure, scenarios=ordered.size)


def _tail(ordered: Array, draws: LossDraws, level: float, confidence: float) -> dict[str, float | bool]:
    from scipy.special import bdtrik, ndtri

    count, rank = ordered.size, rank_of(level, ordered.size)
    value, beyond = ordered[rank], ordered[rank + 1 :]
    side = (1.0 - confidence) / 2.0
    low, high = (float(bdtrik(chance, count, level)) for chance in (side, 1.0 - side))
    lower, upper = ordered[max(0, int(low) - 1)], ordered[min(count - 1, int(np.ceil(high)))]
    mean = float(beyond.mean())
    half = ndtri(1.0 - side) * np.sqrt((beyond.var(ddof=1) + level * (mean - value) ** 2) / beyond.size)
    normal, normal_mean = normal_tail(draws, level)
    return {
        "level": level,
        "value_at_risk": value,
        "var_lower": lower,
        "var_upper": upper,
        "shortfall": mean,
        "shortfall_lower": max(mean - half, value),
        "shortfall_upper": mean + half,
        "normal_var": normal,
        "normal_shortfall": normal_mean,
        "normal_error": normal / value - 1.0 if value > 0 else np.nan,
        "normal_inside": bool(lower <= normal <= upper),
    }


def rank_of(level: float, scenarios: int) -> int:
    """Place (from 0) of the quantile among ordered losses: the smallest that `level` of them don't exceed."""
    return max(0, int(np.ceil(round(level * scenarios, 9))) - 1)


def _level(level: float, scenarios: int) -> float:
    if not 0 < level < 1:
        raise ParameterError(f"level is {level!r}; it must lie between 0 and 1, such as 0.999")
    beyond = scenarios - 1 - rank_of(level, scenarios)
    if beyond < 5:
        need = int(np.ceil(5 / (1 - level)))
        raise ParameterError(
            f"level {level} leaves {beyond} of {scenarios:,} scenarios beyond it; draw {need:,} scenarios or more"
        )
    return float(level)


def normal_tail(draws: LossDraws, level: float) -> tuple[float, float]:
    """Quantile and mean beyond it of the normal approximation: a mixture of normals over the factors drawn."""
    from scipy.special import ndtr

    spread = np.sqrt(np.maximum(draws.variance, 1e-300))
    low, high = float((draws.mean - 12 * spread).min()), float((draws.mean + 12 * spread).max())
    for _ in range(100):
        middle = (low + high) / 2.0
        below = float(ndtr((middle - draws.mean) / spread).mean()) < level
        low, high = (middle, high) if below else (low, middle)
    score = (high - draws.mean) / spread
    density = np.exp(-0.5 * score**2) / np.sqrt(2.0 * np.pi)
    over = draws.mean * ndtr(-score) + spread * density
    return high, float(over.mean() / (1.0 - level))
