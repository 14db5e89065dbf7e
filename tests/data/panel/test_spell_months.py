"""Months at risk and running spells, counted by the engine and by hand."""

import pandas as pd
import pytest
from contact_portfolio import account, contact, day, make_portfolio, path
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_panel import MONTHS, START, write_random_portfolio

from analysis.core.errors import ParameterError
from analysis.core.periods import parse_month, shift_months
from analysis.core.spells import SPELL_EXITS, SpellRules
from analysis.core.states import Buckets
from analysis.data.panel import parts
from analysis.data.panel.months import month_number
from analysis.data.panel.spell_months import hazard_cells, k_labels, macro_lagged, running
from analysis.data.panel.spells import follow_up_end, kept
from analysis.data.portfolio import open_portfolio

BUCKETS = Buckets((1, 30, 60, 90))
RULES = SpellRules(sustained_months=3)
COUNTS = ["at_risk", *SPELL_EXITS]
WORKED = ("contact_last_month", "treatment_last_month")
relaxed = settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def one_account(folder, days, end="2025-12", **tables):
    return make_portfolio(
        folder, end, accounts=[account("A")], months=path("A", "2025-01", days, balance=100.0), **tables
    )


def months_of(portfolio, by=(), rules=RULES, **asked):
    found = hazard_cells(portfolio, rules, BUCKETS, by=by, **asked).sort_values("month")
    return found.assign(month=found["month"].dt.strftime("%Y-%m"))


def test_a_spell_is_at_risk_in_each_of_its_months_and_leaves_in_the_last(tmp_path):
    found = months_of(one_account(tmp_path, [0, 10, 40, 70, *[0] * 8]))
    assert found["month"].tolist() == ["2025-03", "2025-04", "2025-05"]
    assert found["k"].tolist() == ["1", "2", "3"]
    assert found["state"].tolist() == ["1–29", "30–59", "60–89"]
    assert found["cured"].tolist() == [0, 0, 1]
    assert found["at_risk"].tolist() == [1, 1, 1]


def test_a_stretch_that_did_not_last_is_probation_within_the_spell(tmp_path):
    found = months_of(one_account(tmp_path, [0, 10, 0, 0, 5, *[0] * 7]))
    assert found["state"].tolist() == ["1–29", "probation", "probation", "1–29"]
    assert found["cured"].tolist() == [0, 0, 0, 1]


def test_a_charge_off_ends_the_months_at_risk(tmp_path):
    days = [0, 10, 40, *["charged_off"] * 9]
    found = months_of(one_account(tmp_path, days))
    assert found["charged_off"].tolist() == [0, 1]


def test_months_after_the_end_of_follow_up_are_not_at_risk(tmp_path):
    portfolio = one_account(tmp_path, [0, 10, *[20] * 10])
    assert follow_up_end(portfolio, RULES) == day("2025-10-31")
    assert months_of(portfolio)["month"].max() == "2025-10"


def test_an_account_found_overdue_enters_late(tmp_path):
    found = months_of(one_account(tmp_path, [70, 100, *[0] * 10]))
    assert found["k"].tolist() == ["3", "4"]
    assert found["cured"].tolist() == [0, 1]


def test_the_window_is_of_months_stepped_into(tmp_path):
    portfolio = one_account(tmp_path, [0, 10, 40, 70, *[0] * 8])
    found = months_of(portfolio, first=day("2025-04-30"), last=day("2025-04-30"))
    assert found[["month", "k"]].to_numpy().tolist() == [["2025-04", "2"]]


def test_contacts_count_in_the_month_before_the_one_they_may_change(tmp_path):
    log = [
        contact("B", "2025-02-10T09:00"),
        contact("A", "2025-03-31T23:00", "promise"),
        contact("A", "2025-04-02T09:00", "no_answer"),
        contact("A", "2025-05-02T09:00", "no_answer", direction="inbound"),
    ]
    portfolio = make_portfolio(
        tmp_path,
        "2025-12",
        accounts=[account("A"), account("B")],
        months=path("A", "2025-01", [1, *[20] * 11], balance=1.0) + path("B", "2025-01", [0] * 12),
        contacts=log,
    )
    found = months_of(portfolio, by=["contact_last_month"])
    assert found["contact_last_month"].tolist()[:5] == ["not_recorded", "none", "right_party", "attempted", "none"]
    assert found["month"].tolist()[2] == "2025-04"


def test_a_third_partys_call_is_no_contact(tmp_path):
    log = [
        contact("A", "2025-01-05T09:00", "no_answer"),
        contact("A", "2025-02-05T09:00", "right_party", party="third_party"),
    ]
    portfolio = one_account(tmp_path, [1, *[20] * 11], contacts=log)
    found = months_of(portfolio, by=["contact_last_month"])
    assert found["contact_last_month"].tolist()[:2] == ["attempted", "none"]


def test_treatment_is_the_one_in_force_when_the_month_starts(tmp_path):
    treatments = [
        {
            "treatment_id": "T1",
            "account_id": "A",
            "decided_at": day("2025-02-10"),
            "started_on": day("2025-02-12"),
            "ended_on": day("2025-04-15"),
            "treatment": "agent",
        }
    ]
    portfolio = one_account(tmp_path, [1, *[20] * 11], treatments=treatments)
    found = months_of(portfolio, by=["treatment_last_month"])
    assert found["month"].tolist()[1:4] == ["2025-03", "2025-04", "2025-05"]
    assert found["treatment_last_month"].tolist()[:4] == ["none", "agent", "agent", "none"]


def test_what_is_not_recorded_says_so(tmp_path):
    found = months_of(one_account(tmp_path, [0, *[20] * 11]), by=WORKED)
    assert set(found["contact_last_month"]) == set(found["treatment_last_month"]) == {"not_recorded"}


def test_spells_of_an_account_are_told_by_their_order(tmp_path):
    days = [5, 0, 0, 0, 5, 0, 0, 0, 5, 0, 0, 0, 5, 0, 0, 0]
    found = months_of(one_account(tmp_path, days, end="2026-12"), by=["spell"])
    assert found["spell"].tolist() == ["1", "2", "3+", "3+"]


def by_hand(portfolio, months, rules):
    """Months at risk of the spells kept, one by one: month, k, state, product, and the exit of the last."""
    names = ["probation" if days < 1 else BUCKETS.label(days) for days in months["days_past_due"]]
    places = zip(months["account_id"], map(month_number, months["month"]), strict=True)
    state = dict(zip(places, names, strict=True))
    product = dict(zip(months["account_id"], months["product"], strict=True))
    rows = []
    for spell in kept(portfolio, rules, BUCKETS).execute().itertuples():
        for k in range(spell.entry + 1, spell.duration + 1):
            leaves = spell.exit if k == spell.duration else "stays"
            start = spell.began + k - 1
            rows.append((start + 1, k, state[spell.account_id, start], product[spell.account_id], leaves))
    return pd.DataFrame(rows, columns=["m", "k", "state", "product", "leaves"])


@relaxed
@given(seed=st.integers(0, 10_000), entry=st.sampled_from([1, 30]), customers=st.integers(1, 40))
def test_cells_hold_every_month_at_risk_once(tmp_path_factory, seed, entry, customers):
    folder, rules = tmp_path_factory.mktemp("cells"), SpellRules(entry, 3, {"auto": 5}, None)
    months = write_random_portfolio(folder, seed, 50, customers)
    portfolio = open_portfolio(folder)
    expected = by_hand(portfolio, months, rules)
    found = hazard_cells(portfolio, rules, BUCKETS, by=["product", "treatment_last_month"], k_starts=range(1, 30))
    found["m"] = [month_number(month) for month in found["month"]]
    found["k"] = found["k"].astype(str).str.strip("+").astype(int)
    keys = ["m", "k", "state", "product"]
    counted = found.astype({"state": str}).groupby(keys)[COUNTS].sum()
    flags = pd.DataFrame({name: expected["leaves"] == name for name in SPELL_EXITS}).astype(int)
    wanted = pd.concat([expected[keys], flags.assign(at_risk=1)], axis=1).groupby(keys)[COUNTS].sum()
    pd.testing.assert_frame_equal(counted, wanted, check_dtype=False)


@relaxed
@given(seed=st.integers(0, 10_000), sustained=st.integers(1, 5))
def test_months_at_risk_and_exits_are_those_of_the_spells(tmp_path_factory, seed, sustained):
    folder, rules = tmp_path_factory.mktemp("sums"), SpellRules(sustained_months=sustained)
    write_random_portfolio(folder, seed)
    portfolio = open_portfolio(folder)
    spells = kept(portfolio, rules, BUCKETS).execute()
    sums = hazard_cells(portfolio, rules, BUCKETS)[COUNTS].sum()
    assert sums["at_risk"] == (spells["duration"] - spells["entry"]).sum()
    assert {name: sums[name] for name in SPELL_EXITS} == {
        name: (spells["exit"] == name).sum() for name in SPELL_EXITS
    }


def test_wider_bands_hold_the_same_months(tmp_path):
    write_random_portfolio(tmp_path, 9)
    portfolio = open_portfolio(tmp_path)
    fine = hazard_cells(portfolio, RULES, BUCKETS, by=["product"])
    whole = hazard_cells(portfolio, RULES, BUCKETS, by=[], k_starts=[1])
    keys = ["month", "state", "fold"]
    one, two = (frame.groupby(keys, observed=True)[COUNTS].sum() for frame in (fine, whole))
    pd.testing.assert_frame_equal(one, two)


def test_cutting_the_panel_into_parts_changes_no_cell(tmp_path, monkeypatch):
    write_random_portfolio(tmp_path, 6)
    whole = open_portfolio(tmp_path)
    cells, accounts = hazard_cells(whole, RULES, BUCKETS), running(whole, RULES, BUCKETS)
    months = pd.read_parquet(tmp_path / "months.parquet")
    months.to_parquet(tmp_path / "months.parquet", index=False, row_group_size=18)
    monkeypatch.setattr(parts, "PART_ROWS", 200)
    cut = open_portfolio(tmp_path)
    assert len(list(parts.parts(cut, clustered=False))) > 2
    pd.testing.assert_frame_equal(hazard_cells(cut, RULES, BUCKETS), cells)
    pd.testing.assert_frame_equal(running(cut, RULES, BUCKETS), accounts)


def running_by_hand(rows, rules):
    """Months run, months current and probation of the spell at an account's last row; None where it is in none."""
    if rows["status"].iloc[-1] != "open" or rows["month"].iloc[-1] != shift_months(START, MONTHS - 1):
        return None
    began, since = None, 0
    probation = rules.months_for(rows["product"].iloc[0])
    for place, late in enumerate(rows["days_past_due"]):
        since = 0 if late > 0 else since + 1
        began = place if began is None and late >= rules.entry_days else began
        began = None if since >= probation else began
    return None if began is None else (len(rows) - 1 - began, since, probation)


@relaxed
@given(seed=st.integers(0, 10_000), entry=st.sampled_from([1, 30]))
def test_running_spells_are_those_found_by_walking_through_each_account(tmp_path_factory, seed, entry):
    folder, rules = tmp_path_factory.mktemp("running"), SpellRules(entry, 3, {"auto": 5}, None)
    months = write_random_portfolio(folder, seed, 50).sort_values("month")
    expected = {name: running_by_hand(rows, rules) for name, rows in months.groupby("account_id")}
    found = running(open_portfolio(folder), rules, BUCKETS, by=["product"]).set_index("account_id")
    assert set(found.index) == {name for name, spell in expected.items() if spell is not None}
    begins = months.groupby("account_id")["days_past_due"].first()
    for name, row in found.iterrows():
        run, since, probation = expected[name]
        assert (row["months_current"], row["probation"]) == (since, probation)
        # A spell running in the account's first row began before it, by what its days past due tell.
        assert row["months_run"] >= run if begins[name] >= entry else row["months_run"] == run


def test_a_running_account_carries_what_its_next_month_depends_on(tmp_path):
    log = [contact("A", "2025-11-05T09:00", "promise")]
    portfolio = one_account(tmp_path, [0] * 9 + [12, 43, 0], end="2025-12", contacts=log)
    found = running(portfolio, RULES, BUCKETS, by=["product", *WORKED]).iloc[0]
    assert (found["months_run"], found["k"], found["state"]) == (2, "3", "probation")
    assert (found["months_current"], found["probation"], found["balance"]) == (1, 3, 100.0)
    assert found["contact_last_month"] == "none"


def test_an_account_found_overdue_for_the_first_time_has_run_no_month(tmp_path):
    found = running(one_account(tmp_path, [0] * 11 + [12]), RULES, BUCKETS, by=[])
    assert found[["months_run", "k"]].to_numpy().tolist() == [[0, "1"]]


def test_relief_lengthens_probation_in_running_spells(tmp_path):
    granted = {"treatment_id": "T", "account_id": "A", "decided_at": day("2025-03-01"), "treatment": "deferral"}
    days = [10, 20, 40, *[0] * 9]
    portfolio = one_account(tmp_path, days, treatments=[granted | {"deferral_months": 3}])
    assert running(portfolio, SpellRules(), BUCKETS, by=[]).empty
    found = running(portfolio, SpellRules(restructured_months=12), BUCKETS, by=[]).iloc[0]
    assert (found["months_current"], found["probation"]) == (9, 12)


def test_the_economy_is_that_of_so_many_months_before(tmp_path):
    macro = [{"month": shift_months(parse_month("2025-01"), i), "unemployment_rate": 0.01 * i} for i in range(24)]
    portfolio = one_account(tmp_path, [0] * 12, macro=macro)
    found = macro_lagged(portfolio, [1, 3])
    assert list(found.columns) == ["month", "unemployment_rate_lag1", "unemployment_rate_lag3"]
    by_month = found.set_index(found["month"].dt.strftime("%Y-%m-%d"))
    assert by_month.loc["2025-04-30"].tolist()[1:] == pytest.approx([0.02, 0.0])
    # The portfolio is seen as of the end of 2025: a month on is all that a lag of one month can tell.
    assert (found["month"].min(), found["month"].max()) == (pd.Timestamp("2025-04-30"), pd.Timestamp("2026-01-31"))


def test_bands_of_k_are_named_by_their_months():
    assert k_labels([1, 2, 4]) == ("1", "2–3", "4+")


@pytest.mark.parametrize("starts", [[], [2, 3], [1, 1]])
def test_bands_of_k_begin_at_one_and_rise(tmp_path, starts):
    portfolio = one_account(tmp_path, [0, 10])
    with pytest.raises(ParameterError, match="begin at 1 and rise"):
        hazard_cells(portfolio, RULES, BUCKETS, by=[], k_starts=starts)


def test_lags_are_months_back(tmp_path):
    with pytest.raises(ParameterError, match="give months back from 0 on"):
        macro_lagged(one_account(tmp_path, [0]), [-1])
