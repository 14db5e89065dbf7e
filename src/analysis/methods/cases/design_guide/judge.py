"""All registered interventions judged, with their checks, and the plain comparisons they would be printed as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.core.parameters.cases_interventions import Intervention
from analysis.methods.cases.design_guide.assignment import ASSIGNED_BY, COLUMNS, evaluate, rule_of
from analysis.methods.cases.design_guide.frames import TREATED, Prepared, prepare
from analysis.methods.cases.quasi_experiments.study import DesignRefused, Study

STRENGTH = ("hidden confounding", "rows within the bandwidth")
"""Checks of how much there is to go by; all others say, when they fail, that something is wrong."""


def judge(
    interventions: Sequence[Intervention], rows: Mapping[str, pd.DataFrame], seed: int = 1, level: float = 0.95
) -> tuple[pd.DataFrame, dict[str, Study], dict[str, Prepared]]:
    """One row an intervention as in assignment.quasi_experiments(), then studies and what they were run on.

    `decisions` counts those that the design rests on.

    Interventions without rows are left out; those that the data can't bear have the reason in `refused`.
    """
    told, studies, prepared = [], {}, {}
    for each in interventions:
        if each.name not in rows:
            continue
        rule = rule_of(each.assigned_by, each.name)
        row: dict[str, object] = {"intervention": each.name, "assigned_by": each.assigned_by}
        row["outcome"] = each.outcome
        try:
            prepared[each.name] = prepare(each, rows[each.name], seed, level)
            row["decisions"] = prepared[each.name].used
            studies[each.name] = evaluate(prepared[each.name].declared, prepared[each.name].frame)
            row |= studies[each.name].row() | {"design": rule.design, "refused": ""}
        except DesignRefused as reason:
            row |= {"design": rule.design, "verdict": "refused", "assumption": rule.assumption}
            row["refused"] = str(reason)
        told.append(row)
    return pd.DataFrame(told, columns=[*COLUMNS, "decisions"]), studies, prepared


def checks_of(studies: Mapping[str, Study]) -> pd.DataFrame:
    """Checks of all studies, one a row: intervention, check, value, limit, passed, says."""
    rows = [
        (name, c.name, c.value, c.limit, c.passed, c.says) for name, study in studies.items() for c in study.checks
    ]
    return pd.DataFrame(rows, columns=["intervention", "check", "value", "limit", "passed", "says"])


def first_with(studies: Mapping[str, Study], table: str) -> str | None:
    """Name of the first study that has a table, such as the one whose figure is drawn; None where none has."""
    return next((name for name, study in studies.items() if table in study.tables), None)


def broken(studies: Mapping[str, Study]) -> list[str]:
    """Names of the studies in which a check says that the design's assumption does not hold."""
    return [
        name
        for name, study in studies.items()
        if any(not check.passed and check.name not in STRENGTH for check in study.checks)
    ]


def leading(interventions: Sequence[Intervention], studies: Mapping[str, Study]) -> str | None:
    """Name of the evaluation that stands for all on the first page; None where no sound one is there.

    Of several evaluations of one experiment the strongest design, sound or not, speaks for it; of those that are
    sound, the one with the narrowest interval. Never by what came out.
    """
    strongest: dict[object, Intervention] = {}
    for each in sorted(interventions, key=lambda one: ASSIGNED_BY.index(one.assigned_by)):
        if each.name in studies:
            strongest.setdefault(each.experiment, each)
    sound = [each.name for each in strongest.values() if studies[each.name].sound]
    return min(sound, key=lambda name: studies[name].effect.upper - studies[name].effect.lower, default=None)


def misled(table: pd.DataFrame) -> pd.Series | None:
    """Row of plain_table() with an effect that shows, whose plain difference is farthest from it; None if none.

    `table` has the columns of judge() besides. `outside` is added: the plain difference lies outside the design's
    interval; and `silent`: its own interval holds zero.
    """
    there = table[table["verdict"].isin(["higher", "lower"]) & table["plain"].notna() & table["estimate"].notna()]
    if there.empty:
        return None
    row = there.iloc[int((there["plain"] - there["estimate"]).abs().argmax())]
    outside = not row["lower"] <= row["plain"] <= row["upper"]
    silent = row["plain_lower"] <= 0 <= row["plain_upper"]
    return pd.Series({**row.to_dict(), "outside": bool(outside), "silent": bool(silent)})


def plain_table(prepared: Mapping[str, Prepared]) -> pd.DataFrame:
    """The plain comparison of each intervention, one row each: what it would be printed as.

    intervention; treated, untreated (decisions), treated_rate, untreated_rate; least (decisions on the smaller
    side) and least_events (cases on the side with the fewest, those with or those without the outcome); plain,
    plain_lower, plain_upper (the difference). For what was rolled out: after and before in the units reached.
    """
    columns = ["treated", "untreated", "treated_rate", "untreated_rate", "least", "least_events"]
    made = []
    for name, ready in prepared.items():
        plain = ready.plain
        if plain is None:
            continue
        y = ready.rows[ready.declared.outcome].dropna()
        sides = y.groupby(ready.rows[TREATED]).agg(["size", "sum", "mean"]).astype(float)
        few = np.minimum(sides["sum"], sides["size"] - sides["sum"]).min()
        cells = [*sides["size"].loc[[1, 0]], *sides["mean"].loc[[1, 0]], sides["size"].min(), few]
        row = {"intervention": name, **dict(zip(columns, cells, strict=True))}
        made.append(row | {"plain": plain.estimate, "plain_lower": plain.lower, "plain_upper": plain.upper})
    numbers = [*columns, "plain", "plain_lower", "plain_upper"]
    return pd.DataFrame(made, columns=["intervention", *numbers]).astype(dict.fromkeys(numbers, float))
