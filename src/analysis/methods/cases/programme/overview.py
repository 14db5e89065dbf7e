"""A plan at a glance: where each target stands, what comes of it, and why nothing is told of the others."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analysis.core.programme import Programme
from analysis.methods.cases.programme.history import too_few, why_not
from analysis.methods.cases.programme.progress import progress
from analysis.methods.cases.programme.reach import DRAWS, reach, risk_shift
from analysis.methods.cases.quasi_experiments.study import Effect

STANDING = (
    "plan",
    "kpi",
    "title",
    "given",
    "better",
    "wanted",
    "wanted_level",
    "by",
    "months_left",
    "baseline",
    "recent",
    "recent_lower",
    "recent_upper",
    "change",
    "change_lower",
    "change_upper",
    "target_change",
    "share_of_way",
    "cases",
    "status",
    "worse",
)
AHEAD = (
    "probability",
    "monte_carlo_error",
    "probability_ambitious",
    "without_programme",
    "expected",
    "lower",
    "upper",
    "verdict",
    "counted",
    "uncounted",
)
FEW = "few"


def overview(
    plan: Programme,
    history: pd.DataFrame,
    effects: Mapping[str, Effect],
    as_of: pd.Timestamp | str,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 1,
    minimum: int = 10,
    minimum_events: int = 3,
) -> pd.DataFrame:
    """One row a target: progress() and reach() side by side, with the columns STANDING, AHEAD and `why`.

    `history` as kpi_history() gives it. Measures that rest on too few customers or events are not told (`why` is
    `few`); `why` of others that aren't measured is why_not()'s, else empty. target_change is what the target asks
    for, relative to the baseline; `cases` are the units (`kpi_history`) of the recent months; `worse` says that
    the measure moved away from it by more than its interval.
    """
    few = too_few(plan, history, as_of, minimum, minimum_events)
    told = history[~history["kpi"].isin(few)]
    now = progress(plan, told, as_of, level)
    ahead = reach(plan, told, effects, as_of, draws, seed)
    table = now.assign(plan=plan.name).merge(
        ahead.reindex(columns=["kpi", *AHEAD]), on="kpi", how="left", validate="one_to_one"
    )
    table = table.reindex(columns=[*STANDING, *AHEAD])
    sign = table["better"].map({"higher": 1, "lower": -1})
    worst = table["change_upper"].where(sign > 0, table["change_lower"])
    missing = table["baseline"].isna() | table["probability"].isna()
    reasons = [
        "" if not gone else FEW if kpi in few else why_not(plan, history, kpi, as_of)
        for kpi, gone in zip(table["kpi"], missing, strict=True)
    ]
    table["cases"] = [_cases(plan, told, kpi, as_of) for kpi in table["kpi"]]
    table = table.assign(
        target_change=table["wanted_level"] / table["baseline"].replace(0.0, float("nan")) - 1,
        worse=(sign * worst < 0),
        why=reasons,
    )
    numbers = [name for name in table.columns if name not in TEXTS]
    return table.astype(dict.fromkeys(numbers, "float64"))


def risks_to_targets(
    plan: Programme,
    history: pd.DataFrame,
    effects: Mapping[str, Effect],
    as_of: pd.Timestamp | str,
    draws: int = DRAWS,
    seed: int = 1,
    minimum: int = 10,
    minimum_events: int = 3,
    least: float = 0.01,
) -> pd.DataFrame:
    """risk_shift() of the measures that overview() tells of, the largest loss of probability first, with plan, the
    titles of risk and target, and `told`: a shift of `least` or more, and more than twice its Monte Carlo error.
    """
    few = too_few(plan, history, as_of, minimum, minimum_events)
    table = risk_shift(plan, history[~history["kpi"].isin(few)], effects, as_of, draws, seed)
    table = table.sort_values("shift", kind="stable", ignore_index=True)
    size = table["shift"].abs()
    return table.assign(
        plan=plan.name,
        risk_title=table["risk"].map({risk.name: risk.title for risk in plan.risks}),
        target_title=table["kpi"].map({target.kpi: target.title for target in plan.targets}),
        told=(size >= least) & (size > 2 * table["error"]),
    )


def _cases(plan: Programme, history: pd.DataFrame, kpi: str, as_of: pd.Timestamp | str) -> float:
    own = history[(history["kpi"] == kpi) & (pd.to_datetime(history["month"]) <= pd.Timestamp(as_of))]
    recent = own.dropna(subset=["value"]).sort_values("month").tail(plan.recent_months)
    return float(recent["units"].sum()) if len(recent) else float("nan")


TEXTS = (
    "plan",
    "kpi",
    "title",
    "given",
    "better",
    "by",
    "status",
    "verdict",
    "counted",
    "uncounted",
    "why",
    "worse",
)
