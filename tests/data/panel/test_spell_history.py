"""Spells of a simulated portfolio: what the ends of its history do to them, and whether all are accounted for."""

import shutil
from datetime import date

import numpy as np
import pandas as pd
import pytest
from spell_panels import START, write_panel

from analysis.core.errors import ParameterError
from analysis.core.periods import shift_months
from analysis.core.spells import SpellRules
from analysis.core.states import Buckets
from analysis.data.panel import families
from analysis.data.panel.months import month_number
from analysis.data.panel.parts import Part
from analysis.data.panel.ratios import monthly
from analysis.data.panel.spell_exits import every_spell
from analysis.data.panel.spells import follow_up_end, kept, reconciliation
from analysis.data.portfolio import open_portfolio
from analysis.data.simulate import simulate

BUCKETS = Buckets()
SPELL = ["account_id", "began", "entry", "spell"]
LAST = date(2025, 12, 31)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("history") / "whole"
    simulate(where, accounts=3000, seed=7, months=36)
    return where


def frame(table):
    return table.to_pandas().sort_values(["account_id", "began"], ignore_index=True)


def cut_at(rows, end):
    """Spells as they would be seen if follow-up ended at month number `end`."""
    stop = rows["began"] + rows["duration"]
    seen = rows.assign(
        exit=rows["exit"].where(stop <= end, "open"), duration=np.minimum(stop, end) - rows["began"]
    )
    return seen[seen["duration"] > seen["entry"]].reset_index(drop=True)


def cured_within(rows, months):
    """Aalen–Johansen: share cured within so many months, other exits competing, entry delayed."""
    surviving, cured = 1.0, 0.0
    for k in range(1, months + 1):
        at_risk = rows[(rows["entry"] < k) & (rows["duration"] >= k)]
        out = at_risk[(at_risk["duration"] == k) & (at_risk["exit"] != "open")]
        cured += surviving * (out["exit"] == "cured").sum() / len(at_risk)
        surviving *= 1 - len(out) / len(at_risk)
    return cured


@pytest.fixture(scope="module", params=[3, 6])
def at_the_end(request, folder):
    """Spells as of a day in mid-history: ours, the truth that six months later tell, and the naive cut."""
    rules, day = SpellRules(sustained_months=request.param), date(2023, 12, 31)
    early = open_portfolio(folder, as_of=day)
    end = follow_up_end(early, rules)
    later = every_spell(Part(open_portfolio(folder)), rules, BUCKETS, day)
    truth = frame(later.filter(later.reason.isnull()))
    # The naive cut follows everything to the as-of day, and takes cures not yet known for spells still running.
    known = truth["exit"].where(truth["began"] + truth["duration"] <= month_number(end), "open")
    naive = truth.assign(exit=truth["exit"].where(truth["exit"] != "cured", known))
    missed = (truth["exit"] == "cured") & (naive["exit"] == "open")
    naive["duration"] = naive["duration"].where(~missed, month_number(day) - naive["began"])
    return frame(kept(early, rules, BUCKETS)), truth, naive, month_number(end)


def test_up_to_the_end_of_follow_up_nothing_is_learnt_later(at_the_end):
    ours, truth, _, end = at_the_end
    shape = [*SPELL, "duration", "exit"]
    pd.testing.assert_frame_equal(ours[shape], cut_at(truth, end)[shape])


@pytest.mark.parametrize("months", [3, 6])
def test_the_naive_cut_finds_too_few_cures_and_ours_the_true_share(at_the_end, months):
    ours, truth, naive, _ = at_the_end
    true = cured_within(truth, months)
    assert abs(cured_within(ours, months) - true) < 0.02
    assert cured_within(naive, months) < true - 0.08


@pytest.fixture(scope="module")
def cut_short(folder):
    """The last year alone, and the same months of the same spells as the whole history tells them."""
    first, short = shift_months(LAST, -11), folder.parent / "short"
    shutil.copytree(folder, short)
    months = pd.read_parquet(folder / "months.parquet")
    months[pd.to_datetime(months["month"]) >= pd.Timestamp(first)].to_parquet(
        short / "months.parquet", index=False
    )
    whole = frame(kept(open_portfolio(folder), SpellRules(), BUCKETS))
    start = month_number(first)
    truth = whole[whole["began"] + whole["duration"] > start]
    truth = truth.assign(entry=np.maximum(truth["entry"], start - truth["began"]))
    return frame(kept(open_portfolio(short), SpellRules(), BUCKETS)), truth[truth["duration"] > truth["entry"]]


@pytest.mark.parametrize("months", [3, 6])
def test_entry_time_recovers_what_a_longer_history_tells(cut_short, months):
    ours, truth = cut_short
    true = cured_within(truth, months)
    assert ours["running"].sum() > 100
    assert abs(cured_within(ours, months) - true) < 0.025
    as_if_seen_to_begin = ours.assign(entry=0)
    from_first_sight = ours.assign(entry=0, duration=ours["duration"] - ours["entry"])
    assert cured_within(as_if_seen_to_begin, months) < true - 0.04
    assert cured_within(from_first_sight, months) < true - 0.04


def test_months_run_at_first_sight_are_a_lower_bound(cut_short, folder):
    ours, _ = cut_short
    whole = frame(kept(open_portfolio(folder), SpellRules(), BUCKETS))
    running = ours[ours["running"]].assign(stop=lambda rows: rows["began"] + rows["duration"])
    same = running.merge(whole.assign(stop=whole["began"] + whole["duration"]), on=["account_id", "stop"])
    assert len(same) > 100
    assert (same["began_x"] >= same["began_y"]).all()
    assert (same["began_x"] == same["began_y"]).mean() > 0.7


RULES = [
    SpellRules(),
    SpellRules(sustained_months=1),
    SpellRules(entry_days=30),
    SpellRules(entry_days=60, sustained_months=2),
    SpellRules(probation={"card": 1, "mortgage": 6}, restructured_months=9),
]


def assert_accounted_for(portfolio, rules):
    found = reconciliation(portfolio, rules, BUCKETS).set_index(["month", "measure"])
    between = found.drop(columns="delinquency_count")
    pd.testing.assert_series_equal(between.sum(axis=1), found["delinquency_count"], check_names=False)
    return found


@pytest.mark.parametrize("rules", RULES)
def test_every_step_of_the_delinquency_counts_is_accounted_for(folder, rules):
    found = assert_accounted_for(open_portfolio(folder), rules)
    totals = found.groupby("measure").sum()
    assert (totals["spells_count"] > 50).all()
    if rules.sustained_months > 1 or rules.probation:
        assert totals.loc["entered", "within_spells"] > 5 and totals.loc["cured", "within_spells"] > 5


@pytest.mark.parametrize("sustained_months", [1, 3])
def test_the_counts_are_those_that_the_delinquency_chapter_prints(folder, sustained_months):
    portfolio, rules = open_portfolio(folder), SpellRules(sustained_months=sustained_months)
    found = assert_accounted_for(portfolio, rules)["delinquency_count"].unstack()
    printed = {
        "entered": (families.ENTERED, "entered"),
        "cured": (families.COLLECTED, "cure"),
        "sustained_cure": (families.sustained(sustained_months, LAST), "sustained_cure"),
        "charged_off": (families.WRITTEN_OFF, "written_off"),
    }
    assert set(found.columns) == set(printed)
    for measure, (family, event) in printed.items():
        cells = monthly(portfolio, family)
        cells = cells[(cells["basis"] == "accounts") & (cells["measure"] == event)].set_index("month")
        assert (found[measure] == cells["numerator"].reindex(found.index)).all(), measure


@pytest.mark.parametrize("sustained_months", [1, 3])
def test_six_months_with_a_break_are_accounted_for(tmp_path, sustained_months):
    random = np.random.default_rng(5)
    paths = {f"A{n:03d}": "".join(random.choice(list("....abc"), 6)) for n in range(200)}
    portfolio = write_panel(tmp_path, paths, months=6, breaks=[shift_months(START, 3)])
    found = assert_accounted_for(portfolio, SpellRules(sustained_months=sustained_months))
    assert found["left_out"].xs(pd.Timestamp(shift_months(START, 3)), level="month")["entered"] > 10


def test_spells_that_went_to_court_are_accounted_for(tmp_path):
    paths = {"A": "..abcXXXXXXX", "B": "..abc.......", "C": "..abbcXXXXXX", "D": ".......XXXXX"}
    lawsuits = [
        {"disposal_id": name, "account_id": name, "route": "litigation", "started_on": date(2024, 5, 2)}
        for name in "AB"
    ]
    totals = (
        assert_accounted_for(write_panel(tmp_path, paths, disposals=lawsuits), SpellRules())
        .groupby("measure")
        .sum()
    )
    columns = ["spells_count", "litigation", "outside", "delinquency_count"]
    assert totals.loc["charged_off", columns].tolist() == [1, 1, 1, 3]
    assert totals.loc["sustained_cure", columns].tolist() == [0, 1, 0, 1]


def test_months_after_the_end_of_follow_up_are_not_compared(folder):
    portfolio = open_portfolio(folder)
    found = reconciliation(portfolio, SpellRules(), BUCKETS, first=date(2025, 9, 30), last=LAST)
    assert found["month"].dt.date.unique().tolist() == [date(2025, 9, 30), date(2025, 10, 31)]
    with pytest.raises(ParameterError, match="no month to compare: follow-up ends 2025-10, before 2025-11"):
        reconciliation(portfolio, SpellRules(), BUCKETS, first=date(2025, 11, 30))
