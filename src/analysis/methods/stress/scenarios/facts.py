"""What each scenario asks: its worst points, its weight, and how far out it lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from analysis.core.scenarios import EVERY_INDUSTRY, Scenario, is_index, require_baseline
from analysis.methods.stress.satellites.drivers import driver_series
from analysis.methods.stress.scenarios.paths import comparable_paths, from_last
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
    scenarios: Mapping[str, Scenario], paths: Mapping[str, pd.DataFrame], judged: Plausibility | None
) -> pd.DataFrame:
    """One row a scenario: scenario, title, weight, the worst month-end value of each variable (as a fraction),
    distance (Mahalanobis) and quantile, normal_quantile of the distance in what history did.

    A variable that the history lacks is missing; so is how far out a path lies where `judged` is None. quantile:
    share of bootstrapped histories that lie nearer.
    """
    rows = []
    for name, path in paths.items():
        worst = {key: getattr(path[key], end)() if key in path else float("nan") for key, end in WORST.items()}
        told = {"scenario": name, "title": scenarios[name].title, "weight": scenarios[name].weight}
        rows.append(told | worst | _how_far(path, judged))
    return pd.DataFrame(rows)


def _how_far(path: pd.DataFrame, judged: Plausibility | None) -> dict[str, float]:
    if judged is None:
        return dict.fromkeys(["distance", "quantile", "normal_quantile"], float("nan"))
    distance = judged.distance(path)
    return {
        "distance": distance,
        "quantile": judged.quantile(distance),
        "normal_quantile": judged.normal_quantile(distance),
    }


def farthest(path: pd.DataFrame, history: pd.DataFrame, variables: Sequence[str]) -> pd.DataFrame:
    """Where each of `variables` is farthest from its last actual on a monthly path: variable, month, value, now.

    Of all industries the mean change of their indices against the last actual, `now` being 0. Variables that the
    path lacks are left out.
    """
    last, rows = history.iloc[-1], []
    indices = [name for name in map(str, path.columns) if is_index(name)]
    for name in variables:
        if name == EVERY_INDUSTRY and indices:
            series, now = (path[indices] / last[indices]).mean(axis=1) - 1, 0.0
        elif name in path:
            series, now = path[name], float(last[name])
        else:
            continue
        month = (series - now).abs().idxmax()
        rows.append({"variable": name, "month": month, "value": float(series[month]), "now": now})
    return pd.DataFrame(rows, columns=["variable", "month", "value", "now"])


def beside(
    paths: pd.DataFrame, path: pd.DataFrame, name: str, variables: Sequence[str], last: pd.Timestamp
) -> pd.DataFrame:
    """`paths` (scenarios.paths.all_paths) with a path of another name, of `variables`, as they are drawn
    (comparable_paths), every path beginning at the `last` actual."""
    other = path.rename_axis("month").reset_index().melt("month", var_name="variable").assign(scenario=name)
    lines = comparable_paths(pd.concat([paths, other], ignore_index=True), last)
    return from_last(lines[lines["variable"].isin(variables)], last)


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
