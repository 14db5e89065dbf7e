"""An allocation as a policy for decisions already taken, and what it would have brought there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.allocation import Allocation, AllocationRules, Offers, allocate
from analysis.methods.segmentation.allocation.compile import compile_problem
from analysis.methods.segmentation.allocation.problem import Pool, Whole
from analysis.methods.segmentation.treatments.decisions import ValuedDecisions
from analysis.statistics.decision_log import Policy
from analysis.statistics.off_policy import policy_gain, policy_value
from analysis.statistics.overlap import overlap

Array = npt.NDArray[np.float64]


def policy_of_prices(offers: Offers, rules: AllocationRules, prices: pd.Series) -> pd.DataFrame:
    """The arm of each unit at given prices: the largest value − Σ price × use; (units, arms) of 0 and 1.

    `prices`, currency a unit of what is limited, by the constraints' names (`Allocation.constraints`, columns
    constraint and price); `offers` are those of any units in the same situation, the log's say, and `rules` tell
    what each arm uses and who may not get it. The choice of a unit hangs on its own offers alone (with a contact
    limit, on its customer's), so it is a policy that can be judged on a log; what capacity it uses is then
    whatever comes out. Of equal values the first arm is taken. Source: Everett 1963, Operations Research 11(3).

    Raises ParameterError where prices lack a constraint, name another, or are negative.
    """
    problem = compile_problem(offers, rules)
    given = {str(name) for name in prices.index}
    if given != set(problem.names) or not prices.index.is_unique:
        raise ParameterError(
            f"prices are given for {', '.join(sorted(given)) or 'nothing'}; the rules' constraints are "
            f"{', '.join(problem.names) or 'none'}. Give each one price"
        )
    ordered = prices.reindex(list(problem.names)).to_numpy(dtype=float)
    if not (np.isfinite(ordered) & (ordered >= 0)).all():
        raise ParameterError(f"prices are {', '.join(map(str, prices))}; each is finite and 0 or more")
    code = np.empty(len(offers), dtype=np.intp)
    for pool in problem.pools:
        _give(pool, pool.reduced(ordered).argmax(axis=0), code)
    return _shares(code, offers)


def _give(pool: Pool, option: Whole, code: Whole) -> None:
    for member, given in zip(pool.member, pool.given, strict=True):
        code[member] = given[option]


def _shares(code: Whole, offers: Offers) -> pd.DataFrame:
    shares = np.eye(len(offers.treatments))[code]
    return pd.DataFrame(shares, index=offers.accounts.index, columns=list(offers.treatments))


def rules_in_proportion(rules: AllocationRules, share: float) -> AllocationRules:
    """The rules with capacities and budget times `share`: the log's units ÷ accounts that the rules are for.

    Rates, floors and contact limits are shares already and stay. Raises ParameterError for a share not over 0.
    """
    if not np.isfinite(share) or share <= 0:
        raise ParameterError(f"share is {share!r}; give the log's units ÷ accounts of the rules, over 0")
    capacities = tuple(replace(one, available=one.available * share) for one in rules.capacities)
    budget = rules.budget and replace(rules.budget, available=rules.budget.available * share)
    return replace(rules, capacities=capacities, budget=budget)


def allocated_policy(
    offers: Offers, rules: AllocationRules, share: float, tolerance: float = 1e-5, seed: int = 0
) -> tuple[pd.DataFrame, Allocation]:
    """The allocation run on the log's own units, limits in proportion: (units, arms) of 0 and 1, and itself.

    Keeps within the limits, which `policy_of_prices` needn't; but a unit's arm then hangs a little on the other
    units' offers. Offers should be made out of fold (`cross_fitted_values`). Raises as `allocate`.
    """
    allocation = allocate(offers, rules_in_proportion(rules, share), tolerance=tolerance, seed=seed)
    return _shares(allocation.treatment.cat.codes.to_numpy().astype(np.intp), offers), allocation


def compare_policies(
    valued: ValuedDecisions,
    proposed: Policy,
    today: Policy | None = None,
    outcomes: pd.DataFrame | None = None,
    accounts: int | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """What a policy would have brought against today's, on the log; one row an estimator.

    `today` is another policy for the log's units, or, without it, the decisions as they were taken. `outcomes`
    (n, arms): values expected out of fold, for the doubly robust row. `accounts`: those in today's portfolio
    that the policy would decide about; totals are of them, as far as they are like the log's units.

    Columns: estimator, policy and today (value a decision, currency), policy_lower, policy_upper, gain with
    gain_lower, gain_upper, units, effective_size (of the proposed policy's weights), and with `accounts` also
    accounts, total_gain, total_lower, total_upper. See `statistics.off_policy`
    for what each estimator is good for, and `support` for how far the log carries the policy. The interval says
    nothing of a change between the log and today, nor of a capacity that the policy would exhaust.

    Raises InputError where the policy gives an arm never logged, by name and count.
    """
    if accounts is not None and accounts < 1:
        raise ParameterError(f"accounts is {accounts}; give the number that the policy decides about, 1 or more")
    log = valued.log
    own = policy_value(log, proposed, outcomes, level)
    gain = policy_gain(log, proposed, today, outcomes, level)
    base = own["value"] - gain["value"]
    table = pd.DataFrame({"estimator": own["estimator"], "policy": own["value"], "today": base})
    table = table.assign(policy_lower=own["lower"], policy_upper=own["upper"])
    table = table.assign(gain=gain["value"], gain_lower=gain["lower"], gain_upper=gain["upper"])
    table = table.assign(units=own["units"], effective_size=own["effective_size"])
    if accounts is not None:
        totals = {"total_gain": "gain", "total_lower": "gain_lower", "total_upper": "gain_upper"}
        table = table.assign(accounts=accounts, **{name: table[of] * accounts for name, of in totals.items()})
    return table


def support(
    valued: ValuedDecisions, proposed: Policy, strata: pd.DataFrame | None = None, level: float = 0.95
) -> pd.DataFrame:
    """How far the log carries the policy: `statistics.overlap.overlap`, with a row for the proposed policy."""
    return overlap(valued.log, proposed, strata, level)


def policy_mix(valued: ValuedDecisions, proposed: pd.DataFrame) -> pd.DataFrame:
    """Share of the log's units that each arm got, and gets under the policy: arm, today, policy."""
    log = valued.log
    if not proposed.index.equals(log.index):
        raise InputError("the policy has another index than the log; put its rows in the log's order")
    taken = pd.Series(np.bincount(log.chosen, minlength=len(log.arms)) / log.units, index=list(log.arms))
    arms = list(dict.fromkeys([*log.arms, *map(str, proposed.columns)]))
    mean = proposed.rename(columns=str).mean()
    found = pd.DataFrame({"today": taken.reindex(arms, fill_value=0), "policy": mean.reindex(arms, fill_value=0)})
    return found.rename_axis("arm").reset_index()
