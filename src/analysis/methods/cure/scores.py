"""What each account in a spell is expected to do: chance of cure, and cash."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.cure.chain import ChainStates, absorbing, states_of, step_counts, usable
from analysis.methods.cure.mixture import MixtureCure
from analysis.methods.cure.while_open import cured_while_open
from analysis.statistics.flows import to_matrix

Array = npt.NDArray[np.float64]

SEGMENT = "segment"
"""Column of running accounts that names the segment of expected cash and of the chain."""

LEAST_STEPS = 100
"""Steps out of a state of probation that a segment's own chain takes."""

MODEL, ALL = "model", "all"


def scores(
    running: pd.DataFrame,
    model: MixtureCure,
    fitted_on: pd.DataFrame,
    cells: pd.DataFrame,
    covariates: Sequence[str],
    horizons: Sequence[int] = (3, 6, 12),
    cash: pd.DataFrame | None = None,
    by: str = "product",
    least: int = LEAST_STEPS,
) -> pd.DataFrame:
    """Running spells by account: account_id, state, months_run, balance, cured_within_<h>, basis, expected_cash.

    cured_within_<h>: for accounts overdue, the chance that a sustained cure is dated within so many months from
    now, given that the spell has run so long and is still open: the mixture model's, by covariates, among accounts
    not lost by then (`while_open`). For accounts on probation, of which spells of the past tell nothing
    (`spell_months.hazard_cells`), the chance in the chain that they reach a sustained cure within the horizon.
    Missing for values of covariates that `fitted_on`, the spells that the model was fitted on, doesn't hold.
    basis: `model`; on probation the column `by` of the cells, where the chain is that of the account's own
    `segment`, and `all` where there are no segments or fewer than `least` steps out of one of its states of
    probation.
    expected_cash: cash expected against today's balance, so never more than it: balance × cash per unit of it of
    the account's `segment` (all where it has none) and state (`expected_cash`'s table), in the portfolio's
    currency; missing without `cash`.

    `running` is the panel's, `cells` its chain_cells. Raises ParameterError for columns that are not there.
    """
    wanted = ["account_id", "months_run", "state", "months_current", "balance", *covariates]
    missing = [name for name in wanted if name not in running.columns]
    if missing:
        raise ParameterError(f"running accounts lack {', '.join(missing)}; pass what the panel returns")
    names = [f"cured_within_{months}" for months in horizons]
    found = running[["account_id", "state", "months_run", "balance"]].reset_index(drop=True)
    found = found.assign(state=running["state"].astype(str).to_numpy(), **dict.fromkeys(names, np.nan))
    overdue = (running["months_current"] == 0).to_numpy()
    found.loc[overdue, names] = _by_model(running[overdue], model, fitted_on, covariates, horizons)
    states = states_of(cells)
    place = _chain_place(running, states)
    segment = running[SEGMENT].astype(str).to_numpy() if SEGMENT in running else np.full(len(running), ALL)
    chances, own = _by_chain(place[~overdue], segment[~overdue], cells, states, horizons, by, least)
    found.loc[~overdue, names] = chances
    found["basis"] = MODEL
    found.loc[~overdue, "basis"] = np.where(own, by, ALL)
    return found.assign(expected_cash=found["balance"] * _cash(place, segment, states, cash))


def _by_chain(
    place: npt.NDArray[np.int64],
    segment: npt.NDArray[np.object_],
    cells: pd.DataFrame,
    states: ChainStates,
    horizons: Sequence[int],
    by: str,
    least: int,
) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Chances of accounts at states of the chain (rows, horizons), and whether they are their own segment's."""
    months = [month - 1 for month in horizons]
    chances, own = to_cure(cells, states, max(horizons))[months][:, place].T, np.zeros(len(place), dtype=bool)
    for name, part in usable(cells).groupby(by, observed=True) if by in cells else ():
        chosen = segment == str(name)
        if chosen.any() and _enough(part, states, least):
            chances[chosen] = to_cure(part, states, max(horizons))[months][:, place[chosen]].T
            own[chosen] = True
    return chances, own


def _enough(cells: pd.DataFrame, states: ChainStates, least: int) -> bool:
    """Whether each state of probation that the segment knows was left, or stayed in, so many times."""
    steps = cells.groupby(cells["from_state"].astype(str))["accounts"].sum()
    known = [name for name in states.probation if name in steps.index]
    return bool(known) and bool((steps[known] >= least).all())


def to_cure(cells: pd.DataFrame, states: ChainStates, months: int) -> Array:
    """Chance to have reached a sustained cure within 1 … `months` months, by state: shape (months, states).

    First passage in the chain with the pooled monthly rates of the cells; states never left stay where they are.
    """
    counts = absorbing(step_counts(usable(cells), states), states).sum(axis=0)
    cured = states.places(states.cured)
    counts[cured] = 0.0
    matrix = to_matrix(counts)
    reached = np.zeros(len(states.names))
    reached[cured] = 1.0
    path = []
    for _ in range(months):
        reached = matrix @ reached
        path.append(reached)
    return np.array(path)


def _by_model(
    rows: pd.DataFrame,
    model: MixtureCure,
    fitted_on: pd.DataFrame,
    covariates: Sequence[str],
    horizons: Sequence[int],
) -> Array:
    """The chances of a cure of rows still open (rows, horizons), computed once for rows that are alike."""
    keys = [*covariates, "months_run"]
    alike = rows[keys].drop_duplicates(ignore_index=True)
    known = np.ones(len(alike), dtype=bool)
    for name in covariates:
        known &= alike[name].isin(set(fitted_on[name])).to_numpy()
    found = np.full((len(alike), len(horizons)), np.nan)
    if known.any():
        asked = alike[known].reset_index(drop=True)
        found[known] = cured_while_open(model, fitted_on, covariates, asked, asked["months_run"], horizons)
    place = rows[keys].merge(alike.reset_index(names="_place"), how="left", on=keys)["_place"].to_numpy()
    return np.asarray(found[place], dtype=np.float64)


def _chain_place(running: pd.DataFrame, states: ChainStates) -> npt.NDArray[np.int64]:
    """Place of each running account among the chain's states."""
    on_probation = "probation_" + running["months_current"].astype(int).astype(str)
    state = running["state"].astype(str).where(running["months_current"] == 0, on_probation)
    places = {name: number for number, name in enumerate(states.names)}
    # A probation that is longer than the chain's, after relief, counts as its last month.
    longest = places[states.probation[-1]] if states.probation else places[states.cured[0]]
    return state.map(places).fillna(longest).to_numpy().astype(np.int64)


def _cash(
    place: npt.NDArray[np.int64], product: npt.NDArray[np.object_], states: ChainStates, cash: pd.DataFrame | None
) -> Array:
    if cash is None:
        return np.full(len(place), np.nan)
    rates = cash.assign(state=cash["state"].astype(str)).set_index(["value", "state"])["expected"]
    keys = pd.MultiIndex.from_arrays([product.astype(str), np.asarray(states.names)[place]])
    own = rates.reindex(keys).to_numpy(dtype=float)
    whole = rates.reindex(pd.MultiIndex.from_arrays([np.full(len(place), "all"), keys.get_level_values(1)]))
    return np.where(np.isnan(own), whole.to_numpy(dtype=float), own)
