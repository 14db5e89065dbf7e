"""Loss given charge-off from saved recovery curves."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.core.errors import InputError
from analysis.methods.segmentation.exposure.loss_given import loss_given_charge_off

CURVE = pd.DataFrame(
    [
        ("all", "all", 12, 0.15, 0.14, 0.16, False),
        ("all", "all", 24, 0.25, 0.22, 0.28, False),
        ("product", "card", 12, 0.10, 0.08, 0.12, False),
        ("product", "card", 24, 0.20, 0.18, 0.23, False),
        ("product", "auto", 24, 0.70, 0.60, 0.80, True),
        ("product", "sme", 12, 0.30, 0.2, 0.4, False),
        ("product", "sme", 24, None, None, None, False),
    ],
    columns=["dimension", "value", "since", "rate", "lower", "upper", "suppressed"],
)


def test_each_product_loses_what_its_own_curve_leaves_at_the_last_month_told() -> None:
    found = loss_given_charge_off(CURVE, pd.Series(["card", "sme"], index=[7, 9]))
    assert found.index.tolist() == [7, 9] and not found["loss_pooled"].any()
    assert found.loc[7, ["loss_given", "loss_lower", "loss_upper"]].tolist() == pytest.approx([0.80, 0.77, 0.82])
    assert found.loc[9, "loss_given"] == pytest.approx(0.70)


def test_a_product_whose_curve_is_withheld_takes_the_whole_portfolios_and_says_so() -> None:
    found = loss_given_charge_off(CURVE, pd.Series(["auto", "mortgage"]))
    assert found["loss_pooled"].all() and found["loss_given"].tolist() == pytest.approx([0.75, 0.75])


def test_no_curve_at_all_is_refused_with_the_mend() -> None:
    with pytest.raises(InputError, match="follow charged-off accounts for longer"):
        loss_given_charge_off(CURVE.assign(suppressed=True), pd.Series(["card"]))
