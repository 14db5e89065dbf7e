"""The recovery curve from all follow-up, against a published triangle and claims drawn with a known curve."""

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import ParameterError
from analysis.methods.cure.recovery import completed, development_factors, recovery_curve, to_come, triangle

RAA = """5012 8269 10907 11805 13539 16181 18009 18608 18662 18834
106 4285 5396 10666 13782 15599 15496 16169 16704
3410 8992 13873 16141 18735 22214 22863 23466
5655 11555 15766 21266 23425 26083 27067
1092 9565 15836 22169 25955 26180
1513 6445 11702 12935 15852
557 4020 10946 12314
1351 6947 13112
3133 5395
2063"""
"""Cumulative losses of the Reinsurance Association of America, Historical Loss Development, 1991, automatic
facultative general liability; Mack (1994), Measuring the variability of chain ladder reserve estimates, Casualty
Actuarial Society Forum, Spring, 101–182."""

TRUTH = 0.02 * 0.9 ** np.arange(24)


def raa():
    rows = [[float(x) for x in line.split()] for line in RAA.splitlines()]
    cumulative = np.full((10, 10), np.nan)
    for place, row in enumerate(rows):
        cumulative[place, : len(row)] = row
    return np.nan_to_num(cumulative), np.isfinite(cumulative)


def test_development_factors_and_reserve_of_a_published_triangle_are_reproduced():
    cumulative, seen = raa()
    factors = development_factors(cumulative, seen)
    published = [2.999, 1.624, 1.271, 1.172, 1.113, 1.042, 1.033, 1.017, 1.009]
    assert factors == pytest.approx(published, abs=5e-4)
    ultimate = completed(cumulative, seen)[:, -1]
    latest = np.array([row[mask][-1] for row, mask in zip(cumulative, seen, strict=True)])
    assert (ultimate - latest).sum() == pytest.approx(52_135, abs=1)


def draw(seed, cohorts=30, size=12, drift=0.0):
    """Cells of claims charged off in so many months, paid by chance with the increments of TRUTH."""
    random = np.random.default_rng(seed)
    rows = []
    for cohort in range(cohorts):
        month, followed = pd.Timestamp("2023-01-31") + pd.offsets.MonthEnd(cohort), cohorts - 1 - cohort
        amounts, folds = random.lognormal(3, 0.7, size), random.integers(32, size=size)
        products = random.choice(["card", "auto"], size)
        for amount, fold, product in zip(amounts, folds, products, strict=True):
            labels = {"month": month, "followed": followed, "fold": fold, "product": product}
            rows.append({**labels, "since": 0, "claims": 1.0, "charged_off": amount, "paid": 0.0})
            for since in range(1, min(followed, 24) + 1):
                if random.random() < 0.3:
                    cash = amount * TRUTH[since - 1] / 0.3 * (1 + drift * cohort)
                    rows.append({**labels, "since": since, "claims": 0.0, "charged_off": 0.0, "paid": cash})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def cells():
    return draw(1)


def test_an_increment_is_cash_over_what_was_followed_so_long(cells):
    table = recovery_curve(cells, 24).set_index("since")
    followed = cells[cells["followed"] >= 3]
    base = followed["charged_off"].sum()
    assert table.loc[3, "charged_off"] == pytest.approx(base)
    third = followed.loc[followed["since"] == 3, "paid"].sum()
    assert table.loc[3, "rate"] - table.loc[2, "rate"] == pytest.approx(third / base)
    assert table.loc[3, "claims"] == followed["claims"].sum()


def test_the_estimators_agree_where_all_claims_are_followed_alike(cells):
    alike = cells[(cells["since"] <= 5) & (cells["followed"] >= 5)].assign(followed=5)
    rates = [recovery_curve(alike, 5, estimator=name)["rate"] for name in ("additive", "complete", "chain_ladder")]
    assert rates[1].to_numpy() == pytest.approx(rates[0].to_numpy())
    assert rates[2].to_numpy() == pytest.approx(rates[0].to_numpy())


def test_the_curve_never_falls_though_the_complete_one_may(cells):
    additive = recovery_curve(cells, 24, by=["product"])
    for _, curve in additive.groupby("value"):
        assert (np.diff(curve["rate"]) >= 0).all()


def test_limits_cover_the_known_curve_and_use_more_than_complete_claims():
    hits, spread = [], {"additive": [], "complete": []}
    for seed in range(60):
        drawn = draw(seed)
        for name, errors in spread.items():
            row = recovery_curve(drawn, 24, estimator=name).set_index("since").loc[24]
            errors.append(row["rate"] - TRUTH.sum())
            if name == "additive":
                hits.append(row["lower"] <= TRUTH.sum() <= row["upper"])
    assert 0.85 <= np.mean(hits) <= 1.0
    assert np.std(spread["additive"]) < np.std(spread["complete"])


def test_discounting_lowers_the_curve_by_the_month(cells):
    plain, less = (recovery_curve(cells, 24, annual_rate=rate).set_index("since")["rate"] for rate in (0.0, 0.1))
    assert less[1] == pytest.approx(plain[1] * 1.1 ** (-1 / 12))
    assert (less < plain).all()


def test_the_curve_ends_with_the_longest_follow_up(cells):
    assert recovery_curve(cells[cells["followed"] <= 9], 24)["since"].max() == 9
    paid, _, claims, followed = triangle(cells, 6)
    assert paid.shape == (32, 30, 6)
    assert claims.sum() == cells["claims"].sum()
    assert followed.max() == 29


def test_cash_to_come_is_the_part_of_the_curve_still_ahead(cells):
    curve = recovery_curve(cells, 24, by=["product"])
    found = to_come(cells, curve, 24).set_index("value")
    assert found.loc["all", "expected"] == pytest.approx(found.drop("all")["expected"].sum())
    young = cells[(cells["since"] == 0) & (cells["followed"] == 0) & (cells["product"] == "card")]
    alone = to_come(young, curve, 24).set_index("value")
    final = curve[(curve["value"] == "card") & (curve["since"] == 24)]["rate"].iloc[0]
    assert alone.loc["card", "expected"] == pytest.approx(young["charged_off"].sum() * final)


@pytest.mark.parametrize(
    ("spoil", "choices", "message"),
    [
        (lambda c: c, {"estimator": "guess"}, "estimator 'guess' is unknown; known are additive, complete"),
        (lambda c: c, {"annual_rate": -0.1}, "annual_rate is -0.1; it must be 0 or more"),
        (lambda c: c.drop(columns="followed"), {}, "recovery cells lack followed"),
        (lambda c: c.assign(claims=0.0), {}, "no claim was charged off"),
        (lambda c: c.assign(followed=0), {}, "followed for a month after its charge-off"),
    ],
)
def test_unusable_input_is_refused_by_name(cells, spoil, choices, message):
    with pytest.raises(ParameterError, match=message):
        recovery_curve(spoil(cells), 24, **choices)


def test_a_horizon_beyond_a_segments_curve_is_refused(cells):
    curve = recovery_curve(cells, 24, by=["product"])
    with pytest.raises(ParameterError, match="the curve of product 'auto' doesn't reach 30 months"):
        to_come(cells, curve, 30)
