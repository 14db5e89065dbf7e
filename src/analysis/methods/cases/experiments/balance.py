"""Whether chance can have made the arms: their sizes, and what was known of them before."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError

Array = npt.NDArray[np.float64]

LEAST_EXPECTED = 5.0
"""Expected units of an arm below which chi-square's approximation is not relied on (Cochran 1954)."""

_MOST_TABLES = 200_000


class SampleRatio(NamedTuple):
    """Units by arm against those expected, and the chance of sizes as unlikely or more."""

    table: pd.DataFrame
    p: float
    test: str


def sample_ratio(units: Mapping[str, int], shares: Mapping[str, float]) -> SampleRatio:
    """Test of the arms' sizes against the planned shares; `table` has arm, units, share, planned, expected.

    Pearson's chi-square with arms − 1 degrees of freedom; the exact multinomial test (all sizes no more likely
    than those seen) where an arm expects fewer than five units. Units are what was drawn: customers, if those
    were. A ratio that chance can't explain means that units were lost or added after the draw, and no estimate
    mends that (Fabijan et al. 2019, KDD, 2156–2164, doi 10.1145/3292500.3330722).

    >>> round(sample_ratio({"a": 821, "b": 779}, {"a": 0.5, "b": 0.5}).p, 3)
    0.294
    """
    if set(units) - set(shares) or not shares:
        raise ParameterError(f"units are given for {', '.join(units)}, shares for {', '.join(shares)}")
    seen = np.array([units.get(arm, 0) for arm in shares], dtype=float)
    planned, total = np.array(list(shares.values()), dtype=float), float(seen.sum())
    if not total:
        raise InputError("no unit is in any arm")
    expected = planned * total
    columns = {"units": seen.astype(int), "share": seen / total, "planned": planned, "expected": expected}
    table = pd.DataFrame({"arm": list(shares), **columns})
    if expected.min() >= LEAST_EXPECTED:
        return SampleRatio(table, _chi_square(seen, expected), "chi-square")
    return SampleRatio(table, *_exact(seen.astype(int), planned))


def require_sample_ratio(
    units: Mapping[str, int], shares: Mapping[str, float], alpha: float = 0.001, name: str = ""
) -> SampleRatio:
    """The same test; raises InputError with the numbers where p is below `alpha`."""
    found = sample_ratio(units, shares)
    if found.p < alpha:
        told = "; ".join(
            f"{row.arm} {row.units:,} units, {row.share:.2%} where {row.planned:.2%} was planned"
            for row in found.table.itertuples()
        )
        raise InputError(
            f"experiment '{name}': sample-ratio mismatch: {told} (p = {found.p:.2g}, {found.test}). The arms are "
            "not what was drawn: find where units were lost or added before comparing anything"
        )
    return found


def balance(
    features: pd.DataFrame, arm: pd.Series, control: str, cluster: pd.Series | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Standardised differences of what was known before, one row a feature (and level) and arm against `control`.

    (mean − mean in the control arm) ÷ √((variance + variance in the control arm) / 2); text is taken level by
    level as shares, and a number with gaps also by its share missing (Austin 2009, Statistics in Medicine 28,
    3083–3107). Columns: feature, value (level, or "" for a number), arm, mean, mean_control, difference
    (standardised), by_chance (what chance alone exceeds in 1 − `level` of features, by clusters), beyond_chance.
    With twenty features one is beyond chance at 95%; what matters is how many are, and how far.
    """
    numbers, groups = _indicators(features), cluster if cluster is not None else pd.Series(features.index)
    values, rows = numbers.to_numpy(dtype=float), []
    base = _moments(values, (arm == control).to_numpy(), groups)
    for name in sorted(set(arm.dropna().astype(str)) - {control}):
        side = _moments(values, (arm == name).to_numpy(), groups)
        spread = np.sqrt((side[1] + base[1]) / 2)
        apart = np.divide(side[0] - base[0], spread, out=np.zeros_like(spread), where=spread > 0)
        chance = _normal(level) * np.sqrt(1 / side[2] + 1 / base[2])
        moments = {"mean": side[0], "mean_control": base[0], "difference": apart, "by_chance": chance}
        made = numbers.columns.to_frame(index=False).assign(arm=name, **moments)
        rows.append(made.assign(beyond_chance=made["difference"].abs() > chance))
    return pd.concat(rows, ignore_index=True)


def _indicators(features: pd.DataFrame) -> pd.DataFrame:
    """Numbers as they are, their gaps, and each level of text as 0 or 1; columns (feature, value)."""
    made: dict[tuple[str, str], pd.Series] = {}
    for name, column in features.items():
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            made[str(name), ""] = column.astype(float)
            if column.isna().any():
                made[str(name), "missing"] = column.isna().astype(float)
            continue
        told = column.astype(object).where(column.notna(), "missing").astype(str)
        made |= {(str(name), level): (told == level).astype(float) for level in sorted(told.unique())}
    return pd.DataFrame(made, index=features.index).rename_axis(columns=["feature", "value"])


def _moments(values: Array, here: npt.NDArray[np.bool_], cluster: pd.Series) -> tuple[Array, Array, Array]:
    """Means, variances and clusters of one arm by feature; a gap takes its part of a cluster away."""
    if not here.any():
        raise InputError("an arm to be held against the others has no unit")
    side, known = values[here], ~np.isnan(values[here])
    count = np.where(known.any(axis=0), known.sum(axis=0), np.nan)
    mean = np.where(known, side, 0.0).sum(axis=0) / count
    variance = (np.where(known, side - mean, 0.0) ** 2).sum(axis=0) / count
    clusters = pd.Series(cluster.to_numpy()[here]).nunique() * count / here.sum()
    return mean, variance, clusters


def _chi_square(seen: Array, expected: Array) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(seen.size - 1, ((seen - expected) ** 2 / expected).sum()))


def _exact(seen: npt.NDArray[np.int64], planned: Array) -> tuple[float, str]:
    """Chance of all divisions of the units that are no more likely than this one."""
    from scipy.special import gammaln

    def log_chance(sizes: npt.NDArray[np.int64]) -> Array:
        return np.asarray((sizes * np.log(planned) - gammaln(sizes + 1)).sum(axis=1) + gammaln(total + 1))

    total, arms = int(seen.sum()), seen.size
    own = float(log_chance(seen[None, :])[0]) + 1e-9
    if comb(total + arms - 1, arms - 1) <= _MOST_TABLES:
        chances = log_chance(_divisions(total, arms))
        return min(1.0, float(np.exp(chances[chances <= own]).sum())), "exact multinomial"
    drawn = np.random.default_rng(0).multinomial(total, planned, size=_MOST_TABLES)
    return float((1 + (log_chance(drawn) <= own).sum()) / (1 + _MOST_TABLES)), "multinomial by simulation"


def _divisions(total: int, arms: int) -> npt.NDArray[np.int64]:
    """All ways to divide `total` units among arms, by the places of bars among stars."""
    bars = np.array(list(combinations(range(total + arms - 1), arms - 1)), dtype=np.int64)
    edges = np.column_stack([np.full(len(bars), -1), bars, np.full(len(bars), total + arms - 1)])
    return np.diff(edges, axis=1) - 1


def _normal(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2))
