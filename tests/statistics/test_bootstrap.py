"""Clustered bootstrap through sums: the same as resampling rows, however the counts are drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.core.errors import InputError, ParameterError
from analysis.statistics import bootstrap as module
from analysis.statistics.bootstrap import bootstrap, cluster_sums, resampled_sums


def ratio(sums: np.ndarray) -> np.ndarray:
    return sums[..., 0] / sums[..., 1]


def payments(customers: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    customer = np.repeat(np.arange(customers), rng.integers(1, 4, customers))
    level = rng.standard_normal(customers)[customer]
    paid = np.where(rng.random(customer.size) < 0.4, np.exp(5 + level + rng.standard_normal(customer.size)), 0.0)
    return pd.DataFrame({"customer": customer, "paid": paid, "one": 1.0})


def test_limits_are_those_of_resampling_rows_within_monte_carlo_error():
    frame = payments(300, 1)
    found = bootstrap(cluster_sums(frame["customer"], frame[["paid", "one"]]), ratio, 4000, seed=1)
    rng, parts = np.random.default_rng(2), [part["paid"].to_numpy() for _, part in frame.groupby("customer")]
    means = []
    for _ in range(4000):
        rows = np.concatenate([parts[i] for i in rng.integers(0, len(parts), len(parts))])
        means.append(rows.mean())
    error = np.std(means, ddof=1)
    # 4,000 replications tell a standard error to within 1.1%, a 2.5% quantile to within 0.04 of it.
    assert float(found.error) == pytest.approx(error, rel=0.06)
    assert float(found.lower) == pytest.approx(np.quantile(means, 0.025), abs=0.2 * error)
    assert float(found.upper) == pytest.approx(np.quantile(means, 0.975), abs=0.2 * error)


def test_poisson_counts_give_the_distribution_of_the_multinomial(monkeypatch):
    frame = payments(2000, 3)
    sums = cluster_sums(frame["customer"], frame[["paid", "one"]])
    exact = bootstrap(sums, ratio, 4000, seed=1)
    monkeypatch.setattr(module, "EXACT", 10)
    streamed = bootstrap(sums, ratio, 4000, seed=2)
    assert float(streamed.error) == pytest.approx(float(exact.error), rel=0.06)
    for name in ("lower", "upper"):
        assert getattr(streamed, name) == pytest.approx(getattr(exact, name), abs=0.2 * float(exact.error))
    third = [((f.replicates - f.replicates.mean()) ** 3).mean() / float(f.error) ** 3 for f in (exact, streamed)]
    assert third[0] == pytest.approx(third[1], abs=0.2)


def test_totals_are_of_as_many_clusters_as_there_are(monkeypatch):
    monkeypatch.setattr(module, "EXACT", 10)
    sums = cluster_sums(np.arange(5000), np.random.default_rng(1).lognormal(0, 1, 5000))
    totals = resampled_sums(sums, 2000, seed=4)[:, 0]
    assert totals.mean() == pytest.approx(sums.sum(), rel=0.003)
    assert totals.std() == pytest.approx(np.sqrt(5000) * sums.std(), rel=0.06)


def test_the_error_of_a_mean_of_single_observations_is_the_textbook_one():
    values = np.random.default_rng(5).normal(3, 2, 500)
    sums = np.column_stack([values, np.ones(500)])
    found = bootstrap(sums, ratio, 4000, seed=0)
    assert float(found.error) == pytest.approx(values.std() / np.sqrt(500), rel=0.05)


def test_few_clusters_widen_limits_to_students_quantile():
    # Hesterberg 2015, section 5: without it, ten clusters' interval is √(9/10) · 1.96/2.26 of what it should be.
    values = np.random.default_rng(6).normal(0, 1, 10)
    found = bootstrap(np.column_stack([values, np.ones(10)]), ratio, 20_000, seed=0)
    reach = 2.262 * values.std(ddof=1) / np.sqrt(10)
    assert float(found.upper - found.lower) / 2 == pytest.approx(reach, rel=0.08)
    plain = np.quantile(found.replicates, [0.025, 0.975])
    assert found.lower < plain[0] < plain[1] < found.upper


def test_the_same_seed_gives_the_same_replications():
    sums = cluster_sums(np.arange(50), np.arange(50.0))
    assert np.array_equal(resampled_sums(sums, 20, seed=3), resampled_sums(sums, 20, seed=3))
    assert not np.array_equal(resampled_sums(sums, 20, seed=3), resampled_sums(sums, 20, seed=4))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-9, 9)), min_size=1, max_size=40))
def test_sums_by_cluster_keep_the_total_and_are_those_of_groupby(rows):
    frame = pd.DataFrame(rows, columns=["cluster", "value"])
    found = cluster_sums(frame["cluster"], frame["value"])[:, 0]
    assert found.tolist() == frame.groupby("cluster")["value"].sum().tolist()


def test_one_cluster_has_no_limits():
    found = bootstrap(np.array([[3.0, 2.0]]), ratio, 10)
    assert float(found.value) == 1.5
    assert np.isnan([found.error, found.lower, found.upper]).all()


def test_what_cannot_be_resampled_is_refused():
    with pytest.raises(InputError, match="1 of 2 rows have no number to sum"):
        cluster_sums([1, 2], [1.0, np.nan])
    with pytest.raises(InputError, match="1 of 2 rows belong to no cluster"):
        cluster_sums(np.array([1.0, np.nan]), [1.0, 2.0])
    with pytest.raises(ParameterError, match="replications is 1"):
        bootstrap(np.ones((3, 2)), ratio, 1)
    with pytest.raises(InputError, match=r"sums have shape \(3,\)"):
        resampled_sums(np.ones(3), 10)
