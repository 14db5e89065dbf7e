"""Time in collections and re-default, against textbook chains and a known one."""

import numpy as np
import pandas as pd
import pytest
from chain_world import MATRIX, STATES, make_world
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.core.errors import ParameterError
from analysis.methods.cure.chain import ChainStates
from analysis.methods.cure.chain.absorption import expected_time, fundamental_matrix, months_within, redefault

STAY = [0, 1, 2]


def test_the_drunkards_walk_is_that_of_grinstead_and_snell():
    """Grinstead and Snell (1997), Introduction to Probability, 2nd ed., examples 11.13, 11.22–11.24."""
    transient = np.array([[0, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0]])
    visits = fundamental_matrix(transient)
    assert visits == pytest.approx(np.array([[1.5, 1, 0.5], [1, 2, 1], [0.5, 1, 1.5]]))
    assert visits.sum(axis=1) == pytest.approx([3, 4, 3])
    ends = np.array([[0.5, 0], [0, 0], [0, 0.5]])
    assert visits @ ends == pytest.approx(np.array([[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]]))


def test_accounts_receivable_are_those_of_the_textbook():
    """Heidman's Department Store: Anderson, Sweeney and Williams, An Introduction to Management Science, chapter
    on Markov processes: of accounts of 0–30 days 89% are paid in the end, of 31–90 days 74%."""
    transient = np.array([[0.3, 0.3], [0.3, 0.1]])
    paid_or_bad = np.array([[0.4, 0.0], [0.4, 0.2]])
    visits = fundamental_matrix(transient)
    assert visits.round(2).tolist() == [[1.67, 0.56], [0.56, 1.30]]
    assert (visits @ paid_or_bad).round(2).tolist() == [[0.89, 0.11], [0.74, 0.26]]


def test_a_state_that_leads_into_one_never_left_takes_for_ever():
    transient = np.array([[0.5, 0.2, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.5]])
    assert fundamental_matrix(transient).sum(axis=1).tolist() == [np.inf, np.inf, 2.0]


@settings(max_examples=60, deadline=None)
@given(arrays(float, (4, 5), elements=st.floats(0.01, 1)))
def test_months_within_grow_to_the_fundamental_matrixs(counts):
    transient = (counts / counts.sum(axis=1, keepdims=True))[:, :4]
    whole = fundamental_matrix(transient).sum(axis=-1)
    part = months_within(transient, 12)
    assert (part <= whole + 1e-9).all()
    assert (part <= 12 + 1e-9).all()
    assert months_within(transient, 3000) == pytest.approx(whole, rel=1e-6)


@pytest.fixture(scope="module")
def world():
    return make_world(seed=4, accounts=8000, products=("card", "auto"))


def test_expected_months_are_near_the_known_chains_and_covered(world):
    table = expected_time(world.cells(), within=6).set_index(["measure", "state"])
    truth = fundamental_matrix(MATRIX[np.ix_(STAY, STAY)]).sum(axis=1)
    for place, bucket in enumerate(("1–29", "30–59")):
        row = table.loc[("months", bucket)]
        assert row["expected"] == pytest.approx(truth[place], rel=0.03)
        assert row["lower"] < row["expected"] < row["upper"]


def test_months_within_a_horizon_are_never_more_than_all(world):
    table = expected_time(world.cells(), by=["product"], within=6)
    wide = table.pivot(index=["value", "state"], columns="measure", values="expected")
    assert (wide["months_within"] <= wide["months"]).all()
    assert (wide["months_within"] <= 6).all()


def test_limits_of_expected_months_cover_about_as_often_as_they_say():
    truth = fundamental_matrix(MATRIX[np.ix_(STAY, STAY)]).sum(axis=1)
    hits = []
    for seed in range(60):
        table = expected_time(make_world(200 + seed, accounts=2000, months=10).cells())
        rows = table[table["measure"] == "months"]
        hits += [low <= t <= high for low, t, high in zip(rows["lower"], truth, rows["upper"], strict=False)]
    assert 0.88 <= np.mean(hits) <= 1.0


def test_spells_count_this_one_and_those_that_follow_a_cure(world):
    inside = [0, 1, 2, 3]
    back = MATRIX[3, [0, 1]].sum()
    truth = 1 + fundamental_matrix(MATRIX[np.ix_(inside, inside)])[:2, 3] * back
    table = expected_time(world.cells())
    spells = table[table["measure"] == "spells"]["expected"]
    assert spells.to_numpy() == pytest.approx(truth, rel=0.05)


def test_without_anybody_cured_nothing_is_said_of_spells(world):
    cells = world.cells()
    table = expected_time(cells[cells["from_state"] != "cured"])
    assert table.loc[table["measure"] == "spells", "expected"].isna().all()
    assert table.loc[table["measure"] == "months", "expected"].notna().all()


def test_redefault_is_first_passage_from_cured(world):
    moved = MATRIX.copy()
    moved[3, 3] += moved[3, 4]
    moved[3, 4] = 0
    moved[1] = np.eye(7)[1]
    truth = np.linalg.matrix_power(moved, 12)[3, 1]
    row = redefault(world.cells()).iloc[0]
    assert row["bucket"] == "30–59"
    assert row["rate"] == pytest.approx(truth, abs=0.02)
    assert row["lower"] < truth < row["upper"]
    assert row["monthly"] == row["numerator"] / row["denominator"]


def test_redefault_into_any_arrears_is_more_likely_than_into_later_ones(world):
    late, early = (redefault(world.cells(), first_bucket=b)["rate"].iloc[0] for b in ("30–59", "1–29"))
    assert early > late
    # From cured every step into arrears counts, so this one is geometric up to the other exits.
    assert early < 1 - (1 - MATRIX[3, 0]) ** 12 + 0.03


def test_an_unknown_bucket_is_refused(world):
    with pytest.raises(ParameterError, match="'90' is no arrears bucket; the chain's are 1–29, 30–59"):
        redefault(world.cells(), first_bucket="90")


def test_the_chain_of_the_tests_is_one():
    assert MATRIX.sum(axis=1) == pytest.approx(1.0)
    assert ChainStates(STATES).names == STATES


def test_a_cured_state_may_be_split_by_age():
    """Fresh cures fall back more: re-default is reckoned from the freshest, and spells from all."""
    names = ("1–29", "30–59", "cured_6", "cured_12", "current", "charged_off")
    kind = pd.CategoricalDtype(names, ordered=True)
    shares = {
        ("1–29", "cured_6"): 60, ("1–29", "30–59"): 40, ("30–59", "charged_off"): 100, ("cured_6", "30–59"): 20,
        ("cured_6", "cured_12"): 80, ("cured_12", "30–59"): 10, ("cured_12", "current"): 90,
    }  # fmt: skip
    rows = [(*ends, fold, count) for ends, count in shares.items() for fold in range(4)]
    cells = pd.DataFrame(rows, columns=["from_state", "to_state", "fold", "accounts"])
    cells = cells.assign(
        month=pd.Timestamp("2025-01-31"), **{c: cells[c].astype(kind) for c in ("from_state", "to_state")}
    )
    found = redefault(cells, within=2).iloc[0]
    assert found["rate"] == pytest.approx(0.2 + 0.8 * 0.1)
    assert found["numerator"] == 4 * 30
    spells = expected_time(cells).query("measure == 'spells'")["expected"]
    assert spells.to_list() == pytest.approx([1 + 0.6 * (0.2 + 0.8 * 0.1), 1.0])


def test_redefault_begins_at_the_age_that_cures_begin_in():
    """With a probation of a year, no cure is fresher than that."""
    names = ("1–29", "30–59", "cured_3", "cured_12", "current", "charged_off")
    kind = pd.CategoricalDtype(names, ordered=True)
    shares = {
        ("1–29", "cured_12"): 60, ("1–29", "30–59"): 40, ("cured_12", "30–59"): 10, ("cured_12", "current"): 90,
    }  # fmt: skip
    rows = [(*ends, fold, count) for ends, count in shares.items() for fold in range(4)]
    cells = pd.DataFrame(rows, columns=["from_state", "to_state", "fold", "accounts"])
    cells = cells.assign(
        month=pd.Timestamp("2025-01-31"), **{c: cells[c].astype(kind) for c in ("from_state", "to_state")}
    )
    # What leaves the oldest age for `current` goes on at its rate.
    assert redefault(cells, within=2)["rate"].iloc[0] == pytest.approx(0.1 + 0.9 * 0.1)
