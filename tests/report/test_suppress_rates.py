"""Suppression of rates by two bases, and of roll-rate matrices."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import ChapterError
from analysis.report.suppression import suppress, suppress_rates, suppress_rolls

STATES = ["current", "1–29", "30+", "charged_off"]


def rates_of(accounts: list[int], events: list[int], clusters: list[int] | None = None) -> pd.DataFrame:
    """A frame of rates by accounts and balance; the value of a group is its place."""
    parts = []
    for basis, unit in (("accounts", 1.0), ("balance", 1000.0)):
        part = pd.DataFrame({"value": [str(i) for i in range(len(accounts))], "measure": "overdue_30"})
        part = part.assign(
            basis=basis, numerator=np.multiply(events, unit), denominator=np.multiply(accounts, unit)
        )
        part["rate"] = part["numerator"] / part["denominator"].where(part["denominator"] > 0)
        part["units"], part["clusters"] = accounts, accounts if clusters is None else clusters
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def rolls_of(rows: list[list[int]], clusters: int | None = None) -> pd.DataFrame:
    """Roll rates of one period, a row of counts for each start."""
    cells = [
        (STATES[i], STATES[j], count, 100.0 * count, count / max(sum(row), 1), sum(row), 100.0 * sum(row))
        for i, row in enumerate(rows)
        for j, count in enumerate(row)
    ]
    names = ["from_state", "to_state", "accounts", "balance", "rate", "from_accounts", "from_balance"]
    frame = pd.DataFrame(cells, columns=names).assign(dimension="all", value="all", period="2025Q4")
    return frame.assign(clusters=frame["from_accounts"] if clusters is None else clusters)


def by_basis(out: pd.DataFrame, basis: str) -> pd.DataFrame:
    return out[out["basis"] == basis].reset_index(drop=True)


def test_what_is_withheld_by_accounts_is_withheld_by_balance() -> None:
    out = suppress_rates(rates_of([7, 300, 400], [2, 20, 30]), [["measure"]])
    accounts, balance = by_basis(out, "accounts"), by_basis(out, "balance")
    assert accounts["suppressed_because"].tolist() == ["small_cell", "complement", ""]
    assert balance["suppressed_because"].tolist() == accounts["suppressed_because"].tolist()
    assert (
        balance.loc[balance["suppressed"], ["numerator", "denominator", "rate", "units", "clusters"]]
        .isna()
        .all(None)
    )
    assert balance.loc[2, "numerator"] == 30_000.0


def test_a_sum_of_money_is_not_taken_for_a_number_of_accounts() -> None:
    cents = rates_of([500], [50])
    cents.loc[cents["basis"] == "balance", ["numerator", "denominator"]] = [0.5, 4.0]
    assert not suppress_rates(cents, [])["suppressed"].any()


def test_many_account_months_of_few_customers_are_a_small_cell() -> None:
    out = suppress_rates(rates_of([27, 300], [5, 20], clusters=[9, 280]), [])
    assert by_basis(out, "accounts")["suppressed_because"].tolist() == ["small_cell", ""]
    assert not suppress_rates(rates_of([27], [5], clusters=[10]), [])["suppressed"].any()


def test_labels_in_numbers_are_kept_where_counts_are_withheld() -> None:
    out = suppress_rates(rates_of([4], [1]).assign(since=6, cohort="2025Q1"), [["cohort", "since"]])
    assert out["since"].tolist() == [6, 6]
    assert out["numerator"].isna().all()


def test_each_period_is_judged_by_its_own_counts() -> None:
    now, before = rates_of([500], [2]).assign(period="now"), rates_of([500], [50]).assign(period="before")
    out = suppress_rates(pd.concat([now, before], ignore_index=True), [["period"]])
    assert out.groupby("period")["suppressed"].all().to_dict() == {"now": True, "before": False}


def test_an_index_that_repeats_does_not_mix_rows_up() -> None:
    frame = rates_of([5, 300], [1, 20])
    frame.index = [0, 1, 0, 1]
    out = suppress_rates(frame, [])
    assert out["suppressed"].tolist() == [True, False, True, False]


def test_a_balance_without_its_accounts_is_refused_by_name() -> None:
    only = rates_of([50], [5]).query("basis == 'balance'")
    with pytest.raises(
        ChapterError, match="value 0, measure overdue_30 has a row by balance but none by accounts"
    ):
        suppress_rates(only, [])


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.integers(0, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1, max_size=7
    )
)
def test_no_small_cell_or_lone_event_is_left_by_either_basis(groups: list[tuple[int, int]]) -> None:
    accounts, events = [n for n, _ in groups], [k for _, k in groups]
    out = suppress_rates(rates_of(accounts, events), [["measure"]])
    for basis in ("accounts", "balance"):
        shown = ~by_basis(out, basis)["suppressed"].to_numpy()
        n, k = np.array(accounts)[shown], np.array(events)[shown]
        assert not ((n > 0) & (n < 10)).any()
        assert not ((k > 0) & (k < 3)).any()
        assert not ((n - k > 0) & (n - k < 3)).any()
    withheld = by_basis(out, "accounts")["suppressed"].to_numpy()
    assert withheld.sum() != 1 or len(accounts) == 1


def test_a_withheld_row_does_not_tell_its_size_in_other_columns() -> None:
    frame = pd.DataFrame({"accounts": [6, 100], "numerator": [1, 20], "clusters": [5, 90], "rank": [1, 2]})
    out = suppress(frame)
    assert out["clusters"].isna().tolist() == [True, False]
    assert out["rank"].tolist() == [1, 2]


def test_a_start_of_few_accounts_is_withheld_whole() -> None:
    out = suppress_rolls(rolls_of([[90, 10, 0, 0], [3, 3, 2, 0]]))
    tiny = out[out["from_state"] == "1–29"]
    assert set(tiny["suppressed_because"]) == {"small_cell"}
    assert tiny[["accounts", "balance", "rate", "from_accounts", "from_balance", "clusters"]].isna().all(None)


def test_a_start_of_few_customers_is_withheld_whole() -> None:
    out = suppress_rolls(rolls_of([[20, 10, 0, 0]], clusters=9))
    assert set(out["suppressed_because"]) == {"small_cell"}


def test_a_step_of_one_account_takes_the_smallest_other_step_with_it() -> None:
    out = suppress_rolls(rolls_of([[80, 1, 7, 12]])).set_index("to_state")
    assert out["suppressed_because"].to_dict() == {
        "current": "", "1–29": "few_events", "30+": "complement", "charged_off": ""
    }  # fmt: skip
    assert out.loc["1–29", "from_accounts"] == 100
    assert out.loc["current", "rate"] == 0.8


def test_a_step_that_nobody_took_is_shown_as_zero() -> None:
    out = suppress_rolls(rolls_of([[90, 10, 0, 0]]))
    assert not out["suppressed"].any()
    assert out["accounts"].tolist() == [90, 10, 0, 0]


@settings(max_examples=120, deadline=None)
@given(st.lists(st.lists(st.integers(0, 40), min_size=4, max_size=4), min_size=1, max_size=3))
def test_no_withheld_step_follows_from_its_rows_total(rows: list[list[int]]) -> None:
    out = suppress_rolls(rolls_of(rows))
    for start, row in zip(STATES, rows, strict=False):
        cells = out[out["from_state"] == start]
        shown = cells[~cells["suppressed"]]
        assert not shown["accounts"].between(1, 2).any()
        if cells["suppressed"].any() and cells["from_accounts"].notna().all():
            rest = int(cells["from_accounts"].iloc[0]) - int(shown["accounts"].sum())
            hidden = [count for count, gone in zip(row, cells["suppressed"], strict=True) if gone]
            assert rest == sum(hidden)
            assert len(hidden) > 1


LATE = ["1–29", "30+"]


def test_a_step_does_not_follow_from_the_entries_of_all_states() -> None:
    # Of a row with two cells withheld, entries would tell the one that is an entry.
    rolled = rolls_of([[900, 40, 2, 3], [20, 30, 30, 20], [20, 30, 30, 20]])
    apart = suppress_rolls(rolled)
    assert apart.loc[apart["suppressed"], "to_state"].tolist() == ["30+", "charged_off"]
    out = suppress_rolls(rolled, overdue=LATE)
    from_current = out[out["from_state"] == "current"].set_index("to_state")["suppressed"]
    assert from_current["30+"]
    assert from_current["1–29"]


def test_a_step_does_not_follow_from_the_cures_or_the_charge_offs() -> None:
    rolled = rolls_of([[900, 40, 30, 30], [2, 30, 3, 40], [20, 30, 30, 2]])
    out = suppress_rolls(rolled, overdue=LATE)
    withheld = out.pivot(index="from_state", columns="to_state", values="suppressed").astype(bool)
    assert withheld.loc[LATE, "current"].all()
    assert withheld["charged_off"].sum() >= 2


def test_what_a_small_start_owes_does_not_follow_from_what_all_overdue_owe() -> None:
    rolled = rolls_of([[900, 40, 30, 30], [30, 30, 30, 30], [3, 3, 0, 3]])
    out = suppress_rolls(rolled, overdue=LATE)
    other = out[out["from_state"] == "1–29"]
    assert other[["balance", "from_balance"]].isna().all(None)
    assert out[out["from_state"] == "current"]["from_balance"].notna().all()
    assert other["from_accounts"].tolist() == [120] * 4


steps_of = st.lists(st.lists(st.integers(0, 12), min_size=4, max_size=4), min_size=3, max_size=3)


@settings(max_examples=120, deadline=None)
@given(steps_of)
def test_no_single_step_is_left_open_in_a_published_sum(rows: list[list[int]]) -> None:
    out = suppress_rolls(rolls_of(rows), overdue=LATE)
    hidden = out.pivot(index="from_state", columns="to_state", values="suppressed").astype(bool)
    counts = pd.DataFrame(rows, index=STATES[:3], columns=STATES)
    for starts, ends in ((["current"], LATE), (LATE, ["current"]), (["current", *LATE], ["charged_off"])):
        gone = hidden.loc[starts, ends].to_numpy()
        shown_more = (counts.loc[starts, ends].to_numpy()[~gone] > 0).any()
        assert gone.sum() != 1 or not shown_more
