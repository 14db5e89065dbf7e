"""Looks at a running experiment: the error of peeking, and intervals that bear it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from experiment_cases import CURED, NOTHING, PAID, TIME, registered

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cases.experiments.draws import ExperimentTruth, draw_experiment
from analysis.methods.cases.experiments.sequential import confidence_sequence, looks


def running(effect: float, experiments: int, days: int, daily: int, seed: int) -> list[pd.DataFrame]:
    """Looks of experiments with `daily` clusters a day and unit variance a cluster in either arm."""
    rng = np.random.default_rng(seed)
    steps = effect * daily / 2 + np.sqrt(daily) * rng.standard_normal((experiments, days))
    clusters = daily * np.arange(1, days + 1)
    # Difference of the arms' means: twice the mean of signed outcomes, with error 2/√n.
    gaps, error = 2 * steps.cumsum(axis=1) / clusters, 2 / np.sqrt(clusters)
    return [pd.DataFrame({"clusters": clusters, "effect": gap, "se": error}) for gap in gaps]


def test_daily_peeking_keeps_the_type_one_error_where_the_usual_interval_does_not():
    found = [confidence_sequence(table, planned=6000) for table in running(0.0, 2000, 120, 50, 1)]
    usual = np.mean([(table["effect"].abs() > 1.96 * table["se"]).any() for table in found])
    assert np.mean([table["decided"].any() for table in found]) <= 0.05
    assert np.mean([((table["lower"] > 0) | (table["upper"] < 0)).any() for table in found]) <= 0.05
    assert usual > 0.3


def test_a_sequence_holds_the_true_effect_at_all_looks():
    found = [confidence_sequence(table, planned=6000) for table in running(0.2, 1000, 120, 50, 2)]
    assert np.mean([((table["lower"] <= 0.2) & (table["upper"] >= 0.2)).all() for table in found]) >= 0.95


def test_an_effect_is_found_and_stays_found():
    found = [confidence_sequence(table, planned=6000) for table in running(0.2, 200, 120, 50, 3)]
    assert np.mean([table["decided"].iloc[-1] for table in found]) > 0.99
    assert all(table["decided"].is_monotonic_increasing and table["p"].is_monotonic_decreasing for table in found)


def test_the_radius_is_the_published_one():
    # Waudby-Smith et al. 2024, theorem 2.2: σ √(2 (t ρ² + 1) ÷ (t² ρ²) · log(√(t ρ² + 1) ÷ α)), here σ = 1.
    t, alpha = 500.0, 0.05
    rho2 = (-2 * np.log(alpha) + np.log(-2 * np.log(alpha) + 1)) / 1000
    radius = np.sqrt(2 * (t * rho2 + 1) / (t**2 * rho2) * np.log(np.sqrt(t * rho2 + 1) / alpha))
    day = pd.DataFrame({"clusters": [t], "effect": [0.0], "se": [1 / np.sqrt(t)]})
    assert confidence_sequence(day, planned=1000)["upper"].iloc[0] == pytest.approx(radius)


def test_the_sequence_is_narrowest_about_the_planned_size():
    def widths(planned: int) -> np.ndarray:
        clusters = np.array([100.0, 1000.0, 10_000.0])
        day = pd.DataFrame({"clusters": clusters, "effect": 0.0, "se": 1 / np.sqrt(clusters)})
        return confidence_sequence(day, planned)["upper"].to_numpy()

    narrow = np.array([widths(planned) for planned in (100, 1000, 10_000)])
    assert narrow.argmin(axis=0).tolist() == [0, 1, 2]


def test_p_falls_to_the_level_just_where_the_interval_leaves_zero_out():
    day = pd.DataFrame({"clusters": [1000.0], "effect": [0.0], "se": [0.02]})
    reach = confidence_sequence(day, 1000)["upper"].iloc[0]
    at = confidence_sequence(day.assign(effect=reach), 1000)["p"].iloc[0]
    assert at == pytest.approx(0.05)


def test_looks_see_only_what_was_known_by_then():
    frame = draw_experiment(ExperimentTruth(), 400, 4).decisions
    day = frame["customer"] // 40
    found = looks(frame, registered(CURED, PAID), "paid", day, planned=400, burn_in=30)
    last = frame[day <= found["look"].iloc[2]]
    own = last.groupby("arm")["paid"].mean()
    assert found["effect"].iloc[2] == pytest.approx(own["agent"] - own["robot"])
    assert found["clusters"].is_monotonic_increasing and found["look"].iloc[0] > 0
    shuffled = frame.assign(paid=frame["paid"].where(day <= 5, 0.0))
    again = looks(shuffled, registered(CURED, PAID), "paid", day, planned=400, burn_in=30)
    early = found["look"] <= 5
    assert again.loc[early, "effect"].tolist() == found.loc[early, "effect"].tolist()


def test_peeking_at_clustered_placebos_finds_few():
    truth, hits = ExperimentTruth({"robot": NOTHING, "agent": NOTHING}, by_customer=True), []
    asked = registered(CURED, unit="customer", ratio_alpha=1e-6)
    for seed in range(60):
        frame = draw_experiment(truth, 400, 700 + seed).decisions
        hits.append(looks(frame, asked, "cured", frame["customer"] // 20, planned=400)["decided"].any())
    assert np.mean(hits) <= 0.1


def test_looks_that_cannot_be_taken_are_refused():
    frame = draw_experiment(ExperimentTruth(), 100, 1).decisions
    with pytest.raises(InputError, match="no look has 5000 clusters with a known outcome in each arm"):
        looks(frame, registered(), "cured", frame["customer"], planned=100, burn_in=5000)
    with pytest.raises(InputError, match="outcome 'time' is time"):
        looks(frame, registered(TIME), "time", frame["customer"], planned=100)
    with pytest.raises(ParameterError, match="planned is 0"):
        confidence_sequence(pd.DataFrame({"clusters": [10.0], "effect": [0.0], "se": [1.0]}), planned=0)
    with pytest.raises(InputError, match="give looks in the order of time"):
        confidence_sequence(pd.DataFrame({"clusters": [10.0, 5.0], "effect": 0.0, "se": 1.0}), planned=10)
