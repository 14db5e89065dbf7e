"""History as a test: what a satellite of card delinquency, fitted before an epidemic, tells of the years after it.

In yearly changes, since levels mislead: both series drift for decades for reasons of their own, so a regression of
levels finds whatever the sample's trends happen to be (Granger and Newbold 1974, Journal of Econometrics 2,
111–120).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from analysis.core.errors import InputError

Array = npt.NDArray[np.float64]

YEAR = 4
LEAST_QUARTERS = 12


def quarterly(table: pd.DataFrame, column: str | None = None) -> pd.Series:
    """A series by quarter (PeriodIndex), the mean of its months, from a table with `date` and a column of values.

    FRED's newer files call the first `observation_date`, which serves too. Blank months are left out of the mean.
    Raises InputError without a column of dates or the one asked for, for dates that are none, and without numbers.
    """
    table = table.rename(columns={"observation_date": "date"})
    names = [str(name) for name in table.columns if name != "date"]
    wanted = column or (names[0] if names else "")
    if "date" not in table.columns or wanted not in table.columns:
        shown = ", ".join(map(str, table.columns))
        raise InputError(f"a history table needs 'date' and {wanted or 'a column of values'}; it has {shown}")
    values = pd.to_numeric(table[wanted], errors="coerce")
    if values.isna().all():
        raise InputError(f"{wanted} of a history table holds no number")
    try:
        dates = pd.to_datetime(table["date"])
    except ValueError as error:
        raise InputError(f"'date' of a history table holds what is no date: {error}") from None
    quarters = pd.PeriodIndex(dates, freq="Q", name="quarter")
    return values.groupby(quarters).mean().rename(wanted)


@dataclass(frozen=True)
class ChangeModel:
    """y's change on a year before = intercept + slope × unemployment's, `lag` quarters earlier.

    `covariance` (2, 2) is robust to the overlap of yearly changes; `sigma`: standard deviation of what is left;
    `degrees` of Student's t; `correlation`, `bic`; `quarters` fitted on.
    """

    lag: int
    coefficients: Array
    covariance: Array
    sigma: float
    degrees: float
    correlation: float
    bic: float
    quarters: pd.PeriodIndex

    @property
    def slope(self) -> float:
        return float(self.coefficients[1])

    def limits(self, level: float = 0.95) -> tuple[float, float]:
        """Interval of the slope."""
        reach = float(stdtrit(self.degrees, 0.5 + level / 2)) * float(np.sqrt(self.covariance[1, 1]))
        return self.slope - reach, self.slope + reach


def fit_changes(
    rate: pd.Series, unemployment: pd.Series, last: str, first: str | None = None, lags: Sequence[int] = (0, 1, 2)
) -> ChangeModel:
    """Yearly changes of `rate` on those of `unemployment` (points, by quarter) from `first` to `last`, at the lag
    with the lowest BIC. Raises InputError for fewer than 12 quarters."""
    found = [_regress_changes(rate, unemployment, first, last, lag) for lag in lags]
    return min(found, key=lambda model: model.bic)


def _regress_changes(
    rate: pd.Series, unemployment: pd.Series, first: str | None, last: str, lag: int
) -> ChangeModel:
    pair = _pair(rate.diff(YEAR), unemployment.diff(YEAR).shift(lag), first, last)
    x, y = np.column_stack([np.ones(len(pair)), pair["x"]]), pair["y"].to_numpy()
    coefficients, covariance, residual, degrees = least_squares(x, y)
    bic = len(y) * np.log(residual @ residual / len(y)) + 2 * np.log(len(y))
    sigma = float(np.sqrt(residual @ residual / (len(y) - 2)))
    correlation = float(np.corrcoef(pair["x"], pair["y"])[0, 1])
    return ChangeModel(
        lag, coefficients, covariance, sigma, degrees, correlation, float(bic), pd.PeriodIndex(pair.index)
    )


def least_squares(x: Array, y: Array) -> tuple[Array, Array, Array, float]:
    """Coefficients, covariance robust to autocorrelation, residuals, and degrees of freedom of Student's t.

    Bartlett's kernel over S = 1.3 √n quarters (Newey and West 1987, Econometrica 55, 703–708), with 1.5 n / S
    degrees (Lazarus, Lewis, Stock and Watson 2018, Journal of Business & Economic Statistics 36, 541–559).
    """
    n = len(y)
    inverse = np.linalg.inv(x.T @ x)
    coefficients = inverse @ x.T @ y
    residual = y - x @ coefficients
    scores, width = x * residual[:, None], int(np.ceil(1.3 * np.sqrt(n)))
    meat = scores.T @ scores
    for lag in range(1, min(width, n - 1)):
        cross = scores[lag:].T @ scores[:-lag]
        meat += (1 - lag / width) * (cross + cross.T)
    return coefficients, inverse @ meat @ inverse * (n / (n - x.shape[1])), residual, 1.5 * n / width


def _pair(y: pd.Series, x: pd.Series, first: str | None, last: str) -> pd.DataFrame:
    pair = pd.DataFrame({"y": y, "x": x}).loc[first:last].dropna()
    if len(pair) < LEAST_QUARTERS:
        raise InputError(f"{len(pair)} quarters have both series; {LEAST_QUARTERS} or more are needed")
    return pair


def project_history(
    model: ChangeModel, rate: pd.Series, unemployment: pd.Series, last: str, level: float = 0.95
) -> pd.DataFrame:
    """`rate` from the quarter after the fit to `last`, under the unemployment that happened.

    Each quarter builds on the one a year before, actual in the first year and projected after; the interval holds
    coefficients and residuals (one a year, taken as independent). Columns quarter, unemployment, change (of
    unemployment, at the model's lag), expected, lower, upper, actual, covered. Rates in their own unit, percent.
    """
    begin = model.quarters[-1] + 1
    moved = unemployment.diff(YEAR).shift(model.lag)
    ahead = pd.period_range(begin, last, freq="Q")
    _require(rate, [begin - k for k in range(1, YEAR + 1)], moved, list(ahead))
    table = pd.DataFrame([_quarter(model, rate, moved, begin, quarter, level) for quarter in ahead])
    table.insert(1, "unemployment", unemployment.reindex(ahead).to_numpy())
    table["actual"] = rate.reindex(ahead).to_numpy(float)
    return table.assign(covered=table["actual"].between(table["lower"], table["upper"]))


def _quarter(
    model: ChangeModel, rate: pd.Series, moved: pd.Series, begin: pd.Period, quarter: pd.Period, level: float
) -> dict[str, object]:
    years = (quarter - begin).n // YEAR + 1
    base = quarter - YEAR * years
    steps = moved.reindex([base + YEAR * (year + 1) for year in range(years)])
    sums = np.array([float(years), float(steps.sum())])
    expected = float(rate.reindex([base]).iloc[0] + sums @ model.coefficients)
    spread = float(np.sqrt(sums @ model.covariance @ sums + years * model.sigma**2))
    reach = float(stdtrit(model.degrees, 0.5 + level / 2)) * spread
    change = float(steps.iloc[-1])
    limits = {"expected": expected, "lower": expected - reach, "upper": expected + reach}
    return {"quarter": quarter, "change": change, **limits}


def _require(rate: pd.Series, before: list[pd.Period], moved: pd.Series, ahead: list[pd.Period]) -> None:
    for what, series, quarters in (("rate", rate, before), ("unemployment", moved, ahead)):
        missing = series.reindex(quarters).isna().to_numpy()
        if missing.any():
            first = next(quarter for quarter, gone in zip(quarters, missing, strict=True) if gone)
            raise InputError(f"{what} is missing for {first} (or the year before it); the projection needs it")
