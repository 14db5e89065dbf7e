"""Interrupted time series: one monthly series about a dated change, and nobody to hold it against."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import chdtrc, stdtr, stdtrit

from analysis.core.errors import ParameterError
from analysis.methods.cases.quasi_experiments.interrupted_series_fit import (
    Array,
    Segments,
    fit_segments,
    segmented_design,
)
from analysis.methods.cases.quasi_experiments.study import (
    Check,
    DesignRefused,
    Effect,
    Study,
    require_columns,
    require_complete,
    require_level,
    require_varied,
)

DESIGN = "interrupted time series"
ASSUMPTION = (
    "Trend and season would have gone on as before, and nothing else changed at the date. Nothing in the "
    "series can "
    "tell the change from another that came with it."
)
LEAST_BEFORE, LEAST_AFTER = 12, 4
SEASON_BEFORE = 24
"""Months before that an estimate of the season needs: two years."""
FAMILY_ALPHA = 0.05
"""Over all false dates together (Bonferroni; neighbouring dates share most of their months, so it is cautious)."""
RESIDUAL_ALPHA = 0.01


def interrupted_series(
    frame: pd.DataFrame,
    outcome: str,
    date: pd.Timestamp | str,
    month: str = "month",
    harmonics: int = 1,
    ramp: bool = True,
    level: float = 0.95,
) -> Study:
    """Mean effect over the months from `date` on: fit less what trend and season before would have brought.

    `frame` has one row a month without gaps. `harmonics` of the year (0: no season); `ramp` lets the trend change
    as well as the level. Tables: `path` (month, actual, fitted, counterfactual), `placebos` (false dates before),
    `robust` (ordinary least squares with Newey–West errors beside the estimate; they are too small in short
    series).

    Segmented regression: Wagner et al. 2002, J. Clinical Pharmacy and Therapeutics 27, 299–309.

    Raises DesignRefused for fewer than 12 months before (24 with a season) or 4 after, and for gaps.
    """
    require_level(level)
    series, start = _series(frame, outcome, month, pd.Timestamp(date))
    _refuse_short(start, len(series) - start, harmonics)
    found = _fit(series, outcome, month, start, harmonics, ramp)
    false = placebo_dates(frame, outcome, date, month, harmonics, ramp, level)
    return Study(
        design=DESIGN,
        quantity=f"{outcome}, mean over {len(series) - start} months from {pd.Timestamp(date):%Y-%m}",
        effect=_effect(found, level),
        assumption=ASSUMPTION,
        units=len(series),
        clusters=1,
        checks=(*_placebo_check(false), _residual_check(found.residuals)),
        tables={
            "path": pd.DataFrame(
                {
                    "month": series[month],
                    "actual": series[outcome],
                    "fitted": found.fitted,
                    "counterfactual": found.counterfactual,
                }
            ),
            "placebos": false,
            "robust": newey_west(series, outcome, month, start, harmonics, ramp),
        },
    )


def placebo_dates(
    frame: pd.DataFrame,
    outcome: str,
    date: pd.Timestamp | str,
    month: str = "month",
    harmonics: int = 1,
    ramp: bool = True,
    level: float = 0.95,
) -> pd.DataFrame:
    """The same effect at false dates, from the months before the true one: date, estimate, lower, upper, p.

    Every third month that leaves enough months before and 4 or more after; none where the history is too short.
    """
    series, start = _series(frame, outcome, month, pd.Timestamp(date))
    before, rows = series.iloc[:start], []
    least = max(LEAST_BEFORE, 18 if harmonics else 0)
    for place in range(least, start - LEAST_AFTER - 1, 3):
        effect = _effect(_fit(before, outcome, month, place, harmonics, ramp), level)
        rows.append((before[month].iloc[place], effect.estimate, effect.lower, effect.upper, effect.p))
    return pd.DataFrame(rows, columns=["date", "estimate", "lower", "upper", "p"])


def newey_west(
    series: pd.DataFrame, outcome: str, month: str, start: int, harmonics: int, ramp: bool
) -> pd.DataFrame:
    """Estimate and error by ordinary least squares with Newey–West errors: estimate, standard_error, lags."""
    from statsmodels.regression.linear_model import OLS

    design = _design(series, month, start, harmonics, ramp)
    lags = int(np.floor(4 * (len(series) / 100) ** (2 / 9)))
    found = OLS(series[outcome].to_numpy(dtype=float), design).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}
    )
    added = np.zeros(design.shape[1])
    added[2] = 1.0
    if ramp:
        added[3] = design[start:, 3].mean()
    error = float(np.sqrt(added @ found.cov_params() @ added))
    return pd.DataFrame([{"estimate": float(added @ found.params), "standard_error": error, "lags": lags}])


def before_after(
    frame: pd.DataFrame, outcome: str, date: pd.Timestamp | str, month: str = "month", level: float = 0.95
) -> Effect:
    """Mean after less mean before, rows taken for independent (Welch): what vendors print.

    Biased by every trend, season and change of mix; given to be held against the studies, never as an effect.
    """
    require_level(level)
    require_columns(frame, [outcome, month], "before and after")
    require_complete(frame, [outcome, month], "before and after")
    late = (pd.to_datetime(frame[month]) >= pd.Timestamp(date)).to_numpy()
    y = frame[outcome].to_numpy(dtype=float)
    if min(late.sum(), (~late).sum()) < 2:
        raise DesignRefused(f"before and after: {(~late).sum()} rows before {date} and {late.sum()} from then on")
    return difference_of_means(y[late], y[~late], level)


def difference_of_means(first: Array, second: Array, level: float = 0.95) -> Effect:
    """Mean of the first less that of the second, rows taken for independent (Welch); two or more of each."""
    parts = [values.var(ddof=1) / len(values) for values in (first, second)]
    error, difference = float(np.sqrt(sum(parts))), float(first.mean() - second.mean())
    shares = sum(part**2 / (len(values) - 1) for part, values in zip(parts, (first, second), strict=True))
    freedom = sum(parts) ** 2 / shares if shares > 0 else 1.0
    half = float(stdtrit(freedom, (1 + level) / 2)) * error
    p = 2 * float(stdtr(freedom, -abs(difference) / error)) if error > 0 else 0.0
    return Effect(difference, difference - half, difference + half, p, error, level)


def _series(frame: pd.DataFrame, outcome: str, month: str, date: pd.Timestamp) -> tuple[pd.DataFrame, int]:
    """Rows in the order of months without gaps, and the place of the first month from `date` on."""
    require_columns(frame, [outcome, month], DESIGN)
    require_complete(frame, [outcome, month], DESIGN)
    require_varied(frame, outcome, DESIGN)
    series = frame.assign(**{month: pd.to_datetime(frame[month])}).sort_values(month, ignore_index=True)
    number = series[month].dt.year * 12 + series[month].dt.month
    wrong = number.diff().iloc[1:] != 1
    if wrong.any():
        where = series[month].iloc[1:][wrong].iloc[0]
        raise DesignRefused(
            f"{DESIGN}: months are not one after the other at {where:%Y-%m}; give one row a month without gaps"
        )
    return series, int((series[month] < date).sum())


def _design(series: pd.DataFrame, month: str, start: int, harmonics: int, ramp: bool) -> Array:
    if isinstance(harmonics, bool) or not 0 <= harmonics <= 5:
        raise ParameterError(f"harmonics is {harmonics!r}; allowed are 0 (no season) to 5")
    return segmented_design(series[month].dt.month.to_numpy(dtype=np.int64), start, harmonics, ramp)


def _fit(series: pd.DataFrame, outcome: str, month: str, start: int, harmonics: int, ramp: bool) -> Segments:
    design = _design(series, month, start, harmonics, ramp)
    return fit_segments(series[outcome].to_numpy(dtype=float), design, start, ramp)


def _effect(found: Segments, level: float) -> Effect:
    ends = found.quantile((1 - level) / 2), found.quantile((1 + level) / 2)
    return Effect(found.estimate, *ends, found.p, found.error, level)


def _placebo_check(false: pd.DataFrame) -> tuple[Check, ...]:
    if false.empty:
        return ()
    least = float(min(1.0, false["p"].min() * len(false)))
    where = false.loc[false["p"].idxmin()]
    says = (
        f"the clearest change at {len(false)} false dates is {where['estimate']:+.3g} in {where['date']:%Y-%m} "
        f"(p = {least:.2g} after correction)"
    )
    return (Check("false dates", least, FAMILY_ALPHA, least >= FAMILY_ALPHA, says),)


def _residual_check(residuals: Array, lags: int = 6) -> Check:
    """Ljung–Box of the whitened residuals, one degree taken by the autocorrelation."""
    n, centred = len(residuals), residuals - residuals.mean()
    scale = float(centred @ centred)
    shares = [float(centred[k:] @ centred[:-k]) / scale for k in range(1, lags + 1)]
    statistic = n * (n + 2) * sum(r**2 / (n - k) for k, r in enumerate(shares, 1))
    p = float(chdtrc(lags - 1, statistic))
    says = f"months still hang together once the first lag is taken out (Ljung–Box p = {p:.2g})"
    return Check("autocorrelation", p, RESIDUAL_ALPHA, p >= RESIDUAL_ALPHA, says)


def _refuse_short(before: int, after: int, harmonics: int) -> None:
    least = SEASON_BEFORE if harmonics else LEAST_BEFORE
    if before < least or after < LEAST_AFTER:
        raise DesignRefused(
            f"{DESIGN}: {before} months before the date and {after} from it on; {least} and {LEAST_AFTER} "
            "are needed"
            f"{' with a season (harmonics: 0 leaves it out)' if harmonics else ''}"
        )
