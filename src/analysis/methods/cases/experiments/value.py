"""Effects on lifetime value beside those on the first payment, and where the two lead apart."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.core.errors import InputError
from analysis.core.parameters.cases_value import Value
from analysis.methods.cases.experiments.design import Outcome, Registered
from analysis.methods.cases.experiments.effects import BETTER, OPEN, WORSE, effects
from analysis.methods.cases.experiments.faults import find_fault
from analysis.statistics.lifetime_value import HORIZONS, lifetime_value

FIRST = "first_payment"

FEWEST = 50
"""Units of an arm below which value is not compared: a few large balances would decide."""


def value_and_first_payment(
    frame: pd.DataFrame,
    flows: pd.DataFrame,
    registered: Registered,
    annual_rate: float,
    first_payment: str = FIRST,
    decision: str = "treatment_id",
    horizons: Sequence[int] = HORIZONS,
    replications: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Mean effect of each arm on the first payment and on lifetime value, one row a horizon and arm.

    `frame` has one row a decision, with its key `decision` and the money of the `first_payment`; `flows` one row a
    decision and month with the components of `lifetime_value`, months 1 to the longest horizon.

    Columns: experiment, arm, control, horizon, first_effect, first_lower, first_upper, first_verdict,
    value_effect, value_lower, value_upper, value_verdict, first_control and value_control (means of the control
    arm), units, units_control, reading: `agree` (the same verdict, one of better or
    worse), `opposite` (one better, the other worse), `first payment only`, `value only` (the other can't be told),
    `neither`. Limits by the clustered bootstrap; where several arms are tried against the control, those that hold
    for all of them at once (all_lower and all_upper of `effects`). `opposite` and `first payment only` are where
    judging by one payment misleads.

    Raises what `effects` and `lifetime_value` raise, and InputError where a decision has no flows.
    """
    worth = lifetime_value(flows, [decision], annual_rate, horizons).pivot(index=decision, columns="horizon")[
        "value"
    ]
    without = ~frame[decision].isin(worth.index)
    if without.any():
        raise InputError(
            f"{int(without.sum()):,} of {len(frame):,} decisions have no flows (for example "
            f"{frame.loc[without, decision].iloc[0]}); give zeros where nothing flowed, and leave out, counted, "
            "those not followed to the horizon"
        )
    named = {f"value_{horizon}": worth[horizon].reindex(frame[decision]).to_numpy() for horizon in horizons}
    outcomes = tuple(Outcome(name, "money", name) for name in (first_payment, *named))
    asked = Registered(**{**vars(registered), "outcomes": outcomes})
    found = effects(frame.assign(**named), asked, replications, seed)
    found = found[found["measure"] == "mean"]
    return pd.concat([_beside(found, first_payment, horizon) for horizon in horizons], ignore_index=True)


def value_by_horizon(
    frame: pd.DataFrame,
    flows: pd.DataFrame,
    registered: Registered,
    value: Value,
    replications: int = 1000,
    seed: int = 0,
    fewest: int = FEWEST,
) -> pd.DataFrame:
    """The same for each horizon with all decisions that are followed so long, whatever the longer ones lose.

    `flows` are panel.decision_flows, whose `followed` tells how far; the first payment is cash_collected of the
    first `value.first_months` months. Columns as above, and decisions and left_out (not followed to the horizon).
    Horizons with fewer than `fewest` units followed in an arm, or whose arms can no longer be compared, are left
    out.
    """
    first = flows[flows["month"] <= value.first_months].groupby("treatment_id")["cash_collected"].sum()
    frame = frame.assign(**{FIRST: frame["treatment_id"].map(first)})
    tables = []
    for horizon in value.horizons:
        known = flows[(flows["followed"] >= horizon) & (flows["month"] <= horizon)]
        seen = frame[frame["treatment_id"].isin(known["treatment_id"])]
        if find_fault(seen, registered, fewest) is not None:
            continue
        known = known[known["treatment_id"].isin(seen["treatment_id"])]
        found = value_and_first_payment(
            seen, known, registered, value.annual_rate, horizons=[horizon], replications=replications, seed=seed
        )
        tables.append(found.assign(decisions=len(seen), left_out=len(frame) - len(seen)))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def value_of_all(
    studies: Sequence[tuple[pd.DataFrame, Registered]],
    flows: pd.DataFrame,
    value: Value,
    replications: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """`value_by_horizon` of several experiments, each its decisions and its registration; may be empty."""
    tables = [value_by_horizon(frame, flows, asked, value, replications, seed) for frame, asked in studies]
    return pd.concat([pd.DataFrame(), *tables], ignore_index=True)


def _beside(found: pd.DataFrame, first_payment: str, horizon: int) -> pd.DataFrame:
    keys, told = ["experiment", "arm", "control"], ["effect", "lower", "upper", "verdict"]
    # With one challenger these are its own limits; with several the verdict goes by them.
    found = found.assign(lower=found["all_lower"], upper=found["all_upper"])
    units = found.loc[found["outcome"] == first_payment, [*keys, "units", "units_control"]]
    sides = [
        found.loc[found["outcome"] == name, [*keys, "value_control", *told]].rename(
            columns={"value_control": f"{side}_control"} | {c: f"{side}_{c}" for c in told}
        )
        for name, side in ((first_payment, "first"), (f"value_{horizon}", "value"))
    ]
    both = sides[0].merge(sides[1], on=keys).merge(units, on=keys)
    both.insert(len(keys), "horizon", horizon)
    pairs = zip(both["first_verdict"], both["value_verdict"], strict=True)
    return both.assign(reading=[_reading(first, value) for first, value in pairs])


def _reading(first: str, value: str) -> str:
    """What two verdicts come to together.

    >>> _reading("better", "worse")
    'opposite'
    """
    if {first, value} == {BETTER, WORSE}:
        return "opposite"
    if first == value:
        return "neither" if first == OPEN else "agree"
    return "value only" if first == OPEN else "first payment only"
