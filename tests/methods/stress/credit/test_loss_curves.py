"""Cures and recoveries by product behind loss given default, and their draws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.core.states import Buckets
from analysis.methods.stress.credit.loss_curves import (
    Share,
    cure_curves,
    drawn_recoveries,
    recovered_shares,
    recovery_pools,
)
from analysis.methods.stress.credit.loss_rates import lgd_table
from analysis.methods.stress.projection.recovery import recovery_curve

GROUPS = ("auto", "card")


def curves() -> pd.DataFrame:
    rows = [
        ("entry_days", "90", 1, 0.10), ("entry_days", "90", 2, np.nan), ("entry_days", "90", 3, 0.20),
        ("product_from_90", "card", 1, 0.15), ("product_from_90", "card", 2, 0.25),
        ("product_from_90", "card", 3, 0.30), ("product_from_90", "auto", 1, 0.05),
        ("product_from_90", "auto", 2, np.nan), ("product_from_90", "auto", 3, np.nan),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["dimension", "value", "months", "rate"]).assign(exit="cured")
    return table.assign(rate_lower=table["rate"] - 0.02, rate_upper=table["rate"] + 0.04)


def redefault() -> pd.DataFrame:
    rows = [("all", "all", 0.2, 0.1, 0.3), ("product", "card", 0.5, 0.4, 0.6), ("product", "auto", *[np.nan] * 3)]
    return pd.DataFrame(rows, columns=["dimension", "value", "rate", "lower", "upper"])


def claims(seed: int = 3) -> pd.DataFrame:
    """Card: 20 claims a fold and month of charge-off, each paying 2% a month; auto: two claims that pay 50%."""
    random, rows = np.random.default_rng(seed), []
    for fold in range(32):
        for followed in range(1, 13):
            rows.append(("card", fold, followed, 0, 20.0, 2_000.0, 0.0))
            rows += [
                ("card", fold, followed, since, 0.0, 0.0, 2_000 * 0.02 * random.gamma(4, 0.25))
                for since in range(1, followed + 1)
            ]
    rows += [("auto", 1, 12, 0, 2.0, 500.0, 0.0), ("auto", 1, 12, 1, 0.0, 0.0, 250.0)]
    columns = ["product", "fold", "followed", "since", "claims", "charged_off", "paid"]
    return pd.DataFrame(rows, columns=columns)


def test_a_product_has_its_own_cures_where_they_are_shown_and_the_whole_portfolios_elsewhere() -> None:
    found = cure_curves(curves(), redefault(), GROUPS, [3, 3])
    assert found.own == ("card",)
    np.testing.assert_allclose(found.shape, [[0.10, 0.10, 0.20], [0.15, 0.25, 0.30]])
    np.testing.assert_allclose(found.lasting, [[0.08, 0.08, 0.16], [0.075, 0.125, 0.15]])


def test_cures_are_counted_up_to_the_products_own_charge_off() -> None:
    found = cure_curves(curves(), None, GROUPS, [1, 3])
    assert found.own == GROUPS
    np.testing.assert_allclose(found.shape, [[0.05] * 3, [0.15, 0.25, 0.30]])
    np.testing.assert_allclose(found.lasting, found.shape)


def test_without_saved_cures_none_are_taken_and_all_is_drawn_alike() -> None:
    found = cure_curves(None, None, GROUPS, [3, 3])
    assert found.lasting.shape == (2, 0) and found.draws(5, 0.95, 1).shape == (5, 2, 0)


def test_draws_lie_within_the_saved_limits_as_often_as_these_say() -> None:
    found = cure_curves(curves(), None, GROUPS, [3, 3]).draws(20_000, 0.95, 1)[..., -1]
    np.testing.assert_allclose(np.median(found, axis=0), [0.20, 0.30], atol=0.002)
    low, high = np.quantile(found, [0.025, 0.975], axis=0)
    np.testing.assert_allclose(low, [0.18, 0.28], atol=0.003)
    np.testing.assert_allclose(high, [0.24, 0.34], atol=0.003)
    # Products with the whole portfolio's curve err together, those with their own apart.
    both = cure_curves(curves(), None, ("auto", "sme"), [3, 3]).draws(50, 0.95, 1)[..., -1]
    np.testing.assert_array_equal(both[:, 0], both[:, 1])
    assert abs(np.corrcoef(found.T)[0, 1]) < 0.05


def test_a_share_of_zero_is_drawn_upwards_only() -> None:
    nothing = Share(np.array([0.0]), np.array([0.0]), np.array([0.02]))
    drawn = nothing.draw(np.array([[-2.0], [1.959964]]), 0.95)
    np.testing.assert_allclose(drawn[:, 0], [0.0, 0.02], atol=1e-6)


def test_recoveries_by_product_are_the_recovery_curve_and_few_claims_take_that_of_all() -> None:
    rate = recovered_shares(claims(), GROUPS, 12)
    assert recovery_pools(claims(), GROUPS) == {"auto": "all", "card": "own"}
    np.testing.assert_allclose(rate[1], recovery_curve(claims(), ("card",), 12).rate[0])
    assert rate[0, 0] == pytest.approx((rate[1, 0] * 32 * 12 * 2_000 + 250) / (32 * 12 * 2_000 + 500))
    assert recovered_shares(claims(), GROUPS, 12, least=1)[0, 0] == 0.5
    assert recovery_pools(None, GROUPS) == dict.fromkeys(GROUPS, "all")


def test_a_secured_product_with_few_claims_takes_the_recoveries_of_secured_products_where_these_have_enough() -> (
    None
):
    cars = claims()[lambda rows: rows["product"] == "auto"]
    groups, secured = ("auto", "card", "mortgage", "sme"), ("auto", "mortgage")
    many = pd.concat([claims(), cars.assign(claims=cars["claims"] * 40, charged_off=20_000.0, paid=10_000.0)])
    house = cars.assign(product="mortgage", charged_off=[20_500.0, 0.0], paid=0.0)
    table = pd.concat([many, house])
    assert recovery_pools(table, groups, secured) == {
        "auto": "own", "card": "own", "mortgage": "secured", "sme": "unsecured"
    }  # fmt: skip
    rate = recovered_shares(table, groups, 12, secured)
    # Cars: 10,250 of 20,500 in the first month; houses: none of as much.
    assert rate[:, 0] == pytest.approx([0.5, rate[1, 0], 0.25, rate[1, 0]])
    drawn = drawn_recoveries(table, groups, 12, 3, 1, secured)
    np.testing.assert_allclose(drawn[:, 3], drawn[:, 1])
    # Too few secured claims: the whole portfolio's.
    assert recovery_pools(claims(), groups, secured)["mortgage"] == "all"
    assert recovery_pools(table, groups)["mortgage"] == "all"


def test_the_bootstrap_of_recoveries_covers_the_true_share() -> None:
    held = 0
    for seed in range(60):
        drawn = drawn_recoveries(claims(seed), ("card",), 12, 200, seed)[:, 0].sum(axis=1)
        held += int(np.quantile(drawn, 0.025) <= 0.24 <= np.quantile(drawn, 0.975))
    assert 50 <= held <= 60


def test_loss_given_default_is_worked_out_for_all_draws_as_for_each() -> None:
    buckets, recovered = Buckets((1, 30, 90)), drawn_recoveries(claims(), GROUPS, 12, 4, 1)
    cured = cure_curves(curves(), redefault(), GROUPS, [3, 3]).draws(4, 0.95, 1)
    amount = np.array([1.0, 0.5, 2.0, 8.0])
    together = lgd_table(recovered, cured, [180, 180], buckets, [0.1, 0.2], 0.1, amount)
    for draw in range(4):
        one = lgd_table(recovered[draw], cured[draw], [180, 180], buckets, [0.1, 0.2], 0.1, amount[draw])
        np.testing.assert_allclose(together[draw], one)
