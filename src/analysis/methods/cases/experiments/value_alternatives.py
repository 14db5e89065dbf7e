"""Whether what lifetime value says of an experiment hangs on the losses that were assumed."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.core.errors import InputError
from analysis.core.parameters.cases_value import Losses, Value
from analysis.methods.cases.experiments.design import Registered
from analysis.methods.cases.experiments.effects import BETTER, WORSE
from analysis.methods.cases.experiments.value import value_of_all

KEYS = ["experiment", "arm", "control", "horizon"]
ASSUMED = ["loss_given_redefault", "loss_never_returned"]
TOLD = ["value_effect", "value_lower", "value_upper", "value_verdict"]


def with_losses(flows: pd.DataFrame, losses: Losses | Value) -> pd.DataFrame:
    """The flows of panel.decision_flows with other shares of the same lost balances as redefault_loss.

    Raises InputError where the balances `lost_again` and `never_returned` are not there.
    """
    absent = [name for name in ("lost_again", "never_returned") if name not in flows.columns]
    if absent:
        raise InputError(f"the flows have no column {', '.join(absent)}; take them from panel.decision_flows")
    lost = losses.loss_given_redefault * flows["lost_again"]
    return flows.assign(redefault_loss=lost + losses.loss_never_returned * flows["never_returned"])


def under_alternatives(
    worth: pd.DataFrame,
    studies: Sequence[tuple[pd.DataFrame, Registered]],
    flows: pd.DataFrame,
    value: Value,
    replications: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Lifetime value of the comparisons in `worth` under the losses assumed, and under each alternative.

    `worth` is what value_of_all makes of the same `studies` and `flows`; rows left out of it are left out here.
    One row a set of losses and comparison: loss_given_redefault, loss_never_returned, assumed (the losses that
    `worth` rests on), experiment, arm, control, horizon, value_effect, value_lower, value_upper, value_verdict,
    changed (another verdict than assumed). Limits are those of value_of_all, on the same draws for all losses. An
    alternative equal to what is assumed is left out.
    """
    tables = [_told(worth, value, True)]
    for losses in value.alternatives:
        if _shares(losses) != _shares(value):
            again = value_of_all(studies, with_losses(flows, losses), value, replications, seed)
            tables.append(_told(worth[KEYS].merge(again, on=KEYS, how="left", validate="1:1"), losses, False))
    table = pd.concat(tables, ignore_index=True)
    before = table[KEYS].merge(tables[0], on=KEYS, how="left")["value_verdict"]
    return table.assign(changed=(table["value_verdict"] != before).to_numpy())


def changes(table: pd.DataFrame) -> pd.DataFrame:
    """One row a set of losses: comparisons, better, worse, and turned (another verdict than assumed)."""
    told = table.assign(**{verdict: table["value_verdict"] == verdict for verdict in (BETTER, WORSE)})
    counts = told.groupby([*ASSUMED, "assumed"], sort=False).agg(
        comparisons=("changed", "size"), better=(BETTER, "sum"), worse=(WORSE, "sum"), turned=("changed", "sum")
    )
    return counts.reset_index()


def _shares(losses: Losses | Value) -> Sequence[float]:
    return [getattr(losses, name) for name in ASSUMED]


def _told(worth: pd.DataFrame, losses: Losses | Value, assumed: bool) -> pd.DataFrame:
    shares = dict(zip(ASSUMED, _shares(losses), strict=True))
    table = worth[[*KEYS, *TOLD]].assign(assumed=assumed, **shares)
    return table[[*ASSUMED, "assumed", *KEYS, *TOLD]].reset_index(drop=True)
