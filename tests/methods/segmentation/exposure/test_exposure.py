"""Exposure at risk and its concentration."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.exposure.at_risk import (
    concentration,
    concentration_curve,
    exposure_at_risk,
    exposure_by,
    profile_of_top,
    total_exposure,
)


def account(**changes: float) -> pd.DataFrame:
    row = {"balance": 1000.0, "p_charge_off": 0.2, "p_lower": 0.1, "p_upper": 0.3}
    row |= {"loss_given": 0.8, "loss_lower": 0.7, "loss_upper": 0.9}
    return pd.DataFrame([row | changes])


def test_exposure_is_balance_times_chance_times_loss() -> None:
    found = exposure_at_risk(account()).iloc[0]
    assert found.exposure == pytest.approx(160.0)
    # By hand: 160·exp(−√(ln²2 + ln²(8/7))) = 160·exp(−0.70589), and
    # 160·exp(√(ln²1.5 + ln²1.125)) = 160·exp(0.42223).
    assert (found.exposure_lower, found.exposure_upper) == pytest.approx((78.9869, 244.0565), abs=1e-3)


def test_limits_of_a_product_cover_it_as_often_as_they_say() -> None:
    rng = np.random.default_rng(2)
    p, loss, n = 0.2, 0.7, 4000
    own = np.clip(rng.normal([[p], [loss]], [[0.03], [0.05]], (2, n)), 0.01, 0.99)
    half = 1.96 * np.array([[0.03], [0.05]])
    lower, upper = np.clip(own - half, 1e-6, 1), np.clip(own + half, 0, 1)
    frame = pd.DataFrame(
        {"balance": 1.0, "p_charge_off": own[0], "p_lower": lower[0], "p_upper": upper[0]}, range(n)
    )
    frame = frame.assign(loss_given=own[1], loss_lower=lower[1], loss_upper=upper[1])
    found = exposure_at_risk(frame)
    assert 0.93 <= ((found.exposure_lower <= p * loss) & (p * loss <= found.exposure_upper)).mean() <= 0.975


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_limits_enclose_the_exposure_and_never_leave_the_balance(p: list[float], loss: list[float]) -> None:
    p, loss = sorted(p), sorted(loss)
    changes = dict(
        zip(
            ["p_lower", "p_charge_off", "p_upper", "loss_lower", "loss_given", "loss_upper"], p + loss, strict=True
        )
    )
    found = exposure_at_risk(account(**changes)).iloc[0]
    assert -1e-9 <= found.exposure_lower <= found.exposure + 1e-9
    assert found.exposure - 1e-9 <= found.exposure_upper <= 1000.0


def test_a_total_adds_accounts_and_their_limits() -> None:
    found = exposure_at_risk(pd.concat([account(), account(balance=3000.0)]))
    total = total_exposure(found)
    assert total.exposure == pytest.approx(640.0) and total.share == pytest.approx(0.16)
    assert total.lower == pytest.approx(found.exposure_lower.sum()) and total.upper > total.exposure


def test_alike_accounts_have_no_concentration_and_one_that_holds_all_has_the_most() -> None:
    fold = np.arange(100) % 10
    alike = concentration(np.full(100, 5.0), fold).set_index("measure").value
    assert alike["gini"] == pytest.approx(0.0, abs=1e-12) and alike["top_share"] == pytest.approx(0.1)
    single = concentration(np.append(1.0, np.zeros(99)), fold).set_index("measure").value
    assert single["gini"] == pytest.approx(0.99) and single["top_share"] == pytest.approx(1.0)


def test_gini_is_half_the_relative_mean_difference() -> None:
    x = np.random.default_rng(3).lognormal(0, 1, 300)
    pairs = np.abs(x[:, None] - x).mean() / (2 * x.mean())
    assert concentration(x, np.arange(300) % 12).value[0] == pytest.approx(pairs)


def test_the_interval_holds_the_gini_of_lognormal_exposures_in_most_samples() -> None:
    # Gini of a lognormal with sigma 1: 2Φ(σ/√2) − 1 = 0.5205.
    hits = 0
    for seed in range(100):
        x = np.random.default_rng(seed).lognormal(0, 1, 1000)
        row = concentration(x, np.arange(1000) % 25).iloc[0]
        hits += row.lower <= 0.5205 <= row.upper
    assert hits >= 86


def test_the_curve_runs_from_nothing_to_all_above_the_diagonal() -> None:
    curve = concentration_curve(np.random.default_rng(4).lognormal(0, 1, 500), 20)
    assert curve.iloc[0].tolist() == [0, 0] and curve.iloc[-1].tolist() == pytest.approx([1, 1])
    assert (curve.exposure >= curve.accounts - 1e-12).all() and curve.exposure.diff().diff().iloc[2:].le(
        1e-12
    ).all()


def test_the_top_is_profiled_against_all() -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {"exposure": np.append(rng.random(900), 2 + rng.random(100)), "product": ["card"] * 900 + ["sme"] * 100}
    )
    table = profile_of_top(frame, "product", np.arange(1000) % 20).set_index("group")
    assert table.loc["sme", "ratio"] == pytest.approx(10.0) and table.loc["card", "accounts"] == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"balance": -1.0}, "a balance is missing or below 0"),
        ({"p_lower": 0.5}, "p_charge_off is not within p_lower and p_upper in 1 rows"),
        ({"p_upper": 20.0}, "p_upper exceeds 1"),
    ],
)
def test_impossible_accounts_are_refused(changes: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        exposure_at_risk(account(**changes))


def test_missing_columns_and_odd_shares_are_refused() -> None:
    with pytest.raises(InputError, match="loss_given missing"):
        exposure_at_risk(account().drop(columns="loss_given"))
    with pytest.raises(InputError, match="nothing is at risk"):
        concentration_curve([0.0, 0.0])
    with pytest.raises(ParameterError, match="top is 10"):
        concentration([1.0, 2.0], [0, 1], top=10)


def test_groups_add_up_to_the_whole_and_each_is_balance_times_chance_times_loss() -> None:
    rng = np.random.default_rng(4)
    p, loss = rng.uniform(0.05, 0.9, 300), rng.uniform(0.2, 0.95, 300)
    accounts = pd.DataFrame(
        {"balance": rng.gamma(2, 5000, 300), "product": rng.choice(["card", "auto"], 300), "p_charge_off": p}
    ).assign(p_lower=p * 0.8, p_upper=p * 1.05, loss_given=loss, loss_lower=loss * 0.9, loss_upper=loss)
    exposed = exposure_at_risk(accounts)
    whole, groups = exposure_by(exposed).iloc[0], exposure_by(exposed, "product")
    assert whole["exposure"] == pytest.approx(total_exposure(exposed)["exposure"])
    sums = groups[["accounts", "balance", "exposure", "lower", "upper"]].sum()
    assert sums.tolist() == pytest.approx(whole[sums.index].tolist())
    assert (groups["balance"] * groups["chance"] * groups["loss_given"]).tolist() == pytest.approx(
        groups["exposure"].tolist()
    )
