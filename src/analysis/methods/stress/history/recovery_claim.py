"""What inflation does to recovery here, against a printed claim."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.methods.stress.satellites.fit import fit_satellite
from analysis.methods.stress.satellites.month_effects import month_effects


def inflation_effect(
    cells: pd.DataFrame, drivers: pd.DataFrame, inflation: float, other: Sequence[str] = ("unemployment",),
    level: float = 0.95,
) -> dict[str, float]:  # fmt: skip
    """Change of monthly recovery were inflation at `inflation` (fraction) instead of its mean.

    `cells`: recovery rows (satellites.cells.recovery_rows) of the products the claim speaks of. The elasticity is
    fitted without a sign being demanded, so that it could refute. change, lower, upper: ratio − 1; mean and
    highest inflation of the months fitted on (fractions); months; reached: whether inflation ever was so high.
    Raises InputError where there are too few months.
    """
    effects = month_effects(cells, poisson=True)
    names = [name for name in (*other, "inflation") if name in drivers.columns]
    model = fit_satellite("recovery", effects, drivers, names, signs=False)
    row = model.summary(level).set_index("driver").loc["inflation"]
    seen = drivers["inflation"].reindex(pd.DatetimeIndex(list(model.months))).dropna() / 100.0
    moved = 100.0 * (inflation - float(seen.mean()))
    found = {name: float(np.expm1(row[name] * moved)) for name in ("elasticity", "lower", "upper")}
    low, high = sorted((found["lower"], found["upper"]))
    return {
        "change": found["elasticity"], "lower": low, "upper": high, "mean": float(seen.mean()),
        "highest": float(seen.max()), "months": len(model.months), "reached": bool(seen.max() >= inflation),
    }  # fmt: skip
