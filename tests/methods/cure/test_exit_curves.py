"""Curves of exits from weighted cells: by hand, against the row-wise estimator, and their properties."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.core.errors import InputError
from analysis.core.spells import SPELL_EXITS
from analysis.methods.cure import cumulative_incidence
from analysis.methods.cure.curves import as_known, at_months, exit_curves, incidence, months_until, observed_in


def drawn(rows: int, seed: int, hazard: float = 0.3, shared: int = 1) -> pd.DataFrame:
    """Spells with monthly hazards of cure and of charge-off, some late; customers have `shared` equal spells."""
    rng = np.random.default_rng(seed)
    wait = np.repeat(rng.geometric(hazard, rows), shared)
    lost = np.repeat(rng.random(rows) < 0.2, shared)
    end = rng.integers(3, 15, rows * shared)
    entry = np.where(rng.random(rows * shared) < 0.2, rng.integers(1, 3, rows * shared), 0)
    frame = pd.DataFrame(
        {
            "entry": entry,
            "duration": np.minimum(wait, end),
            "exit": np.where(wait <= end, np.where(lost, "charged_off", "cured"), "open"),
            "fold": np.repeat(rng.integers(0, 32, rows), shared),
            "spells": 1,
        }
    )
    return frame[frame["duration"] > frame["entry"]].reset_index(drop=True)


def test_three_spells_by_hand() -> None:
    cells = pd.DataFrame(
        {
            "entry": [0, 0, 0],
            "duration": [1, 2, 2],
            "exit": ["cured", "charged_off", "open"],
            "fold": [0, 1, 2],
            "spells": [2, 1, 1],
        }
    )
    table = exit_curves(cells, horizon=2, least=1).set_index(["exit", "months"])["rate"]
    assert table["cured", 1] == pytest.approx(0.5) and table["cured", 2] == pytest.approx(0.5)
    assert table["charged_off", 2] == pytest.approx(0.25) and table["not_cured", 2] == pytest.approx(0.25)
    assert table["open", 1] == pytest.approx(0.5) and table["open", 2] == pytest.approx(0.25)


def test_cells_give_the_same_curves_as_rows_do() -> None:
    rows = drawn(2000, seed=1)
    ours = exit_curves(rows, horizon=10, least=1)
    theirs = cumulative_incidence(rows, "duration", "exit", entry_col="entry")
    both = ours.merge(theirs, left_on=["exit", "months"], right_on=["exit", "time"])
    assert len(both) == 30
    np.testing.assert_allclose(both["rate"], both["share"], atol=1e-12)


def test_the_jackknife_agrees_with_greenwood_where_spells_are_independent() -> None:
    rows = drawn(6000, seed=2)
    ours = exit_curves(rows, horizon=8, least=1)
    theirs = cumulative_incidence(rows, "duration", "exit", entry_col="entry")
    both = ours.merge(theirs, left_on=["exit", "months"], right_on=["exit", "time"])
    width = (both["rate_upper"] - both["rate_lower"]) / (both["upper"] - both["lower"])
    assert 0.85 < width.mean() < 1.2


def test_customers_with_several_like_spells_widen_the_interval() -> None:
    rows = drawn(1500, seed=3, shared=4)
    clustered = exit_curves(rows, horizon=3, least=1).query("exit == 'cured' and months == 3").iloc[0]
    alone = exit_curves(
        rows.assign(fold=np.random.default_rng(0).integers(0, 32, len(rows))), horizon=3, least=1
    ).query("exit == 'cured' and months == 3")
    widths = [row["rate_upper"] - row["rate_lower"] for row in (clustered, alone.iloc[0])]
    assert widths[0] > 1.4 * widths[1]


def test_intervals_cover_the_true_share() -> None:
    truth = 0.8 * (1 - 0.7**6)
    held = []
    for seed in range(120):
        row = exit_curves(drawn(300, seed=100 + seed), horizon=6, least=1).query("exit == 'cured' and months == 6")
        held.append(bool(row["rate_lower"].iloc[0] <= truth <= row["rate_upper"].iloc[0]))
    assert 0.89 <= np.mean(held) <= 0.99


def test_late_entries_left_uncounted_would_bias_the_curve() -> None:
    rng = np.random.default_rng(4)
    wait = rng.geometric(0.3, 20_000)
    first_seen = rng.integers(0, 4, 20_000)
    seen = pd.DataFrame(
        {"entry": first_seen, "duration": wait, "exit": "cured", "fold": rng.integers(0, 32, 20_000), "spells": 1}
    ).query("duration > entry")
    right = exit_curves(seen, horizon=3, least=1).query("exit == 'cured' and months == 2")["rate"].iloc[0]
    naive = exit_curves(seen.assign(entry=0), horizon=3, least=1).query("exit == 'cured' and months == 2")
    assert right == pytest.approx(1 - 0.7**2, abs=0.015)
    assert naive["rate"].iloc[0] < 0.45


def test_by_balance_a_large_spell_weighs_more() -> None:
    cells = pd.DataFrame(
        {
            "entry": 0,
            "duration": [1, 1],
            "exit": ["cured", "charged_off"],
            "fold": [0, 1],
            "spells": [1, 1],
            "balance": [900.0, 100.0],
        }
    )
    table = exit_curves(cells, horizon=1, weight="balance", least=1).set_index("exit")
    assert table.loc["cured", "rate"] == pytest.approx(0.9)
    assert table.loc["cured", "gone"] == 1 and table.loc["cured", "begun"] == 2


def test_a_curve_ends_where_too_few_are_at_risk() -> None:
    rows = drawn(200, 5, 0.1)
    table = exit_curves(rows, horizon=12, least=30)
    followed = [((rows["entry"] < m) & (rows["duration"] >= m)).sum() for m in range(1, 13)]
    assert table["months"].max() == sum(size >= 30 for size in followed) < 12


def test_a_curve_goes_on_once_nearly_all_have_gone() -> None:
    cells = pd.DataFrame({"entry": 0, "duration": [1, 2, 4], "exit": ["cured", "charged_off", "open"], "fold": 0})
    gone = exit_curves(cells.assign(spells=[150, 49, 1]), horizon=12).set_index(["exit", "months"])["rate"]
    assert gone["cured", 12] == pytest.approx(0.75) and gone["not_cured", 12] == pytest.approx(0.245)
    # With two in a hundred still open, and too few to follow, it ends with them.
    assert exit_curves(cells.assign(spells=[150, 46, 4]), horizon=12)["months"].max() == 2
    # A handful of spells has no curve, whatever became of them.
    assert exit_curves(cells.head(1).assign(spells=5), horizon=12).empty


def test_groups_are_followed_apart() -> None:
    rows = pd.concat([drawn(500, 6, 0.5).assign(product="card"), drawn(500, 7, 0.1).assign(product="auto")])
    table = exit_curves(rows, ["product"], horizon=6, least=1)
    alone = exit_curves(rows[rows["product"] == "card"], horizon=6, least=1)
    np.testing.assert_allclose(table.query("product == 'card'")["rate"], alone["rate"])
    fast = months_until(table, ["product"]).set_index("product")["months"]
    assert fast["card"] <= 3 and np.isnan(fast["auto"])
    assert set(at_months(table, [3, 6])["months"]) == {3, 6}


def test_the_cells_of_an_earlier_day_hold_nothing_later() -> None:
    cells = pd.DataFrame(
        {
            "began": [10, 10, 14, 12],
            "entry": [0, 0, 0, 3],
            "duration": [2, 6, 1, 5],
            "exit": ["cured", "cured", "cured", "open"],
        }
    )
    known = as_known(cells, 14)
    assert known["duration"].tolist() == [2, 4] and known["exit"].tolist() == ["cured", "open"]


def test_a_period_tells_of_its_own_rates_at_every_age() -> None:
    rng = np.random.default_rng(11)
    began = rng.integers(0, 36, 60_000)
    # The monthly chance of a cure falls from 0.4 to 0.2 at month 24.
    slow = rng.geometric(0.2, began.size)
    fast = rng.geometric(0.4, began.size)
    before = np.maximum(24 - began, 0)
    wait = np.where(fast <= before, fast, before + slow)
    cells = pd.DataFrame(
        {"began": began, "entry": 0, "duration": wait, "exit": "cured", "spells": 1, "fold": began % 32}
    )
    period = observed_in(cells, 24, 36)
    rate = exit_curves(period, horizon=12, least=1).query("exit == 'cured' and months == 12")["rate"].iloc[0]
    assert rate == pytest.approx(1 - 0.8**12, abs=0.01)
    assert period["duration"].max() >= 12 and (period["entry"] < period["duration"]).all()


def test_no_spells_are_refused() -> None:
    with pytest.raises(InputError, match="no spells to follow"):
        exit_curves(drawn(10, 1).iloc[:0])


@given(st.integers(0, 10_000))
def test_exits_and_survival_sum_to_one_and_curves_never_fall(seed: int) -> None:
    rng = np.random.default_rng(seed)
    at_risk = np.sort(rng.integers(0, 50, 8))[::-1].astype(float)
    leaving = np.array(
        [rng.multinomial(int(n), [0.1] * len(SPELL_EXITS) + [0.5])[: len(SPELL_EXITS)] for n in at_risk]
    )
    shares = incidence(at_risk, leaving.astype(float))
    np.testing.assert_allclose(shares[:, : len(SPELL_EXITS)].sum(axis=1) + shares[:, -1], 1.0)
    assert (np.diff(shares[:, :-1], axis=0) >= -1e-12).all() and ((shares >= 0) & (shares <= 1)).all()


def test_a_share_that_is_zero_but_for_one_group_of_customers_has_its_limits() -> None:
    # Without fold 0 nobody is at risk in the second month, so that half stay open.
    first = {"entry": 0, "duration": 1, "exit": "cured", "spells": 10}
    cells = pd.DataFrame(
        [first | {"fold": fold} for fold in range(20)]
        + [{"entry": 0, "duration": 2, "exit": "cured", "spells": 10, "fold": 0}]
        + [{"entry": 0, "duration": 1, "exit": "open", "spells": 10, "fold": fold} for fold in range(1, 20)]
    )
    row = exit_curves(cells, horizon=2, least=1).set_index(["exit", "months"]).loc[("open", 2)]
    assert row["rate"] == row["rate_lower"] == 0.0 and 0.0 < row["rate_upper"] < 0.1
