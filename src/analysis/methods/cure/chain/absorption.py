"""How long accounts stay in collections, how often they come back: the chain's fundamental matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.cure.chain import ChainStates, absorbing, segments, states_of, step_counts, usable
from analysis.statistics.flows import to_matrix
from analysis.statistics.jackknife import Array, amount_limits, leave_one_out, share_limits


def fundamental_matrix(transient: Array) -> Array:
    """(I − Q)⁻¹: expected months spent in each transient state (columns) by the state started from (rows).

    `transient` is Q, the shares of steps between transient states, shape (..., T, T). The first month counts, in
    the state started from. Infinite for a state that leads into one that is never left. Source: Kemeny and Snell
    (1960), Finite Markov Chains, §3.2.

    >>> fundamental_matrix(np.array([[0.0, 0.5], [0.5, 0.0]])).round(3).tolist()
    [[1.333, 0.667], [0.667, 1.333]]
    """
    size = transient.shape[-1]
    leads = _trapped(transient)
    # A state that is never left is taken out of the system, so that the others can still be solved for.
    free = np.where(leads[..., :, None] | leads[..., None, :], 0.0, transient)
    visits = np.linalg.inv(np.eye(size) - free)
    return np.where(leads[..., :, None], np.inf, visits)


def _trapped(transient: Array) -> np.ndarray:
    """States that lead, at some time, into a set of states that is never left: shape (..., T)."""
    size = transient.shape[-1]
    joined = (transient > 0) | np.eye(size, dtype=bool)
    for _ in range(max(int(np.ceil(np.log2(size))), 1)):
        joined = np.matmul(joined.astype(float), joined.astype(float)) > 0
    leaks = transient.sum(axis=-1) < 1 - 1e-12
    escapes = (joined & leaks[..., None, :]).any(axis=-1)
    return np.asarray((joined & ~escapes[..., None, :]).any(axis=-1))


def months_within(transient: Array, months: int) -> Array:
    """Expected months among transient states within so many, by state started from: Σ_{t<months} Qᵗ·1."""
    spent = np.zeros(transient.shape[:-1])
    for _ in range(months):
        spent = 1 + np.matmul(transient, spent[..., None])[..., 0]
    return spent


def expected_time(
    cells: pd.DataFrame, by: Sequence[str] = (), within: int = 24, level: float = 0.95
) -> pd.DataFrame:
    """Expected months in collections by the bucket an account is in, for the whole and by each column of `by`.

    Measure `months`: month ends until the account leaves arrears and probation, by a sustained cure or an exit,
    the one it stands at included; a relapse from probation belongs to the same stay. `months_within`: those among
    the next `within`. `spells`: stays expected in all, this one included, until the account exits or has been
    current for longer than `cured` lasts. Lower is better for all three.

    The chain's rates over the months of `cells` stand for all time, and the time already spent in a bucket tells
    nothing more (Markov): where hard cases pile up in a bucket, expectations for fresh arrivals are too long.
    Limits are symmetric on the logarithm, from the jackknife over folds of customers. An expectation is infinite,
    without limits, where a state that it leads through was never seen to be left; spells are nan where nobody was
    seen in `cured`. from_accounts: account-months seen in the bucket.

    Returns dimension, value, state, measure, expected, lower, upper, from_accounts.
    """
    cells = usable(cells)
    states = states_of(cells)
    measures: dict[str, Callable[[Array], Array]] = {
        "months": lambda matrix: fundamental_matrix(_among(matrix, states, "stay")).sum(axis=-1),
        "months_within": lambda matrix: months_within(_among(matrix, states, "stay"), within),
        "spells": lambda matrix: _spells(matrix, states),
    }
    tables = []
    for labels, total, without in _matrices(cells, states, by):
        for name, measure in measures.items():
            table = _by_bucket(states, measure(to_matrix(total)), measure(to_matrix(without)), level)
            seen = total.sum(axis=-1)[states.places(states.arrears)].astype("int64")
            tables.append(table.assign(**labels, measure=name, from_accounts=seen))
    columns = ["dimension", "value", "state", "measure", "expected", "lower", "upper", "from_accounts"]
    return pd.concat(tables, ignore_index=True)[columns]


def _matrices(
    cells: pd.DataFrame, states: ChainStates, by: Sequence[str]
) -> Iterator[tuple[dict[str, str], Array, Array]]:
    """Labels, counts (S, S) and counts without each fold (folds, S, S), for the whole and each segment."""
    for dimension, value, part in segments(cells, by):
        counts = absorbing(step_counts(part, states), states)
        yield {"dimension": dimension, "value": value}, counts.sum(axis=0), leave_one_out(counts)


def _among(matrix: Array, states: ChainStates, kind: str) -> Array:
    """Rows and columns of the states that a stay is made of: arrears and probation, and for spells also cured."""
    names = (*states.arrears, *states.probation, *(states.cured if kind == "spells" else ()))
    places = states.places(names)
    return matrix[..., np.ix_(places, places)[0], np.ix_(places, places)[1]]


def _spells(matrix: Array, states: ChainStates) -> Array:
    """One, and one for each expected step out of cured into arrears; by state, in the order of _among()."""
    transient = _among(matrix, states, "spells")
    back = matrix[..., states.places(states.cured), :][..., states.places(states.arrears)].sum(axis=-1)
    visits = fundamental_matrix(transient)[..., -len(states.cured) :]
    with np.errstate(invalid="ignore"):  # cured never seen: infinitely long times nothing known
        return 1 + (visits * back[..., None, :]).sum(axis=-1)


def _by_bucket(states: ChainStates, estimate: Array, replicates: Array, level: float) -> pd.DataFrame:
    count = len(states.arrears)
    estimate, replicates = estimate[:count], replicates[:, :count]
    with np.errstate(invalid="ignore"):
        found = amount_limits(estimate, replicates, level)
    kind = pd.CategoricalDtype(list(states.names), ordered=True)
    bucket = pd.Categorical(list(states.arrears), dtype=kind)
    return pd.DataFrame({"state": bucket, "expected": found.rate, "lower": found.lower, "upper": found.upper})


def redefault(
    cells: pd.DataFrame,
    by: Sequence[str] = (),
    within: int = 12,
    first_bucket: str | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Chance of being delinquent again within `within` months of a sustained cure.

    The chance that an account freshly in `cured` reaches `first_bucket` or a later one (default: the first that
    starts at 30 days or later) before it exits: first passage through the chain's pooled monthly rates. Lower is
    better. numerator: steps seen out of cured into arrears of any depth; denominator: account-months seen in
    `cured`; monthly: their ratio. An account that leaves the oldest `cured` for `current` stays among the oldest
    here. Where the chain tells the ages of a cure apart (`cured_3`, `cured_4`, …) the hazard falls as the cure
    ages; a single `cured` averages over all of them, which is too slow soon after the cure and too quick later.

    Returns dimension, value, numerator, denominator, monthly, rate, lower, upper; limits are Wilson's at the size
    that the jackknife over folds amounts to. Raises ParameterError for a bucket that isn't one of the chain's.
    """
    cells = usable(cells)
    states = states_of(cells)
    bucket = first_bucket or _thirty(states)
    if bucket not in states.arrears:
        raise ParameterError(f"'{bucket}' is no arrears bucket; the chain's are {', '.join(states.arrears)}")
    rows = []
    for labels, total, without in _matrices(cells, states, by):
        cured = total[states.places(states.cured)]
        again, held = cured[:, states.places(states.arrears)].sum(), cured.sum()
        chance, others = (_passage(counts, states, bucket, within) for counts in (total, without))
        found = share_limits(chance, others, held, level) if held else (np.nan,) * 3
        limits = dict(zip(("rate", "lower", "upper"), map(float, found), strict=True))
        monthly = again / held if held else np.nan
        rows.append({**labels, "numerator": again, "denominator": held, "monthly": monthly, **limits})
    return pd.DataFrame(rows).assign(within=within, bucket=bucket)


def _thirty(states: ChainStates) -> str:
    """The first bucket that starts at 30 days past due or later, by its label; else the first."""
    starts = [
        (int("".join(ch for ch in name.split("–")[0] if ch.isdigit()) or 0), name) for name in states.arrears
    ]
    late = [name for days, name in starts if days >= 30]
    return late[0] if late else states.arrears[0]


def _passage(counts: Array, states: ChainStates, bucket: str, months: int) -> Array:
    """Chance to have reached `bucket` or a later one within `months` steps of a fresh cure; counts (..., S, S)."""
    moved = to_matrix(counts)
    oldest = states.names.index(states.cured[-1])
    for other in states.places([name for name in states.sound if name not in states.cured]):
        moved[..., oldest, oldest] += moved[..., oldest, other]
        moved[..., oldest, other] = 0.0
    reached = states.mask(states.arrears[states.arrears.index(bucket) :])
    chance = np.broadcast_to(reached.astype(float), counts.shape[:-1])
    for _ in range(months):
        chance = np.where(reached, 1.0, np.matmul(moved, chance[..., None])[..., 0])
    return np.asarray((chance[..., states.places(states.cured)] * _fresh(counts, states)).sum(axis=-1))


def _fresh(counts: Array, states: ChainStates) -> Array:
    """Shares of the ages of `cured` that cures begin in; the youngest where none was seen to begin."""
    begun = counts[..., states.places((*states.arrears, *states.probation)), :].sum(axis=-2)
    begun = begun[..., states.places(states.cured)]
    youngest = np.zeros_like(begun)
    youngest[..., 0] = 1.0
    whole = begun.sum(axis=-1, keepdims=True)
    return np.divide(begun, whole, out=youngest, where=whole > 0)
