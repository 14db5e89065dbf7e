"""Expected credit losses: staging, exposure, loss given default, and what moved the allowance (`movement`).

`model` joins them for a book: `default_curves` and `loss_rates` on its `cells`, loss given default from
`loss_curves`, score bands from `score_risk`; `loss_tables` tells the result, `attribution` which
variables make it.
"""

from analysis.methods.stress.credit import (
    attribution,
    cells,
    expected_credit_loss,
    loss_curves,
    loss_rates,
    loss_tables,
    model,
    movement,
    provision,
    score_risk,
    staging,
)

__all__ = [
    "attribution",
    "cells",
    "expected_credit_loss",
    "loss_curves",
    "loss_rates",
    "loss_tables",
    "model",
    "movement",
    "provision",
    "score_risk",
    "staging",
]
