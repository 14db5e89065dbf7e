"""Cash after charge-off under scenarios: how much comes in, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.stress.projection.projection import Projection, month_noise
from analysis.methods.stress.projection.recovery import RecoveryCurve, project_recoveries
from analysis.methods.stress.satellites.draws import draw_coefficients
from analysis.methods.stress.satellites.satellite import Satellite

Array = npt.NDArray[np.float64]
Cash = Mapping[str, Array]

PATHS = ("point", "parameter", "total")


def recovery_paths(
    projection: Projection, curve: RecoveryCurve, one: Satellite | None, drivers: pd.DataFrame, seed: int
) -> dict[str, Array]:
    """Cash after charge-off by path, (D, H, G), with the recovery satellite's shift where there is one."""
    shifts: dict[str, Array | None] = dict.fromkeys(PATHS)
    if one is not None:
        draws, reference = len(projection.flow("cured", which="parameter")), projection.book.reference
        random = np.random.default_rng([seed, 99])
        drawn = draw_coefficients(one, draws, random).shifts(drivers, projection.months, reference)
        noise = month_noise(drawn.shape, one.tau, one.memory, random)
        point = one.shift(drivers, projection.months, reference)[None]
        shifts = {"point": point, "parameter": drawn, "total": drawn + noise}
    return {
        name: project_recoveries(projection.flow("charged_off", which=name), curve, shifts[name]) for name in PATHS
    }


def recoveries(cash: Mapping[str, Cash], months: Sequence[pd.Timestamp], level: float = 0.95) -> pd.DataFrame:
    """Cash of each month by scenario, from recovery_paths() of each.

    Columns scenario, month, expected (at the point estimates), lower, upper (everything), lower_parameter,
    upper_parameter (elasticities alone), in currency.
    """
    pieces = []
    for name, paths in cash.items():
        told = {path: values.sum(axis=2) for path, values in paths.items()}
        columns = {"scenario": name, "month": list(months), "expected": told["point"][0]}
        pieces.append(pd.DataFrame(columns | _limits(told, level)))
    return pd.concat(pieces, ignore_index=True)


def recovery_timing(cash: Mapping[str, Cash], first: int = 12, level: float = 0.95) -> pd.DataFrame:
    """How early the cash comes, by scenario.

    Measures: `first`, cash of the first so many months, in currency; `first_share`, that ÷ cash of all months, a
    fraction; `half`, the month ahead, 1 being the next, by whose end half of the cash of all months has come in.
    The latter two are missing where no cash comes. Columns as in recoveries(), with `measure` for the month.
    """
    rows = []
    for name, paths in cash.items():
        by_path = {path: _timing(values.sum(axis=2), first) for path, values in paths.items()}
        for measure in by_path["point"]:
            told = {path: values[measure] for path, values in by_path.items()}
            rows.append(
                {"scenario": name, "measure": measure, "expected": told["point"][0]} | _limits(told, level)
            )
    return pd.DataFrame(rows)


def _timing(cash: Array, first: int) -> dict[str, Array]:
    summed = cash.cumsum(axis=1)
    total, early = summed[:, -1], cash[:, :first].sum(axis=1)
    some = total > 0
    return {
        "first": early,
        "first_share": np.divide(early, total, out=np.full_like(total, np.nan), where=some),
        "half": np.where(some, (summed < total[:, None] / 2).sum(axis=1) + 1.0, np.nan),
    }


def _limits(told: Cash, level: float) -> dict[str, Array]:
    tails = [(1 - level) / 2, (1 + level) / 2]
    (lowest, highest), (low, high) = (np.quantile(told[path], tails, axis=0) for path in ("total", "parameter"))
    return {"lower": lowest, "upper": highest, "lower_parameter": low, "upper_parameter": high}
