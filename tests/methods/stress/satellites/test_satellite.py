"""Satellite models: known elasticities found again, with honest errors, within signs, or taken from elsewhere."""

from __future__ import annotations

import warnings
from math import comb

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import InputError, ParameterError
from analysis.methods.stress.satellites.backtest import (
    _count_limits,
    backtest_satellite,
    backtest_steps,
    backtest_table,
    borne_out,
    pooled_skill,
    rare_steps,
)
from analysis.methods.stress.satellites.bounds import within
from analysis.methods.stress.satellites.draws import draw_coefficients
from analysis.methods.stress.satellites.drivers import driver_series, harmonics, lagged, sign_of
from analysis.methods.stress.satellites.fit import MEMORIES, assumed, fit_satellite, lag_structures, season_waves
from analysis.methods.stress.satellites.month_effects import month_effects
from analysis.methods.stress.satellites.regression import axes_of, regress
from analysis.methods.stress.satellites.satellite import Published, Satellite

BASES = np.array([-3.2, -2.8, -3.6])
LAG = {"unemployment": 2, "gdp": 1}
TRUTH = np.array([0.20, -0.04])


def draw(
    drivers: pd.DataFrame,
    seed: int | None = 0,
    months: int = 48,
    at_risk: float = 5000,
    tau: float = 0.05,
    truth: np.ndarray = TRUTH,
) -> pd.DataFrame:
    """Cells of an entry step; without a seed the expected numbers, and months without noise."""
    ends = list(drivers.index[-months:])
    x = lagged(drivers, ends, LAG)
    effect = (x - x.mean(axis=0)) @ truth + harmonics(ends, 1) @ [0.05, 0.02]
    random = np.random.default_rng(seed)
    effect = effect + (random.normal(0, tau, months) if seed is not None else 0.0)
    share = 1 / (1 + np.exp(-(BASES[:, None] + effect)))
    n = np.full(share.shape, at_risk)
    events = random.binomial(n.astype(int), share).astype(float) if seed is not None else n * share
    index = pd.MultiIndex.from_product([["a", "b", "c"], ends], names=["segment", "month"])
    cells = pd.DataFrame({"at_risk": n.ravel(), "events": events.ravel()}, index=index).reset_index()
    return cells.assign(step="entry")


@pytest.fixture(scope="module")
def drivers(history: pd.DataFrame) -> pd.DataFrame:
    return driver_series(history)


def fitted(drivers: pd.DataFrame, cells: pd.DataFrame, **choices: object) -> Satellite:
    choices = {"structures": [LAG], "waves": 1} | choices
    return fit_satellite("entry", month_effects(cells), drivers, list(LAG), **choices)  # type: ignore[arg-type]


def test_exact_data_give_the_elasticities_back(drivers: pd.DataFrame) -> None:
    # Half an event of one at risk is added to each month, which a million accounts don't notice.
    found = fitted(drivers, draw(drivers, None, at_risk=1e6)).summary()
    assert found["elasticity"].to_numpy() == pytest.approx(TRUTH, abs=2e-4)


def test_month_effects_equal_those_of_a_logistic_regression_with_dummies(drivers: pd.DataFrame) -> None:
    cells = draw(drivers, 3, months=6)
    effects = month_effects(cells)
    x = pd.get_dummies(cells[["segment", "month"]].astype(str), dtype=float).drop(columns="segment_a").to_numpy()
    n, d, beta = cells["at_risk"].to_numpy(), cells["events"].to_numpy(), np.zeros(x.shape[1])
    for _ in range(25):
        share = 1 / (1 + np.exp(-x @ beta))
        information = x.T @ (x * (n * share * (1 - share))[:, None])
        beta = beta + np.linalg.solve(information, x.T @ (d - n * share))
    # Half an event of one at risk is added to each month of 15,000 accounts.
    assert effects.values == pytest.approx(beta[2:], abs=2e-3)
    assert np.diag(effects.covariance) == pytest.approx(np.diag(np.linalg.inv(information))[2:], rel=0.05)


def test_months_without_events_are_kept(drivers: pd.DataFrame) -> None:
    cells = draw(drivers, 1, months=30)
    quiet = cells["month"].max()
    effects = month_effects(cells.assign(events=cells["events"].where(cells["month"] != quiet, 0.0)))
    assert len(effects.months) == 30 and effects.values[-1] == effects.values.min()


def test_segments_that_never_have_the_event_tell_nothing(drivers: pd.DataFrame) -> None:
    cells = draw(drivers, 1, months=30)
    silent = cells[cells["segment"] == "a"].assign(segment="d", events=0.0)
    with_it, without = month_effects(pd.concat([cells, silent])), month_effects(cells)
    assert with_it.values == pytest.approx(without.values, abs=1e-8)


def test_intervals_cover_elasticities_about_as_often_as_they_say(drivers: pd.DataFrame) -> None:
    # 100 draws: 95% ± 2.8 standard errors is 89% to 100%. The full run is benchmarks/satellite_coverage.py.
    inside = []
    for seed in range(100):
        cells = draw(drivers, seed, 36)
        for structures in ([LAG], lag_structures(list(LAG), (1, 2))):
            table = fitted(drivers, cells, structures=structures, signs=False).summary()
            inside.append(table["lower"].le(TRUTH) & table["upper"].ge(TRUTH))
    covered = np.mean(inside, axis=0)
    assert (covered > 0.89).all(), covered
    assert covered.mean() < 0.995


def test_errors_come_from_months_not_from_accounts(drivers: pd.DataFrame) -> None:
    few, many = (fitted(drivers, draw(drivers, 4, at_risk=n)).summary() for n in (2e4, 2e7))
    # A thousand times the accounts would divide errors by 32 if accounts were what is counted.
    assert (many["se"] > few["se"] / 2).all()


def test_the_true_lag_gets_the_most_weight(drivers: pd.DataFrame) -> None:
    found = fitted(
        drivers, draw(drivers, 2, tau=0.005, at_risk=1e5), structures=lag_structures(list(LAG), (0, 1, 2, 3))
    )
    best = max(found.models, key=lambda model: model.weight)
    assert best.structure == LAG
    assert sum(model.weight for model in found.models) == pytest.approx(1.0)


def test_averaging_adds_the_variance_between_structures(drivers: pd.DataFrame) -> None:
    cells = draw(drivers, 6)
    structures = lag_structures(list(LAG), (0, 3))
    whole = fitted(drivers, cells, structures=structures, signs=False)
    inner = [model.weight * model.fit.covariance[1, 1] for model in whole.models]
    assert whole.summary()["se"].iloc[0] ** 2 > sum(inner)


def test_an_elasticity_of_the_wrong_sign_is_held_at_zero(drivers: pd.DataFrame) -> None:
    found = fitted(drivers, draw(drivers, None, at_risk=1e6, truth=np.array([-0.2, -0.04])))
    row = found.summary().set_index("driver").loc["unemployment"]
    assert (row["elasticity"], row["bounded"], row["lower"]) == (0.0, pytest.approx(1.0), 0.0)
    free = fitted(drivers, draw(drivers, None, at_risk=1e6, truth=np.array([-0.2, -0.04])), signs=False)
    assert free.summary()["elasticity"].iloc[0] == pytest.approx(-0.2, abs=1e-3)


def test_drawn_elasticities_keep_their_sign(drivers: pd.DataFrame, history: pd.DataFrame) -> None:
    found = fitted(drivers, draw(drivers, 8, at_risk=300))
    ahead = drivers.index[-6:]
    worse = driver_series(history.assign(unemployment_rate=history["unemployment_rate"] + 0.0))
    worse.loc[worse.index[-12:], "unemployment"] += 5.0
    base, moved = (
        draw_coefficients(found, 200, np.random.default_rng(0)).shifts(table, ahead, drivers.index[-24:-12])
        for table in (drivers, worse)
    )
    assert (moved >= base - 1e-12).all()


def test_draws_scatter_about_the_estimate_as_its_errors_say(drivers: pd.DataFrame) -> None:
    found = fitted(drivers, draw(drivers, 8), signs=False, memories=(0.0,))
    ahead, reference = drivers.index[-1:], drivers.index[-13:-1]
    drawn = draw_coefficients(found, 20_000, np.random.default_rng(0)).shifts(drivers, ahead, reference)[:, 0]
    fit = found.models[0].fit
    row = found.moved(drivers, ahead, reference)(found.models[0])[0]
    wider = np.sqrt(fit.degrees / (fit.degrees - 2))
    assert drawn.mean() == pytest.approx(found.shift(drivers, ahead, reference)[0], abs=0.01)
    assert drawn.std() == pytest.approx(wider * np.sqrt(row @ fit.covariance @ row), rel=0.05)


def test_nothing_moves_where_the_economy_is_that_of_the_reference(drivers: pd.DataFrame) -> None:
    flat = drivers.copy()
    flat[:] = drivers.iloc[-1].to_numpy()
    found = fitted(drivers, draw(drivers, 1))
    year, ahead = list(flat.index[-24:-12]), list(flat.index[-12:])
    assert found.shift(flat, ahead, year).mean() == pytest.approx(0.0, abs=1e-12)


def test_shrinkage_pulls_towards_the_prior_the_more_the_surer_it_is(drivers: pd.DataFrame) -> None:
    cells = draw(drivers, 9, months=26)
    free = fitted(drivers, cells, signs=False).summary()["elasticity"].iloc[0]
    found = [
        fitted(drivers, cells, signs=False, prior={"unemployment": Published(0.5, error)})
        .summary()["elasticity"]
        .iloc[0]
        for error in (10.0, 0.1, 0.001)
    ]
    assert found[0] == pytest.approx(free, abs=0.01)
    assert found[2] == pytest.approx(0.5, abs=0.01)
    assert abs(found[1] - 0.5) < abs(free - 0.5)


def test_short_histories_fall_back_to_published_elasticities_marked_as_assumption(drivers: pd.DataFrame) -> None:
    published = {"unemployment": Published(0.15, 0.05, 3, "a study"), "gdp": Published(-0.03, 0.01, 1)}
    found = fitted(drivers, draw(drivers, 1, months=20), published=published)
    table = found.summary()
    assert set(table["source"]) == {"assumption"} and found.months == ()
    assert table["elasticity"].tolist() == [0.15, -0.03]
    assert table["lag"].tolist() == [3.0, 1.0]
    assert table.loc[0, "upper"] == pytest.approx(0.15 + 1.959964 * 0.05)


def test_short_histories_without_published_elasticities_are_refused(drivers: pd.DataFrame) -> None:
    with pytest.raises(
        InputError, match="20 months of 'entry' with drivers; elasticities need 24: give published"
    ):
        fitted(drivers, draw(drivers, 1, months=20))


def test_bad_arguments_are_told(drivers: pd.DataFrame) -> None:
    effects = month_effects(draw(drivers, 1))
    with pytest.raises(ParameterError, match="step is 'exit'; it must be one of entry"):
        fit_satellite("exit", effects, drivers, ["gdp"])
    with pytest.raises(ParameterError, match="driver 'rain' is not there"):
        fit_satellite("entry", effects, drivers, ["rain"])
    with pytest.raises(ParameterError, match="a lag structure has drivers gdp; each must have unemployment"):
        fit_satellite("entry", effects, drivers, ["unemployment"], [{"gdp": 1}])
    with pytest.raises(ParameterError, match="prior of 'gdp' has error 0"):
        fit_satellite("entry", effects, drivers, ["gdp"], prior={"gdp": Published(-0.1)})
    with pytest.raises(
        ParameterError, match=r"elasticity of 'cure' to unemployment is 0\.1; it must have the other sign"
    ):
        assumed("cure", {"unemployment": Published(0.1)})
    with pytest.raises(InputError, match="the drivers repeat each other"):
        fit_satellite(
            "entry", effects, drivers.assign(gdp=drivers["unemployment"]), list(LAG), [dict.fromkeys(LAG, 1)]
        )


def test_economics_has_recessions_raise_entry_and_lower_cures() -> None:
    assert (sign_of("entry", "unemployment"), sign_of("cure", "unemployment")) == (1, -1)
    assert (sign_of("entry", "gdp"), sign_of("recovery", "inflation")) == (-1, -1)


def test_season_is_fitted_only_where_months_can_bear_it() -> None:
    assert [season_waves(months) for months in (20, 36, 80)] == [0, 1, 2]
    year = pd.date_range("2025-01-31", periods=12, freq="ME")
    assert harmonics(list(year), 2).sum(axis=0) == pytest.approx(0.0, abs=1e-12)


def test_bounded_least_squares_beats_every_other_point_within_bounds() -> None:
    random = np.random.default_rng(0)
    root = random.normal(size=(4, 4))
    information, point = root @ root.T + np.eye(4), np.array([-1.0, 2.0, 0.3, -0.2])
    lower, upper = np.zeros(4), np.full(4, np.inf)
    best = within(point, information, lower, upper)
    others = np.abs(random.normal(size=(5000, 4)))

    def distance(x: np.ndarray) -> np.ndarray:
        return np.einsum("...i,ij,...j->...", x - point, information, x - point)

    assert (best >= 0).all() and distance(best) <= distance(others).min() + 1e-9


def test_variance_of_months_is_found_by_restricted_maximum_likelihood() -> None:
    # With equal sampling variances REML is the residual variance less the sampling variance.
    random = np.random.default_rng(2)
    design = np.column_stack([np.ones(40), random.normal(size=40)])
    y = design @ [1.0, 0.5] + random.normal(0, 0.3, 40)
    free = np.full(2, np.inf)
    found = regress(y, axes_of(0.01 * np.eye(40)), design, -free, free)
    residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    assert found.tau2 == pytest.approx(residual @ residual / 38 - 0.01, rel=1e-3)
    assert found.degrees == 38


def test_the_backtest_uses_nothing_from_after_its_origin(drivers: pd.DataFrame) -> None:
    cells = draw(drivers, 5, months=30)
    judged = backtest_satellite("entry", cells, drivers, list(LAG), (1, 3), structures=[LAG])
    spoilt = cells.assign(events=cells["events"].where(cells["month"] < cells["month"].max(), 0.0))
    again = backtest_satellite("entry", spoilt, drivers, list(LAG), (1, 3), structures=[LAG])
    kept = ["origin", "month", "horizon", "expected", "lower", "upper", "naive"]
    pd.testing.assert_frame_equal(judged[kept], again[kept])
    assert (judged["month"] > judged["origin"]).all() and len(judged) == 6 + 4


def test_the_backtest_covers_and_beats_the_naive_forecast_where_the_economy_moves(drivers: pd.DataFrame) -> None:
    cells = draw(drivers, 12, months=60, tau=0.03, truth=np.array([0.6, -0.04]))
    table = backtest_table(backtest_satellite("entry", cells, drivers, list(LAG), (3, 6), structures=[LAG]))
    assert (table["covered"] > 0.85).all()
    assert (table["skill"] > 0.3).all()


def test_a_backtest_without_months_to_judge_is_refused(drivers: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="24 months of 'entry' leave none to judge"):
        backtest_satellite("entry", draw(drivers, 1, months=24), drivers, list(LAG))


def test_recovery_rates_are_fitted_with_their_own_dispersion(drivers: pd.DataFrame) -> None:
    random = np.random.default_rng(3)
    cells = draw(drivers, 3, months=36)
    amount = cells.assign(at_risk=1e6, events=random.gamma(4.0, 1e6 * 0.02 / 4.0, len(cells)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        effects = month_effects(amount, poisson=True)
    # A gamma amount of mean μ and shape 4 has variance μ²/4, that is μ/4 for each unit of the mean.
    assert effects.dispersion == pytest.approx(1e6 * 0.02 / 4.0, rel=0.35)
    found = fit_satellite("recovery", effects, drivers, ["unemployment", "inflation"])
    assert found.summary()["elasticity"].le(0).all()


def lasting(drivers: pd.DataFrame, seed: int, memory: float, months: int = 84) -> pd.DataFrame:
    """Cells of an entry step whose months keep `memory` of what the one before had of its own."""
    ends, random = list(drivers.index[-months:]), np.random.default_rng(seed)
    noise = random.normal(0, 0.08, months)
    for month in range(1, months):
        noise[month] = memory * noise[month - 1] + np.sqrt(1 - memory**2) * noise[month]
    x = lagged(drivers, ends, LAG)
    share = 1 / (1 + np.exp(-(BASES[:, None] + (x - x.mean(axis=0)) @ TRUTH + noise)))
    n = np.full(share.shape, 20_000)
    index = pd.MultiIndex.from_product([["a", "b", "c"], ends], names=["segment", "month"])
    cells = pd.DataFrame({"at_risk": n.ravel(), "events": random.binomial(n, share).ravel()}, index=index)
    return cells.reset_index().assign(step="entry")


def test_noise_that_lasts_is_in_the_intervals(drivers: pd.DataFrame) -> None:
    # Errors that take months for independent cover about three in four; the full run is in benchmarks.
    inside: dict[str, list] = {"independent": [], "averaged": []}
    for seed in range(60):
        effects = month_effects(lasting(drivers, seed, 0.7))
        for name, memories in (("independent", (0.0,)), ("averaged", MEMORIES)):
            found = fit_satellite("entry", effects, drivers, list(LAG), [LAG], 0, signs=False, memories=memories)
            table = found.summary()
            inside[name].append(table["lower"].le(TRUTH) & table["upper"].ge(TRUTH))
    covered = {name: np.mean(each) for name, each in inside.items()}
    assert covered["averaged"] > 0.88, covered
    assert covered["averaged"] > covered["independent"] + 0.05, covered


def test_memory_is_told_where_it_is_there_and_hardly_where_it_is_not(drivers: pd.DataFrame) -> None:
    found = [
        np.mean([fitted(drivers, lasting(drivers, seed, memory), waves=0).memory for seed in range(10)])
        for memory in (0.0, 0.8)
    ]
    assert found[0] < 0.25 and found[1] > 0.5


def test_months_whose_noise_lasts_weigh_as_a_covariance_written_out() -> None:
    random = np.random.default_rng(3)
    y, x = random.normal(size=30), np.column_stack([np.ones(30), random.normal(size=30)])
    v = np.diag(random.uniform(0.05, 0.2, 30)) + 0.01
    free = np.full(2, np.inf)
    found = regress(y, axes_of(v, 0.6), x, -free, free)
    place = np.arange(30)
    inverse = np.linalg.inv(found.tau2 * 0.6 ** np.abs(place[:, None] - place) + v)
    assert found.free == pytest.approx(np.linalg.solve(x.T @ inverse @ x, x.T @ inverse @ y))
    rest = y - x @ found.free
    size = np.linalg.slogdet(2 * np.pi * np.linalg.inv(inverse))[1]
    assert found.log_likelihood == pytest.approx(-0.5 * (size + rest @ inverse @ rest))


def test_every_fitted_step_is_judged_and_those_without_months_are_not(drivers: pd.DataFrame) -> None:
    entry = draw(drivers, 5, months=40)
    cells = pd.concat(
        [entry, entry[entry["month"] > entry["month"].max() - pd.Timedelta(days=400)].assign(step="cure")]
    )
    satellites = {
        "entry": fitted(drivers, entry),
        "cure": assumed("cure", {"unemployment": Published(-0.1)}),
        "stay": fit_satellite("stay", month_effects(entry.head(0 + len(entry))), drivers, ["unemployment"]),
    }
    table = backtest_steps(satellites, cells, drivers, (1, 3))
    assert list(table["step"].unique()) == ["entry"]
    assert list(table["horizon"]) == [1, 3] and table["months"].tolist() == [16, 14]
    plain = 1 - (table["rmse"] / table["rmse_naive"]) ** 2
    assert table["skill"].to_numpy() == pytest.approx(plain.to_numpy())


def test_months_in_which_nothing_happens_lie_within_limits_where_events_are_few(drivers: pd.DataFrame) -> None:
    random = np.random.default_rng(4)
    cells = draw(drivers, 3, months=60)
    cells = cells.assign(at_risk=60.0, events=random.binomial(60, 0.004, len(cells)).astype(float))
    cells = cells.assign(step="charge_off")
    judged = backtest_satellite("charge_off", cells, drivers, ["unemployment"], (1, 3))
    none = judged[judged["actual"] == 0]
    assert len(none) > 10 and none["covered"].all() and (none["lower"] == 0).all()
    assert 0.9 <= judged["covered"].mean() <= 1.0 and (judged["upper"] < 0.1).all()


def test_limits_of_a_count_are_the_binomials_quantiles() -> None:
    low, high = _count_limits(np.array([0.03]), 200.0, np.array([0.025, 0.975]))
    share = np.cumsum([comb(200, k) * 0.03**k * 0.97 ** (200 - k) for k in range(201)])
    assert (round(low * 200), round(high * 200)) == tuple(int(np.argmax(share >= q)) for q in (0.025, 0.975))


def test_skill_over_all_horizons_weighs_each_by_its_months() -> None:
    table = pd.DataFrame(
        {"step": ["cure", "cure", "stay"], "months": [3, 1, 2], "rmse": [0.1, 0.3, 0.2], "rmse_naive": 0.2}
    )
    assert pooled_skill(table).to_dict() == pytest.approx({"cure": 1 - 0.12 / 0.16, "stay": 0.0})


def test_a_satellite_is_borne_out_only_if_it_helps_overall_and_at_the_longest_horizon() -> None:
    # Charge-off helps at one month and hurts at six; entry helps at both; stay hurts overall.
    steps = ["charge_off", "charge_off", "entry", "entry", "stay", "stay"]
    table = pd.DataFrame({"step": steps, "horizon": [6, 1] * 3, "months": [4, 9] * 3, "rmse_naive": 1.0})
    table = table.assign(rmse=[1.1, 0.5, 0.9, 0.8, 0.9, 1.4])
    table["skill"] = 1 - table["rmse"] ** 2
    assert pooled_skill(table)["charge_off"] > 0
    assert borne_out(table).to_dict() == {"charge_off": False, "entry": True, "stay": False}


def test_steps_are_rare_by_events_that_might_not_have_been() -> None:
    cells = pd.DataFrame(
        {"step": "charge_off", "segment": ["a", "b"] * 2, "month": [1, 1, 2, 2], "at_risk": [50.0, 30.0] * 2}
    ).assign(events=[2.0, 30.0, 1.0, 30.0])
    assert rare_steps(cells, ["charge_off"]) == {"charge_off": 1.5}
    assert rare_steps(cells, ["charge_off"], fewer=1.5) == {}
    assert rare_steps(cells.assign(step="recovery"), ["recovery"]) == {}


def test_many_points_are_moved_within_bounds_as_each_alone() -> None:
    random = np.random.default_rng(0)
    root = random.normal(size=(20, 4, 4))
    information = root @ np.swapaxes(root, 1, 2) + 0.1 * np.eye(4)
    points, lower = random.normal(size=(20, 4)), np.array([-np.inf, 0.0, -np.inf, 0.0])
    upper = np.array([np.inf, np.inf, 0.0, np.inf])
    together = within(points, information, lower, upper)
    alone = [within(*pair, lower, upper) for pair in zip(points, information, strict=True)]
    assert together == pytest.approx(np.stack(alone), abs=1e-9)
