"""Time to contact, and cure by delay."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.methods.delinquency.first_contact import contact_curves, contact_quartiles, cure_rates

# Weeks of remission of 21 leukaemia patients on 6-mercaptopurine; 1 = relapse, 0 = still in remission. Freireich
# et al. (1963), Blood 21, 699–716; curve as in Kleinbaum and Klein (2012), Survival Analysis, 3rd edition,
# chapter 2, with Greenwood's errors.
REMISSION = [
    (6, 1), (6, 1), (6, 1), (6, 0), (7, 1), (9, 0), (10, 1), (10, 0), (11, 0), (13, 1), (16, 1),
    (17, 0), (19, 0), (20, 0), (22, 1), (23, 1), (25, 0), (32, 0), (32, 0), (34, 0), (35, 0),
]  # fmt: skip
KAPLAN_MEIER = {6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482}


def delays(rows, fate="open") -> pd.DataFrame:
    """Counts from (days, contacted) pairs, each spell a fold of its own."""
    made = [
        {"milestone": "attempt_1", "fold": i % 32, "days": d, "contacted": c, "ended": 0, "open": 0}
        | {fate: 1 - c}
        for i, (d, c) in enumerate(rows)
    ]
    return pd.DataFrame(made).astype({"contacted": int})


def test_the_curve_of_the_remission_trial_is_the_published_one():
    curve = contact_curves(delays(REMISSION)).set_index("days")
    assert {day: round(1 - curve.loc[day, "share"], 4) for day in KAPLAN_MEIER} == KAPLAN_MEIER
    assert curve.loc[6, "at_risk"] == 21


def test_the_jackknife_agrees_with_greenwood_where_spells_are_independent():
    curve = contact_curves(delays(REMISSION)).set_index("days")
    greenwood = {6: 0.0764, 10: 0.0963, 16: 0.1141, 23: 0.1346}  # standard errors, same table
    for day, error in greenwood.items():
        survival = 1 - curve.loc[day, "share"]
        half = 2.086 * error / abs(survival * np.log(survival))  # t with 20 degrees of freedom
        expected = [1 - survival ** np.exp(-half), 1 - survival ** np.exp(half)]
        assert curve.loc[day, ["share_lower", "share_upper"]].tolist() == pytest.approx(expected, abs=0.02)


def test_the_median_is_the_published_one_and_the_last_quartile_is_not_reached():
    found = contact_quartiles(delays(REMISSION)).set_index("quartile")
    assert found.loc[0.5, "days"] == 23
    assert np.isnan(found.loc[0.75, "days"])
    assert found.loc[0.5, ["spells", "contacted", "open"]].tolist() == [21, 9, 12]


def test_limits_of_the_median_enclose_it():
    found = contact_quartiles(delays(REMISSION)).set_index("quartile").loc[0.25]
    assert found["days_lower"] <= found["days"] <= found["days_upper"]


def test_without_censoring_the_curve_is_the_plain_share():
    curve = contact_curves(delays([(1, 1), (2, 1), (2, 1), (5, 1)]))
    assert curve["share"].tolist() == [0.25, 0.75, 1.0]
    assert curve["incidence"].tolist() == [0.25, 0.75, 1.0]


def test_spells_that_end_first_lower_the_incidence_but_not_the_share():
    # Of four, two end on day 1; of the two left both are called on day 2.
    curve = contact_curves(delays([(1, 0), (1, 0), (2, 1), (2, 1)], fate="ended"))
    assert curve["share"].tolist() == [0.0, 1.0]
    assert curve["incidence"].tolist() == [0.0, 0.5]


fates = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 1)), min_size=2, max_size=60)


@settings(max_examples=40, deadline=None)
@given(fates, st.sampled_from(["open", "ended"]))
def test_curves_rise_and_stay_between_their_limits(rows, fate):
    curve = contact_curves(delays(rows, fate))
    for name in ("share", "incidence"):
        values = curve[name].to_numpy()
        assert (np.diff(values) >= -1e-12).all() and values.min() >= 0 and values.max() <= 1 + 1e-12
    known = curve.dropna(subset=["share_lower", "share_upper"])
    assert (known["share_lower"] <= known["share"] + 1e-12).all()
    assert (known["share"] <= known["share_upper"] + 1e-12).all()
    assert (curve["incidence"] <= curve["share"] + 1e-12).all()


def test_each_group_has_its_own_curve():
    both = pd.concat(
        [delays([(1, 1), (2, 1)]).assign(product="card"), delays([(7, 1), (9, 1)]).assign(product="sme")]
    )
    found = contact_quartiles(both, ["product"]).set_index(["product", "quartile"])["days"]
    assert (found["card", 0.5], found["sme", 0.5]) == (1, 7)


def cells(rows) -> pd.DataFrame:
    columns = ["delay_order", "delay_band", "bucket", "balance_band", "spells", "cured"]
    frame = pd.DataFrame(rows, columns=columns).assign(months=3)
    # The same counts in eight folds: the rates are what they are, and their error is nothing.
    return pd.concat([frame.assign(fold=fold) for fold in range(8)], ignore_index=True)


def test_standardising_removes_a_difference_that_is_only_mix():
    found = cure_rates(
        cells(
            [
                (0, "0–3", "30–59", 1, 80, 40),
                (0, "0–3", "60–89", 1, 20, 2),
                (1, "4–7", "30–59", 1, 20, 10),
                (1, "4–7", "60–89", 1, 80, 8),
            ]
        )
    )
    assert found["rate"].tolist() == [0.42, 0.18]
    assert found["adjusted"].tolist() == pytest.approx([0.30, 0.30])
    assert found["covered"].tolist() == [1, 1]


def test_strata_without_every_band_are_left_out_of_the_adjusted_rates_only():
    found = cure_rates(
        cells([(0, "0–3", "30–59", 1, 50, 25), (0, "0–3", "30–59", 4, 50, 0), (1, "4–7", "30–59", 1, 100, 50)])
    )
    assert found["rate"].tolist() == [0.25, 0.5]
    assert found["adjusted"].tolist() == pytest.approx([0.5, 0.5])
    assert found["covered"].tolist() == pytest.approx([0.75, 0.75])


def test_nothing_counted_gives_an_empty_frame_with_its_columns():
    assert "share" in contact_curves(delays([(1, 1)]).iloc[:0]).columns
    assert "adjusted" in cure_rates(cells([(0, "0–3", "30–59", 1, 1, 1)]).iloc[:0]).columns
