"""All steps' satellites of a portfolio at once, and what is true of them where the portfolio is simulated."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import pandas as pd

from analysis.core.errors import IdentificationWarning, InputError
from analysis.core.parameters.stress import DRIVERS
from analysis.methods.stress.satellites.drivers import sign_of
from analysis.methods.stress.satellites.fit import LEAST_MONTHS, assumed, fit_satellite
from analysis.methods.stress.satellites.month_effects import month_effects
from analysis.methods.stress.satellites.satellite import Published, Satellite

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
    every = {name for wanted in (names or DRIVERS).values() for name in wanted}
    return {"prior": {name: Published(0.0, deviation, source="towards zero") for name in sorted(every)}}


def fit_satellites(
    cells: pd.DataFrame,
    drivers: pd.DataFrame,
    names: Mapping[str, Sequence[str]] | None = None,
    published: Mapping[str, Mapping[str, Published]] | None = None,
    **choices: Any,
) -> dict[str, Satellite]:
    """A satellite for each step of `names` (default DRIVERS), from cells of all steps.

    `cells`: step_cells() and recovery_rows(), one after another. Drivers that the macro table doesn't serve are
    left out. A step with fewer than 24 months, or hardly any events, takes its `published` elasticities as an
    assumption; without any it is left out with a warning (IdentificationWarning): its rates then don't answer to
    the economy. `choices` go to fit_satellite().
    """
    found: dict[str, Satellite] = {}
    for step, wanted in (names or DRIVERS).items():
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


def months_alone(
    satellites: Mapping[str, Satellite], cells: pd.DataFrame, drivers: pd.DataFrame
) -> dict[str, Satellite]:
    """The same steps by what their months tell alone: no signs demanded, nothing drawn towards zero.

    Their 95% limits held the truth in 92–98% of 1,000 simulated histories (benchmarks/satellite_coverage.py);
    those of a fit that is drawn towards zero can't, whatever the truth. Steps whose months cannot tell their
    drivers apart are left out; an assumption stays as it was given.
    """
    found: dict[str, Satellite] = {}
    for step, one in satellites.items():
        if one.source == "assumption":
            found[step] = one
            continue
        with suppress(InputError):
            found[step] = _fit(step, cells[cells["step"] == step], drivers, one.drivers, {"signs": False})
    return found


COLUMNS = [
    "step", "driver", "lag", "elasticity", "bounded", "source", "tau", "months", "alone", "se", "lower", "upper",
    "against",
]  # fmt: skip


def satellite_table(
    satellites: Mapping[str, Satellite], alone: Mapping[str, Satellite], level: float = 0.95
) -> pd.DataFrame:
    """One row a step and driver: what projections move by, beside what months tell of it `alone`, with limits.

    step, driver, lag (mean, months), elasticity (used: within its sign, drawn towards zero), bounded (weight of
    the structures that the sign holds at 0), source, tau (months' own noise, log-odds), months (0 for an
    assumption); alone, se, lower, upper: estimate, standard error and limits of months_alone(), blank where months
    cannot tell; against: whether these limits lie wholly on the side that economics rules out. `elasticity` may
    lie outside the limits: then sign or drawing outweigh the months.
    """
    tables = [_rows(one, alone.get(step), level) for step, one in satellites.items()]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=COLUMNS)


def _rows(used: Satellite, alone: Satellite | None, level: float) -> pd.DataFrame:
    table = used.summary(level).drop(columns=["se", "lower", "upper"])
    table = table.assign(tau=used.tau, months=len(used.months))
    told = {"elasticity": "alone", "se": "se", "lower": "lower", "upper": "upper"}
    if alone is None:
        return table.assign(**dict.fromkeys(told.values(), float("nan")), against=False)[COLUMNS]
    limits = alone.summary(level).rename(columns=told)
    table = table.merge(limits[["driver", *told.values()]], on="driver", validate="one_to_one")
    signs = [sign_of(used.step, driver) for driver in table["driver"]]
    table["against"] = table["upper"].where(pd.Series(signs) > 0, -table["lower"]) < 0
    return table[COLUMNS]


def elasticities_against_truth(table: pd.DataFrame, truth: Mapping[str, Any]) -> pd.DataFrame:
    """satellite_table() beside the elasticities that a simulated portfolio was drawn from: `truth`, `covered` (by
    the limits of months alone; rows without any are left out).

    Truths are of single accounts, and of those who can cure; an elasticity of all accounts in a state lies nearer
    to zero, as hidden differences between accounts flatten it (for cure and stay, by about the share that never
    cures). A driver that the simulator doesn't use has truth 0. Steps without a truth are left out.
    """
    known = truth.get("elasticities", {})
    rows = table[table["step"].map(lambda step: TRUTH_OF.get(step) in known) & table["lower"].notna()]
    true = [
        float(known[TRUTH_OF[step]].get(driver, 0.0))
        for step, driver in zip(rows["step"], rows["driver"], strict=True)
    ]
    rows = rows.assign(truth=true)
    inside = (rows["lower"] <= rows["truth"]) & (rows["truth"] <= rows["upper"])
    return rows.assign(covered=inside).reset_index(drop=True)
