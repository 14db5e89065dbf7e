"""The movement of the expected credit loss adds up to the cent, and each step is what it says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import InputError, ParameterError
from analysis.methods.stress.credit.movement import STEPS, ecl_movement


def rule(book: pd.DataFrame, macro: float, model: float) -> pd.Series:
    """Stage 1 a year, stage 2 three, stage 3 all: a toy with every ingredient."""
    years = book["stage"].map({1: 1.0, 2: 3.0, 3: np.inf})
    return (np.minimum(book["pd"] * years * macro, 1.0) * book["lgd"] * book["ead"] * model).astype(float)


def book(rows: dict[str, tuple[int, float, float, float]]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(rows, orient="index", columns=["stage", "pd", "lgd", "ead"])


OPENING = book({"stays": (1, 0.02, 0.5, 1000), "repaid": (1, 0.02, 0.5, 2000), "lost": (2, 0.1, 0.5, 400)})
CLOSING = book({"stays": (2, 0.03, 0.5, 900), "lost": (3, 1.0, 0.5, 410), "fresh": (1, 0.01, 0.5, 600)}).assign(
    written_off=[False, True, False]
)


def test_steps_equal_those_worked_by_hand() -> None:
    table = ecl_movement(OPENING, CLOSING, rule, macro=(1.0, 1.5), model=(1.0, 1.1)).set_index("step")
    # opening: 10 + 20 + 60; new: 0.01·0.5·600; repaid: −20; exposure: 0.01·(900 − 1000) + 0.15·(410 − 400);
    # stage: 9 → 27 and 61.5 → 205; risk: 27 → 40.5; macro: (40.5 + 3)·0.5; model: a tenth of 60.75 + 4.5 + 205;
    # write-off: −205·1.1.
    wanted = {"opening": 90.0, "new": 3.0, "derecognised": -20.0, "exposure": 0.5, "stage_migration": 161.5}
    wanted |= {"risk_in_stage": 13.5, "macro": 21.75, "model": 27.03, "write_off": -225.5, "closing": 71.78}
    assert table.amount.to_dict() == pytest.approx(wanted, abs=0.0101)
    assert table.amount["closing"] == pytest.approx(rule(CLOSING.drop("lost"), 1.5, 1.1).sum(), abs=0.0051)


def test_nothing_changed_moves_nothing() -> None:
    table = ecl_movement(OPENING, OPENING, rule, (1.0, 1.0), (1.0, 1.0)).set_index("step")
    assert (table.amount[list(STEPS)] == 0).all()
    assert table.amount["opening"] == table.amount["closing"]


def accounts(seed: int, count: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"stage": rng.integers(1, 4, count), "pd": rng.uniform(0, 1, count)})
    frame = frame.assign(lgd=rng.uniform(0, 1, count), ead=rng.lognormal(6, 3, count))
    frame = frame.assign(product=rng.choice(["card", "auto"], count))
    return frame.set_axis(rng.choice(count * 2, count, replace=False))


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 10**6), st.integers(1, 60), st.floats(0.1, 3), st.floats(0.1, 3), st.sampled_from(["", "stage"])
)
def test_steps_sum_to_zero_in_cents_on_any_portfolio(
    seed: int, count: int, macro: float, model: float, by: str
) -> None:
    closing = accounts(seed + 1, count).assign(written_off=np.random.default_rng(seed).random(count) < 0.2)
    table = ecl_movement(accounts(seed, count), closing, rule, (1.0, macro), (1.0, model), by=by or None)
    cents = (table.amount * 100).round().astype("int64")
    steps = cents[table.step.isin(STEPS)].sum()
    assert cents[table.step == "opening"].sum() + steps - cents[table.step == "closing"].sum() == 0
    assert ((cents / 100 - table.amount).abs() < 1e-6).all()


def test_groups_sum_to_the_whole_and_migration_moves_loss_between_stages() -> None:
    whole = ecl_movement(accounts(1, 50), accounts(2, 50), rule, (1, 2), (1, 1)).set_index("step").amount
    for by in ("product", "stage"):
        parts = ecl_movement(accounts(1, 50), accounts(2, 50), rule, (1, 2), (1, 1), by=by)
        summed = parts.groupby("step").amount.sum()
        assert (summed - whole.reindex(summed.index)).abs().max() < 0.02
    split = ecl_movement(OPENING, CLOSING, rule, (1, 1), (1, 1), by="stage")
    moved = split[split.step == "stage_migration"].set_index("stage").amount
    assert moved[1] < 0 and moved[3] > 0


def test_other_columns_can_have_a_step_of_their_own() -> None:
    changes = {"exposure": ("ead",), "stage_migration": ("stage",), "lgd": ("lgd",)}
    closing = CLOSING.assign(lgd=0.25)
    table = ecl_movement(OPENING, closing, rule, (1, 1), (1, 1), changes=changes).set_index("step")
    assert table.amount["lgd"] < 0
    assert table.index.tolist()[4:7] == ["stage_migration", "lgd", "risk_in_stage"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda o, c: (pd.concat([o, o]), c, rule), "the opening book has an account twice"),
        (lambda o, c: (o.assign(region="n"), c, rule), "differ in the columns region; give both the same"),
        (lambda o, c: (o, c, lambda b, x, y: -b["ead"]), "3 that are missing or below 0"),
        (lambda o, c: (o, c, lambda b, x, y: pd.Series([1.0])), r"for each of 3 rows; it returned shape \(1,\)"),
    ],
)
def test_books_and_rules_that_cannot_be_compared_are_named(change: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ecl_movement(*change(OPENING, CLOSING), (1, 1), (1, 1))  # type: ignore[operator]


def test_splits_and_steps_that_cannot_be_are_named() -> None:
    with pytest.raises(InputError, match="lacks region in some rows"):
        ecl_movement(OPENING, CLOSING, rule, (1, 1), (1, 1), by="region")
    with pytest.raises(ParameterError, match="names the step macro, which is taken already"):
        ecl_movement(OPENING, CLOSING, rule, (1, 1), (1, 1), changes={"macro": ("pd",)})
