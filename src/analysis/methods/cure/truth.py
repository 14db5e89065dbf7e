"""Estimates of a simulated portfolio beside the quantities it was drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from analysis.core.spells import SPELL_EXITS
from analysis.methods.cure.chain import states_of, step_counts, usable
from analysis.methods.cure.curves import count
from analysis.methods.cure.never_cure import PROVEN
from analysis.statistics.jackknife import leave_one_out, share_limits
from analysis.statistics.ratio import ratio

COLUMNS = ["measure", "group", "numerator", "denominator", "rate", "rate_lower", "rate_upper", "truth", "covered"]

ALL = "all"


def hazards_against_truth(
    cells: pd.DataFrame, truth: Mapping[str, Any], level: float = 0.95, least: int = 100
) -> pd.DataFrame:
    """Monthly chance of cure by month of the spell, beside the mean chance the simulator drew it with.

    `cells` are spells under the simulator's own rule, a first month current being a cure (sustained_months=1).
    Numerator: spells cured in the month; denominator: spells at risk in it. Months with fewer than `least` at risk
    are left out. The simulator counts accounts that leave the book in a month a little differently, so a gap of
    tenths of a point is definition.
    """
    known = truth["cure"]["by_month_of_spell"]
    counts = count(cells, (), max(map(int, known)))
    cured = counts.leaving[:, 0, :, SPELL_EXITS.index("cured")]
    at_risk = counts.at_risk[:, 0, :]
    numerator, denominator = cured.sum(axis=0), at_risk.sum(axis=0)
    rate = ratio(numerator, denominator)
    limits = share_limits(rate, ratio(leave_one_out(cured), leave_one_out(at_risk)), denominator, level)
    months = np.arange(1, len(rate) + 1)
    table = pd.DataFrame(
        {
            "measure": "cure_in_month",
            "group": months.astype(str),
            "numerator": numerator,
            "denominator": denominator,
            "rate": rate,
            "rate_lower": limits.lower,
            "rate_upper": limits.upper,
            "truth": [known.get(str(month), {}).get("hazard") for month in months],
        }
    )
    return _judged(table[table["denominator"] >= least])


def never_against_truth(never: pd.DataFrame, truth: Mapping[str, Any]) -> pd.DataFrame:
    """Never-cure shares, read both ways, beside the share of spells that the simulator made unable to cure.

    `never` is never_cure()'s table, for the whole (`product` = all) and by product. The proven reading holds the
    spells that could have cured but met charge-off first: it is an upper bound, and `covered` says whether the
    truth lies below its upper limit. The other reading is left out where it must not be told (`sufficient`).
    """
    shares = truth["never_cure"]
    known = {ALL: shares["all"]["share"]} | {name: cell["share"] for name, cell in shares["by_product"].items()}
    told = (never["reading"] == PROVEN) | never["sufficient"].astype(bool)
    found = never[never["product"].isin(list(known)) & told]
    table = found.assign(
        measure="never_" + found["reading"],
        group=found["product"],
        numerator=(found["rate"] * found["spells"]).round(),
        denominator=found["spells"],
        truth=[known[name] for name in found["product"]],
    )
    judged = _judged(table)
    bound = judged["measure"] == f"never_{PROVEN}"
    return judged.assign(covered=judged["covered"] | (bound & (judged["truth"] <= judged["rate_upper"])))


def recovery_against_truth(curve: pd.DataFrame, truth: Mapping[str, Any], months: int = 24) -> pd.DataFrame:
    """Cash within 24 months of charge-off ÷ amount charged off, beside what the whole simulated history came to.

    The simulator's number is realised, of the claims it could follow so long, and not an expectation: chance moves
    it too, so it is a check of the estimator, not of its interval.
    """
    known = {ALL: truth["recovery"]["within_24_months"]} | dict(truth["recovery"]["by_product"])
    found = curve[(curve["since"] == months) & curve["value"].isin(list(known))]
    table = found.assign(
        measure="recovery",
        group=found["value"],
        numerator=found["rate"] * found["charged_off"],
        denominator=found["charged_off"],
        rate_lower=found["lower"],
        rate_upper=found["upper"],
        truth=[known[name] for name in found["value"]],
    )
    return _judged(table)


def relapse_against_truth(
    steps: pd.DataFrame, truth: Mapping[str, Any], level: float = 0.95, least: int = 100
) -> pd.DataFrame:
    """Monthly chance of falling back into arrears by months current, beside the mean chance it was drawn with.

    `steps` are the chain's cells. Numerator: steps out of `probation_j` or `cured_j`, j months current, into
    arrears of any depth; denominator: all steps out of it. The truth is of the months that the steps hold. States
    with fewer than `least` steps are left out; without `relapse` in truth there are no rows.
    """
    if "relapse" not in truth:
        return pd.DataFrame(columns=COLUMNS)
    cells = usable(steps)
    states = states_of(cells)
    counts = step_counts(cells, states)
    months = {f"{day:%Y-%m-%d}" for day in pd.to_datetime(cells["month"].unique())}
    drawn = [by for month, by in truth["relapse"]["by_month"].items() if month in months]
    rows = []
    for name in (*states.probation, *states.cured):
        own, group = counts[:, states.names.index(name)], name.rsplit("_", 1)[-1]
        again, held = own[:, states.places(states.arrears)].sum(axis=1), own.sum(axis=1)
        rate = ratio(again.sum(), held.sum())
        limits = share_limits(rate, ratio(leave_one_out(again), leave_one_out(held)), held.sum(), level)
        known = [by[group] for by in drawn if by.get(group, {}).get("at_risk")]
        rows.append(
            {
                "measure": "relapse",
                "group": group,
                "numerator": again.sum(),
                "denominator": held.sum(),
                "rate": float(rate),
                "rate_lower": float(limits.lower),
                "rate_upper": float(limits.upper),
                "truth": ratio(
                    sum(cell["hazard"] * cell["at_risk"] for cell in known), sum(cell["at_risk"] for cell in known)
                ),
            }
        )
    table = pd.DataFrame(rows)
    return _judged(table[table["denominator"] >= least])


def redefault_against_truth(again: pd.DataFrame, truth: Mapping[str, Any], since: date) -> pd.DataFrame:
    """Chance of a re-default within a year of a sustained cure, beside the share of cures that came to one.

    `again` is absorption.redefault()'s table of the whole, from the rates of the months after `since`. The truth
    is realised, of the cures sustained from `since` on that could be followed for the year: the rates' months
    reach beyond theirs, and chance moves it too. No rows where none was followed.
    """
    known = truth.get("redefault", {}).get("by_month", {})
    followed = [cell for month, cell in known.items() if date.fromisoformat(month) >= since]
    cures, late = (sum(cell[name] for cell in followed) for name in ("cures", "again"))
    if not cures:
        return pd.DataFrame(columns=COLUMNS)
    table = again[again["value"] == ALL].assign(
        measure="redefault",
        group=ALL,
        rate_lower=again["lower"],
        rate_upper=again["upper"],
        truth=late / cures,
    )
    return _judged(table)


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    truth = table["truth"].astype(float)
    covered = (table["rate_lower"] <= truth) & (truth <= table["rate_upper"])
    judged = table.assign(truth=truth, covered=covered)[COLUMNS]
    return judged.dropna(subset=["rate", "rate_lower", "truth"]).reset_index(drop=True)
