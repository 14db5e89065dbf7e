"""Randomised decisions with what each brought in money, and what an arm adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.core.parameters.segmentation import Decision, Treatments
from analysis.methods.segmentation.allocation.names import known as known_name
from analysis.statistics.decision_log import DecisionLog
from analysis.statistics.uplift import segment_effects

Array = npt.NDArray[np.float64]

VALUE, RECOVERY, SUCCESS = "value", "recovery", "success"
LOSSES = ("cost", "complaint_cost", "relief_cost")
"""What is taken off the cash recovered; the names that offers of an allocation have."""

LEAST_DECISIONS = 100
"""Decisions below which queues are not judged: a tenth of them would be single accounts."""

MEASURES = (RECOVERY, *LOSSES, VALUE, SUCCESS)


@dataclass(frozen=True, eq=False)
class ValuedDecisions:
    """n decisions whose outcomes are known, with what they brought; made by `value_decisions`.

    `log` has the value as reward, currency a decision. `money` (n rows, index of the log): recovery, cost,
    complaint_cost, relief_cost, value, in currency, and success (1 where the account was cured). `calls` (n,) made
    in the horizon, missing where not recorded. `left_out` counts decisions whose horizon isn't over.
    """

    log: DecisionLog
    money: pd.DataFrame
    calls: pd.Series
    left_out: int

    def rewarded(self, measure: str) -> DecisionLog:
        """The log with another of `MEASURES` as its reward."""
        if measure not in self.money:
            raise ParameterError(f"measure '{measure}' is unknown; use one of {', '.join(self.money.columns)}")
        return replace(self.log, reward=self.money[measure].to_numpy(dtype=float))

    def calls_an_account(self, arm: str) -> float:
        """Mean calls to an account under an arm within the horizon, weighted by 1 ÷ probability of the arm.

        Raises InputError where no calls are recorded for the arm.
        """
        taken = (self.log.chosen == self.log.position(arm)) & self.calls.notna().to_numpy()
        if not taken.any():
            raise InputError(f"no calls are recorded under arm '{arm}'; take a portfolio with contacts")
        return float(np.average(self.calls.to_numpy()[taken], weights=1 / self.log.probability[taken]))


def value_decisions(
    decisions: pd.DataFrame, complaint_cost: float = 0.0, success_col: str = "cured", name: str = "the experiment"
) -> ValuedDecisions:
    """Decisions of one experiment as a log rewarded in money.

    Value = paid − cost − `complaint_cost` × complaints − relief_cost, currency within the horizon that the frame
    was made for. `decisions`, a row a decision, has arm, probability, fold, paid, `success_col`; optionally cost,
    complaints, relief_cost (0 without the column; so is a cost that is empty), calls, or else attempts, and
    experiment_id, whose name errors tell (`name` otherwise). Decisions with a missing outcome (paid, success,
    complaints, relief_cost) are not over: they are left out and counted.

    Raises InputError for absent columns, for decisions without a recorded probability (by name and count), and
    where no decision is over; ParameterError for a negative or infinite `complaint_cost`.
    """
    if not np.isfinite(complaint_cost) or complaint_cost < 0:
        raise ParameterError(f"complaint_cost is {complaint_cost!r}; give currency a complaint, 0 or more")
    told = _name(decisions, name)
    _refuse_absent(decisions, ("arm", "probability", "fold", "paid", success_col), told)
    refuse_unrecorded(decisions, told)
    over = _over(decisions, ["paid", success_col, "complaints", "relief_cost"], told)
    kept = decisions[over]
    money = _money(kept, complaint_cost, success_col)
    log = DecisionLog.read(kept[["arm", "probability", "fold"]].assign(reward=money[VALUE]))
    calls = next((kept[column] for column in ("calls", "attempts") if column in kept), None)
    calls = pd.Series(np.nan, index=kept.index) if calls is None else calls.astype(float)
    return ValuedDecisions(log, money, calls, int((~over).sum()))


def _over(decisions: pd.DataFrame, outcomes: list[str], told: str) -> npt.NDArray[np.bool_]:
    """Decisions (n,) all of whose outcomes are known."""
    known = decisions[[column for column in outcomes if column in decisions]].notna()
    over: npt.NDArray[np.bool_] = known.all(axis=1).to_numpy()
    if not over.any():
        counts = ", ".join(f"{column} of {count:,}" for column, count in known.sum().items())
        raise InputError(
            f"{told}: of none of {len(decisions):,} decisions all outcomes are known ({counts}); take a shorter "
            "horizon, or an experiment that began earlier"
        )
    return over


def _money(kept: pd.DataFrame, complaint_cost: float, success_col: str) -> pd.DataFrame:
    def amount(column: str) -> pd.Series:
        return kept[column].astype(float).fillna(0.0) if column in kept else pd.Series(0.0, index=kept.index)

    money = pd.DataFrame(
        {
            RECOVERY: kept["paid"].astype(float),
            "cost": amount("cost"),
            "complaint_cost": complaint_cost * amount("complaints"),
            "relief_cost": amount("relief_cost"),
        }
    )
    return money.assign(
        **{VALUE: money[RECOVERY] - money[list(LOSSES)].sum(axis=1), SUCCESS: kept[success_col].astype(float)}
    )


def refuse_unrecorded(decisions: pd.DataFrame, told: str) -> None:
    """Raise InputError, with the count, where decisions have no recorded probability."""
    missing = int(decisions["probability"].isna().sum())
    if missing:
        raise InputError(
            f"{told}: {missing:,} of {len(decisions):,} decisions have no recorded probability, so what another "
            "choice would have brought cannot be read from them. Leave the experiment out, or record the "
            "probability with which each arm was drawn."
        )


def refuse_few_decisions(valued: ValuedDecisions, told: str, least: int = LEAST_DECISIONS) -> None:
    """Raise InputError where fewer than `least` decisions are over; it doesn't tell how many."""
    if valued.log.units < least:
        raise InputError(
            f"Fewer than {least:,} decisions of {told} are over; take a longer log or a shorter horizon."
        )


def refuse_misspelt(point: Decision, logged: pd.DataFrame, declared: Treatments) -> None:
    """Raise ParameterError, with the nearest name, for an experiment or an arm that was never logged.

    `logged` is the table of `panel.decisions.experiments`: experiment, arms. Decisions left at their defaults are
    passed: a portfolio without that experiment has misspelt nothing.
    """
    if declared.decisions == Treatments().decisions or logged.empty:
        return
    arms = dict(zip(logged["experiment"], logged["arms"], strict=True))
    known_name("segmentation.treatments.decisions", "experiment", point.experiment, arms)
    for key, arm in (("control", point.control), ("treated", point.treated)):
        known_name(f"segmentation.treatments.decisions: {key}", "arm", arm, arms[point.experiment])


def _name(decisions: pd.DataFrame, name: str) -> str:
    if "experiment_id" not in decisions:
        return name
    names = decisions["experiment_id"].dropna().unique()
    if len(names) > 1:
        raise InputError(f"decisions of {len(names)} experiments together: {', '.join(map(str, names))}; give one")
    return f"experiment '{names[0]}'" if len(names) else name


def _refuse_absent(decisions: pd.DataFrame, columns: tuple[str, ...], told: str) -> None:
    absent = [column for column in columns if column not in decisions]
    if absent:
        raise InputError(
            f"{told}: its decisions have no column {', '.join(absent)}; they have {', '.join(decisions.columns)}"
        )


def arm_effects(
    valued: ValuedDecisions,
    reference: str,
    segments: pd.DataFrame | None = None,
    outcomes: Mapping[str, pd.DataFrame] | None = None,
    measures: tuple[str, ...] = MEASURES,
    level: float = 0.95,
) -> pd.DataFrame:
    """What each arm adds against the reference, by component of value and segment, with limits.

    `outcomes` gives, by measure, predictions (n, arms) made out of fold, which narrow the limits (`ArmTables`);
    measures without any are compared by weighted means. Columns: arm, measure, those of `segments`, and those of
    `statistics.uplift.segment_effects`: units, treated, control, mean_treated, mean_control, effect, se, lower,
    upper. Money in currency a decision, success as probability. The components' effects add up to the value's
    where all are measured alike. Raises as `segment_effects`.
    """
    given = outcomes or {}
    tables = []
    for arm in (name for name in valued.log.arms if name != reference):
        for measure in measures:
            log = valued.rewarded(measure)
            found = segment_effects(log, arm, reference, segments, given.get(measure), level)
            tables.append(found.assign(arm=arm, measure=measure))
    if not tables:
        raise InputError(
            f"all {valued.log.units:,} decisions are of arm '{reference}'; nothing to compare it with"
        )
    table = pd.concat(tables, ignore_index=True)
    return table[["arm", "measure", *table.columns.drop(["arm", "measure"])]]
