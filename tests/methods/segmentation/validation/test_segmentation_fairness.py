"""Fairness of segmentation's models: an unfair one is found, unequal need alone is not the model's fault."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.validation.fairness import model_fairness


def draw(accounts: int = 8000, seed: int = 0) -> tuple[np.ndarray, np.ndarray, pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    sex = rng.choice(["female", "male"], accounts)
    p = 1 / (1 + np.exp(-(-1.5 + rng.normal(size=accounts) + 0.7 * (sex == "male"))))
    event = (rng.random(accounts) < p).astype(int)
    return p, event, pd.DataFrame({"sex": sex}), rng.integers(0, 32, accounts)


def test_a_right_model_of_unequal_groups_has_no_calibration_gap() -> None:
    found = model_fairness(*draw())
    own = found.groups[found.groups.metric == "calibration_gap"]
    assert ((own.lower < 0) & (own.upper > 0)).all()
    gap = found.gaps.set_index("metric")
    assert gap.highest["selection_rate"] == "male" and gap.difference_lower["selection_rate"] > 0.02
    assert gap.highest["observed"] == "male"


def test_a_model_that_thinks_worse_of_women_is_found() -> None:
    p, event, groups, fold = draw()
    unfair = np.clip(p + 0.1 * (groups.sex == "female").to_numpy(), 0, 1)
    gap = model_fairness(unfair, event, groups, fold).gaps.set_index("metric")
    assert gap.highest["calibration_gap"] == "female"
    assert gap.difference["calibration_gap"] == pytest.approx(0.1, abs=0.03)
    assert gap.difference_lower["calibration_gap"] > 0


def test_rates_are_plain_shares_of_those_selected() -> None:
    p, event, groups, fold = draw()
    found = model_fairness(p, event, groups, fold, capacity=0.2)
    chosen, women = p >= np.sort(p)[::-1][int(0.2 * p.size) - 1], (groups.sex == "female").to_numpy()
    by = found.groups[found.groups.group == "female"].set_index("metric").value
    assert by["selection_rate"] == pytest.approx(chosen[women].mean())
    assert by["true_positive_rate"] == pytest.approx(chosen[women & (event == 1)].mean())
    assert by["false_positive_rate"] == pytest.approx(chosen[women & (event == 0)].mean())
    assert (found.groups.capacity == 0.2).all() and (found.gaps.capacity == 0.2).all()


def test_a_model_that_cannot_tell_accounts_apart_selects_each_group_alike() -> None:
    _, event, groups, fold = draw()
    found = model_fairness(np.full(event.size, 0.3), event, groups, fold, capacity=0.1).groups
    rates = found[found.metric.isin(["selection_rate", "true_positive_rate", "false_positive_rate"])]
    assert rates.value.to_numpy() == pytest.approx(0.1)


def test_wrong_arguments_are_named() -> None:
    p, event, groups, fold = draw(400)
    with pytest.raises(ParameterError, match="capacity is 10"):
        model_fairness(p, event, groups, fold, capacity=10)
    with pytest.raises(InputError, match="missing or outside 0 to 1"):
        model_fairness(p * 600, event, groups, fold)
    with pytest.raises(InputError, match="attributes: 399 rows for 400 predictions"):
        model_fairness(p, event, groups[:399], fold)
    with pytest.raises(InputError, match="fold: 1 values for 400 accounts"):
        model_fairness(p, event, groups, fold[:1])
