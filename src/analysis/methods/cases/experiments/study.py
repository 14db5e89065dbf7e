"""An experiment judged by what was registered: checks, effects plain and adjusted, and power."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.core.parameters.cases import Experiment
from analysis.methods.cases.experiments.adjusted import adjusted_effects
from analysis.methods.cases.experiments.balance import balance
from analysis.methods.cases.experiments.design import Outcome, Registered
from analysis.methods.cases.experiments.effects import effects
from analysis.methods.cases.experiments.faults import Fault, arm_counts, find_fault
from analysis.methods.cases.experiments.power import experiment_power
from analysis.methods.cases.experiments.time_to_event import time_to_current
from analysis.statistics.outcome_model import default_regressor

LEAD = ("share", "mean", "share_by_horizon")
"""The measure that decides for each kind of outcome; others of the same outcome stand beside it."""

UNNAMED = "unnamed"
"""The arm that must have been, where only one is logged and none are registered: nothing was drawn into it."""

TIME = "duration"
POSSIBLE = ("paid", "cured", "charged_off", "paid_off", "attempts", "calls", "complaints", "relief_cost", TIME)
UNEVEN = 0.1
"""Standardised difference between arms that is called uneven where chance doesn't explain it (Austin 2009)."""

ADJUSTED = ("effect", "lower", "upper", "p")

LEAST_KNOWN = 30
"""Decisions of which a feature must be known to adjust for it."""


@dataclass(frozen=True, eq=False)
class Judged:
    """An experiment's decisions with what they show; `fault` says why they show nothing, `effects` is empty then.

    `effects` has a row an outcome, measure and arm (see `effects`, with had and had_control, the units with the
    event, where it is a share), adjusted_effect, adjusted_lower, adjusted_upper, adjusted_p, like_more_units (of
    the lead measure), detectable (smallest effect shown with the power asked for), lead. `balance` tells what was
    known before. `unrecorded` names registered outcomes that are not recorded, or known of too few.
    """

    registered: Registered
    decisions: pd.DataFrame
    fault: Fault | None
    effects: pd.DataFrame
    balance: pd.DataFrame
    unrecorded: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.registered.experiment

    @property
    def uneven(self) -> list[str]:
        """Features further apart between arms than chance and `UNEVEN` explain."""
        if self.balance.empty:
            return []
        far = self.balance["beyond_chance"] & (self.balance["difference"].abs() > UNEVEN)
        return list(dict.fromkeys(self.balance.loc[far, "feature"]))


def register(declared: Experiment, logged: Sequence[str], level: float) -> Registered:
    """What the parameters registered, with the arms they name or, where they name none, those in the log.

    Raises ParameterError for a control that is no arm while others are, for shares that don't sum to 1, and for
    outcomes that decisions never have.
    """
    arms = tuple(declared.shares) or tuple(sorted({*logged, declared.control}))
    arms = arms if len(arms) > 1 else (*arms, UNNAMED)
    if declared.control not in logged and len(set(logged) & set(arms)) > 1:
        raise ParameterError(
            f"cases.experiments, {declared.experiment}: control is '{declared.control}', which nothing was drawn "
            f"into; arms in the log are {', '.join(logged)}"
        )
    back = [f"back_{k}" for k in range(declared.horizon)]
    outcomes = tuple(Outcome(o.name, o.kind, o.column, o.better, o.primary) for o in declared.outcomes)
    wrong = [outcome for outcome in outcomes if outcome.column not in (*POSSIBLE, *back)]
    if wrong:
        raise ParameterError(
            f"cases.experiments, {declared.experiment}: outcome '{wrong[0].name}' has column '{wrong[0].column}'; "
            f"with a horizon of {declared.horizon} months it can be {', '.join((*POSSIBLE, *back))}"
        )
    if not any(outcome.primary for outcome in outcomes):
        raise ParameterError(f"cases.experiments, {declared.experiment}: no outcome is primary, so none decides")
    unit = "customer" if declared.unit == "customer" else "account_id"
    return Registered(
        declared.experiment, arms, declared.control, outcomes, declared.horizon, declared.shares, unit, level=level
    )


def judge(
    decisions: pd.DataFrame,
    features: pd.DataFrame,
    registered: Registered,
    power: float = 0.8,
    relevant: float | None = None,
    replications: int = 1000,
    seed: int = 0,
    minimum: int = 10,
) -> Judged:
    """All that an experiment shows, or why it shows nothing.

    `decisions` as panel.decisions has them, `features` (same index) as of the month end before each. An
    experiment that is broken, or has fewer than `minimum` units in an arm, is not an error: it has a `fault`.
    Outcomes known of fewer than `minimum` units of an arm are left out and named in `unrecorded`.
    """
    nothing = examined(decisions, registered, minimum)
    asked, frame = nothing.registered, nothing.decisions
    if nothing.fault is not None:
        return nothing
    try:
        table = effects(frame, asked, replications, seed)
        known = _beside(led(table, asked, relevant), frame, features, asked, power)
    except InputError:
        return replace(nothing, fault=Fault("other", len(frame), len(frame)))
    apart = balance(features, frame[asked.arm_col], asked.control, frame[asked.cluster], asked.level)
    return replace(nothing, effects=known, balance=apart.assign(experiment=asked.experiment))


def examined(decisions: pd.DataFrame, registered: Registered, minimum: int = 10) -> Judged:
    """An experiment's decisions and registered outcomes as far as they are known, and its fault; no effects."""
    asked, frame, unrecorded = _recorded(registered, decisions, minimum)
    fault = find_fault(frame, asked, minimum)
    if fault is None and all(o.name in unrecorded for o in registered.outcomes if o.primary):
        fault = Fault("early", len(frame), len(frame))
    return Judged(asked, frame, fault, pd.DataFrame(), pd.DataFrame(), unrecorded)


def led(table: pd.DataFrame, registered: Registered, relevant: float | None = None) -> pd.DataFrame:
    """Effects with lead, horizon, relevant, and the units that had the event (had, had_control) of shares."""
    lead, shares = table["measure"].isin(LEAD), table["measure"].str.startswith("share")
    had = {
        f"had{side}": (table[f"value{side}"] * table[f"units{side}"]).round().where(shares)
        for side in ("", "_control")
    }
    first = next(outcome.name for outcome in registered.outcomes if outcome.primary)
    matters = np.where(table["outcome"].eq(first) & lead, relevant if relevant is not None else np.nan, np.nan)
    return table.assign(lead=lead, horizon=registered.horizon, relevant=matters, **had)


def _recorded(
    registered: Registered, decisions: pd.DataFrame, minimum: int
) -> tuple[Registered, pd.DataFrame, tuple[str, ...]]:
    """The registered outcomes that are known of enough units, decisions with time to current, and the others."""
    frame = decisions
    if any(outcome.column == TIME for outcome in registered.outcomes):
        frame = frame.join(time_to_current(frame, registered.horizon))
    there = tuple(o for o in registered.outcomes if _known_units(frame, registered, o) >= minimum)
    absent = tuple(outcome.name for outcome in registered.outcomes if outcome not in there)
    return replace(registered, outcomes=there or registered.outcomes), frame, absent


def _known_units(frame: pd.DataFrame, registered: Registered, outcome: Outcome) -> int:
    """Units whose outcome is known in the arm that has fewest; of times those followed to the horizon."""
    if not set(outcome.columns) <= set(frame.columns):
        return 0
    known = frame[outcome.column].notna()
    if outcome.kind == "time":
        known &= (frame[outcome.column] >= registered.horizon) | (frame[outcome.exit_col] == outcome.event)
    units = frame[known].groupby(registered.arm_col)[registered.unit].nunique()
    return min((int(units.get(arm, 0)) for arm in registered.arms), default=0)


def _beside(
    table: pd.DataFrame,
    frame: pd.DataFrame,
    features: pd.DataFrame,
    registered: Registered,
    power: float,
) -> pd.DataFrame:
    """Effects with the adjusted ones and what could have been shown."""
    keys = ["outcome", "arm", "measure"]
    measures = {outcome.name: "share" if outcome.kind == "binary" else "mean" for outcome in registered.outcomes}
    known = frame[[o.column for o in registered.outcomes if o.kind != "time"]].notna().all(axis=1)
    told = features[_told(features[known])]
    quick = default_regressor().set_params(max_iter=40, learning_rate=0.1)
    adjusted = adjusted_effects(frame, told, registered, quick, splits=3) if told.shape[1] else pd.DataFrame()
    could = experiment_power(frame, registered, power)
    for found, names in (
        (adjusted, {name: f"adjusted_{name}" for name in ADJUSTED} | {"like_more_units": "like_more_units"}),
        (could, {"detectable": "detectable"}),
    ):
        kept = found.reindex(columns=["outcome", "arm", *names]).rename(columns=names)
        kept = kept.assign(measure=kept["outcome"].map(measures))
        table = (
            table.merge(kept, on=keys, how="left")
            if len(kept)
            else table.assign(**dict.fromkeys(names.values(), np.nan))
        )
    return table


def _told(features: pd.DataFrame) -> list[str]:
    """Features that hold something in every part of the decisions: known of `LEAST_KNOWN` and not all the same."""
    return [str(n) for n in features if features[n].notna().sum() >= LEAST_KNOWN and features[n].nunique() > 1]


def checks(judged: Sequence[Judged]) -> pd.DataFrame:
    """Arms of all experiments (`arm_counts`), what is wrong with each (fault), and how balance stands.

    compared and beyond: features held against the control arm, and those further apart than chance in 1 − level.
    """
    tables = []
    for one in judged:
        compared, beyond = len(one.balance), 0 if one.balance.empty else int(one.balance["beyond_chance"].sum())
        fault = "" if one.fault is None else one.fault.kind
        tables.append(
            arm_counts(one.decisions, one.registered).assign(compared=compared, beyond=beyond, fault=fault)
        )
    return pd.concat(tables, ignore_index=True)


def balance_in_all(judged: Sequence[Judged]) -> dict[str, int]:
    """Comparisons of what was known before, how many are beyond chance, and how many would be by chance alone."""
    compared = sum(len(one.balance) for one in judged)
    beyond = sum(int(one.balance["beyond_chance"].sum()) for one in judged if len(one.balance))
    by_chance = sum(len(one.balance) * (1 - one.registered.level) for one in judged)
    return {"compared": compared, "beyond": beyond, "expected": round(by_chance)}
