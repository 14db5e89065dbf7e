"""Loss given charge-off, from the recovery curve that the cure chapter saved."""

from __future__ import annotations

import pandas as pd

from analysis.core.errors import InputError

WHOLE = "all"


def loss_given_charge_off(recovery: pd.DataFrame, product: pd.Series) -> pd.DataFrame:
    """Share of the balance never recovered, for each account by its product.

    `recovery` is the cure chapter's table `recovery_curve`: dimension, value, since (months), rate with lower and
    upper (cash after charge-off ÷ balance charged off), suppressed. Loss is one less the rate at the last month
    told; what comes in later is not counted, so it errs on the side of loss. It is not discounted and bears no
    cost of collection. A product without a curve of its own takes the whole portfolio's.

    Returns, on product's index, loss_given, loss_lower, loss_upper and loss_pooled (true where the whole
    portfolio's was taken). Raises InputError where there is no curve at all.
    """
    told = recovery[~recovery["suppressed"].astype(bool)].dropna(subset=["rate", "lower", "upper"])
    last = told.sort_values("since").groupby(["dimension", "value"], sort=False).tail(1)
    own = last[last["dimension"] == "product"].set_index("value")[["rate", "lower", "upper"]]
    whole = last[last["dimension"] == WHOLE][["rate", "lower", "upper"]]
    if whole.empty:
        raise InputError(
            "recovery_curve holds no month of the whole portfolio that may be shown, so the loss given charge-off "
            "is not known; follow charged-off accounts for longer"
        )
    found = own.reindex(product.astype(str)).set_axis(product.index)
    pooled = found["rate"].isna()
    found = found.fillna(whole.iloc[0])
    return pd.DataFrame(
        {
            "loss_given": (1 - found["rate"]).clip(0, 1),
            "loss_lower": (1 - found["upper"]).clip(0, 1),
            "loss_upper": (1 - found["lower"]).clip(0, 1),
            "loss_pooled": pooled,
        }
    )
