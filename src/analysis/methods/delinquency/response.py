"""When debtors answer, and whether weekdays or cities do better once like is compared with like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.methods.delinquency.shares import shares
from analysis.statistics.jackknife import fold_counts, jackknife_error, leave_one_out, t_quantile
from analysis.statistics.ratio import MOMENTS
from analysis.statistics.strata import mantel_haenszel

Array = NDArray[np.float64]

CASE_MIX = ("channel", "product", "bucket", "urban", "hour_band")
"""Strata within which weekdays and weekends are compared."""


def heat_map(hours: pd.DataFrame, minimum: int = 10, level: float = 0.95) -> pd.DataFrame:
    """Right-party rate by weekday and hour: all 168 cells, blank below `minimum` attempts.

    `hours` holds weekday (1 Monday … 7 Sunday), hour (0–23) and the moments of `analysis.statistics.ratio`.
    Returns weekday, hour, right_party, attempts, rate (right_party ÷ attempts; up is good), rate_lower,
    rate_upper, clusters. Hours differ in whom one calls at them: this is where answers come from, not what another
    hour would bring.
    """
    grid = pd.MultiIndex.from_product([range(1, 8), range(24)], names=["weekday", "hour"])
    cells = hours.set_index(["weekday", "hour"])[list(MOMENTS)].reindex(grid, fill_value=0).reset_index()
    enough = cells["denominator"] >= max(minimum, 1)
    found = shares(cells, level)
    return pd.DataFrame(
        {
            "weekday": cells["weekday"],
            "hour": cells["hour"],
            "right_party": cells["numerator"].astype("int64"),
            "attempts": cells["denominator"].astype("int64"),
            "rate": np.where(enough, found.rate, np.nan),
            "rate_lower": np.where(enough, found.lower, np.nan),
            "rate_upper": np.where(enough, found.upper, np.nan),
            "clusters": cells["clusters"].astype("int64"),
        }
    )


def weekday_gap(strata: pd.DataFrame, by: Sequence[str] = (), level: float = 0.95) -> pd.DataFrame:
    """Right-party rate on weekdays less that at weekends, plain and within equal case mix; see `compare`."""
    marked = strata.assign(side=np.where(strata["weekend"], "weekend", "weekday"))
    within = [name for name in CASE_MIX if name not in by]
    return compare(marked, "side", "weekday", "weekend", within, by, level)


def urban_gap(strata: pd.DataFrame, by: Sequence[str] = ("channel",), level: float = 0.95) -> pd.DataFrame:
    """Right-party rate in cities less that in the country, plain and within equal case mix; see `compare`."""
    known = strata[strata["urban"].isin(["true", "false"])]
    marked = known.assign(side=np.where(known["urban"] == "true", "urban", "rural"))
    within = [name for name in (*CASE_MIX, "weekend") if name not in (*by, "urban")]
    return compare(marked, "side", "urban", "rural", within, by, level)


def compare(
    strata: pd.DataFrame,
    side: str,
    exposed: str,
    unexposed: str,
    within: Sequence[str],
    by: Sequence[str] = (),
    level: float = 0.95,
) -> pd.DataFrame:
    """Right-party rates of two sides, plain and adjusted for mix.

    `strata` holds `side` (its values include `exposed` and `unexposed`), the columns `within` and `by`, fold,
    attempts and right_party. One row a combination of `by`: exposed and unexposed (names); of each side attempts,
    right_party, rate and adjusted; difference (rates) and adjusted_difference, in points; relative and
    adjusted_relative, the difference ÷ the unexposed rate; compared, the share of attempts that lie in strata
    which hold both sides. Each estimate but the rates has limits, clustered by customer (jackknife over folds).

    The adjusted difference is Mantel and Haenszel's (`analysis.statistics.strata`). A published "+10%" may mean
    points or relative: the reader finds both. It is adjusted for what the strata hold, and for nothing else.
    """
    chosen = strata[strata[side].isin([exposed, unexposed])]
    groups = chosen.groupby(list(by), sort=True, observed=True) if len(by) else [((), chosen)]
    rows = []
    for values, part in groups:
        if part[side].nunique() == 2:
            key = dict(zip(by, values, strict=True))
            rows.append(key | _compare(part, side, exposed, unexposed, list(within), level))
    return pd.DataFrame(rows, columns=None if rows else [*by, "exposed", "unexposed"])


def _compare(
    part: pd.DataFrame, side: str, exposed: str, unexposed: str, within: list[str], level: float
) -> dict[str, object]:
    wide = part.assign(
        y1=part["right_party"].where(part[side] == exposed, 0),
        n1=part["attempts"].where(part[side] == exposed, 0),
        y0=part["right_party"].where(part[side] == unexposed, 0),
        n0=part["attempts"].where(part[side] == unexposed, 0),
    )
    _, counts = fold_counts(wide, within, ["y1", "n1", "y0", "n0"])
    total = counts.sum(axis=0)
    estimates, replicates = _estimates(total), _estimates(leave_one_out(counts))
    both = (total[1] > 0) & (total[3] > 0)
    row: dict[str, object] = {"exposed": exposed, "unexposed": unexposed}
    for name, y, n in (("exposed", 0, 1), ("unexposed", 2, 3)):
        row |= {f"{name}_attempts": int(total[n].sum()), f"{name}_right_party": int(total[y].sum())}
        row |= {f"{name}_rate": float(estimates[name]), f"{name}_adjusted": float(estimates[f"{name}_adjusted"])}
    factor = t_quantile(level, len(counts))
    for name in ("difference", "adjusted_difference", "relative", "adjusted_relative"):
        half = factor * float(jackknife_error(estimates[name], replicates[name]))
        value = float(estimates[name])
        row |= {name: value, f"{name}_lower": value - half, f"{name}_upper": value + half}
    return row | {"compared": float(total[[1, 3]][:, both].sum() / total[[1, 3]].sum())}


def _estimates(counts: Array) -> dict[str, Array]:
    """All estimates from (…, [y1, n1, y0, n0], strata)."""
    y1, n1, y0, n0 = (counts[..., i, :] for i in range(4))
    adjusted = mantel_haenszel(y1, n1, y0, n0)
    with np.errstate(invalid="ignore", divide="ignore"):
        one, two = y1.sum(axis=-1) / n1.sum(axis=-1), y0.sum(axis=-1) / n0.sum(axis=-1)
        return {
            "exposed": one,
            "unexposed": two,
            "exposed_adjusted": adjusted.exposed,
            "unexposed_adjusted": adjusted.unexposed,
            "difference": one - two,
            "relative": (one - two) / two,
            "adjusted_difference": adjusted.difference,
            "adjusted_relative": adjusted.difference / adjusted.unexposed,
        }
