"""What changed: how much of a change comes from the mix of segments, how much from the rates within them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.statistics.ratio import ratio


def mix_and_rate(now: pd.DataFrame, before: pd.DataFrame, segment: str = "value") -> pd.DataFrame:
    """Mix effect and rate effect of each segment; together they are the change of the whole rate, exactly.

    `now` and `before` have one row a segment: `segment`, numerator, denominator. With w a segment's share of the
    denominator and r its rate, mean values over the two periods as weights (Marshall 1887 and Edgeworth 1887;
    for rates, Kitagawa 1955, JASA 50:1168):

    rate effect = w̄·(r − r′); mix effect = (w − w′)·(r̄ − R̄), R̄ being the mean of the two whole rates. A segment
    that grew with a rate above the whole's raises it. A segment seen in one period only has no change of rate: it
    counts as mix altogether. Order of the periods reversed gives the same effects with the sign reversed.

    Returns segment, denominator, denominator_before, weight, weight_before, rate, rate_before, mix_effect,
    rate_effect, effect (their sum; all fractions), the largest effect first. Raises ParameterError where a segment
    is listed twice, or nothing is held in one of the periods.
    """
    table = _side_by_side(now, before, segment)
    weight = ratio(table["denominator"], table["denominator"].sum())
    weight_before = ratio(table["denominator_before"], table["denominator_before"].sum())
    rate = ratio(table["numerator"], table["denominator"])
    rate_before = ratio(table["numerator_before"], table["denominator_before"])
    # In a period without the segment its rate is whatever it is in the other: nothing changed within it.
    here, there = np.where(np.isnan(rate), rate_before, rate), np.where(np.isnan(rate_before), rate, rate_before)
    whole = table["numerator"].sum() / table["denominator"].sum()
    whole_before = table["numerator_before"].sum() / table["denominator_before"].sum()
    rate_effect = np.nan_to_num((weight + weight_before) / 2 * (here - there))
    mix_effect = np.nan_to_num((weight - weight_before) * ((here + there) / 2 - (whole + whole_before) / 2))
    effects = table.assign(
        weight=weight,
        weight_before=weight_before,
        rate=rate,
        rate_before=rate_before,
        mix_effect=mix_effect,
        rate_effect=rate_effect,
        effect=mix_effect + rate_effect,
    )
    order = effects["effect"].abs().sort_values(ascending=False, kind="stable").index
    return effects.loc[order].drop(columns=["numerator", "numerator_before"]).reset_index(drop=True)


def pool(cells: pd.DataFrame, hidden: set[str], segment: str = "value", name: str = "others") -> pd.DataFrame:
    """The cells with the segments of `hidden` added up into one, so that a small one is not told by its effect.

    Returns period, `segment`, numerator, denominator.
    """
    merged = cells.assign(**{segment: cells[segment].where(~cells[segment].isin(hidden), name)})
    return merged.groupby(["period", segment], as_index=False, sort=False)[["numerator", "denominator"]].sum()


def summary(effects: pd.DataFrame) -> dict[str, float]:
    """Totals of mix_and_rate(): mix_effect, rate_effect, and their sum, the change of the whole rate."""
    mix, rate = float(effects["mix_effect"].sum()), float(effects["rate_effect"].sum())
    return {"mix_effect": mix, "rate_effect": rate, "change": mix + rate}


def _side_by_side(now: pd.DataFrame, before: pd.DataFrame, segment: str) -> pd.DataFrame:
    for name, cells in (("now", now), ("before", before)):
        if cells[segment].duplicated().any():
            twice = sorted(cells.loc[cells[segment].duplicated(), segment].astype(str))
            raise ParameterError(
                f"{name}: segment '{twice[0]}' is listed twice; pass one measure, basis and period at a time"
            )
        if not cells["denominator"].sum() > 0:
            raise ParameterError(f"{name}: the denominators add up to nothing, so there is no rate to explain")
    columns = [segment, "numerator", "denominator"]
    both = now[columns].merge(before[columns], on=segment, how="outer", suffixes=("", "_before"))
    amounts = ["numerator", "denominator", "numerator_before", "denominator_before"]
    return both.assign(**both[amounts].astype(float).fillna(0.0))
