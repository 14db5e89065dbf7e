"""Stock and rolls, counted by the engine and by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_panel import START, write_random_portfolio

from analysis.core.periods import Period, months_between, parse_month, shift_months
from analysis.core.states import Buckets
from analysis.data.panel import parts
from analysis.data.panel.rolls import long_cells, pooled_rolls, rolls
from analysis.data.panel.stock import stock
from analysis.data.portfolio import open_portfolio
from analysis.data.sources.taiwan import import_taiwan

BUCKETS = Buckets((1, 30, 60, 90))
QUARTERS = {str(q): q.months for q in (Period(2024, 3), Period(2025, 1))}
relaxed = settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def steps_by_hand(months):
    """Every step of the panel with its state before and after, found by sorting and shifting."""
    state = [
        BUCKETS.label(d) if s == "open" else s for d, s in zip(months.days_past_due, months.status, strict=True)
    ]
    rows = months.assign(state=state).sort_values(["account_id", "month"])
    later = rows.groupby("account_id")[["month", "state", "balance"]].shift(-1)
    steps = rows.assign(to_month=later["month"], to_state=later["state"], to_balance=later["balance"])
    return steps.dropna(subset=["to_state"])


def moments_by_hand(steps, keys):
    """Numerators, denominators and cluster moments of each cell, one customer at a time."""
    found = {}
    for cell, inside in steps.groupby([*keys, "state"]):
        base = inside.groupby("customer_id")["balance"].agg(["size", "sum"])
        for to_state, moved in inside.groupby("to_state"):
            own = moved.groupby("customer_id")["balance"].agg(["size", "sum"]).reindex(base.index).fillna(0.0)
            for basis, column in (("accounts", "size"), ("balance", "sum")):
                y, x = own[column].to_numpy(float), base[column].to_numpy(float)
                values = [y.sum(), x.sum(), y @ y, x @ y, x @ x, len(inside), len(x), x.max()]
                found[(*cell, to_state, basis)] = values
    return found


def assert_cells(cells, keys, expected):
    keyed = cells.set_index([*keys, "from_state", "to_state", "basis"])
    columns = ["numerator", "denominator", "nn", "nd", "dd", "units", "clusters", "largest"]
    got = {tuple(key): row for key, row in zip(keyed.index, keyed[columns].to_numpy(float), strict=True)}
    assert set(got) == set(expected)
    for key, values in expected.items():
        np.testing.assert_allclose(got[key], values, rtol=1e-9, err_msg=str(key))


@relaxed
@given(seed=st.integers(0, 10_000), accounts=st.integers(1, 50), customers=st.integers(1, 40))
def test_monthly_cells_hold_the_customers_moments_exactly(tmp_path_factory, seed, accounts, customers):
    folder = tmp_path_factory.mktemp("rolls")
    steps = steps_by_hand(write_random_portfolio(folder, seed, accounts, customers))
    steps["month"] = pd.to_datetime(steps["to_month"])
    found = rolls(open_portfolio(folder), BUCKETS, dimensions=["product"])
    whole = found[found["dimension"] == "all"]
    assert_cells(long_cells(whole), ["month"], moments_by_hand(steps, ["month"]))
    split = found[found["dimension"] == "product"].rename(columns={"value": "product"})
    cells = long_cells(split).assign(product=[*split["product"]] * 2)
    assert_cells(cells, ["product", "month"], moments_by_hand(steps, ["product", "month"]))


@relaxed
@given(seed=st.integers(0, 10_000), customers=st.integers(1, 40))
def test_pooled_cells_cluster_over_a_customers_accounts_and_months(tmp_path_factory, seed, customers):
    folder = tmp_path_factory.mktemp("pooled")
    steps = steps_by_hand(write_random_portfolio(folder, seed, 40, customers))
    names = {month: name for name, months in QUARTERS.items() for month in months}
    steps = steps.assign(period=steps["to_month"].map(names)).dropna(subset=["period"])
    found = pooled_rolls(open_portfolio(folder), BUCKETS, QUARTERS)
    assert_cells(long_cells(found), ["period"], moments_by_hand(steps, ["period"]))


def test_cutting_the_panel_into_parts_changes_nothing(tmp_path, monkeypatch):
    write_random_portfolio(tmp_path, 5)
    months = pd.read_parquet(tmp_path / "months.parquet")
    months.to_parquet(tmp_path / "months.parquet", index=False, row_group_size=100)
    whole = rolls(open_portfolio(tmp_path), BUCKETS, dimensions=["region"])
    monkeypatch.setattr(parts, "PART_ROWS", 200)
    portfolio = open_portfolio(tmp_path)
    assert len(list(parts.parts(portfolio))) > 3
    pd.testing.assert_frame_equal(rolls(portfolio, BUCKETS, dimensions=["region"]), whole)


def test_what_rolls_in_and_what_is_new_make_up_the_next_months_stock(tmp_path):
    months = write_random_portfolio(tmp_path, 11)
    portfolio = open_portfolio(tmp_path)
    held = stock(portfolio, BUCKETS).set_index(["month", "state"])
    rolled = rolls(portfolio, BUCKETS, moments=False)
    into = rolled.groupby(["month", "to_state"], observed=True)[["accounts", "to_balance"]].sum()
    firsts = months.sort_values("month").groupby("account_id").first().reset_index()
    labels = [BUCKETS.label(d) for d in firsts["days_past_due"]]
    new = firsts.assign(state=labels, month=pd.to_datetime(firsts["month"])).groupby(["month", "state"])
    after = held[held.index.get_level_values("month") > pd.Timestamp(START)]
    arrived = new.size().reindex(after.index).fillna(0)
    rolled_in = into.reindex(after.index).fillna(0)
    assert (after["accounts"] == rolled_in["accounts"] + arrived).all()
    np.testing.assert_allclose(
        after["balance"], rolled_in["to_balance"] + new["balance"].sum().reindex(after.index).fillna(0), atol=1e-6
    )


def test_every_state_a_step_starts_from_holds_its_whole_stock(tmp_path):
    write_random_portfolio(tmp_path, 12)
    portfolio = open_portfolio(tmp_path)
    held = stock(portfolio, BUCKETS).set_index(["month", "state"])["accounts"]
    rolled = rolls(portfolio, BUCKETS)
    starts = rolled.drop_duplicates(["month", "from_state"])
    before = [pd.Timestamp(shift_months(month, -1)) for month in starts["month"]]
    keys = pd.MultiIndex.from_arrays([before, starts["from_state"].astype(str)])
    stocks = held.set_axis(held.index.set_levels(held.index.levels[1].astype(str), level=1)).reindex(keys)
    # The random panel ends accounts only by an exit, so all of a bucket steps on.
    assert (stocks.to_numpy() == starts["from_accounts"].to_numpy()).all()


def test_a_step_into_a_month_recorded_differently_is_shown_apart_and_never_pooled(tmp_path):
    broken = parse_month("2024-08")
    write_random_portfolio(tmp_path, 3, breaks=[broken])
    portfolio = open_portfolio(tmp_path)
    monthly = rolls(portfolio, BUCKETS)
    assert set(monthly.loc[monthly["broken"], "month"].dt.date) == {broken}
    pooled = pooled_rolls(portfolio, BUCKETS, {"all three": Period(2024, 3).months, "that one": [broken]})
    apart = monthly[monthly["month"].dt.date.isin(Period(2024, 3).months) & ~monthly["broken"]]
    assert set(pooled["period"]) == {"all three"}
    assert pooled["accounts"].sum() == apart["accounts"].sum()


def test_a_window_of_broken_months_alone_gives_no_rolls(tmp_path):
    broken = parse_month("2024-08")
    write_random_portfolio(tmp_path, 3, breaks=[broken])
    assert pooled_rolls(open_portfolio(tmp_path), BUCKETS, {"q": [broken]}).empty


def test_without_customer_ids_each_account_is_its_own_cluster(tmp_path):
    write_random_portfolio(tmp_path, 4, customer_ids=False)
    found = rolls(open_portfolio(tmp_path), BUCKETS)
    assert (found["clusters"] == found["from_accounts"]).all()


def test_the_window_limits_starts_and_ends_of_steps(tmp_path):
    write_random_portfolio(tmp_path, 4)
    window = (parse_month("2024-03"), parse_month("2024-06"))
    found = rolls(open_portfolio(tmp_path), BUCKETS, window)
    assert sorted(found["month"].dt.date.unique()) == months_between(parse_month("2024-04"), window[1])


TAIWAN = Path(__file__).parents[4] / "shared" / "data" / "taiwan_card_clients.csv"


@pytest.mark.skipif(not TAIWAN.is_file(), reason=f"the UCI card clients are not at {TAIWAN}")
def test_thirty_thousand_card_clients_roll_as_counted_before(tmp_path):
    """UCI 'Default of Credit Card Clients' (Yeh and Lien 2009): the four steps of April to August 2005."""
    import_taiwan([TAIWAN], tmp_path / "taiwan")
    buckets = Buckets((1, 90))
    window = months_between(parse_month("2005-05"), parse_month("2005-08"))
    found = pooled_rolls(open_portfolio(tmp_path / "taiwan"), buckets, {"window": window})
    table = found.pivot_table(
        index="from_state", columns="to_state", values="accounts", aggfunc="sum", observed=True
    )
    expected = [[100988, 5242, 0], [3738, 7879, 759], [145, 444, 805]]
    assert table.reindex(columns=list(buckets.labels)).fillna(0).to_numpy().tolist() == expected
