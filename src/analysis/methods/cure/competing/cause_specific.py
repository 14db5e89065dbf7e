"""Cause-specific Cox regression: what speeds one exit among those still open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.methods.cure.competing.exits import read_exits
from analysis.statistics.design import Design

if TYPE_CHECKING:
    from lifelines import CoxPHFitter


def cause_specific_cox(
    df: pd.DataFrame,
    duration_col: str,
    exit_col: str,
    exit_name: object,
    formula: str,
    entry_col: str | None = None,
    weights_col: str | None = None,
    cluster_col: str | None = None,
    still_open: object = "open",
) -> CoxPHFitter:
    """lifelines' Cox model of the hazard of `exit_name`, spells gone by another exit being cut short there.

    A hazard ratio above one says that the exit comes sooner *among those still open*; it says nothing of how many
    take it in the end, which hangs on the other exits too: for that see `cumulative_incidence`. Ties after Efron.
    `weights_col` are case weights; `cluster_col` gives robust errors.
    Raises InputError for spells or covariates that cannot be used, or an exit that nobody takes.
    Source: Prentice et al. (1978) Biometrics 34.
    """
    from lifelines import CoxPHFitter

    exits = read_exits(df, duration_col, exit_col, entry_col, weights_col, still_open)
    exits.refuse_unknown(exit_name, exit_col)
    design = Design(formula, "hazard")
    covariates = pd.DataFrame(design.learn(df)[:, 1:], columns=design.names[1:])
    event = f"{exit_col} = {exit_name}"
    frame = covariates.assign(**{duration_col: exits.time, event: exits.exit == exits.names.index(exit_name)})
    options = {}
    if entry_col is not None:
        frame[entry_col], options["entry_col"] = exits.entry, entry_col
    if weights_col is not None:
        frame[weights_col], options["weights_col"] = exits.weight, weights_col
    if cluster_col is not None:
        frame[cluster_col], options["cluster_col"] = df[cluster_col].to_numpy(), cluster_col
    return CoxPHFitter().fit(frame, duration_col, event, **options)
