"""Limits for several estimates at once: what they must be alone, together, and when nothing is there."""

import numpy as np
import pytest
from logged_draws import draw_frame, proposed, true_outcomes
from scipy.special import stdtrit
from scipy.stats import dunnett

from analysis.core.errors import InputError, ParameterError
from analysis.statistics.decision_log import DecisionLog
from analysis.statistics.jackknife import symmetric_limits, t_quantile
from analysis.statistics.off_policy import policy_gain
from analysis.statistics.off_policy_compared import compare_gains
from analysis.statistics.simultaneous import level_of_each, simultaneous_limits

FOLDS = 32


def drawn(k: int, seed: int, shared: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Means of k columns with no true difference, and the means without each fold."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((FOLDS, k)) + shared * rng.standard_normal((FOLDS, 1))
    return values.mean(axis=0), (values.sum(axis=0) - values) / (FOLDS - 1)


def test_one_estimate_has_its_plain_limits() -> None:
    value, left = drawn(1, 1)
    found, plain = simultaneous_limits(value, left), symmetric_limits(value, left)
    assert found.lower[0] == pytest.approx(plain.lower[0])
    assert found.factor == pytest.approx(t_quantile(0.95, FOLDS))


def test_the_factor_of_independent_estimates_is_near_bonferronis_and_of_equal_ones_the_plain_one() -> None:
    value, left = drawn(6, 2)
    assert t_quantile(0.95, FOLDS) < simultaneous_limits(value, left).factor <= t_quantile(1 - 0.05 / 6, FOLDS)
    same = simultaneous_limits(np.repeat(value[:1], 6), np.repeat(left[:, :1], 6, axis=1))
    assert same.factor == pytest.approx(t_quantile(0.95, FOLDS), rel=0.02)


def test_limits_of_three_estimates_published_for_dunnetts_many_to_one_are_met() -> None:
    """Dunnett 1964, Biometrics 20, 482–491: two-sided 5%, three treatments and a control, 30 degrees: 2.47."""
    rng = np.random.default_rng(3)
    control, arms = rng.standard_normal((31, 1)), rng.standard_normal((31, 3))
    base = np.concatenate([control, arms], axis=1)
    base -= base.mean(axis=0)
    independent = np.linalg.qr(base)[0]
    values = independent[:, 1:] - independent[:, :1]
    left = (values.sum(axis=0) - values) / 30
    assert simultaneous_limits(values.mean(axis=0), left, draws=200_000).factor == pytest.approx(2.47, abs=0.03)


def test_no_false_finding_more_often_than_the_level_allows() -> None:
    wrong = []
    for seed in range(400):
        value, left = drawn(5, seed, shared=0.7)
        value_of = simultaneous_limits(value, left, seed=seed, draws=2000)
        wrong.append(
            [((value_of.lower > 0) | (value_of.upper < 0)).any(), (np.abs(value / value_of.error) > 2.04).any()]
        )
    together, alone = np.mean(wrong, axis=0)
    assert together < 0.08
    assert alone > 0.11


def test_p_values_and_limits_say_the_same() -> None:
    value, left = drawn(4, 7)
    value, left = value + np.array([0.0, 0.6, -0.9, 0.2]), left + np.array([0.0, 0.6, -0.9, 0.2])
    found = simultaneous_limits(value, left, draws=50_000)
    outside = (found.lower > 0) | (found.upper < 0)
    assert ((found.p < 0.05) == outside).all()
    assert outside.any() and not outside.all()


def test_an_estimate_that_nothing_moves_has_no_limits_and_costs_the_others_nothing() -> None:
    value, left = drawn(2, 4)
    still = simultaneous_limits([*value, 0.0], np.column_stack([left, np.zeros(FOLDS)]))
    assert np.isnan([still.lower[2], still.p[2]]).all()
    assert still.factor == pytest.approx(simultaneous_limits(value, left).factor)
    assert np.isnan(simultaneous_limits([0.0], np.zeros((FOLDS, 1))).factor)


def test_shapes_and_levels_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match=r"replicates of \(32, 2\)"):
        simultaneous_limits([1.0], np.zeros((32, 2)))
    with pytest.raises(ParameterError, match=r"level is 95; give a fraction"):
        simultaneous_limits([1.0], np.zeros((32, 1)), level=95)


def test_compared_gains_are_those_of_each_policy_alone_with_wider_limits() -> None:
    frame, _ = draw_frame(2000, 5)
    log, x = DecisionLog.read(frame), frame["x"].to_numpy()
    other = DecisionLog.read(frame.assign(reward=frame["reward"] ** 2))
    outcomes = true_outcomes(x, log.index)
    policies = {"targeted": proposed(x), "robots": "robot"}
    made = compare_gains({"a": log, "b": other}, policies, {"a": outcomes, "b": outcomes})
    alone = policy_gain(log, proposed(x), None, outcomes).set_index("estimator").loc["doubly_robust"]
    row = made.query("policy == 'targeted' and reward == 'a'").iloc[0]
    assert row["gain"] == pytest.approx(alone["value"])
    assert row["se"] == pytest.approx(alone["se"])
    assert row["lower"] < alone["lower"] < alone["upper"] < row["upper"]
    assert made["compared"].eq(len(made) - int(made["se"].isna().sum())).all()


def test_logs_of_other_decisions_are_not_compared() -> None:
    frame, _ = draw_frame(200, 5)
    log, fewer = DecisionLog.read(frame), DecisionLog.read(frame.head(100))
    outcomes = true_outcomes(frame["x"].to_numpy(), log.index)
    with pytest.raises(InputError, match="the same ones with other rewards"):
        compare_gains({"a": log, "b": fewer}, {"robots": "robot"}, {"a": outcomes, "b": outcomes})


# Dunnett 1964, Biometrics 20, 482–491: two-sided 5%, k treatments and a control of the same size, by degrees.
DUNNETT = {
    10: {2: 2.57, 3: 2.76, 4: 2.89, 5: 2.99, 9: 3.24},
    20: {2: 2.38, 3: 2.54, 4: 2.65, 5: 2.73, 9: 2.95},
    30: {2: 2.32, 3: 2.47, 4: 2.58, 5: 2.66, 9: 2.86},
    120: {2: 2.24, 3: 2.38, 4: 2.47, 5: 2.55, 9: 2.73},
}


def alike(k: int, shared: float = 0.5) -> np.ndarray:
    return np.where(np.eye(k, dtype=bool), 1.0, shared)


@pytest.mark.parametrize("degrees", DUNNETT)
def test_the_level_of_each_has_the_quantiles_of_dunnetts_table(degrees: int) -> None:
    found = {k: float(stdtrit(degrees, 0.5 + level_of_each(alike(k), degrees) / 2)) for k in DUNNETT[degrees]}
    assert found == pytest.approx(DUNNETT[degrees], abs=0.02)


def test_arms_of_unequal_size_have_the_interval_of_scipys_dunnett() -> None:
    rng = np.random.default_rng(5)
    control, *arms = (rng.normal(0.0, 1.0, size) for size in (40, 15, 25, 60))
    made = dunnett(*arms, control=control, rng=np.random.default_rng(1)).confidence_interval(0.95)
    sizes, degrees = np.array([arm.size for arm in arms]), 140 - 4
    spread = np.sqrt(sum(((side - side.mean()) ** 2).sum() for side in (control, *arms)) / degrees)
    share = np.sqrt(sizes / (sizes + control.size))
    level = level_of_each(np.where(np.eye(3, dtype=bool), 1.0, np.outer(share, share)), degrees)
    reach = stdtrit(degrees, 0.5 + level / 2) * spread * np.sqrt(1 / sizes + 1 / control.size)
    assert (made.high - made.low) / 2 == pytest.approx(reach, rel=0.01)


def test_the_level_of_each_lies_between_the_plain_one_and_bonferronis() -> None:
    assert level_of_each([[1.0]], 20) == 0.95
    assert level_of_each(alike(3, 1.0), 20) == pytest.approx(0.95, abs=0.002)
    assert 0.95 < level_of_each(alike(3), 20) < level_of_each(alike(3, 0.0), 20) <= 1 - 0.05 / 3


def test_a_correlation_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match=r"correlation has shape \(2, 3\); give \(k, k\)"):
        level_of_each(np.zeros((2, 3)), 20)
    with pytest.raises(ParameterError, match=r"level is 95; give a fraction"):
        level_of_each(alike(2), 20, level=95)
