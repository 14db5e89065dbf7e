"""The chain of cure: transition shares, memory and paths."""

import numpy as np
import pandas as pd
import pytest
from chain_world import KIND, MATRIX, STATES, make_world, named
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.core.errors import ParameterError
from analysis.methods.cure.chain import ChainStates, states_of, step_counts, transitions, usable
from analysis.methods.cure.chain.memory import group_shares, remembered, with_memory
from analysis.methods.cure.chain.paths import basis_cells, beyond_chance, chain_rates, drawn_rates, step
from analysis.statistics.flows import to_matrix

CHAIN = ChainStates(STATES)


@pytest.fixture(scope="module")
def world():
    return make_world(seed=1, products=("card", "auto"))


def test_states_are_told_by_their_names():
    assert CHAIN.arrears == ("1–29", "30–59")
    assert CHAIN.probation == ("probation_1",)
    assert CHAIN.sound == ("cured", "current")
    assert CHAIN.exits == ("charged_off", "paid_off")


def test_shares_of_a_start_sum_to_one(world):
    table = transitions(world.cells(), by=["product"])
    sums = table.groupby(["dimension", "value", "from_state"], observed=True)["share"].sum()
    assert sums.to_numpy() == pytest.approx(1.0)


def test_limits_of_a_known_chain_cover_it_about_as_often_as_they_say():
    hits = []
    for seed in range(30):
        table = transitions(make_world(seed, accounts=1500, months=8).cells())
        table = table[table["seen"] & (table["denominator"] > 50)]
        start, end = table["from_state"].cat.codes, table["to_state"].cat.codes
        truth = MATRIX[start, end]
        inner = (truth > 0) & (truth * table["denominator"] > 5)
        hits.append(((table["lower"] <= truth) & (truth <= table["upper"]))[inner])
    assert 0.92 <= np.concatenate(hits).mean() <= 0.98


def test_a_state_nobody_was_seen_in_keeps_its_accounts_and_says_so(world):
    cells = world.cells()
    table = transitions(cells[cells["from_state"] != "30–59"])
    row = table[table["from_state"] == "30–59"].set_index("to_state")
    assert not row["seen"].any()
    assert row.loc["30–59", "share"] == 1.0
    assert row["lower"].isna().all()


def test_steps_out_of_an_exit_are_not_counted(world):
    back = world.cells().iloc[[0]].assign(from_state=named(pd.Series([5])), to_state=named(pd.Series([5])))
    table = transitions(pd.concat([world.cells(), back], ignore_index=True))
    assert table.loc[table["from_state"] == "charged_off", "numerator"].sum() == 0


def test_shares_by_balance_weigh_steps_by_what_is_owed():
    frame = steps([("1–29", "30–59", 0, 1, 300.0), ("1–29", "probation_1", 1, 1, 100.0)])
    table = transitions(frame, basis="balance").set_index(["from_state", "to_state"])
    assert table.loc[("1–29", "30–59"), "share"] == 0.75


def steps(rows):
    frame = pd.DataFrame(rows, columns=["from_state", "to_state", "fold", "accounts", "balance"])
    kinds = frame.assign(from_state=frame["from_state"].astype(KIND), to_state=frame["to_state"].astype(KIND))
    return kinds.assign(month=pd.Timestamp("2025-01-31"))


def test_months_recorded_differently_are_never_pooled(world):
    cells = world.cells()
    last = cells["month"] == cells["month"].max()
    assert len(usable(cells.assign(broken=last))) == (~last).sum()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda c: c.drop(columns="fold"), "lack fold"),
        (lambda c: c.assign(broken=True), "no step between months"),
        (lambda c: c.assign(from_state=c["from_state"].astype(str)), "ordered categories"),
        (lambda c: c.assign(to_state="elsewhere"), "'elsewhere' in column 'to_state' is no state of the chain"),
    ],
)
def test_unusable_cells_are_refused_by_name(world, spoil, message):
    with pytest.raises(ParameterError, match=message):
        transitions(spoil(world.cells()))


def test_a_segment_that_is_no_column_is_refused(world):
    with pytest.raises(ParameterError, match="column 'colour' is not in the frame"):
        transitions(world.cells(), by=["colour"])


@pytest.mark.parametrize("names", [("cured", "charged_off"), ("1–29", "cured"), ("1–29", "charged_off")])
def test_a_chain_needs_arrears_a_cure_and_an_exit(names):
    with pytest.raises(ParameterError, match="it takes arrears buckets, 'cured' and at least one exit"):
        ChainStates(names)


def test_states_come_from_the_frames_categories(world):
    assert states_of(world.cells()).names == STATES


def test_a_memory_changes_no_step():
    wide = with_memory(MATRIX, CHAIN).reshape(3, 7, 3, 7)
    assert wide.sum(axis=2) == pytest.approx(np.broadcast_to(MATRIX, (3, 7, 7)))


def test_only_a_step_from_cured_into_arrears_is_a_re_default():
    wide = with_memory(MATRIX, CHAIN).reshape(3, 7, 3, 7)
    cured, current, late = STATES.index("cured"), STATES.index("current"), 0
    assert wide[1, cured, 2, late] == MATRIX[cured, late]
    assert wide[1, current, 1, late] == MATRIX[current, late]
    assert wide[0, 2, 1, cured] == MATRIX[2, cured]
    assert not wide[2, :, :2].any()


def test_whole_accounts_are_remembered_as_their_expectation_is():
    random = np.random.default_rng(0)
    moved = random.integers(9, size=(4, 3, 7, 7))
    wide = np.zeros((4, 3, 7))
    for start in range(7):
        for end in range(7):
            one = np.zeros((7, 7))
            one[start, end] = 1.0
            after = with_memory(one, CHAIN).reshape(3, 7, 3, 7)[:, start, :, end]
            wide[..., end] += moved[..., start, end] @ after
    assert remembered(moved, CHAIN) == pytest.approx(wide)


def test_every_state_is_in_one_group_at_a_time():
    names, groups = group_shares(CHAIN)
    standing = [not name.startswith("ever") for name in names]
    assert (groups[standing].sum(axis=0) == 1).all()


@settings(max_examples=40, deadline=None)
@given(arrays(float, (2, 7, 7), elements=st.floats(0, 50)), st.integers(0, 2**16))
def test_drawn_accounts_are_neither_lost_nor_made(counts, seed):
    matrix = np.repeat(to_matrix(counts)[None], 5, axis=0)
    held = np.random.default_rng(seed).integers(30, size=(5, 2, 1, 7))
    moved = step(held, matrix, np.random.default_rng(seed))
    assert (moved.sum(axis=-1) == held).all()


def test_rates_drawn_are_shares_and_centre_on_the_pooled_ones(world):
    cells = basis_cells(world.cells(), world.month(25), 12)
    rates = chain_rates(cells, CHAIN, "product")
    for matrix, chosen in drawn_rates(rates, 2000, 2, np.random.default_rng(0)):
        assert matrix.sum(axis=-1) == pytest.approx(1.0)
        assert matrix.min() >= 0
        assert chosen.max() < 12
        busy = rates.counts.sum(axis=(0, 3)) > 300
        assert matrix.mean(axis=0)[busy] == pytest.approx(rates.pooled[busy], abs=0.01)


def test_months_that_differ_by_chance_alone_hardly_stay_apart():
    random = np.random.default_rng(0)
    shares = np.array([0.5, 0.3, 0.15, 0.05])
    kept = [
        spread(beyond_chance(random.multinomial(200, shares, size=12).astype(float), shares)) for _ in range(200)
    ]
    raw = shares * (1 - shares) / 200
    assert np.mean(kept, axis=0).sum() < 0.2 * raw.sum()


def test_what_months_differ_by_beyond_chance_is_kept():
    random = np.random.default_rng(0)
    shares, kept, true = np.array([0.5, 0.3, 0.15, 0.05]), [], []
    for _ in range(200):
        shift = 0.05 * random.standard_normal(12)
        own = shares + np.outer(shift, [1.0, -1.0, 0.0, 0.0])
        counts = np.stack([random.multinomial(200, p) for p in own]).astype(float)
        kept.append(spread(beyond_chance(counts, counts.sum(axis=0) / counts.sum())))
        true.append(shift.var(ddof=1))
    assert np.mean(kept, axis=0)[:2] == pytest.approx(np.mean(true), rel=0.15)
    assert np.mean(kept, axis=0)[2:].max() < 0.2 * np.mean(true)


def spread(apart):
    return (apart**2).sum(axis=0) / (len(apart) - 1)


@settings(max_examples=50, deadline=None)
@given(arrays(float, (6, 4), elements=st.integers(0, 40).map(float)))
def test_deviations_beyond_chance_sum_to_zero_and_never_exceed_those_seen(counts):
    counts[0] += 1
    shares = counts.sum(axis=0) / counts.sum()
    found = beyond_chance(counts, shares)
    held = counts.sum(axis=1, keepdims=True)
    seen = counts / np.where(held > 0, held, 1) - shares * (held > 0)
    assert found.sum(axis=1) == pytest.approx(0.0, abs=1e-9)
    scale = held / shares
    assert (scale * found**2).sum() <= (scale * seen**2).sum() + 1e-9


def test_a_state_a_segment_was_never_in_takes_the_rates_of_all(world):
    cells = world.cells()
    rates = chain_rates(cells[(cells["product"] == "card") | (cells["from_state"] != "30–59")], CHAIN, "product")
    assert rates.borrowed.tolist() == [[False, True, *[False] * 5], [False] * 7]
    assert (rates.pooled[0, 1] == rates.pooled[1, 1]).all()


def test_counts_by_fold_add_up(world):
    cells = world.cells()
    counts = step_counts(cells, CHAIN, folds=range(40))
    assert counts.shape == (40, 7, 7)
    assert counts.sum() == cells["accounts"].sum()
