"""Fronts of one queue in different orders."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.queues.fronts import compare_fronts

ACCOUNTS = pd.DataFrame({"balance": [100.0, 400.0, 200.0, 300.0], "chance": [0.9, 0.1, np.nan, 0.3]})


def test_each_order_takes_its_own_highest_scores() -> None:
    orders = {"balance": ACCOUNTS["balance"], "reverse": -ACCOUNTS["balance"]}
    table = compare_fronts(orders, ACCOUNTS, 0.5, "balance", ["balance"], ["chance"]).set_index("score")
    assert table.loc["balance", "balance"] == 700 and table.loc["reverse", "balance"] == 300
    assert table.loc["balance", "chance"] == pytest.approx(0.2) and table.loc["reverse", "chance"] == 0.9
    assert table["shared"].tolist() == [1.0, 0.0] and table["accounts"].eq(2).all()


def test_a_whole_queue_is_the_same_in_any_order() -> None:
    rng = np.random.default_rng(1)
    orders = {"a": rng.random(4), "b": rng.random(4)}
    table = compare_fronts(orders, ACCOUNTS, 1.0, "a", ["balance"])
    assert table["balance"].eq(1000).all() and table["shared"].eq(1).all()


def test_orders_that_cannot_be_used_are_refused_by_name() -> None:
    with pytest.raises(InputError, match="order 'a': 1 scores missing, 4 for 4 accounts"):
        compare_fronts({"a": [1, np.nan, 2, 3]}, ACCOUNTS, 0.5, "a")
    with pytest.raises(ParameterError, match="reference 'b' is not among the orders: a"):
        compare_fronts({"a": [1, 2, 3, 4]}, ACCOUNTS, 0.5, "b")
    with pytest.raises(ParameterError, match=r"capacity is 1\.5"):
        compare_fronts({"a": [1, 2, 3, 4]}, ACCOUNTS, 1.5, "a")
