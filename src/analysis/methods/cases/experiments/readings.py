"""What the effects of several experiments come to, read together: verdicts that count how many were looked at."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.methods.cases.experiments.effects import BETTER, OPEN, WORSE
from analysis.methods.cases.experiments.multiplicity import adjust
from analysis.methods.cases.quasi_experiments.study import Effect

SMALL, COUNTED, ARMS = "too small to matter", "not after counting all", "not after counting arms"


def read_together(tables: Sequence[pd.DataFrame], level: float = 0.95) -> pd.DataFrame:
    """Effects of all experiments as one table, with p values for looking at several, and a reading of each.

    p_holm is over the lead measures of all primary outcomes (`adjust`), every arm of every experiment, missing
    elsewhere. reading: better or worse (the limits that hold for all arms of the experiment leave out zero and, of
    primary outcomes, p_holm is at most 1 − level), `not after counting arms` (the effect's own limits leave out
    zero, those for all arms don't), `not after counting all` (those for all arms do, p_holm is larger), `too small
    to matter` (the limits for all arms lie within what was declared relevant), else can't tell.
    """
    table = pd.concat([one for one in tables if len(one)], ignore_index=True)
    decides = table["primary"].astype(bool) & table["lead"].astype(bool)
    family = adjust(table[decides], alpha=1 - level)
    table = table.assign(p_holm=family["p_holm"].reindex(table.index))
    return table.assign(reading=[_reading(row, 1 - level) for _, row in table.iterrows()])


def _reading(row: pd.Series, alpha: float) -> str:
    limit = row["relevant"]
    if not pd.isna(limit) and max(abs(float(row["all_lower"])), abs(float(row["all_upper"]))) < float(limit):
        return SMALL
    if row["verdict"] == OPEN and (float(row["lower"]) > 0 or float(row["upper"]) < 0):
        return ARMS
    if row["verdict"] in (BETTER, WORSE) and not pd.isna(row["p_holm"]) and float(row["p_holm"]) > alpha:
        return COUNTED
    return str(row["verdict"])


def evidence_of(table: pd.DataFrame, level: float) -> dict[str, Effect]:
    """Effect on the first primary outcome by experiment (`experiment:arm` where several arms were treated).

    Its p counts all registered comparisons where the table does (p_holm of read_together); the interval is of the
    one alone or, where several arms were treated, the one that holds for all of them.
    """
    found: dict[str, Effect] = {}
    main = table[table["primary"].astype(bool) & table["lead"].astype(bool)]
    for name, all_rows in main.groupby("experiment", sort=False):
        rows = all_rows[all_rows["outcome"] == all_rows["outcome"].iloc[0]]
        for row in rows.itertuples():
            key = str(name) if len(rows) == 1 else f"{name}:{row.arm}"
            found[key] = Effect(
                estimate=float(row.effect),
                lower=float(row.all_lower),
                upper=float(row.all_upper),
                p=float(getattr(row, "p_holm", row.p)),
                standard_error=float(row.se),
                level=level,
            )
    return found
