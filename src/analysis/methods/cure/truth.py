"""Estimates of a simulated portfolio beside the quantities it was drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.core.spells import SPELL_EXITS
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


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    truth = table["truth"].astype(float)
    covered = (table["rate_lower"] <= truth) & (truth <= table["rate_upper"])
    judged = table.assign(truth=truth, covered=covered)[COLUMNS]
    return judged.dropna(subset=["rate", "rate_lower", "truth"]).reset_index(drop=True)
