"""No few accounts can be told by a difference of two counts that are shown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import ChapterError
from analysis.report.suppression import suppress_nested

LADDER = ("overdue_1", "overdue_30", "overdue_60", "overdue_90")
SHOWN_FIRST = ("overdue_30", "overdue_90", "overdue_1")


def ladder(bands: dict[str, list[int]], total: bool = True) -> pd.DataFrame:
    """Rates of groups from numbers in 0, 1–29, 30–59, 60–89 and 90+ days, by accounts and by balance."""
    if total and bands:
        bands = {**bands, "all": np.sum(list(bands.values()), axis=0).tolist()}
    rows = [
        ("all" if group == "all" else "region", group, measure, basis, unit * sum(numbers[place + 1 :]))
        for group, numbers in bands.items()
        for place, measure in enumerate(LADDER)
        for basis, unit in (("accounts", 1.0), ("balance", 1000.0))
    ]
    frame = pd.DataFrame(rows, columns=["dimension", "value", "measure", "basis", "numerator"])
    accounts = frame["value"].map({group: float(sum(numbers)) for group, numbers in bands.items()})
    frame["denominator"] = accounts.where(frame["basis"] == "accounts", accounts * 1000)
    frame["rate"] = frame["numerator"] / frame["denominator"].where(frame["denominator"] > 0)
    return frame.assign(units=accounts.astype(int), clusters=accounts.astype(int))


def curve(events: list[int], accounts: int = 500, group: str = "all") -> pd.DataFrame:
    """A cumulative curve by accounts."""
    frame = pd.DataFrame({"since": range(len(events)), "numerator": np.asarray(events, float)}).assign(
        dimension="all" if group == "all" else "product", value=group, cohort="2024Q1", measure="ever_30"
    )
    return frame.assign(denominator=float(accounts), rate=frame["numerator"] / accounts)


def on_ladder(frame: pd.DataFrame, **chosen) -> pd.DataFrame:
    return suppress_nested(frame, chains=[LADDER], first=SHOWN_FIRST, **chosen)


def as_curve(frame: pd.DataFrame, **chosen) -> pd.DataFrame:
    return suppress_nested(frame, of=["cohort"], ages="since", **chosen)


def reasons(out: pd.DataFrame) -> dict[str, str]:
    chosen = out[(out["basis"] == "accounts") & (out["value"] == "all")] if "basis" in out.columns else out
    return dict(zip(chosen["measure"], chosen["suppressed_because"], strict=True))


def few(number: float) -> bool:
    return 0.5 < abs(number) < 2.5


def test_two_accounts_between_sixty_and_ninety_days_withhold_the_sixties() -> None:
    out = on_ladder(ladder({"north": [400, 40, 30, 2, 20]}))
    assert reasons(out) == {"overdue_1": "", "overdue_30": "", "overdue_60": "few_between", "overdue_90": ""}


def test_the_balance_of_two_accounts_is_withheld_with_them() -> None:
    out = on_ladder(ladder({"north": [400, 40, 30, 2, 20]})).query("measure == 'overdue_60'")
    assert out["suppressed"].all()
    assert out[["numerator", "denominator", "rate", "units", "clusters"]].isna().all(None)


def test_nobody_between_two_measures_withholds_neither() -> None:
    assert not on_ladder(ladder({"north": [400, 40, 30, 0, 20]}))["suppressed"].any()


@pytest.mark.parametrize("between", [3, 30])
def test_enough_accounts_between_two_measures_withhold_neither(between: int) -> None:
    assert not on_ladder(ladder({"north": [400, 40, 30, between, 20]}))["suppressed"].any()


def test_the_measure_shown_first_is_kept_where_two_are_too_near() -> None:
    near = ladder({"north": [400, 2, 30, 30, 20]})
    assert reasons(on_ladder(near)) == {
        "overdue_1": "few_between", "overdue_30": "", "overdue_60": "", "overdue_90": ""
    }  # fmt: skip
    wide = suppress_nested(near, chains=[LADDER])
    assert reasons(wide)["overdue_30"] == "few_between"


def test_measures_that_are_not_nested_are_not_compared() -> None:
    out = suppress_nested(ladder({"north": [400, 40, 30, 2, 20]}))
    assert not out["suppressed"].any()


def test_a_withheld_measure_of_a_group_takes_another_groups_with_it() -> None:
    out = on_ladder(
        ladder({"north": [400, 40, 30, 2, 20], "south": [300, 30, 30, 9, 9], "west": [900, 9, 9, 9, 9]})
    )
    sixties = out.query("measure == 'overdue_60' and basis == 'accounts'").set_index("value")
    assert sixties["suppressed_because"].to_dict() == {
        "north": "few_between", "south": "complement", "west": "", "all": ""
    }  # fmt: skip


def test_a_withheld_total_is_not_the_sum_of_groups_that_are_shown() -> None:
    # Two accounts lie between 60 and 90 days in the whole book, all in the north.
    out = on_ladder(ladder({"north": [400, 40, 30, 2, 20], "south": [300, 30, 30, 0, 9]}))
    sixties = out.query("measure == 'overdue_60' and basis == 'accounts'").set_index("value")
    assert sixties.loc["all", "suppressed_because"] == "few_between"
    assert sixties.loc["north", "suppressed"]


def test_a_curve_is_shown_at_the_ages_where_enough_accounts_were_added() -> None:
    out = as_curve(curve([0, 0, 4, 5, 6, 7, 7, 9, 12]))
    assert out.loc[~out["suppressed"], "since"].tolist() == [0, 1, 2, 5, 6, 8]
    assert set(out["suppressed_because"]) == {"", "few_between"}
    assert out.loc[out["suppressed"], ["numerator", "denominator", "rate"]].isna().all(None)


def test_what_a_curve_shows_does_not_change_as_it_is_followed_on() -> None:
    events = [0, 1, 3, 4, 9, 10, 11, 12, 12, 20]
    whole = as_curve(curve(events))["suppressed"].tolist()
    for seen in range(1, len(events)):
        assert as_curve(curve(events[:seen]))["suppressed"].tolist() == whole[:seen]


def test_an_age_that_is_reported_is_shown_before_the_ages_around_it() -> None:
    frame = curve([0, 4, 8, 11, 12])
    assert as_curve(frame)["suppressed"].tolist() == [False, False, False, False, True]
    assert as_curve(frame, first_ages=[4])["suppressed"].tolist() == [False, False, False, True, False]


def test_groups_of_a_curve_do_not_tell_what_the_total_withholds() -> None:
    frame = pd.concat([curve([0, 5, 7]), curve([0, 5, 7], group="card"), curve([0, 0, 0], group="loan")])
    out = as_curve(frame.assign(denominator=[1000.0] * 3 + [500.0] * 6))
    late = out[out["since"] == 2].set_index("value")["suppressed"]
    assert late.to_dict() == {"all": True, "card": True, "loan": False}


def test_different_sizes_are_differences_too() -> None:
    frame = pd.DataFrame({"band": "0–3", "months": [1, 3], "spells": [102, 100], "cured": [40, 40]})
    terms = {"groups": ["band"], "ages": "months", "count": "spells", "events": "cured"}
    out = suppress_nested(frame, **terms)
    assert out["suppressed_because"].tolist() == ["", "few_between"]
    assert out["spells"].isna().tolist() == [False, True]


def test_small_cells_and_few_events_are_withheld_as_ever() -> None:
    out = on_ladder(
        ladder({"north": [5, 1, 1, 1, 1], "south": [400, 60, 30, 20, 2], "west": [400, 60, 30, 20, 20]})
    )
    found = out.query("basis == 'accounts'").set_index(["value", "measure"])["suppressed_because"]
    assert set(found["north"]) == {"small_cell"}
    assert found["south", "overdue_90"] == "few_events"


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ChapterError, match="no column 'period'"):
        suppress_nested(ladder({"north": [400, 40, 30, 2, 20]}), of=["period"])


def test_two_rows_of_one_cell_are_refused() -> None:
    frame = pd.concat([curve([0, 5]), curve([0, 5])])
    with pytest.raises(ChapterError, match="several rows have the same"):
        as_curve(frame)


bands = st.lists(st.one_of(st.integers(0, 4), st.integers(0, 60)), min_size=5, max_size=5)
books = st.lists(bands, min_size=1, max_size=5).map(lambda rows: {f"g{i}": row for i, row in enumerate(rows)})


@settings(max_examples=150, deadline=None)
@given(books)
def test_no_two_measures_shown_of_a_group_differ_by_few_accounts(book: dict[str, list[int]]) -> None:
    out = on_ladder(ladder(book)).query("basis == 'accounts' and not suppressed")
    for _, shown in out.groupby("value"):
        known = [0.0, shown["denominator"].iloc[0], *shown["numerator"]]
        assert not any(few(a - b) for a, b in combinations(known, 2))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(3, 60), min_size=5, max_size=5), min_size=1, max_size=5))
def test_nothing_is_withheld_where_all_differences_are_large(rows: list[list[int]]) -> None:
    book = {f"g{i}": row for i, row in enumerate(rows)}
    assert not on_ladder(ladder(book))["suppressed"].any()


@settings(max_examples=150, deadline=None)
@given(books)
def test_totals_less_the_groups_shown_tell_of_no_few_accounts(book: dict[str, list[int]]) -> None:
    out = on_ladder(ladder(book)).query("basis == 'accounts'")
    told = unexplained(out, {group: sum(numbers) for group, numbers in book.items()}, LADDER, "measure")
    assert told == []


def unexplained(out: pd.DataFrame, sizes: dict[str, int], positions: Sequence, by: str) -> list[tuple]:
    """Sums over groups that follow from totals and groups shown, and are of few accounts; set by set."""
    groups = list(sizes)
    number = out.pivot(index=by, columns="value", values="numerator")
    hidden = {p: {g for g in groups if pd.isna(number.loc[p, g]) and sizes[g]} for p in positions}
    known = [p for p in positions if not pd.isna(number.loc[p, "all"])]
    rest = {p: number.loc[p, "all"] - number.loc[p, groups].sum() for p in known}
    found: list[tuple] = [(p,) for p in positions if p not in known and not hidden[p] and number.loc[p].any()]
    for p in known:
        if hidden[p] and len(hidden[p]) < sum(1 for g in groups if sizes[g]):
            n = sum(sizes[g] for g in hidden[p])
            if len(hidden[p]) == 1 or n < 10 or few(rest[p]) or few(n - rest[p]):
                found.append((p, hidden[p]))
    for p, q in combinations(known, 2):
        for over in [hidden[p] | hidden[q]] if hidden[p] & hidden[q] else [hidden[p], hidden[q]]:
            at = [
                (rest[r] if hidden[r] & over else 0.0) + sum(number.loc[r, g] for g in over - hidden[r])
                for r in (p, q)
            ]
            if over and few(at[0] - at[1]):
                found.append((p, q, over))
    return found


steps = st.lists(st.one_of(st.integers(0, 2), st.integers(0, 8)), min_size=6, max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, min_size=1, max_size=4))
def test_no_step_of_few_accounts_is_left_in_curves_of_groups(rows: list[list[int]]) -> None:
    made = {f"g{i}": np.cumsum(row).tolist() for i, row in enumerate(rows)}
    total = np.sum(list(made.values()), axis=0).tolist()
    parts = [curve(events, 200, group) for group, events in made.items()]
    out = as_curve(pd.concat([*parts, curve(total, 200 * len(rows))], ignore_index=True))
    for _, shown in out[~out["suppressed"]].groupby("value"):
        known = [0.0, shown["denominator"].iloc[0], *shown["numerator"]]
        assert not any(few(a - b) for a, b in combinations(known, 2))
    assert unexplained(out, dict.fromkeys(made, 200), range(6), "since") == []
