"""Measures that look back: what became of spells, and of charged-off claims, once they have had their time."""

from __future__ import annotations

import pandas as pd

from analysis.core.spells import SpellRules
from analysis.core.states import Buckets
from analysis.data.panel.covariates import FOLD, covariates
from analysis.data.panel.months import month_number
from analysis.data.panel.parts import ACCOUNT, Part
from analysis.data.panel.recoveries import recovery_cells
from analysis.data.panel.spells import follow_up_end, kept
from analysis.data.portfolio import Portfolio

MATURED = (("cured_within_3", "cured", 3), ("charged_off_12", "charged_off", 12))
RECOVERY_MONTHS = 12


def matured_spells(portfolio: Portfolio, rules: SpellRules, buckets: Buckets) -> list[pd.DataFrame]:
    """Spells by m (the month in which their time is over) and fold; events had the exit in time.

    Only spells seen to begin, and only where follow-up reaches the end of the time. One that left otherwise (paid
    off, sold) counts as not having had the exit. A portfolio without a charge-off tells of none.
    """
    end = month_number(follow_up_end(portfolio, rules))
    spells = kept(portfolio, rules, buckets)
    seen = spells.filter(spells.entry == 0, ~spells.running)
    joined = seen.inner_join(covariates(Part(portfolio), ()), ACCOUNT)
    found = []
    for kpi, exit_, months in MATURED:
        rows = joined.filter(joined.began + months <= end)
        had = (rows.exit == exit_) & (rows.duration <= months)
        rows = rows.mutate(m=rows.began + months, had=had)
        table = rows.group_by("m", FOLD).aggregate(numerator=rows.had.sum(), units=rows.count()).to_pandas()
        if exit_ == "cured" or table["numerator"].sum() > 0:
            found.append(table.assign(kpi=kpi, events=table["numerator"], denominator=table["units"]))
    return found


def recovered(portfolio: Portfolio) -> pd.DataFrame:
    """Cash in the twelve months after charge-off, by month (the twelfth after charge-off) and fold.

    Numerator cash, denominator the amount charged off; units its claims; events as many, since cash has no count.
    """
    cells = recovery_cells(portfolio, RECOVERY_MONTHS, [])
    cells = cells[cells["followed"] >= RECOVERY_MONTHS]
    sums = cells.groupby(["month", FOLD], as_index=False)[["paid", "charged_off", "claims"]].sum()
    after = pd.to_datetime(sums["month"]) + pd.offsets.MonthEnd(RECOVERY_MONTHS)
    named = sums.rename(columns={"paid": "numerator", "charged_off": "denominator", "claims": "units"})
    return named.assign(kpi="recovery_rate", month=after, events=named["units"])
