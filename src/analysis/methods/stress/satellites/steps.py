"""All steps' satellites of a portfolio at once, and what is true of them where the portfolio is simulated."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.core.errors import IdentificationWarning, InputError
from analysis.methods.stress.satellites.month_effects import month_effects
from analysis.methods.stress.satellites.satellite import (
    COLUMNS,
    LEAST_MONTHS,
    Published,
    Satellite,
    assumed,
    fit_satellite,
)

DRIVERS_OF: dict[str, tuple[str, ...]] = {
    "entry": ("unemployment", "gdp", "industry"),
    "cure": ("unemployment", "industry"),
    "better": ("unemployment",),
    "stay": ("unemployment",),
    "charge_off": ("unemployment",),
    "recovery": ("unemployment", "inflation"),
}

TRUTH_OF = {
    "entry": "entry",
    "cure": "cure",
    "stay": "stay_or_roll_back",
    "charge_off": "early_charge_off",
    "recovery": "payment_after_charge_off",
}
"""Step → what `elasticities` of truth.json calls it. `better` shares its truth with `stay` but is no step of its
own there."""


def weak_prior(names: Mapping[str, Sequence[str]] | None, deviation: float | None) -> dict[str, Any]:
    """Choices of a fit that draw each elasticity towards zero, as `prior` of fit_satellite(): normal, with the
    standard deviation `deviation`, in log-odds a unit of the driver. None draws nothing.

    Months with hardly any events can else tell of elasticities that no economy has shown.
    """
    if deviation is None:
        return {}
    every = {name for wanted in (names or DRIVERS_OF).values() for name in wanted}
    return {"prior": {name: Published(0.0, deviation, source="towards zero") for name in sorted(every)}}


def fit_satellites(
    cells: pd.DataFrame,
    drivers: pd.DataFrame,
    names: Mapping[str, Sequence[str]] | None = None,
    published: Mapping[str, Mapping[str, Published]] | None = None,
    **choices: Any,
) -> dict[str, Satellite]:
    """A satellite for each step of `names` (default DRIVERS_OF), from cells of all steps.

    `cells`: step_cells() and recovery_rows(), one after another. Drivers that the macro table doesn't serve are
    left out. A step with fewer than 24 months, or hardly any events, takes its `published` elasticities as an
    assumption; without any it is left out with a warning (IdentificationWarning): its rates then don't answer to
    the economy. `choices` go to fit_satellite().
    """
    found: dict[str, Satellite] = {}
    for step, wanted in (names or DRIVERS_OF).items():
        served = [name for name in wanted if name in drivers.columns]
        given = {name: one for name, one in (published or {}).get(step, {}).items() if name in served}
        try:
            found[step] = _fit(step, cells[cells["step"] == step], drivers, served, choices)
        except InputError as error:
            if given:
                found[step] = assumed(step, given)
            else:
                text = f"'{step}' does not answer to the economy here: {error}"
                warnings.warn(text, IdentificationWarning, stacklevel=2)
    return found


def _fit(
    step: str, cells: pd.DataFrame, drivers: pd.DataFrame, names: Sequence[str], choices: Mapping[str, Any]
) -> Satellite:
    if not names:
        raise InputError("the macro table has none of its drivers")
    months = cells["month"].nunique()
    if months < LEAST_MONTHS:
        raise InputError(f"{months} months of steps; elasticities need {LEAST_MONTHS}")
    return fit_satellite(step, month_effects(cells, poisson=step == "recovery"), drivers, names, **choices)


def satellite_table(satellites: Mapping[str, Satellite], level: float = 0.95) -> pd.DataFrame:
    """Satellite.summary() of all steps, one row a step and driver, with `tau` (months' own noise, log-odds) and
    `months` (0 for an assumption)."""
    tables = [one.summary(level).assign(tau=one.tau, months=len(one.months)) for one in satellites.values()]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*COLUMNS, "tau", "months"])


def elasticities_against_truth(table: pd.DataFrame, truth: Mapping[str, Any]) -> pd.DataFrame:
    """satellite_table() beside the elasticities that a simulated portfolio was drawn from: `truth`, `covered`.

    Truths are of single accounts, and of those who can cure; an elasticity of all accounts in a state lies nearer
    to zero, as hidden differences between accounts flatten it (for cure and stay, by about the share that never
    cures). A driver that the simulator doesn't use has truth 0. Steps without a truth are left out.
    """
    known = truth.get("elasticities", {})
    rows = table[table["step"].map(lambda step: TRUTH_OF.get(step) in known)]
    true = [
        float(known[TRUTH_OF[step]].get(driver, 0.0))
        for step, driver in zip(rows["step"], rows["driver"], strict=True)
    ]
    rows = rows.assign(truth=true)
    inside = (rows["lower"] <= rows["truth"]) & (rows["truth"] <= rows["upper"])
    return rows.assign(covered=inside).reset_index(drop=True)
