"""Spells on panels drawn by hand: each way in, each way out, and what is left out."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spell_panels import START, ZERO, by_hand, write_panel

from analysis.core.periods import shift_months
from analysis.core.spells import SpellRules
from analysis.core.states import Buckets
from analysis.data.panel.parts import Part
from analysis.data.panel.spell_exits import every_spell
from analysis.data.panel.spells import follow_up_end, kept, left_out, spells

RULES, BUCKETS = SpellRules(), Buckets()
SHAPE = ["began", "entry", "duration", "exit"]


def found(portfolio, rules=RULES):
    return kept(portfolio, rules, BUCKETS).to_pandas().sort_values(["account_id", "began"], ignore_index=True)


def shapes(portfolio, rules=RULES):
    """Spells as (began, entry, duration, exit), began counted from the first month."""
    rows = found(portfolio, rules)
    rows["began"] -= ZERO
    return [tuple(row) for row in rows[SHAPE].itertuples(index=False)]


def of_path(tmp_path, path, rules=RULES, **more):
    return shapes(write_panel(tmp_path, {"A": path, "Z": "." * 12}, **more), rules)


PATHS = {
    "cured, and so it stays": ("..ab........", [(2, 0, 2, "cured")]),
    "back, overdue again within three months, cured later": ("..a..a......", [(2, 0, 4, "cured")]),
    "back, overdue again in the fourth month": ("..a...a.....", [(2, 0, 1, "cured"), (6, 0, 1, "cured")]),
    "charged off": ("..abcXXXXXXX", [(2, 0, 3, "charged_off")]),
    "charged off, later sold": ("..abcXXXS", [(2, 0, 3, "charged_off")]),
    "charged off while current on probation": ("..a.XXXXXXXX", [(2, 0, 2, "charged_off")]),
    "charged off while current after probation": ("..a...XXXXXX", [(2, 0, 1, "cured")]),
    "sold": ("..abS", [(2, 0, 2, "sold")]),
    "sold while current on probation": ("..a..S", [(2, 0, 3, "sold")]),
    "paid off": ("..aP", [(2, 0, 1, "paid_off")]),
    "closed": ("..aaL", [(2, 0, 2, "paid_off")]),
    "paid off on probation": ("..a.P", [(2, 0, 1, "cured")]),
    "closed on probation": ("..a..L", [(2, 0, 1, "cured")]),
    "paid off after a relapse on probation": ("..a.a.P", [(2, 0, 3, "cured")]),
    "rows stop on probation": ("..a.", [(2, 0, 1, "cured")]),
    "rows stop while overdue": ("..abb", [(2, 0, 2, "open")]),
    "rows stop in the first month overdue": ("...a", []),
    "overdue to the end": ("......aabbcc", [(6, 0, 3, "open")]),
    "back too late to be known": ("........aa..", [(8, 0, 1, "open")]),
    "charged off after follow-up": (".......aaabX", [(7, 0, 2, "open")]),
    "begun at the end of follow-up": (".........aaa", []),
    "never overdue": ("............", []),
    "charged off throughout": ("XXXXXXXXXXXX", []),
    "opened late": ("     .a......", [(6, 0, 1, "cured")]),
    "overdue when first seen, for days": ("a...........", [(0, 0, 1, "cured")]),
    # 45 days before 2024-01-31 is 2023-12-17: overdue at the end of December for the first time.
    "overdue when first seen, for a month": ("b...........", [(-1, 1, 2, "cured")]),
    "overdue when first seen, for three months": ("dddX", [(-3, 3, 6, "charged_off")]),
}


FROM_30 = {
    "30 days and back": ("..ab........", [(3, 0, 1, "cured")]),
    "never 30 days": ("..a.........", []),
    "below 30 days is no cure": ("..aba.......", [(3, 0, 2, "cured")]),
    "below 30 days on probation is a relapse": ("..ab.a......", [(3, 0, 3, "cured")]),
    "30 days again on probation": ("..ab.ab.....", [(3, 0, 4, "cured")]),
    "overdue again after probation": ("..ab...ab...", [(3, 0, 1, "cured"), (8, 0, 1, "cured")]),
    "charged off from 30 days": ("..abXXXXXXXX", [(3, 0, 1, "charged_off")]),
    "charged off from below": ("..aXXXXXXXXX", []),
    "30 days when first seen": ("c...........", [(-1, 1, 2, "cured")]),
}


@pytest.fixture(scope="module", params=[1, 30])
def drawn(request, tmp_path_factory):
    """All paths of a dictionary in one panel: the paths, and the spells found of each."""
    paths = PATHS if request.param == 1 else FROM_30
    panel = {name: path for name, (path, _) in paths.items()} | {"current": "." * 12}
    rows = found(write_panel(tmp_path_factory.mktemp("paths"), panel), SpellRules(entry_days=request.param))
    return paths, rows.assign(began=rows["began"] - ZERO)


def test_each_path_gives_the_spells_counted_by_hand(drawn):
    paths, rows = drawn
    got = {
        name: [tuple(r) for r in rows.loc[rows["account_id"] == name, SHAPE].itertuples(index=False)]
        for name in paths
    }
    assert got == {name: expected for name, (_, expected) in paths.items()}
    assert "current" not in set(rows["account_id"])


def test_every_cure_counts_where_it_need_not_last(tmp_path):
    path = "..a.a......a"
    assert of_path(tmp_path, path, SpellRules(sustained_months=1)) == [(2, 0, 1, "cured"), (4, 0, 1, "cured")]


def test_what_a_spell_says_of_itself(tmp_path):
    portfolio = write_panel(tmp_path, {"A": "..ab....c...", "B": "c..........."})
    rows = found(portfolio)
    assert rows["account_id"].tolist() == ["A", "A", "B"]
    assert rows["cluster"].tolist() == ["of A", "of A", "of B"]
    assert rows["spell"].tolist() == [1, 2, 1]
    assert rows["balance"].tolist() == [102.0, 108.0, 100.0]
    assert rows["exit_balance"].tolist() == [104.0, 109.0, 101.0]
    # 75 days at the end of January were 44 a month before and 13 at the end of November, k = 0.
    assert rows["days_past_due"].tolist() == [15, 75, 13]
    assert rows["bucket"].tolist() == ["1–29", "60–89", "1–29"]
    assert rows["running"].tolist() == [False, False, True]


def test_nothing_is_owed_at_an_exit_that_is_not_seen(tmp_path):
    rows = found(write_panel(tmp_path, {"A": "......aabbcc"}))
    assert rows["exit"].tolist() == ["open"] and rows["exit_balance"].isna().all()


def test_spells_left_out_are_counted_by_reason(tmp_path):
    paths = {"late": ".........aaa", "later": "..........aa", "stops": "...a", "at the break": "....ab......"}
    paths |= {"before the break": "...aab......", "kept": "..a.........", "current": "." * 12}
    portfolio = write_panel(tmp_path, paths, breaks=[shift_months(START, 4)])
    counted = left_out(portfolio, RULES, BUCKETS).set_index("reason")["spells"]
    assert counted.to_dict() == {
        "began at the end of follow-up or later": 2,
        "began in a month from which something was recorded differently": 1,
        "not followed for a month: its rows stop, or it was in litigation when first seen": 1,
    }
    assert found(portfolio)["account_id"].tolist() == ["before the break", "kept"]


LAWSUIT = {"disposal_id": "D", "account_id": "A", "route": "litigation", "balance": 100.0}


@pytest.mark.parametrize(
    ("path", "started", "expected"),
    [
        ("..abcXXXXXXX", date(2024, 5, 3), [(2, 0, 2, "litigation")]),
        ("..abcXXXXXXX", date(2024, 6, 30), [(2, 0, 3, "litigation")]),
        ("..abcXXXXXXX", date(2024, 7, 1), [(2, 0, 3, "charged_off")]),
        ("..abc.......", date(2024, 4, 30), [(2, 0, 1, "litigation")]),
        # The account was overdue before: a claim of then is not this spell's.
        (".a...ab.....", date(2024, 5, 1), [(1, 0, 1, "cured"), (5, 0, 2, "cured")]),
        ("..aabbcdddXX", date(2024, 11, 2), [(2, 0, 7, "open")]),
        ("..abc.......", date(2024, 3, 2), []),
        # Its rows stop in May.
        ("..abb", date(2024, 6, 3), [(2, 0, 2, "open")]),
        ("dddddd......", date(2023, 12, 2), []),
    ],
)
def test_litigation_ends_a_spell_in_the_month_it_begins(tmp_path, path, started, expected):
    assert of_path(tmp_path, path, disposals=[LAWSUIT | {"started_on": started}]) == expected


def test_only_courts_and_payment_orders_are_litigation(tmp_path):
    for route, expected in (("payment_order", "litigation"), ("sale", "charged_off")):
        lawsuit = LAWSUIT | {"started_on": date(2024, 5, 3), "route": route}
        assert of_path(tmp_path / route, "..abcXXXXXXX", disposals=[lawsuit])[0][3] == expected


def test_litigation_that_is_yet_to_come_is_not_seen(tmp_path):
    path, lawsuit = "..abbccddddd", LAWSUIT | {"started_on": date(2025, 1, 3)}
    assert of_path(tmp_path, path, disposals=[lawsuit]) == [(2, 0, 7, "open")]


def test_each_product_keeps_its_own_probation_and_all_follow_up_ends_together(tmp_path):
    rules = SpellRules(sustained_months=1, probation={"mortgage": 3, "auto": 6})
    paths = {"A card": "..a..a......", "B mortgage": "..a..a......"}
    portfolio = write_panel(tmp_path, paths, products={"B mortgage": "mortgage"})
    # No car loans here, so their six months don't shorten the follow-up.
    assert follow_up_end(portfolio, rules) == date(2024, 10, 31)
    assert shapes(portfolio, rules) == [(2, 0, 1, "cured"), (5, 0, 1, "cured"), (2, 0, 4, "cured")]


def relief(account, day, **given):
    return {"treatment_id": account, "account_id": account, "decided_at": day, "treatment": "relief"} | given


def test_a_cure_after_relief_has_to_last_longer(tmp_path):
    rules = SpellRules(sustained_months=2, restructured_months=5)
    paths = dict.fromkeys(["granted", "before that", "later", "none", "placed"], "..aa...a....")
    treatments = [
        relief("granted", date(2024, 4, 9), deferral_months=2),
        relief("before that", date(2023, 11, 9), deferral_months=2),
        relief("later", date(2024, 6, 9), forgiven=50.0),
        relief("placed", date(2024, 4, 9)),
    ]
    portfolio = write_panel(tmp_path, paths, treatments=treatments)
    assert follow_up_end(portfolio, rules) == date(2024, 8, 31)
    stays = [(2, 0, 2, "cured")]
    assert shapes(portfolio, rules) == stays + [(2, 0, 5, "open")] + stays * 3
    assert left_out(portfolio, rules, BUCKETS)["spells"].tolist() == [4]


def test_relief_that_no_table_tells_of_shortens_nothing(tmp_path):
    portfolio = write_panel(tmp_path, {"A": "." * 12})
    assert follow_up_end(portfolio, SpellRules(restructured_months=12)) == date(2024, 10, 31)


PATH = st.builds(
    lambda wait, marks, last: " " * wait + "".join(marks) + last,
    st.integers(0, 4),
    st.lists(st.sampled_from("...aabcd"), min_size=1, max_size=7),
    st.sampled_from(["", "", "P", "S", "L", "X", "XX"]),
)


@settings(max_examples=15, deadline=None)
@given(st.lists(PATH, min_size=1, max_size=25), st.integers(1, 4), st.booleans(), st.booleans())
def test_spells_are_those_followed_by_hand_and_hold_every_overdue_month_once(
    tmp_path_factory, paths, probation, shuffle, deep
):
    months, marks = 13, "bcd" if deep else "abcd"
    rules = SpellRules(entry_days=30 if deep else 1, sustained_months=probation)
    named = {f"A{number:02d}": path for number, path in enumerate(paths)} | {"Z": "." * months}
    portfolio = write_panel(tmp_path_factory.mktemp("drawn"), named, months=months, shuffle=shuffle)
    last = months - probation
    every = every_spell(Part(portfolio), rules, BUCKETS, follow_up_end(portfolio, rules)).to_pandas()
    every["start"] = every["began"] + every["entry"] - ZERO
    every["stop"] = every["began"] + every["duration"] - ZERO
    expected = {
        (name, *spell)
        for name, path in named.items()
        for spell in by_hand(path, probation, months, marks)
        if spell[1] > spell[0]
    }
    kept_ones = every[every["reason"].isna()]
    assert set(kept_ones[["account_id", "start", "stop", "exit"]].itertuples(index=False, name=None)) == expected
    assert len(kept_ones) == len(expected)
    for name, path in named.items():
        own = every[every["account_id"] == name]
        for at, mark in enumerate(path[: last + 1]):
            if mark in marks:
                inside = (own["start"] <= at) & (
                    (at < own["stop"]) | ((own["exit"] == "open") & (at <= own["stop"]))
                )
                assert inside.sum() == 1, (name, path, at)


def test_a_part_holds_the_spells_of_its_accounts(tmp_path):
    portfolio = write_panel(tmp_path, {"A": "..a.........", "B": "...a........", "C": "....a......."})
    part = Part(portfolio, lowest="B", below="C")
    assert spells(part, RULES, BUCKETS).to_pandas()["account_id"].tolist() == ["B"]


def test_a_panel_without_a_spell_gives_no_rows(tmp_path):
    rows = found(write_panel(tmp_path, {"A": "." * 12}))
    assert isinstance(rows, pd.DataFrame) and rows.empty
