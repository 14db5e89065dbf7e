"""`truth.json` against the tables it is about."""

from __future__ import annotations

import json
import math

import pytest

from analysis.data.simulate.parameters import parameters

TRIALS = ("robot_vs_agent", "script_wording", "early_contact")
CURED = """
    select t.arm, avg(cured::int) share, count(*) units from (
        select t.*, exists (select 1 from months m where m.account_id = t.account_id
            and m.month > last_day(t.decided_at) and m.month <= last_day(t.decided_at + interval {months} month)
            and m.status in ('open', 'paid_off') and m.days_past_due = 0) cured
        from treatments t where experiment_id = '{experiment}'
            and t.decided_at + interval {months} month <= '2025-12-31'
    ) t group by 1
"""


def test_truth_is_plain_json_without_blanks_that_are_no_numbers(demo) -> None:
    text = (demo.folder / "truth.json").read_text(encoding="utf-8")
    found: list[str] = []
    json.loads(text, parse_constant=found.append)
    assert found == []


def test_truth_holds_every_parameter(demo) -> None:
    told = demo.truth["parameters"]
    assert told["cure"]["contact"] == parameters("standard").cure.contact
    assert told["book"]["share"] == parameters("standard").book.share
    assert set(told) >= {"entry", "never", "cure", "roll", "contact", "strategies", "claims", "complaints"}


def test_the_variants_say_which_assumptions_they_break(demo, hard) -> None:
    assert demo.truth["broken_assumptions"] == []
    assert len(hard.truth["broken_assumptions"]) == 4


def test_expected_and_realised_never_cure_agree(demo) -> None:
    for group in ("by_product", "by_cause", "by_segment"):
        for name, cell in demo.truth["never_cure"][group].items():
            error = 4 * math.sqrt(cell["expected"] * (1 - cell["expected"]) / cell["spells"])
            assert cell["share"] == pytest.approx(cell["expected"], abs=error), name


def test_cure_hazards_agree_with_the_months(demo) -> None:
    told = demo.truth["cure"]["by_missed_payments"]["1"]
    seen = demo.value("""
        select avg((days_past_due = 0)::int) from (
            select status, days_past_due, lag(days_past_due) over w before
            from months window w as (partition by account_id order by month)
        ) where before between 1 and 29
    """)
    assert seen == pytest.approx(told["hazard"], abs=4 * math.sqrt(0.25 / told["at_risk"]))


@pytest.mark.parametrize("months", [1, 3])
@pytest.mark.parametrize("experiment", TRIALS)
def test_arms_cure_as_often_as_truth_expects(demo, experiment: str, months: int) -> None:
    told = demo.truth["experiments"][experiment]["outcomes"][f"cured_within_{months}"]["all"]
    seen = demo.frame(CURED.format(experiment=experiment, months=months)).set_index("arm")
    for arm, expected in told["cured"].items():
        error = 4 * math.sqrt(expected * (1 - expected) / seen.units[arm])
        assert seen.share[arm] == pytest.approx(expected, abs=error), arm
        assert told["realised"][arm] == pytest.approx(expected, abs=error), arm


@pytest.mark.parametrize("experiment", [*TRIALS, "priority_cutoff"])
def test_every_experiment_has_an_effect_by_segment(demo, experiment: str) -> None:
    told = demo.truth["experiments"][experiment]["outcomes"]["cured_within_1"]
    assert all(told[segment]["effect"] > 0 for segment in ("all", "high_risk", "middle_risk", "low_risk"))


def test_robots_lose_most_where_risk_is_high(demo) -> None:
    told = demo.truth["experiments"]["robot_vs_agent"]["outcomes"]["cured_within_1"]
    assert told["high_risk"]["effect"] > told["middle_risk"]["effect"] > told["low_risk"]["effect"]


def test_the_effect_in_points_follows_from_the_log_odds(demo) -> None:
    """At a cure probability near one half, 0.5 log-odds among those who can cure are worth about 10 points."""
    told = demo.truth["experiments"]["priority_cutoff"]["outcomes"]["cured_within_1"]["all"]
    assert 0.06 < told["effect"] < 0.12


def test_entry_probabilities_agree_with_what_happened(demo) -> None:
    for name, cell in demo.truth["entry"]["by_product"].items():
        assert cell["realised"] == pytest.approx(cell["hazard"], rel=0.25), name


def test_elasticities_name_their_units(demo) -> None:
    told = demo.truth["elasticities"]
    assert set(told["entry"]) == set(told["units"])
    assert told["entry"]["unemployment"] > 0 > told["cure"]["unemployment"]


def test_relapse_hazards_agree_with_what_happened(demo) -> None:
    told = demo.truth["relapse"]["by_months_current"]
    assert list(told) == [str(j) for j in range(1, 13)]
    for j, cell in told.items():
        error = 4 * math.sqrt(cell["hazard"] * (1 - cell["hazard"]) / cell["at_risk"])
        assert cell["realised"] == pytest.approx(cell["hazard"], abs=error), j
    hazards = [cell["hazard"] for cell in told.values()]
    assert hazards == sorted(hazards, reverse=True)
    months = demo.truth["relapse"]["by_month"].values()
    assert sum(cells["3"]["at_risk"] for cells in months) == told["3"]["at_risk"]


def test_re_defaults_are_counted_from_the_months(demo) -> None:
    told = demo.truth["redefault"]
    seen = demo.frame("""
        with m as (
            select account_id, month, status = 'open' and days_past_due = 0 sound,
                status = 'open' and days_past_due > 0 late, status = 'open' and days_past_due >= 30 serious
            from months
        ), marked as (
            select *, sound and lag(sound) over w and lag(sound, 2) over w and lag(late, 3) over w sustained,
                bool_or(serious) over (w rows between 1 following and 12 following) again
            from m window w as (partition by account_id order by month)
        )
        select month, count(*) cures, sum(coalesce(again, false)::int) again from marked
        where sustained and month <= (select max(month) - interval 12 month from months)
        group by month order by month
    """)
    assert told["cures"] == seen["cures"].sum()
    assert told["share"] == pytest.approx(seen["again"].sum() / seen["cures"].sum(), abs=1e-6)
    assert [cell["again"] for cell in told["by_month"].values()] == seen["again"].tolist()


def test_contact_adds_its_log_odds_and_those_of_promises(demo) -> None:
    told, p = demo.truth["contact_effect"], parameters("standard").cure
    assert told["account_months"] > 0 and 0 < told["promised"] < 1
    # Skill has a mean of about zero over agents.
    assert told["mean_log_odds"] == pytest.approx(p.contact + p.promise * told["promised"], abs=0.15)
