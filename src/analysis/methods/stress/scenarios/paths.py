"""A scenario as monthly values that continue the last actual."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.core.periods import shift_months
from analysis.core.scenario_join import levels, path_of, require_join
from analysis.core.scenarios import EVERY_INDUSTRY, Scenario, VariablePath, is_index
from analysis.methods.stress.scenarios.macro import last_actual


def monthly_path(scenario: Scenario, history: pd.DataFrame, months: int | None = None) -> pd.DataFrame:
    """Values by month end of every variable that `history` has, for the months after its last.

    `history` is scenarios.macro.macro_history()'s. Values at the ends of quarters or months are joined by straight
    lines (of the logarithm for an index) that begin at the last actual. `months`: how many, by default all that
    the scenario has. Raises ParameterError, in one list: a variable of the history without a path, a level that
    leaves the allowed range, a jump at the join, more months than the scenario has.
    """
    wanted = scenario.months if months is None else months
    last = last_actual(history)
    require_join(scenario, history, wanted)
    columns = {}
    for name in map(str, history.columns):
        path = path_of(scenario, name)
        if path is not None:
            columns[name] = interpolate(name, float(history[name].iloc[-1]), path, scenario.step_months)[:wanted]
    ends = [pd.Timestamp(shift_months(last, step)) for step in range(1, wanted + 1)]
    return pd.DataFrame(columns, index=pd.DatetimeIndex(ends, name="month"))


def interpolate(variable: str, start: float, path: VariablePath, step_months: int) -> np.ndarray:
    """Monthly levels after the last actual."""
    points = np.concatenate([[start], levels(variable, start, path)])
    known = np.arange(len(points)) * step_months
    wanted = np.arange(1, known[-1] + 1)
    if is_index(variable):
        return np.asarray(np.exp(np.interp(wanted, known, np.log(points))))
    return np.asarray(np.interp(wanted, known, points))


def all_paths(scenarios: Sequence[Scenario], history: pd.DataFrame, months: int | None = None) -> pd.DataFrame:
    """Paths of several scenarios, one row a scenario, month and variable, after the history they continue.

    Columns scenario ("actual" for the history), month, variable, value.
    """
    pieces = {"actual": history} | {one.name: monthly_path(one, history, months) for one in scenarios}
    long = [
        frame.rename_axis("month").reset_index().melt("month", var_name="variable").assign(scenario=name)
        for name, frame in pieces.items()
    ]
    return pd.concat(long, ignore_index=True)[["scenario", "month", "variable", "value"]]


DRAWN = ("unemployment_rate", "gdp_yoy", "cpi_yoy", "policy_rate", "house_price_yoy", EVERY_INDUSTRY)
FALLING = ("gdp_yoy", "house_price_yoy", EVERY_INDUSTRY)
"""Variables whose low values are the bad ones."""


def comparable_paths(paths: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    """The same rows by variable as they can be drawn on an axis of percent, in the order of DRAWN.

    Rates stay as they are; industry indices become the mean over industries of their change since `last`, under
    the name of every industry. Variables that the history doesn't have are absent.
    """
    is_industry = paths["variable"].map(is_index).astype(bool)
    indices = paths[is_industry]
    now = indices[(indices["scenario"] == "actual") & (indices["month"] == last)].set_index("variable")["value"]
    changes = indices.assign(value=indices["value"] / indices["variable"].map(now) - 1)
    mean = changes.groupby(["scenario", "month"], sort=False, as_index=False)["value"].mean()
    rows = pd.concat([paths[~is_industry], mean.assign(variable=EVERY_INDUSTRY)], ignore_index=True)
    order = {name: place for place, name in enumerate(DRAWN)}
    rows = rows[rows["variable"].isin(DRAWN)]
    return rows.sort_values("variable", key=lambda names: names.map(order), kind="stable", ignore_index=True)


def worst_of(paths: pd.DataFrame) -> pd.DataFrame:
    """Of each variable the row of the scenarios' worst month, in order: its lowest where low is bad, else its
    highest."""
    ahead = paths[paths["scenario"] != "actual"]
    badness = ahead["value"].where(~ahead["variable"].isin(FALLING), -ahead["value"])
    return ahead.loc[badness.groupby(ahead["variable"], sort=False).idxmax()]


def from_last(paths: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    """`paths` with every scenario's line begun at the `last` actual, in the order of variables."""
    begin = paths[(paths["scenario"] == "actual") & (paths["month"] == last)]
    ahead = [one for one in pd.unique(paths["scenario"]) if one != "actual"]
    joined = pd.concat([paths, *(begin.assign(scenario=one) for one in ahead)], ignore_index=True)
    order = joined["variable"].map({one: place for place, one in enumerate(pd.unique(paths["variable"]))})
    joined = joined.assign(order=order).sort_values(["order", "scenario", "month"], ignore_index=True)
    return joined.drop(columns="order")


def roles(paths: pd.DataFrame, baseline: str) -> pd.Series:
    """What each row's line is in a picture of its variable: baseline, worst (worst_of) or other."""
    worst = worst_of(paths).set_index("variable")["scenario"]
    role = paths["scenario"].eq(paths["variable"].map(worst)).map({True: "worst", False: "other"})
    return role.mask(paths["scenario"] == baseline, "baseline")
