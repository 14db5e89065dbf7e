"""Calibration: what it finds where the truth is known, and that its parts are the standard ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis.methods.cure import cumulative_incidence
from analysis.methods.cure.validation import Outcomes, Split, calibration_scores, calibration_table, followed
from analysis.methods.cure.validation.observed import exit_counts, incidence, incidence_replicates
from analysis.statistics.calibration import like_groups
from analysis.statistics.intervals import Estimate


def shifted(curve: np.ndarray, factor: float = 1.0, shift: float = 0.0) -> np.ndarray:
    """The curve with its logits stretched and moved."""
    return 1.0 / (1.0 + np.exp(-(factor * np.log(curve / (1.0 - curve)) + shift)))


def found(cells: pd.DataFrame, curve: np.ndarray) -> dict[tuple[str, int], Estimate]:
    return {(s.metric, s.horizon): s.estimate for s in calibration_scores(cells, curve, [3, 6, 12])}


@pytest.fixture(scope="module")
def curve(split: Split, truth_curve: Callable[..., np.ndarray]) -> np.ndarray:
    return truth_curve(split.test.x1.to_numpy(), 12)


@pytest.mark.parametrize("horizon", [3, 6, 12])
def test_the_true_model_is_calibrated(split: Split, curve: np.ndarray, horizon: int) -> None:
    scores = found(split.test, curve)
    for metric, right in (("expected_observed", 1.0), ("calibration_intercept", 0.0), ("calibration_slope", 1.0)):
        estimate = scores[metric, horizon]
        assert estimate.lower < right < estimate.upper, metric


def test_a_forecast_of_too_many_cures_is_found(split: Split, curve: np.ndarray) -> None:
    scores = found(split.test, shifted(curve, shift=0.5))
    assert scores["expected_observed", 6].lower > 1.0
    assert scores["calibration_intercept", 6].upper < 0.0
    plain, moved = found(split.test, curve)["calibration_intercept", 6], scores["calibration_intercept", 6]
    assert plain.value - moved.value == pytest.approx(0.5, abs=1e-8)


def test_a_forecast_spread_too_widely_has_half_the_slope(split: Split, curve: np.ndarray) -> None:
    plain, wide = (found(split.test, c)["calibration_slope", 6] for c in (curve, shifted(curve, factor=2.0)))
    assert wide.value == pytest.approx(plain.value / 2, abs=1e-8) and wide.upper < 1.0


def test_one_forecast_for_all_has_no_slope(split: Split) -> None:
    assert ("calibration_slope", 6) not in found(split.test, np.full((len(split.test), 12), 0.4))


def test_one_step_without_a_fold_is_as_good_as_a_new_fit(split: Split, curve: np.ndarray) -> None:
    from analysis.methods.cure.validation.calibration import _fit

    test = split.test.assign(fold=split.test.fold % 8)
    outcomes, logit = Outcomes.of(test, 6), np.log(curve[:, 5] / (1 - curve[:, 5]))
    x = np.column_stack([logit, np.ones_like(logit)])
    quick = _fit(outcomes, 6, x, np.zeros_like(logit), 0.95)
    refits = []
    for left in range(8):
        keep = np.flatnonzero(outcomes.fold != left)
        rest = outcomes.rows(keep)
        # The weights against censoring are held, as in the one-step form: here all spells are followed to 6.
        refits.append(float(_fit(rest, 6, x[keep], np.zeros(keep.size), 0.95).value))
    error = np.sqrt(7 / 8 * ((np.array(refits) - float(quick.value)) ** 2).sum())
    reach = (quick.upper - quick.lower) / 2
    assert reach == pytest.approx(2.3646 * error, rel=0.02)


def test_observed_cure_is_the_aalen_johansen_incidence(portfolio: Callable[..., pd.DataFrame]) -> None:
    cells = followed(portfolio(800, charged_off=0.5), 41).assign(
        entry=lambda df: np.where(df.duration > 3, df.index % 3, 0), spells=lambda df: 1 + df.index % 2
    )
    group = (cells.x1 > 0).astype(int).to_numpy()
    ours = incidence(exit_counts(cells, group, 2, 12).sum(axis=0))
    for side in (0, 1):
        table = cumulative_incidence(cells[group == side], "duration", "exit", "entry", "spells")
        theirs = table[(table.exit == "cured") & (table.time <= 12)]
        assert ours[side][theirs.time.astype(int) - 1] == pytest.approx(theirs.share.to_numpy(), abs=1e-12)


def test_incidence_without_a_fold_is_that_of_the_other_spells(portfolio: Callable[..., pd.DataFrame]) -> None:
    cells = followed(portfolio(800, charged_off=0.5), 41)
    one = np.zeros(800, dtype=int)
    _, replicates = incidence_replicates(exit_counts(cells, one, 1, 6))
    rest = cells[cells.fold != 7]
    alone = incidence(exit_counts(rest, one[: len(rest)], 1, 6).sum(axis=0))
    assert replicates[7] == pytest.approx(alone, abs=1e-12)


def test_deciles_of_the_true_model_hold_the_observed_share(split: Split, curve: np.ndarray) -> None:
    table = calibration_table(split.test, curve[:, 5], 6)
    # Four levels of the covariate make four distinct predictions, hence four groups.
    assert table.group.tolist() == [1, 2, 3, 4] and table.predicted.is_monotonic_increasing
    assert ((table.lower < table.predicted) & (table.predicted < table.upper)).sum() >= 3
    assert table.spells.sum() == len(split.test)


def test_groups_share_the_weight_and_never_split_equal_predictions() -> None:
    rng = np.random.default_rng(3)
    predicted, weight = rng.integers(0, 200, 5000) / 200, rng.integers(1, 4, 5000).astype(float)
    group = like_groups(predicted, weight, 10)
    assert np.bincount(group, weights=weight) / weight.sum() == pytest.approx(np.full(10, 0.1), abs=0.01)
    assert pd.Series(group).groupby(predicted).nunique().max() == 1
    assert np.array_equal(group, np.sort(group)[np.argsort(np.argsort(predicted, kind="stable"))])


def test_a_group_in_which_nobody_cured_still_has_limits() -> None:
    rows = {"began": 0, "entry": 0, "duration": [8, 8, 8, 2] * 5, "exit": ["open", "open", "sold", "cured"] * 5}
    cells = followed(pd.DataFrame(rows | {"fold": range(20), "spells": 1}), 8)
    table = calibration_table(cells, np.where(cells.exit == "cured", 0.8, 0.1), 6, groups=2)
    assert table.observed.tolist() == [0.0, 1.0]
    assert table.lower[0] == 0.0 and 0.0 < table.upper[0] < 0.4 and 0.4 < table.lower[1] < 1.0
