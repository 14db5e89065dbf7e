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
"""Column of running accounts that names the segment of expected cash."""


def scores(
    running: pd.DataFrame,
    model: MixtureCure,
    fitted_on: pd.DataFrame,
    cells: pd.DataFrame,
    covariates: Sequence[str],
    horizons: Sequence[int] = (3, 6, 12),
    cash: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Running spells by account: account_id, state, months_run, balance, cured_within_<h>, expected_cash.

    cured_within_<h>: for accounts overdue, the chance that a sustained cure is dated within so many months from
    now, given that the spell has run so long and is still open: the mixture model's, by covariates, among accounts
    not lost by then (`while_open`). For accounts on probation, of which spells of the past tell nothing
    (`spell_months.hazard_cells`), the chance in the chain's pooled months that they reach a sustained cure within
    the horizon. Missing for values of covariates that `fitted_on`, the spells
    that the model was fitted on, doesn't hold.
    expected_cash: balance × cash per unit of balance of the account's `segment` (all where it has none) and state
    (`expected_cash`'s table), in the portfolio's currency; missing without `cash`.

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
    back = to_cure(cells, states, max(horizons))
    place = _chain_place(running, states)
    for name, months in zip(names, horizons, strict=True):
        found.loc[~overdue, name] = back[months - 1][place[~overdue]]
    product = running[SEGMENT].to_numpy() if SEGMENT in running else np.full(len(running), "all")
    return found.assign(expected_cash=found["balance"] * _cash(place, product, states, cash))


def to_cure(cells: pd.DataFrame, states: ChainStates, months: int) -> Array:
    """Chance to have reached a sustained cure within 1 … `months` months, by state: shape (months, states).

    First passage in the chain with the pooled monthly rates of the cells; states never left stay where they are.
    """
    counts = absorbing(step_counts(usable(cells), states), states).sum(axis=0)
    cured = states.places(["cured"])[0]
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
    longest = places[states.probation[-1]] if states.probation else places["cured"]
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
