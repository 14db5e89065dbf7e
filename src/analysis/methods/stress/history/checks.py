"""What history can and can't tell: levels that mislead, a series too short, and a published claim of losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from analysis.core.errors import InputError
from analysis.methods.stress.history.changes import YEAR, fit_changes, least_squares

Array = npt.NDArray[np.float64]

LEAST_YEARS = 10
"""Years of yearly changes below which a slope is not called identified: about one business cycle."""


def levels_against_changes(
    rate: pd.Series, unemployment: pd.Series, samples: Sequence[tuple[str, str]]
) -> pd.DataFrame:
    """The slope of `rate` on `unemployment` in levels and in yearly changes, over several samples.

    A row a form and sample: form, first, last, quarters, slope, lower, upper (95%, as in least_squares()),
    naive_lower, naive_upper (errors that take quarters for independent), r2, durbin_watson. Levels mislead where
    the slope changes from sample to sample, or the Durbin–Watson statistic lies far below 2 (below r2: a spurious
    regression, Granger and Newbold 1974).
    """
    rows = []
    for form, order in (("levels", 0), ("yearly changes", YEAR)):
        y, x = (series.diff(order) if order else series for series in (rate, unemployment))
        for first, last in samples:
            rows.append({"form": form, "first": first, "last": last, **_regression(y, x, first, last)})
    return pd.DataFrame(rows)


def _regression(y: pd.Series, x: pd.Series, first: str, last: str) -> dict[str, float]:
    pair = pd.DataFrame({"y": y, "x": x}).loc[first:last].dropna()
    if len(pair) < 3:
        raise InputError(f"{len(pair)} quarters from {first} to {last} have both series; three or more are needed")
    design, values = np.column_stack([np.ones(len(pair)), pair["x"]]), pair["y"].to_numpy()
    coefficients, covariance, residual, degrees = least_squares(design, values)
    naive = np.linalg.inv(design.T @ design) * (residual @ residual) / (len(values) - 2)
    slope = float(coefficients[1])
    reach = float(stdtrit(degrees, 0.975) * np.sqrt(covariance[1, 1]))
    short = float(stdtrit(len(values) - 2, 0.975) * np.sqrt(naive[1, 1]))
    spread = values - values.mean()
    return {
        "quarters": len(values), "slope": slope, "lower": slope - reach, "upper": slope + reach,
        "naive_lower": slope - short, "naive_upper": slope + short,
        "r2": 1 - float(residual @ residual / (spread @ spread)),
        "durbin_watson": float((np.diff(residual) ** 2).sum() / (residual @ residual)),
    }  # fmt: skip


def identifiable(
    rate: pd.Series, unemployment: pd.Series, last: str, lags: Sequence[int] = (0, 1, 2)
) -> pd.Series:
    """Whether yearly changes up to `last` can tell an elasticity: what there is to tell it from.

    quarters; years (quarters ÷ 4: yearly changes overlap); smallest_change and largest_change of unemployment;
    rises (quarters in which it rose by half a point or more, the size a stress asks about); slope, lower, upper;
    first_half and second_half (slopes); identified: ten years or more, rises among them, and halves whose slopes
    have the same sign. A slope of a series that is not identified is a description of one recovery, not an
    elasticity.
    """
    model = fit_changes(rate, unemployment, last, lags=lags)
    moved = unemployment.diff(YEAR).shift(model.lag).loc[model.quarters]
    middle = model.quarters[len(model.quarters) // 2]
    change, lagged = rate.diff(YEAR), unemployment.diff(YEAR).shift(model.lag)
    halves = [
        _regression(change, lagged, str(a), str(b))["slope"]
        for a, b in ((model.quarters[0], middle - 1), (middle, model.quarters[-1]))
    ]
    rises, years = int((moved >= 0.5).sum()), len(moved) / YEAR
    lower, upper = model.limits()
    found = {
        "quarters": len(moved), "years": years, "smallest_change": moved.min(), "largest_change": moved.max(),
        "rises": rises, "slope": model.slope, "lower": lower, "upper": upper, "first_half": halves[0],
        "second_half": halves[1], "identified": years >= LEAST_YEARS and rises > 0 and halves[0] * halves[1] > 0,
    }  # fmt: skip
    return pd.Series(found, dtype=object)


def multiples(
    series: Mapping[str, pd.Series], base: str, first: str, last: str, claim: float = 3.0
) -> pd.DataFrame:
    """How many times its level at quarter `base` each series reached from `first` to `last`, against a claim.

    Columns series, base (its level there), peak, peak_quarter, multiple (peak ÷ base), end, end_multiple (at
    `last`), claim, reached (whether the peak is `claim` times the base or more). A rate's multiple is that of
    losses only if balances stay level. Raises InputError where a series lacks `base` or has nothing in between.
    """
    rows = []
    for name, values in series.items():
        inside = values.loc[first:last].dropna()
        if pd.Period(base, "Q") not in values.index or not len(inside):
            raise InputError(f"{name} has no value at {base}, or none from {first} to {last}")
        start, peak = float(values.loc[base]), float(inside.max())
        rows.append((name, start, peak, str(inside.idxmax()), peak / start, float(inside.iloc[-1]),
                     float(inside.iloc[-1]) / start, claim, peak >= claim * start))  # fmt: skip
    columns = ["series", "base", "peak", "peak_quarter", "multiple", "end", "end_multiple", "claim", "reached"]
    return pd.DataFrame(rows, columns=columns)
