"""What accounts in a spell are expected to do: the model's chance of cure, the chain's on probation, and cash."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import ParameterError
from analysis.methods.cure import MixtureCure
from analysis.methods.cure.chain import ChainStates, states_of
from analysis.methods.cure.never_cure import fit_spells
from analysis.methods.cure.scores import scores, to_cure

NAMES = ("1-29", "30+", "probation_1", "probation_2", "cured", "current", "charged_off", "paid_off")
STATES = ChainStates(NAMES)
STEPS = {
    ("1-29", "30+"): 40,
    ("1-29", "probation_1"): 60,
    ("30+", "30+"): 50,
    ("30+", "charged_off"): 30,
    ("30+", "probation_1"): 20,
    ("probation_1", "probation_2"): 90,
    ("probation_1", "1-29"): 10,
    ("probation_2", "cured"): 80,
    ("probation_2", "1-29"): 15,
    ("probation_2", "paid_off"): 5,
    ("cured", "cured"): 70,
    ("cured", "1-29"): 30,
    ("current", "current"): 99,
    ("current", "1-29"): 1,
}


def steps(broken: bool = False, counts: dict[tuple[str, str], int] = STEPS) -> pd.DataFrame:
    """Cells of the chain in the panel's columns."""
    kind = pd.CategoricalDtype(list(NAMES), ordered=True)
    rows = [
        {"from_state": start, "to_state": end, "accounts": n, "fold": n % 4} for (start, end), n in counts.items()
    ]
    frame = pd.DataFrame(rows).assign(month=pd.Timestamp("2025-06-30"), product="card", broken=broken)
    return frame.astype({"from_state": kind, "to_state": kind})


def monthly() -> np.ndarray:
    counts = np.zeros((len(NAMES), len(NAMES)))
    for (start, end), n in STEPS.items():
        counts[NAMES.index(start), NAMES.index(end)] = n
    total = counts.sum(axis=1, keepdims=True)
    return np.where(total > 0, counts / np.where(total > 0, total, 1), np.eye(len(NAMES)))


def running(**columns: object) -> pd.DataFrame:
    """Three accounts overdue, two on probation."""
    frame = pd.DataFrame(
        {
            "account_id": ["a", "b", "c", "d", "e"],
            "months_run": [0, 3, 3, 4, 5],
            "state": ["1-29", "30+", "30+", "probation", "probation"],
            "months_current": [0, 0, 0, 1, 2],
            "balance": [100.0, 200.0, 50.0, 10.0, 0.0],
            "product": ["card", "auto", "card", "card", "card"],
        }
    )
    return frame.assign(**columns)


def spells(rows: int = 2000, seed: int = 1) -> pd.DataFrame:
    """Spells of two products; cars cure less, and later."""
    rng = np.random.default_rng(seed)
    auto = rng.random(rows) < 0.4
    wait = np.where(rng.random(rows) < np.where(auto, 0.5, 0.2), 999, rng.geometric(np.where(auto, 0.2, 0.4)))
    end = rng.integers(4, 30, rows)
    return pd.DataFrame(
        {
            "entry": 0,
            "duration": np.minimum(wait, end),
            "exit": np.where(wait <= end, "cured", "open"),
            "product": np.where(auto, "auto", "card"),
            "fold": rng.integers(0, 32, rows),
            "spells": 1,
        }
    )


@pytest.fixture(scope="module")
def fitted() -> tuple[MixtureCure, pd.DataFrame]:
    cells = spells()
    return fit_spells(cells, ["product"]).model, cells


def scored(fitted: tuple[MixtureCure, pd.DataFrame], rows: pd.DataFrame, **options: object) -> pd.DataFrame:
    model, cells = fitted
    return scores(rows, model, cells, steps(), ["product"], **options)  # type: ignore[arg-type]


def test_the_chance_of_a_sustained_cure_in_a_small_chain_by_hand() -> None:
    reached = pd.DataFrame(to_cure(steps(), STATES, 3), columns=list(NAMES))
    assert reached.loc[0, "probation_2"] == pytest.approx(0.8)
    assert reached.loc[0, "probation_1"] == 0.0
    assert reached.loc[1, "probation_1"] == pytest.approx(0.9 * 0.8)
    assert reached.loc[2, "1-29"] == pytest.approx(0.6 * 0.9 * 0.8)
    # From 30+ days: straight on, while the first month may also be spent where it is.
    assert reached.loc[2, "30+"] == pytest.approx(0.2 * 0.9 * 0.8)
    assert to_cure(steps(), STATES, 4)[3, 1] == pytest.approx(0.2 * 0.72 + 0.5 * 0.2 * 0.72)


def test_first_passage_is_what_simulated_accounts_do() -> None:
    rng, matrix, count = np.random.default_rng(3), monthly(), 40_000
    edges = np.cumsum(matrix, axis=1)
    state = np.full(count, NAMES.index("1-29"))
    ever = np.zeros(count, dtype=bool)
    seen = []
    for _ in range(12):
        state = (rng.random(count)[:, None] > edges[state]).sum(axis=1).clip(max=len(NAMES) - 1)
        ever |= state == NAMES.index("cured")
        seen.append(ever.mean())
    np.testing.assert_allclose(to_cure(steps(), STATES, 12)[:, 0], seen, atol=0.01)


def test_a_relapse_after_the_cure_does_not_undo_it() -> None:
    reached = to_cure(steps(), STATES, 24)
    assert (reached[:, NAMES.index("cured")] == 1.0).all()
    assert (np.diff(reached, axis=0) >= -1e-12).all() and reached.max() <= 1.0


def test_accounts_that_have_left_reach_no_cure() -> None:
    reached = to_cure(steps(), STATES, 24)
    assert (reached[:, [NAMES.index("charged_off"), NAMES.index("paid_off")]] == 0.0).all()


def test_steps_seen_to_come_back_from_charge_off_open_no_way_to_a_cure() -> None:
    odd = STEPS | {("charged_off", "probation_1"): 40}
    np.testing.assert_allclose(to_cure(steps(counts=odd), STATES, 12), to_cure(steps(), STATES, 12))


def test_steps_into_a_break_teach_the_chain_nothing() -> None:
    strange = steps(broken=True, counts={("1-29", "cured"): 1000})
    both = pd.concat([steps(), strange]).astype(steps().dtypes)
    assert states_of(both) == STATES
    np.testing.assert_allclose(to_cure(both, STATES, 6), to_cure(steps(), STATES, 6))


def test_overdue_accounts_have_the_models_chance_given_the_months_run(
    fitted: tuple[MixtureCure, pd.DataFrame],
) -> None:
    table = scored(fitted, running(), horizons=(3, 12)).set_index("account_id")
    for account, months in (("a", 0.0), ("b", 3.0), ("c", 3.0)):
        row = running().set_index("account_id").loc[[account]]
        expected = fitted[0].predict_cumulative_incidence(row, [3, 12], np.array([months])).to_numpy()[:, 0]
        found = table.loc[account, ["cured_within_3", "cured_within_12"]].to_numpy(dtype=float)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_months_already_run_lower_the_chance_where_the_easy_ones_cure_first(
    fitted: tuple[MixtureCure, pd.DataFrame],
) -> None:
    rows = running(months_run=[0, 6, 6, 0, 0], product="card")
    table = scored(fitted, rows).set_index("account_id")["cured_within_6"]
    assert table["a"] > table["c"] + 0.05
    # The same by Bayes: (S(6) − S(12)) ÷ S(6) of the model's own curve.
    curve = fitted[0].predict_survival_function(rows.iloc[[0]], [6, 12]).to_numpy()[:, 0]
    assert table["c"] == pytest.approx(1 - curve[1] / curve[0])


def test_accounts_on_probation_have_the_chains_chance(fitted: tuple[MixtureCure, pd.DataFrame]) -> None:
    table = scored(fitted, running()).set_index("account_id")
    reached = to_cure(steps(), STATES, 12)
    for account, state in (("d", "probation_1"), ("e", "probation_2")):
        found = table.loc[account, ["cured_within_3", "cured_within_6", "cured_within_12"]].to_numpy(dtype=float)
        np.testing.assert_allclose(found, reached[[2, 5, 11], NAMES.index(state)])


def test_accounts_on_probation_have_their_own_products_chance_where_it_was_seen_often_enough(
    fitted: tuple[MixtureCure, pd.DataFrame],
) -> None:
    worse = STEPS | {("probation_1", "1-29"): 200}
    cells = pd.concat([steps(), steps(counts=worse).assign(product="auto")]).astype(steps().dtypes)
    rows = running(product=["card", "auto", "card", "card", "auto"])
    rows = rows.assign(segment=rows["product"], months_current=[0, 0, 0, 1, 1])
    model, spells_of = fitted
    for least, bases in (
        (100, ["model", "model", "model", "product", "product"]),
        (10_000, ["model"] * 3 + ["all"] * 2),
    ):
        told = scores(rows, model, spells_of, cells, ["product"], least=least).set_index("account_id")
        assert told["basis"].tolist() == bases
        parts = cells, cells
        if least == 100:
            parts = cells[cells["product"] == "card"], cells[cells["product"] == "auto"]
        for account, part in zip("de", parts, strict=True):
            expected = to_cure(part, STATES, 12)[2, NAMES.index("probation_1")]
            assert told.loc[account, "cured_within_3"] == pytest.approx(expected), (account, least)


def test_a_probation_longer_than_the_chains_counts_as_its_last_month(
    fitted: tuple[MixtureCure, pd.DataFrame],
) -> None:
    table = scored(fitted, running(months_current=[0, 0, 0, 2, 9])).set_index("account_id")["cured_within_3"]
    assert table["e"] == table["d"] == pytest.approx(to_cure(steps(), STATES, 3)[2, NAMES.index("probation_2")])


def test_values_that_the_model_never_saw_have_no_chance_told(fitted: tuple[MixtureCure, pd.DataFrame]) -> None:
    table = scored(fitted, running(product=["sme", "auto", "card", "sme", "card"])).set_index("account_id")
    chances = table.filter(like="cured_within")
    assert chances.loc["a"].isna().all()
    # The chain knows no covariates, so that an account on probation has its chance all the same.
    assert chances.drop(index="a").notna().all(axis=None)


def test_where_no_value_was_seen_nothing_breaks(fitted: tuple[MixtureCure, pd.DataFrame]) -> None:
    table = scored(fitted, running(product="sme"))
    assert table["cured_within_3"].isna().tolist() == [True, True, True, False, False]


def test_longer_horizons_never_have_a_lower_chance(fitted: tuple[MixtureCure, pd.DataFrame]) -> None:
    chances = scored(fitted, running(), horizons=(1, 2, 3, 6, 12, 24)).filter(like="cured_within").to_numpy()
    assert (np.diff(chances, axis=1) >= -1e-12).all()
    assert chances.min() >= 0 and chances.max() <= 1


def test_expected_cash_is_balance_times_the_rate_of_segment_and_state(
    fitted: tuple[MixtureCure, pd.DataFrame],
) -> None:
    cash = pd.DataFrame(
        {
            "value": ["all", "all", "all", "all", "card", "card"],
            "state": ["1-29", "30+", "probation_1", "probation_2", "1-29", "probation_1"],
            "expected": [0.5, 0.1, 0.8, 0.9, 0.6, 0.7],
        }
    )
    told = scored(fitted, running(segment=running()["product"]), cash=cash).set_index("account_id")
    # Cards have their own rate where there is one, that of all otherwise; cars have none of their own.
    assert told["expected_cash"].to_dict() == pytest.approx({"a": 60.0, "b": 20.0, "c": 5.0, "d": 7.0, "e": 0.0})
    whole = scored(fitted, running(), cash=cash).set_index("account_id")["expected_cash"]
    assert whole["a"] == pytest.approx(50.0) and whole["d"] == pytest.approx(8.0)


def test_cash_that_is_not_known_is_missing(fitted: tuple[MixtureCure, pd.DataFrame]) -> None:
    assert scored(fitted, running())["expected_cash"].isna().all()


def test_every_account_keeps_its_row_and_its_place(fitted: tuple[MixtureCure, pd.DataFrame]) -> None:
    shuffled = running().sample(frac=1, random_state=2)
    table = scored(fitted, shuffled)
    assert table["account_id"].tolist() == shuffled["account_id"].tolist()
    straight = scored(fitted, running()).set_index("account_id")
    pd.testing.assert_frame_equal(table.set_index("account_id").loc[straight.index], straight)
    assert list(table)[:4] == ["account_id", "state", "months_run", "balance"]


def test_nobody_running_gives_no_rows(fitted: tuple[MixtureCure, pd.DataFrame]) -> None:
    table = scored(fitted, running().iloc[:0])
    assert len(table) == 0 and "cured_within_12" in table


def test_columns_that_are_not_there_are_named(fitted: tuple[MixtureCure, pd.DataFrame]) -> None:
    with pytest.raises(ParameterError, match="running accounts lack months_current, product; pass what the panel"):
        scored(fitted, running().drop(columns=["months_current", "product"]))
    with pytest.raises(ParameterError, match="the chain's cells lack accounts"):
        to_cure(steps().drop(columns="accounts"), STATES, 3)
