"""Steps and stock of the chain, counted by the engine and by hand."""

import numpy as np
import pandas as pd
import pytest
from contact_portfolio import account, day, make_portfolio, path
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_panel import START, write_random_portfolio

from analysis.core.periods import parse_month, shift_months
from analysis.core.spells import SpellRules
from analysis.core.states import Buckets
from analysis.data.panel import parts
from analysis.data.panel.chain import CURED_MONTHS, chain_cells, chain_states, chain_stock
from analysis.data.panel.rolls import rolls
from analysis.data.panel.stock import stock
from analysis.data.portfolio import open_portfolio

BUCKETS = Buckets((1, 30, 60, 90))
RULES = SpellRules(sustained_months=3)
BY_PRODUCT = SpellRules(sustained_months=3, probation={"auto": 5, "card": 1})
EXITS = {"charged_off": "charged_off", "paid_off": "paid_off", "sold": "sold", "closed": "paid_off"}
relaxed = settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def states_by_hand(days, probation):
    """States of one account's months, walked through one by one; days past due or an exit's name each."""
    found, since = [], None
    for value in days:
        if value in EXITS:
            found, since = [*found, EXITS[value]], 0
        elif value > 0:
            found, since = [*found, BUCKETS.label(value)], 0
        else:
            since = None if since is None else since + 1
            sound = since is None or (since >= probation and since > CURED_MONTHS)
            found.append("current" if sound else f"probation_{since}" if since < probation else f"cured_{since}")
    return found


def with_states_by_hand(months, rules):
    pieces = []
    for _, rows in months.sort_values("month").groupby("account_id"):
        product = rows["product"].iloc[0]
        days = [d if s == "open" else s for d, s in zip(rows["days_past_due"], rows["status"], strict=True)]
        probation = rules.probation.get(product, rules.sustained_months)
        pieces.append(rows.assign(state=states_by_hand(days, probation)))
    return pd.concat(pieces, ignore_index=True)


def one_account(folder, days, rules=RULES, **window):
    portfolio = make_portfolio(
        folder, "2026-12", accounts=[account("A")], months=path("A", "2024-01", days, amount_paid=7.0)
    )
    found = chain_cells(portfolio, rules, BUCKETS, **window)
    return [(str(row.from_state), str(row.to_state)) for row in found.sort_values("month").itertuples()]


def test_an_account_passes_probation_before_it_is_cured(tmp_path):
    steps = one_account(tmp_path, [0, 10, 40, 0, 0, 0, 0])
    assert steps == [
        ("current", "1–29"),
        ("1–29", "30–59"),
        ("30–59", "probation_1"),
        ("probation_1", "probation_2"),
        ("probation_2", "cured_3"),
        ("cured_3", "cured_4"),
    ]


def test_a_relapse_starts_probation_anew(tmp_path):
    steps = one_account(tmp_path, [10, 0, 0, 5, 0, 0, 0])
    again = ["probation_1", "probation_2"]
    assert [to for _, to in steps] == [*again, "1–29", *again, "cured_3"]


def test_a_cured_account_is_current_again_after_twelve_months(tmp_path):
    steps = one_account(tmp_path, [10, *[0] * 14])
    states = ["1–29"] + [to for _, to in steps]
    assert states == [
        "1–29",
        "probation_1",
        "probation_2",
        *(f"cured_{j}" for j in range(3, 13)),
        *["current"] * 2,
    ]


def test_an_account_that_was_never_overdue_in_sight_is_current(tmp_path):
    assert one_account(tmp_path, [0, 0, 0]) == [("current", "current")] * 2


def test_a_closed_account_counts_as_paid_off(tmp_path):
    assert one_account(tmp_path, [10, 0, "closed"])[-1] == ("probation_1", "paid_off")


def test_a_window_looks_back_far_enough_to_know_a_cure(tmp_path):
    days = [10, *[0] * 14]
    whole = one_account(tmp_path / "whole", days)
    for month in (1, 3, 12, 13, 14):
        end = shift_months(parse_month("2024-01"), month)
        assert one_account(tmp_path / f"{month}", days, first=end, last=end) == [whole[month - 1]]


def test_a_product_keeps_its_own_probation(tmp_path):
    rules = SpellRules(sustained_months=3, probation={"card": 1})
    assert [to for _, to in one_account(tmp_path, [10, 0, 0], rules)] == ["cured_1", "cured_2"]
    assert "probation_4" in chain_states(BY_PRODUCT, BUCKETS)
    assert "probation_5" not in chain_states(BY_PRODUCT, BUCKETS)


def test_probation_may_outlast_the_months_that_a_cure_is_remembered(tmp_path):
    rules = SpellRules(sustained_months=15)
    steps = one_account(tmp_path, [10, *[0] * 16], rules, first=parse_month("2025-02"))
    assert [to for _, to in steps] == ["probation_13", "probation_14", "current", "current"]


def test_cash_is_that_of_the_month_stepped_into(tmp_path):
    months = path("A", "2024-01", [10, 40, 0], amount_paid=[1.0, 2.0, 4.0], balance=[100.0, 90.0, 80.0])
    portfolio = make_portfolio(tmp_path, "2024-12", accounts=[account("A")], months=months)
    found = chain_cells(portfolio, RULES, BUCKETS)
    assert found[["balance", "to_balance", "paid"]].to_numpy().tolist() == [[100.0, 90.0, 2.0], [90.0, 80.0, 4.0]]


@relaxed
@given(seed=st.integers(0, 10_000), accounts=st.integers(2, 50), own=st.booleans())
def test_cells_are_those_counted_by_hand(tmp_path_factory, seed, accounts, own):
    folder, rules = tmp_path_factory.mktemp("chain"), BY_PRODUCT if own else RULES
    rows = with_states_by_hand(write_random_portfolio(folder, seed, accounts), rules)
    later = rows.groupby("account_id")[["month", "state", "balance", "amount_paid"]].shift(-1)
    later = later.set_axis(["to_month", "to_state", "to_balance", "paid"], axis=1)
    taken = pd.concat([rows.rename(columns={"state": "from_state"}), later], axis=1).dropna(subset=["to_state"])
    taken["to_month"] = pd.to_datetime(taken["to_month"])
    keys = ["to_month", "from_state", "to_state", "product"]
    expected = (
        taken.groupby(keys)[["balance", "to_balance", "paid"]].sum().assign(accounts=taken.groupby(keys).size())
    )
    found = chain_cells(open_portfolio(folder), rules, BUCKETS).rename(columns={"month": "to_month"})
    found = found.astype({"from_state": str, "to_state": str}).groupby(keys)[[*expected.columns]].sum()
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


@relaxed
@given(seed=st.integers(0, 10_000))
def test_steps_summed_over_the_states_of_a_bucket_are_the_roll_rates(tmp_path_factory, seed):
    folder = tmp_path_factory.mktemp("reconciled")
    write_random_portfolio(folder, seed)
    portfolio = open_portfolio(folder)
    found = as_buckets(chain_cells(portfolio, RULES, BUCKETS), "from_state", "to_state")
    expected = as_buckets(rolls(portfolio, BUCKETS, moments=False), "from_state", "to_state")
    keys, sums = ["month", "broken", "from_state", "to_state"], ["accounts", "balance", "to_balance"]
    one, two = (frame.groupby(keys)[sums].sum() for frame in (found, expected))
    pd.testing.assert_frame_equal(one, two)


def as_buckets(frame, *columns):
    """Chain states as the states of a roll-rate matrix."""
    names = {name: "current" for name in chain_states(RULES, BUCKETS) if name.startswith(("probation", "cured"))}
    mapped = {c: frame[c].astype(str).map(lambda s: (names | {"closed": "paid_off"}).get(s, s)) for c in columns}
    return frame.assign(**mapped)


def test_steps_into_a_month_and_new_accounts_make_up_its_stock(tmp_path):
    months = with_states_by_hand(write_random_portfolio(tmp_path, 11), RULES)
    portfolio = open_portfolio(tmp_path)
    firsts = months.sort_values("month").groupby("account_id").first()
    cells = chain_cells(portfolio, RULES, BUCKETS)
    for since in range(1, 18, 4):
        month = shift_months(START, since)
        held = chain_stock(portfolio, RULES, BUCKETS, month).groupby("state", observed=False)
        arrived = cells[cells["month"].dt.date == month].groupby("to_state", observed=False)
        new = firsts[firsts["month"] == month].groupby("state")
        index = held.size().index
        entered = new.size().reindex(index.astype(str)).fillna(0).to_numpy()
        assert (held["accounts"].sum().to_numpy() == arrived["accounts"].sum().to_numpy() + entered).all()
        owed = new["balance"].sum().reindex(index.astype(str)).fillna(0).to_numpy()
        np.testing.assert_allclose(held["balance"].sum(), arrived["to_balance"].sum() + owed, atol=1e-6)


def test_the_chains_stock_is_the_ladders(tmp_path):
    write_random_portfolio(tmp_path, 12)
    portfolio, month = open_portfolio(tmp_path), parse_month("2025-03")
    found = as_buckets(chain_stock(portfolio, RULES, BUCKETS, month), "state").groupby("state")["accounts"].sum()
    expected = as_buckets(stock(portfolio, BUCKETS, (month, month)), "state").groupby("state")["accounts"].sum()
    pd.testing.assert_series_equal(found, expected)


def test_the_order_of_the_file_changes_nothing(tmp_path):
    write_random_portfolio(tmp_path, 5)
    in_order = chain_cells(open_portfolio(tmp_path), BY_PRODUCT, BUCKETS, by=["region"])
    months = pd.read_parquet(tmp_path / "months.parquet")
    months.sample(frac=1.0, random_state=3).to_parquet(tmp_path / "months.parquet", index=False)
    shuffled = chain_cells(open_portfolio(tmp_path), BY_PRODUCT, BUCKETS, by=["region"])
    pd.testing.assert_frame_equal(shuffled, in_order)


def test_cutting_the_panel_into_parts_changes_no_step(tmp_path, monkeypatch):
    write_random_portfolio(tmp_path, 6)
    whole = chain_cells(open_portfolio(tmp_path), RULES, BUCKETS)
    months = pd.read_parquet(tmp_path / "months.parquet")
    months.to_parquet(tmp_path / "months.parquet", index=False, row_group_size=18)
    monkeypatch.setattr(parts, "PART_ROWS", 200)
    portfolio = open_portfolio(tmp_path)
    assert len(list(parts.parts(portfolio, clustered=False))) > 2
    pd.testing.assert_frame_equal(chain_cells(portfolio, RULES, BUCKETS), whole)


def test_a_customers_accounts_share_their_fold(tmp_path):
    accounts = [account(name, customer_id="C") for name in "ABDE"]
    months = [row for name in "ABDE" for row in path(name, "2024-01", [10, 0])]
    found = chain_cells(make_portfolio(tmp_path, "2024-12", accounts=accounts, months=months), RULES, BUCKETS)
    assert found["accounts"].tolist() == [4]
    assert 0 <= found["fold"].item() < 32


def test_months_after_the_as_of_day_are_not_seen(tmp_path):
    write_random_portfolio(tmp_path, 7)
    early = open_portfolio(tmp_path, as_of=day("2024-12-31"))
    found = chain_cells(open_portfolio(tmp_path), RULES, BUCKETS, last=day("2024-12-31"))
    pd.testing.assert_frame_equal(chain_cells(early, RULES, BUCKETS), found)


def test_steps_into_a_month_recorded_differently_are_marked(tmp_path):
    broken = parse_month("2024-08")
    write_random_portfolio(tmp_path, 3, breaks=[broken])
    found = chain_cells(open_portfolio(tmp_path), RULES, BUCKETS)
    assert set(found.loc[found["broken"], "month"].dt.date) == {broken}


@pytest.mark.parametrize("by", [["product", "region"], []])
def test_states_are_ordered_categories_whatever_is_asked_for(tmp_path, by):
    write_random_portfolio(tmp_path, 4)
    found = chain_cells(open_portfolio(tmp_path), RULES, BUCKETS, by=by)
    assert list(found["from_state"].cat.categories) == list(chain_states(RULES, BUCKETS))
    assert [c for c in found.columns if c not in ("broken", "to_balance", "balance", "paid")] == [
        "month", "from_state", "to_state", *by, "fold", "accounts"
    ]  # fmt: skip
