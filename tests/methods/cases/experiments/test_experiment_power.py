"""What an experiment of a given size can show, against published tables and by drawing."""

from __future__ import annotations

import numpy as np
import pytest
from experiment_cases import CURED, PAID, decisions, registered

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cases.claims.sample_size import detectable_difference
from analysis.methods.cases.experiments.power import (
    clustering,
    design_effect,
    detectable_mean,
    experiment_power,
    means_power,
    means_size,
)

# Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, 2nd ed., Table 2.4.1, two-sided .05: sizes of
# each of two arms for standardised differences of .20, .50 and .80.
COHEN = [(0.2, 0.80, 393), (0.5, 0.80, 64), (0.8, 0.80, 26), (0.5, 0.90, 85), (0.8, 0.90, 34), (0.5, 0.95, 105)]


@pytest.mark.parametrize(("difference", "power", "size"), COHEN)
def test_sizes_of_two_means_are_cohens(difference, power, size):
    # Cohen's table is rounded where the exact size lies within half a unit of a whole one.
    assert abs(means_size(difference, 1.0, power) - size) <= 1


def test_the_power_of_two_means_is_that_of_statsmodels_for_unequal_arms():
    power = pytest.importorskip("statsmodels.stats.power")
    expected = power.TTestIndPower().power(0.3, nobs1=120, alpha=0.05, ratio=2.0, alternative="larger")
    both = power.TTestIndPower().power(0.3, nobs1=120, alpha=0.05, ratio=2.0)
    found = means_power(0.3, 1.0, 120, 240)
    assert found == pytest.approx(both, abs=1e-5)
    assert found < expected


def test_the_detectable_mean_is_found_with_just_the_power_asked_for():
    shown = detectable_mean(500.0, 200, 350, power=0.9)
    assert means_power(shown, 500.0, 200, 350) == pytest.approx(0.9)


def test_a_design_effect_is_the_published_one():
    # Donner and Klar 2000, Design and Analysis of Cluster Randomization Trials: 1 + (m − 1) ρ.
    assert design_effect(100, 0.01) == pytest.approx(1.99)
    # Eldridge, Ashby and Kerry 2006: unequal clusters, 1 + ((cv² + 1) m − 1) ρ.
    assert design_effect(20, 0.05, 0.65) == pytest.approx(1 + (1.4225 * 20 - 1) * 0.05)


# Shrout and Fleiss 1979, Psychological Bulletin 86, 420–428, Table 2: four judges' ratings of six targets;
# Table 4: ICC(1,1) = .17.
RATINGS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def test_the_intraclass_correlation_is_that_of_shrout_and_fleiss():
    found = clustering(np.array(RATINGS).ravel(), np.repeat(np.arange(6), 4))
    assert round(found.correlation, 2) == 0.17
    assert (found.mean_size, found.size_cv) == (4.0, 0.0)


def test_unequal_clusters_that_share_half_their_variance_are_found_to():
    rng = np.random.default_rng(1)
    cluster = np.repeat(np.arange(1500), rng.integers(1, 6, 1500))
    values = rng.standard_normal(1500)[cluster] + rng.standard_normal(cluster.size)
    assert clustering(values, cluster).correlation == pytest.approx(0.5, abs=0.04)


def test_single_decisions_have_no_design_effect_and_one_cluster_is_refused():
    assert clustering(np.arange(5.0), np.arange(5)).design_effect == 1.0
    with pytest.raises(InputError, match="all decisions are of one cluster"):
        clustering(np.arange(5.0), np.zeros(5))


def test_a_test_finds_the_detectable_effect_as_often_as_promised():
    rng, hits = np.random.default_rng(2), []
    shown = detectable_mean(1.0, 80, power=0.8)
    for _ in range(1500):
        one, other = rng.standard_normal(80) + shown, rng.standard_normal(80)
        gap = one.mean() - other.mean()
        hits.append(abs(gap) > 1.9752 * np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 80))
    assert np.mean(hits) == pytest.approx(0.8, abs=0.035)


def test_an_experiment_told_by_its_own_sizes_and_spread():
    frame = decisions(600).drop_duplicates("customer")
    found = experiment_power(frame, registered(CURED, PAID), relevant={"cured": 0.1}).set_index("outcome")
    sizes = frame["arm"].value_counts()
    assert found.loc["cured", ["size", "size_control"]].tolist() == [sizes["agent"], sizes["robot"]]
    harmonic = 2 / (1 / sizes["agent"] + 1 / sizes["robot"])
    base = frame.loc[frame["arm"] == "robot", "cured"].mean()
    assert found.loc["cured", "detectable"] == pytest.approx(detectable_difference(base, harmonic))
    assert 0.3 < found.loc["cured", "power_relevant"] < 0.95
    assert np.isnan(found.loc["paid", "power_relevant"])
    sides = [frame.loc[frame["arm"] == arm, "paid"].to_numpy() for arm in ("agent", "robot")]
    pooled = np.sqrt(sum(side.var(ddof=1) * (side.size - 1) for side in sides) / (len(frame) - 2))
    assert found.loc["paid", "detectable"] == pytest.approx(
        detectable_mean(pooled, sizes["agent"], sizes["robot"]), rel=1e-6
    )


def test_clusters_of_like_decisions_show_less():
    frame = decisions(600, by_customer=True)
    alike = frame.assign(paid=frame.groupby("customer")["paid"].transform("mean"))
    asked = registered(PAID, unit="customer")
    plain, worse = (experiment_power(table, asked).iloc[0] for table in (frame, alike))
    assert worse["correlation"] > plain["correlation"] and worse["design_effect"] > 1.5
    assert worse["detectable"] / worse["sd"] > plain["detectable"] / plain["sd"]


def test_a_power_no_size_reaches_is_refused():
    with pytest.raises(ParameterError, match="difference is 0"):
        means_size(0.0, 1.0)
    with pytest.raises(ParameterError, match="power is 1"):
        detectable_mean(1.0, 50, power=1.0)
    with pytest.raises(ParameterError, match="give sd > 0 and arms of 2 on"):
        means_power(0.5, 0.0, 50)
