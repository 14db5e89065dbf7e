"""What each scenario asks: its worst points, its weight, and how far out it lies."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analysis.core.scenarios import Scenario, require_baseline
from analysis.methods.stress.satellites.drivers import driver_series
from analysis.methods.stress.scenarios.plausibility import Plausibility

WORST = {
    "unemployment_rate": "max",
    "gdp_yoy": "min",
    "cpi_yoy": "max",
    "policy_rate": "max",
    "house_price_yoy": "min",
}
"""Variable → which end of a path is told."""


def scenario_table(
    scenarios: Mapping[str, Scenario], paths: Mapping[str, pd.DataFrame], judged: Plausibility
) -> pd.DataFrame:
    """One row a scenario: scenario, title, weight, the worst month-end value of each variable (as a fraction),
    distance (Mahalanobis) and quantile, normal_quantile of the distance in what history did.

    A variable that the history lacks is missing. quantile: share of bootstrapped histories that lie nearer.
    """
    rows = []
    for name, path in paths.items():
        worst = {key: getattr(path[key], end)() if key in path else float("nan") for key, end in WORST.items()}
        distance = judged.distance(path.iloc[: judged.anchors[-1]])
        rows.append(
            {"scenario": name, "title": scenarios[name].title, "weight": scenarios[name].weight, **worst}
            | {
                "distance": distance,
                "quantile": judged.quantile(distance),
                "normal_quantile": judged.normal_quantile(distance),
            }
        )
    return pd.DataFrame(rows)


def shared_months(scenarios: Mapping[str, Scenario], months: int) -> int:
    """Months ahead that every scenario has, `months` at most."""
    return min([months, *(one.months for one in scenarios.values())])


def drivers_with(history: pd.DataFrame, path: pd.DataFrame) -> pd.DataFrame:
    """Drivers over history and the path after it."""
    return driver_series(pd.concat([history, path]))


def in_order(scenarios: Mapping[str, Scenario], first: str) -> dict[str, Scenario]:
    """Scenarios with `first` in front, then by falling weight. Raises ParameterError where it isn't among them."""
    require_baseline(scenarios, first)
    rest = sorted((name for name in scenarios if name != first), key=lambda name: -scenarios[name].weight)
    return {name: scenarios[name] for name in (first, *rest)}
