"""The chance of cure of accounts still open, where those who never cure leave by charge-off at their own pace."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.methods.cure.curves import exit_curves
from analysis.methods.cure.never_cure import fit_spells
from analysis.methods.cure.while_open import cured_while_open

PACE = {"card": 7, "auto": 4}
"""Month by which accounts that never cure are charged off."""


def spells(rows: int = 30_000, seed: int = 5, lost: bool = True) -> pd.DataFrame:
    """Three in ten never cure and are charged off in the product's month, some earlier; others cure in time."""
    rng = np.random.default_rng(seed)
    product = np.where(rng.random(rows) < 0.4, "auto", "card")
    never = rng.random(rows) < 0.3
    wait = np.where(never, 999, rng.geometric(0.35, rows))
    off = np.where(never & lost, np.array([PACE[p] for p in product]) - (rng.random(rows) < 0.2), 999)
    end = rng.integers(1, 30, rows)
    duration = np.minimum(np.minimum(wait, off), end)
    exits = np.where(wait == duration, "cured", np.where(off == duration, "charged_off", "open"))
    frame = pd.DataFrame({"entry": 0, "duration": duration, "exit": exits, "product": product})
    return frame.assign(fold=rng.integers(0, 32, rows), spells=1)


@pytest.fixture(scope="module")
def cells() -> pd.DataFrame:
    drawn = spells()
    keys = ["entry", "duration", "exit", "product", "fold"]
    return drawn.groupby(keys)["spells"].sum().reset_index()


def truth(product: str, month: int, horizon: int) -> float:
    """Bayes: p (S(k) − S(k + h)) ÷ (p S(k) + (1 − p) O(k))."""
    waiting = 0.7 * 0.65**month
    still = 1.0 if month < PACE[product] - 1 else 0.8 if month < PACE[product] else 0.0
    return waiting * (1 - 0.65**horizon) / (waiting + 0.3 * still)


@pytest.mark.parametrize(("product", "month"), [("card", 0), ("card", 3), ("card", 6), ("auto", 2), ("auto", 3)])
def test_accounts_open_for_long_have_the_chance_of_those_not_yet_charged_off(
    cells: pd.DataFrame, product: str, month: int
) -> None:
    model = fit_spells(cells, ["product"]).model
    found = cured_while_open(model, cells, ["product"], pd.DataFrame({"product": [product]}), [month], [3, 6])[0]
    assert found == pytest.approx([truth(product, month, 3), truth(product, month, 6)], abs=0.02)


def test_after_charge_off_has_taken_all_that_never_cure_the_model_alone_is_far_too_low(
    cells: pd.DataFrame,
) -> None:
    model, row = fit_spells(cells, ["product"]).model, pd.DataFrame({"product": ["auto"]})
    alone = model.predict_cumulative_incidence(row, [6], [4.0]).to_numpy()[0, 0]
    found = cured_while_open(model, cells, ["product"], row, [4], [6])[0, 0]
    # The tail of the wait is the model's, which takes spells that end open for waiting whatever their age.
    assert alone < 0.35 and found == pytest.approx(truth("auto", 4, 6), abs=0.08)


def test_the_chances_of_all_still_open_add_up_to_the_cures_that_came(cells: pd.DataFrame) -> None:
    model = fit_spells(cells, ["product"]).model
    # Those who could be followed for six months more.
    for month in (2, 5):
        open_then = spells(seed=6).query("duration > @month").assign(entry=month)
        rows = pd.DataFrame({"product": open_then["product"].to_numpy()})
        told = cured_while_open(model, cells, ["product"], rows, np.full(len(rows), month), [6])[:, 0].mean()
        later = exit_curves(open_then.assign(entry=0, duration=open_then["duration"] - month), horizon=6)
        came = later.query("exit == 'cured' and months == 6")["rate"].iloc[0]
        assert told == pytest.approx(came, abs=0.03)


def test_where_nobody_is_lost_it_is_the_models_own_chance() -> None:
    cells = spells(4_000, lost=False)
    model, rows = fit_spells(cells, ["product"]).model, pd.DataFrame({"product": ["card", "auto"]})
    own = model.predict_cumulative_incidence(rows, [3, 12], [2.0, 5.0]).to_numpy().T
    np.testing.assert_allclose(cured_while_open(model, cells, ["product"], rows, [2, 5], [3, 12]), own)


def test_months_past_all_that_was_followed_count_as_the_last_that_was(cells: pd.DataFrame) -> None:
    model, rows = fit_spells(cells).model, pd.DataFrame({"product": ["card", "card"]})
    found = cured_while_open(model, cells, [], rows, [25, 60], [3, 6, 12])
    assert found[0] == pytest.approx(found[1])
    assert ((found >= 0) & (found <= 1)).all() and (np.diff(found, axis=1) >= 0).all()
