"""What each segment adds to the tail of the loss distribution.

Euler's allocation: a segment's share of a quantile is E[its loss | the total is at the quantile], of the expected
shortfall E[its loss | the total is beyond]; both add up, and are the only ones that reward what diversifies.
Tasche, "Capital allocation to business units and sub-portfolios: the Euler principle", in Resti (ed.), Pillar II
in the New Basel Accord, Risk Books, 2008 (arXiv:0708.2542).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.stress.losses.distribution import Array, LossDraws, rank_of


def tail_contributions(
    draws: LossDraws, level: float = 0.999, window: int | None = None, confidence: float = 0.95
) -> pd.DataFrame:
    """Each segment's part of the value at risk and of the expected shortfall.

    Columns segment, expected_loss, value_at_risk, var_error, shortfall, shortfall_error (standard errors of the
    simulation), shortfall_lower, shortfall_upper (normal limits at `confidence`, not below 0), var_share,
    shortfall_share; in the order of the segments. Each column of money sums to the total's. The quantile's parts
    are means over the scenarios within `window` ranks of it (default: half as many as lie beyond, or 2% of all,
    the fewer), scaled to the quantile. Errors of the shortfall's parts hold that the quantile is drawn too, as
    Manistre and Hancock's (North American Actuarial Journal 9 (2), 2005, 129–156) of the total do. The order of
    segments is uncertain where errors overlap. Raises ParameterError for a level that leaves fewer than ten
    scenarios beyond it.
    """
    from scipy.special import ndtri

    count = draws.losses.shape[0]
    rank = rank_of(level, count) if 0 < level < 1 else count
    beyond = count - 1 - rank
    if beyond < 10:
        raise ParameterError(
            f"level {level} leaves {max(beyond, 0)} of {count:,} scenarios beyond it; ten are "
            "needed to split a tail: draw more, or lower the level"
        )
    order = np.argsort(draws.total, kind="stable")
    near = window if window is not None else min(beyond // 2, count // 50)
    at, at_error = _mean(draws.losses[order[max(0, rank - near) : rank + near + 1]])
    scale = draws.total[order[rank]] / at.sum() if at.sum() > 0 else 1.0
    tail, spread = _mean(draws.losses[order[rank + 1 :]])
    tail_error = np.sqrt(spread**2 + level * (tail - at * scale) ** 2 / beyond)
    table = pd.DataFrame({"segment": draws.segments, "expected_loss": draws.expected, "value_at_risk": at * scale})
    table = table.assign(var_error=at_error * scale, shortfall=tail, shortfall_error=tail_error)
    reach = float(ndtri(0.5 + confidence / 2.0)) * tail_error
    table = table.assign(shortfall_lower=np.maximum(tail - reach, 0.0), shortfall_upper=tail + reach)
    shares = {f"{short}_share": _share(table[name]) for short, name in SHARES.items()}
    return table.assign(**shares)


SHARES = {"var": "value_at_risk", "shortfall": "shortfall"}


def _mean(losses: Array) -> tuple[Array, Array]:
    error = (
        losses.std(axis=0, ddof=1) / np.sqrt(len(losses)) if len(losses) > 1 else np.full(losses.shape[1], np.nan)
    )
    return losses.mean(axis=0), error


def _share(values: pd.Series) -> pd.Series:
    total = values.sum()
    return values / total if total > 0 else values * np.nan
