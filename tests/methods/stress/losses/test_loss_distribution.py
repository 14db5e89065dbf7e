"""Simulated losses against closed forms, account-level draws, and themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import InputError, ParameterError
from analysis.methods.stress.losses.basel_capital import asset_correlation, capital_requirement
from analysis.methods.stress.losses.cells import factor_loadings, group_accounts
from analysis.methods.stress.losses.contributions import tail_contributions
from analysis.methods.stress.losses.distribution import LossDraws, normal_tail, simulate_losses, tail_table
from analysis.methods.stress.losses.one_factor import conditional_pd, expected_shortfall, loss_quantile

RHO = {"card": 0.04, "mortgage": 0.15, "sme": 0.18}


def book() -> pd.DataFrame:
    rows = [
        ("card", 0.03, 0.8, 1_000.0, 20_000),
        ("card", 0.10, 0.8, 2_500.0, 4_000),
        ("mortgage", 0.01, 0.2, 90_000.0, 1_500),
        ("sme", 0.04, 0.5, 30_000.0, 700),
        ("sme", 0.04, 0.5, 200_000.0, 40),
    ]
    return pd.DataFrame(rows, columns=["product", "pd", "lgd", "ead", "accounts"])


def test_a_fine_grained_book_has_vasiceks_quantile_within_simulation_error() -> None:
    cells = pd.DataFrame({"product": ["card"], "pd": 0.02, "lgd": 0.45, "ead": 1.0, "accounts": 2_000_000})
    draws = simulate_losses(cells, 0.15, scenarios=40_000, seed=3)
    table = tail_table(draws, levels=(0.5, 0.9, 0.99, 0.999), confidence=0.999)
    exact = loss_quantile(table.level.to_numpy(), 0.02, 0.15, 0.45) * 2_000_000
    assert ((table.var_lower <= exact) & (exact <= table.var_upper)).all()
    mean = expected_shortfall(table.level.to_numpy(), 0.02, 0.15, 0.45) * 2_000_000
    assert ((table.shortfall_lower <= mean) & (mean <= table.shortfall_upper)).all()
    assert (table.normal_error.abs() < 0.003).all()


@pytest.mark.parametrize("kind", ["residential_mortgage", "qualifying_revolving", "other_retail"])
def test_the_unexpected_loss_of_a_fine_grained_book_is_basels_capital(kind: str) -> None:
    cells = pd.DataFrame({"product": ["any"], "pd": 0.01, "lgd": 0.45, "ead": 1.0, "accounts": 5_000_000})
    correlation = float(asset_correlation(0.01, kind))
    tail = tail_table(simulate_losses(cells, correlation, 40_000, seed=8), (0.999,), confidence=0.99).iloc[0]
    capital = float(capital_requirement(0.01, 0.45, kind)) * 5_000_000
    assert tail.var_lower <= capital + tail.expected_loss <= tail.var_upper


def test_cells_have_the_law_of_account_level_draws() -> None:
    cells = pd.DataFrame(
        {"product": ["card", "card"], "pd": [0.05, 0.2], "lgd": 1.0, "ead": [1.0, 3.0], "accounts": [30, 10]}
    )
    losses = simulate_losses(cells, 0.2, scenarios=60_000, seed=1).total
    rng = np.random.default_rng(2)
    factor = rng.standard_normal(60_000)[:, None]
    chance = conditional_pd(np.repeat([0.05, 0.2], [30, 10]), 0.2, factor)
    single = (rng.random((60_000, 40)) < chance) @ np.repeat([1.0, 3.0], [30, 10])
    values = np.arange(0, 60)
    gap = np.abs((losses[:, None] <= values).mean(axis=0) - (single[:, None] <= values).mean(axis=0)).max()
    # Kolmogorov–Smirnov's two-sample limit at one in ten thousand: 2.23·√(2/n).
    assert gap < 2.23 * np.sqrt(2 / 60_000)


def test_the_mean_loss_is_the_sum_of_pd_lgd_and_ead() -> None:
    draws = simulate_losses(book(), RHO, scenarios=20_000, seed=5)
    cells = book()
    expected = (cells.pd * cells.lgd * cells.ead * cells.accounts).groupby(cells["product"]).sum()
    assert draws.expected == pytest.approx(expected[list(draws.segments)].to_numpy())
    error = draws.losses.std(axis=0) / np.sqrt(20_000)
    assert (np.abs(draws.losses.mean(axis=0) - draws.expected) < 4.5 * error).all()


def test_intervals_of_the_quantile_cover_it_as_often_as_they_say() -> None:
    cells = pd.DataFrame({"product": ["card"], "pd": 0.02, "lgd": 1.0, "ead": 1.0, "accounts": 10_000_000})
    exact = float(loss_quantile(0.95, 0.02, 0.15)) * 10_000_000
    mean = float(expected_shortfall(0.95, 0.02, 0.15)) * 10_000_000
    tables = [tail_table(simulate_losses(cells, 0.15, 1_000, seed), (0.95,)).iloc[0] for seed in range(400)]
    quantile = np.mean([t.var_lower <= exact <= t.var_upper for t in tables])
    shortfall = np.mean([t.shortfall_lower <= mean <= t.shortfall_upper for t in tables])
    assert 0.925 <= quantile <= 0.985
    assert 0.89 <= shortfall <= 0.98


def test_contributions_add_up_and_favour_what_moves_with_the_whole() -> None:
    draws = simulate_losses(book(), RHO, scenarios=20_000, seed=7)
    parts, tail = tail_contributions(draws, 0.99), tail_table(draws, (0.99,)).iloc[0]
    assert parts.value_at_risk.sum() == pytest.approx(tail.value_at_risk)
    assert parts.shortfall.sum() == pytest.approx(tail.shortfall)
    assert parts.var_share.sum() == pytest.approx(1.0)
    times = (parts.shortfall / parts.expected_loss).set_axis(parts.segment)
    assert times["card"] < times["sme"]


def test_limits_of_contributions_hold_those_of_many_more_draws_as_often_as_they_say() -> None:
    long = tail_contributions(simulate_losses(book(), RHO, 400_000, seed=99), 0.99).shortfall
    held = []
    for seed in range(120):
        parts = tail_contributions(simulate_losses(book(), RHO, 4_000, seed=seed), 0.99, confidence=0.9)
        held.append((parts.shortfall_lower <= long) & (long <= parts.shortfall_upper))
    assert 0.86 < np.mean(held) < 0.95


def test_factors_apart_make_a_smaller_tail_than_one_factor() -> None:
    tails = [
        tail_table(simulate_losses(book(), RHO, 20_000, 1, between), (0.99,)).value_at_risk[0]
        for between in (0.0, 0.5, 1.0)
    ]
    assert tails[0] < tails[1] < tails[2]


def test_factors_have_the_correlation_that_was_asked_for() -> None:
    names = ["card", "mortgage", "sme"]
    wanted = pd.DataFrame([[1, 0.6, 0.3], [0.6, 1, 0.2], [0.3, 0.2, 1]], index=names, columns=names)
    draws = simulate_losses(book(), RHO, scenarios=40_000, seed=2, between=wanted)
    assert np.corrcoef(draws.factors.T) == pytest.approx(wanted.to_numpy(), abs=0.025)
    one = simulate_losses(book(), RHO, scenarios=50, seed=2)
    assert one.factors[:, 0] == pytest.approx(one.factors[:, 2])
    assert factor_loadings(wanted, names) @ factor_loadings(wanted, names).T == pytest.approx(wanted.to_numpy())


def test_the_normal_approximation_errs_where_the_book_is_lumpy() -> None:
    lumpy = pd.DataFrame({"product": ["sme"], "pd": 0.002, "lgd": 1.0, "ead": 1.0, "accounts": 300})
    table = tail_table(simulate_losses(lumpy, 0.05, 20_000, seed=1), (0.99,))
    assert abs(table.normal_error[0]) > 0.1
    assert not table.normal_inside[0]


def test_the_normal_mixture_of_one_factor_value_is_the_normal_itself() -> None:
    one = np.ones(3)
    draws = LossDraws(np.zeros((3, 1)), ("card",), np.zeros((3, 1)), 10 * one, 4 * one, np.ones(1), 1.0)
    quantile, mean = normal_tail(draws, 0.975)
    # Standard normal: 97.5% point 1.959964; mean beyond it φ(1.959964)/0.025 = 2.337803.
    assert (quantile, mean) == pytest.approx((10 + 2 * 1.959964, 10 + 2 * 2.337803), rel=1e-6)


def test_the_same_seed_gives_the_same_draws_however_cells_are_ordered_into_segments() -> None:
    first, second = (simulate_losses(book(), RHO, 500, seed=9) for _ in range(2))
    assert np.array_equal(first.losses, second.losses)
    by_other = simulate_losses(book().assign(region=["n", "s", "n", "s", "n"]), RHO, 500, seed=9, segment="region")
    assert by_other.total == pytest.approx(first.total)


def test_grouping_keeps_the_expected_loss_and_tells_what_spread_it_lost() -> None:
    rng = np.random.default_rng(4)
    accounts = pd.DataFrame({"product": rng.choice(["card", "sme"], 5_000), "pd": rng.beta(1, 30, 5_000)})
    accounts = accounts.assign(lgd=rng.uniform(0.2, 0.9, 5_000), ead=rng.lognormal(8, 1, 5_000))
    cells = group_accounts(accounts, pd_bands=10, loss_bands=8)
    expected = (accounts.pd * accounts.lgd * accounts.ead).sum()
    assert (cells.pd * cells.lgd * cells.ead * cells.accounts).sum() == pytest.approx(expected)
    assert cells.accounts.sum() == 5_000 and len(cells) <= 160
    coarse = group_accounts(accounts, pd_bands=10, loss_bands=1)
    assert cells.lost_spread.mean() < coarse.lost_spread.mean() < 1
    same = group_accounts(accounts.assign(lgd=0.5, ead=100.0))
    assert same.lost_spread.to_numpy() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pd": 3.0}, r"pd must be from 0 to 1 \(fractions, 0.05 for 5%\); 5 rows differ, the first 3.0"),
        ({"ead": -1.0}, "ead must be 0 or more"),
        ({"accounts": 2.5}, "accounts must be whole numbers"),
        ({"lgd": None}, "lgd must be from 0 to 1"),
    ],
)
def test_cells_that_cannot_be_are_refused_by_column(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        simulate_losses(book().assign(**change), RHO, 10)


def test_parameters_that_cannot_be_are_refused_by_name() -> None:
    with pytest.raises(InputError, match="accounts missing; pass product, pd, lgd, ead, accounts"):
        simulate_losses(book().drop(columns="accounts"), RHO)
    with pytest.raises(InputError, match="region missing; segment must name a column"):
        simulate_losses(book(), RHO, segment="region")
    with pytest.raises(ParameterError, match="correlation has none for sme"):
        simulate_losses(book(), {"card": 0.1, "mortgage": 0.1})
    with pytest.raises(ParameterError, match="each must be 0 or more and below 1"):
        simulate_losses(book(), 1.2)
    with pytest.raises(ParameterError, match="no correlation matrix"):
        simulate_losses(book(), RHO, between=-0.9)
    with pytest.raises(
        ParameterError, match=r"level 0.999 leaves 1 of 1,000 scenarios beyond it; draw 5,000 scen"
    ):
        tail_table(simulate_losses(book(), RHO, 1_000), (0.999,))
    with pytest.raises(ParameterError, match="ten are needed to split a tail"):
        tail_contributions(simulate_losses(book(), RHO, 1_000), 0.999)
