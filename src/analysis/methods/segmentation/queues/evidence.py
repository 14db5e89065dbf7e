"""What working a queue in a given order brings, measured on randomised decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.segmentation.queues.priority import CALLS, PERFECT, queue_value, value_of_better_queue
from analysis.methods.segmentation.treatments.decisions import RECOVERY, VALUE, ValuedDecisions
from analysis.statistics.off_policy import robust_scores
from analysis.statistics.qini import TENTHS, qini

Array = npt.NDArray[np.float64]
Scores = Mapping[str, pd.Series]


def incremental_money(
    valued: ValuedDecisions,
    treated: str,
    control: str,
    outcomes: pd.DataFrame | None = None,
    measure: str = VALUE,
) -> pd.Series:
    """An unbiased measurement, one a unit, of what `treated` adds over `control`; currency.

    The difference of the units' doubly robust scores: far too noisy to be read by account, but its sum over any
    group chosen beforehand is unbiased for what treating the group adds. Units of other arms count too.
    `outcomes` (n, arms): predictions made out of fold; without them, the mean of all rewards. Raises InputError
    for arms never logged.
    """
    log = valued.rewarded(measure)
    places = [log.position(arm) for arm in (treated, control)]
    if outcomes is None:
        outcomes = pd.DataFrame(float(log.reward.mean()), index=log.index, columns=list(log.arms))
    scores = robust_scores(log, outcomes)
    return pd.Series(scores[:, places[0]] - scores[:, places[1]], index=log.index, name="incremental")


def queue_evidence(
    valued: ValuedDecisions,
    scores: Scores,
    treated: str,
    control: str,
    outcomes: pd.DataFrame | None = None,
    depths: Sequence[float] = TENTHS[1:],
    measure: str = VALUE,
    level: float = 0.95,
) -> pd.DataFrame:
    """Money by depth of queue for each score: what the top accounts paid, and what working them adds.

    `scores` rank the log's units (its index), the highest first; none may come from a model fitted to the same
    customers. Columns: score, depth (share of accounts worked), accounts, calls (accounts × calls an account under
    `treated`; missing where not recorded), gross with gross_lower, gross_upper (cash that the top paid,
    whichever way it was worked), incremental with incremental_lower, incremental_upper (currency added by
    `treated` over `control`), incremental_per_1000_calls with limits. Money is of the log's units in all.

    Gross cash flatters an order that puts first those who pay anyway; incremental money is what a call buys. It
    is the gain of a Qini curve (Radcliffe 2007) by doubly robust scores (Yadlowsky, Fleming, Shah, Brunskill and
    Wager 2025, JASA 120, 38–51), × units. "random order" is added. Limits leave out one fold of customers at a
    time, scores held; each depth's are its own.
    """
    ranks, fold = _ranks(valued, scores), valued.log.fold
    added = incremental_money(valued, treated, control, outcomes, measure)
    paid = valued.money[RECOVERY].to_numpy(dtype=float)
    tables = {
        name: queue_value(ranks, money, fold, depths, level)
        for name, money in (("gross", paid), ("incremental", added.to_numpy()))
    }
    table = tables["gross"][["score", "depth", "accounts"]].copy()
    table["calls"] = table["accounts"] * _calls(valued, treated)
    for name, found in tables.items():
        for limit in ("money", "lower", "upper"):
            table[name if limit == "money" else f"{name}_{limit}"] = found[limit]
    for limit in ("incremental", "incremental_lower", "incremental_upper"):
        table[limit.replace("incremental", "incremental_per_1000_calls")] = table[limit] * CALLS / table["calls"]
    # The perfect order of a noisy measurement sorts its noise: it is no bound of anything.
    return table[table["score"] != PERFECT].reset_index(drop=True)


def better_queue(
    valued: ValuedDecisions,
    scores: Scores,
    treated: str,
    control: str,
    reference: str,
    capacity: float = 0.2,
    outcomes: pd.DataFrame | None = None,
    measure: str = VALUE,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Incremental money per 1,000 calls at a capacity (share of accounts), and its difference from a reference.

    Columns as `value_of_better_queue`: score, capacity, calls, money_per_1000_calls, lower, upper, difference,
    difference_lower, difference_upper, all_lower, all_upper; "random order" is among them and may be the
    reference. Differences are paired by folds of customers; all_lower and all_upper hold for all of `scores` at
    once, so that the best may be picked from them. Calls are those to an account under `treated`, as recorded.
    Raises InputError where none are, ParameterError for an unknown reference.
    """
    ranks = _ranks(valued, scores)
    added = incremental_money(valued, treated, control, outcomes, measure).to_numpy()
    calls = valued.calls_an_account(treated)
    found = value_of_better_queue(ranks, added, valued.log.fold, reference, capacity, calls, level, seed)
    return found[found["score"] != PERFECT].reset_index(drop=True)


def ranking_power(
    valued: ValuedDecisions,
    scores: Scores,
    treated: str,
    control: str,
    measure: str = VALUE,
    level: float = 0.95,
) -> pd.DataFrame:
    """Qini of each score: whether it ranks accounts by what treating them adds better than chance.

    Columns: score, measure (effect, auuc, qini), value, se, lower, upper, as `statistics.qini.qini` has them, from
    the units of the two arms alone, without a model of outcomes.
    """
    log, ranks = valued.rewarded(measure), _ranks(valued, scores)
    tables = []
    for name, values in ranks.items():
        found = qini(log, pd.Series(values, index=log.index), treated, control, level)
        tables.append(found.assign(score=name))
    table = pd.concat(tables, ignore_index=True)
    return table[["score", *table.columns.drop("score")]]


def _ranks(valued: ValuedDecisions, scores: Scores) -> dict[str, Array]:
    if not scores:
        raise InputError("no score was given to order the queue by")
    for name, values in scores.items():
        valued.log.aligned(values, f"score '{name}'")
    return {name: values.to_numpy(dtype=float) for name, values in scores.items()}


def _calls(valued: ValuedDecisions, arm: str) -> float:
    """Calls an account, missing where none are recorded."""
    known = valued.calls.notna().to_numpy() & (valued.log.chosen == valued.log.position(arm))
    return valued.calls_an_account(arm) if known.any() else float("nan")
