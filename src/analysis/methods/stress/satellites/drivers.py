"""The economy in the units that elasticities are told in, and what economics says of their signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.core.scenarios import is_index

Array = npt.NDArray[np.float64]

DRIVERS: dict[str, tuple[str, float]] = {
    "unemployment": ("unemployment_rate", 100.0),
    "gdp": ("gdp_yoy", 100.0),
    "inflation": ("cpi_yoy", 100.0),
    "policy_rate": ("policy_rate", 100.0),
    "house_price": ("house_price_yoy", 10.0),
}
"""Driver → (column of the macro table, factor): percentage points, and 10 points for house prices."""
INDUSTRY = "industry"
"""Mean yearly change of the industries' indices (logarithm), in tenths: 1 is about 10%."""

ADVERSE: dict[str, int] = {
    "unemployment": 1, "gdp": -1, "inflation": 1, "policy_rate": 1, "house_price": -1, INDUSTRY: -1
}  # fmt: skip
"""Direction in which a driver hurts borrowers."""

STEPS: dict[str, int] = {"entry": 1, "cure": -1, "better": -1, "stay": -1, "charge_off": 1, "recovery": -1}
"""Step → how its probability (for recovery: rate) answers when borrowers are hurt."""

Months = Sequence[pd.Timestamp] | pd.Index | npt.NDArray[np.datetime64]
Structure = Mapping[str, int]
"""Driver → months it acts ahead, for example {"unemployment": 2, "gdp": 2}."""


def driver_series(macro: pd.DataFrame) -> pd.DataFrame:
    """Drivers by month end from history, or from history with a scenario's path after it; those it has columns
    for.

    `industry` is blank in the first twelve months.
    """
    found = {name: factor * macro[column] for name, (column, factor) in DRIVERS.items() if column in macro}
    industries = [name for name in macro.columns if is_index(str(name))]
    if industries:
        found[INDUSTRY] = pd.DataFrame(np.log(macro[industries])).diff(12).mean(axis=1, skipna=False) / 0.1
    return pd.DataFrame(found)


def sign_of(step: str, driver: str) -> int:
    """Sign that an elasticity must have: of a rise of the driver on the log-odds (recovery: log) of the step."""
    return STEPS[step] * ADVERSE[driver]


def lagged(drivers: pd.DataFrame, months: Months, structure: Structure) -> Array:
    """Each driver `lag` months before each of `months`, (T, drivers); nan where the series don't reach.

    Raises ParameterError for a driver that the series lack, or a lag below 0.
    """
    columns = [lagged_column(drivers, months, name, lag) for name, lag in structure.items()]
    return np.column_stack(columns) if columns else np.empty((len(months), 0))


def lagged_column(drivers: pd.DataFrame, months: Months, name: str, lag: int) -> Array:
    """One driver `lag` months before each of `months`, (T,)."""
    return lagged_rows(drivers, months, name, [lag])[0]


def lagged_rows(drivers: pd.DataFrame, months: Months, name: str, lags: Sequence[int]) -> Array:
    """One driver, for each of `lags`, so many months before each of `months`, (lags, T)."""
    if name not in drivers.columns:
        raise ParameterError(f"driver '{name}' is not there; the macro table serves {', '.join(drivers.columns)}")
    if min(lags) < 0:
        raise ParameterError(f"lag of '{name}' is {min(lags)}; it must be 0 or more months")
    known = calendar(drivers.index)  # ascending
    wanted = calendar(months) - np.array(lags, dtype="timedelta64[M]")[:, None]
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[place] == wanted, drivers[name].to_numpy(float)[place], np.nan)


def calendar(months: Months) -> npt.NDArray[np.datetime64]:
    """Months as numbers of numpy, (T,): worth doing once where many columns are looked up."""
    if isinstance(months, pd.Index):
        return months.to_numpy(dtype="datetime64[M]")
    return months if isinstance(months, np.ndarray) else np.array(list(months), dtype="datetime64[M]")


def harmonics(months: Months, count: int) -> Array:
    """Sines and cosines of the month of the year, (T, 2·count): each sums to zero over a year."""
    of_year = calendar(months).astype(np.int64) % 12 + 1
    angle = 2 * np.pi * of_year / 12.0
    waves = [wave(k * angle) for k in range(1, count + 1) for wave in (np.sin, np.cos)]
    return np.column_stack(waves) if waves else np.empty((len(months), 0))
