"""Which evaluation a declared way of assigning a treatment bears, what it rests on, and what the data refuse."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.cases.quasi_experiments import difference_in_differences as differences
from analysis.methods.cases.quasi_experiments import discontinuity as jumps
from analysis.methods.cases.quasi_experiments import interrupted_series as series
from analysis.methods.cases.quasi_experiments import matching, synthetic_control
from analysis.methods.cases.quasi_experiments.discontinuity_fit import available
from analysis.methods.cases.quasi_experiments.study import DesignRefused, Study


@dataclass(frozen=True)
class Rule:
    """One way a treatment was assigned: the design it bears, what must be told, the assumption, what to prefer."""

    assigned_by: str
    design: str
    needs: tuple[str, ...]
    assumption: str
    threat: str


RULES = (
    Rule(
        "chance",
        "experiment",
        (),
        "Arms were drawn by lot.",
        "Contamination, and outcomes chosen after the fact.",
    ),
    Rule(
        "cutoff",
        "discontinuity",
        ("score", "cutoff"),
        jumps.ASSUMPTION,
        "Scores moved across the cut-off; another rule that starts at the same score.",
    ),
    Rule(
        "rollout",
        "difference_in_differences",
        ("unit", "month", "adopted"),
        differences.ASSUMPTION,
        "The first units to adopt were chosen because they were getting better or worse.",
    ),
    Rule(
        "one_unit",
        "synthetic_control",
        ("treated", "date", "unit", "month"),
        synthetic_control.ASSUMPTION,
        "A shock to the treated unit alone; donors that felt the treatment.",
    ),
    Rule(
        "date",
        "interrupted_series",
        ("date", "month"),
        series.ASSUMPTION,
        "Anything else that changed at the same date: the economy, the mix, a rule.",
    ),
    Rule(
        "judgement",
        "weighted_comparison",
        ("treated", "covariates"),
        matching.ASSUMPTION,
        "What the people who chose could see and no table holds.",
    ),
)
"""From the strongest to the weakest."""
ASSIGNED_BY = tuple(rule.assigned_by for rule in RULES)


@dataclass(frozen=True)
class Declared:
    """What the parameters say of an intervention: how it was assigned, its outcome, and where to find the rest.

    `options` are the arguments of the design (score, cutoff, unit, adopted, date, treated, covariates …).
    """

    name: str
    assigned_by: str
    outcome: str
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def rule(self) -> Rule:
        return rule_of(self.assigned_by, self.name)


def rule_of(assigned_by: str, name: str = "intervention") -> Rule:
    """Rule of a way of assigning; raises ParameterError with the allowed ones."""
    for rule in RULES:
        if rule.assigned_by == assigned_by:
            return rule
    raise ParameterError(f"{name}: assigned_by is '{assigned_by}'; allowed are {', '.join(ASSIGNED_BY)}")


def design_table() -> pd.DataFrame:
    """The guide as a table, strongest first: assigned_by, design, needs, assumption, threat."""
    rows = [(r.assigned_by, r.design, ", ".join(r.needs), r.assumption, r.threat) for r in RULES]
    return pd.DataFrame(rows, columns=["assigned_by", "design", "needs", "assumption", "threat"])


def evaluate(declared: Declared, frame: pd.DataFrame) -> Study:
    """Study of a declared intervention by the design that its assignment bears.

    Raises ParameterError where the declaration lacks what the design needs, holds an unknown option, or was drawn
    by chance (that is an experiment, and must be evaluated as one); DesignRefused where the data can't bear it, or
    where an extra is missing.
    """
    rule = declared.rule
    if rule.design == "experiment":
        raise ParameterError(f"{declared.name}: arms were drawn by chance; evaluate it as an experiment")
    absent = [key for key in rule.needs if key not in declared.options]
    if absent:
        raise ParameterError(
            f"{declared.name}: assigned by {rule.assigned_by} needs {', '.join(rule.needs)}; "
            f"{', '.join(absent)} is "
            "not given"
        )
    if rule.design == "discontinuity" and not available():
        raise DesignRefused(
            f"{declared.name}: needs rdrobust and rddensity, which are not installed (extra `validate`)"
        )
    method = METHODS[rule.design]
    known = list(inspect.signature(method).parameters)[2:]
    unknown = [key for key in declared.options if key not in known]
    if unknown:
        raise ParameterError(f"{declared.name}: option '{unknown[0]}' is unknown; known are {', '.join(known)}")
    return method(frame, declared.outcome, **declared.options)


METHODS: dict[str, Callable[..., Study]] = {
    "discontinuity": jumps.discontinuity,
    "difference_in_differences": differences.difference_in_differences,
    "interrupted_series": series.interrupted_series,
    "synthetic_control": synthetic_control.synthetic_control,
    "weighted_comparison": matching.weighted_comparison,
}


def quasi_experiments(
    declared: Sequence[Declared], frames: Mapping[str, pd.DataFrame]
) -> tuple[pd.DataFrame, dict[str, Study]]:
    """One row a declared intervention, refused ones with their reason, and the studies by name.

    Columns: intervention, assigned_by, outcome, then those of Study.row(), and `refused` (the reason, or empty).
    What is refused has no estimate; its verdict is `refused`.
    """
    rows, studies = [], {}
    for each in declared:
        row: dict[str, object] = {
            "intervention": each.name,
            "assigned_by": each.assigned_by,
            "outcome": each.outcome,
        }
        try:
            studies[each.name] = evaluate(each, frames[each.name])
            row |= studies[each.name].row() | {"refused": ""}
        except DesignRefused as reason:
            row |= {
                "design": each.rule.design,
                "verdict": "refused",
                "assumption": each.rule.assumption,
                "refused": str(reason),
            }
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS), studies


COLUMNS = [
    "intervention",
    "assigned_by",
    "outcome",
    "design",
    "quantity",
    "estimate",
    "lower",
    "upper",
    "p",
    "units",
    "clusters",
    "verdict",
    "checks",
    "failed",
    "assumption",
    "refused",
]
