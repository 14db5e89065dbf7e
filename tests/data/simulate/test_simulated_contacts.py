"""Attempts, answers, promises, and lost contact."""

from __future__ import annotations

import numpy as np
import pytest

CALLS = "channel in ('robot_call', 'agent_call') and direction = 'outbound' and party = 'debtor'"
RIGHT = "outcome in ('right_party', 'promise', 'refused', 'hardship', 'dispute', 'opt_out')"


def test_only_overdue_or_charged_off_accounts_are_contacted(demo) -> None:
    """Overdue at the end of the month, or at the end of the one before and cured since."""
    idle = demo.value("""
        select count(*) from contacts c
        left join months m on m.account_id = c.account_id and m.month = last_day(c."at"::date)
        left join months b on b.account_id = c.account_id and b.month = last_day(m.month - interval 1 month)
        where coalesce(m.days_past_due, 0) = 0 and coalesce(b.days_past_due, 0) = 0
            and m.month > (select min(month) from months)
            and m.status = 'open'
    """)
    assert idle == 0


def test_contacts_keep_to_the_day_from_8_to_22(demo) -> None:
    assert demo.value('select min(hour("at")) from contacts') == 8
    assert demo.value('select max(hour("at")) from contacts') == 21


def test_the_first_contact_comes_the_recorded_days_after_the_due_date(demo) -> None:
    """Arms of early_contact: due date, a decision the day after, first attempt within the arm's days."""
    first = demo.frame("""
        select arm, min(day) earliest, max(day) latest from (
            select t.arm, t.account_id, min(datediff('day', t.decided_at, c."at"::date)) + 1 as day
            from treatments t join contacts c on c.account_id = t.account_id and c."at" >= t.decided_at - 1
            where experiment_id = 'early_contact' and last_day(c."at"::date) = last_day(t.decided_at)
            group by all
        ) group by arm
    """).set_index("arm")
    assert tuple(first.loc["early", ["earliest", "latest"]]) == (1, 2)
    assert tuple(first.loc["late", ["earliest", "latest"]]) == (6, 8)


def test_answers_follow_the_response_table_in_the_truth(demo) -> None:
    told = demo.truth["contact_response"]["calls_by_hour_and_weekday"]
    seen = demo.frame(f"""
        select hour("at") as hour, count(*) attempts, avg(({RIGHT})::int) share from contacts
        where {CALLS} and outcome <> 'invalid_number' group by 1 order by 1
    """).set_index("hour")
    expected = np.array([np.mean(told[str(hour)]) for hour in seen.index])
    error = 4 * np.sqrt(0.3 * 0.7 / seen.attempts)
    assert (np.abs(seen.share - expected) < error + 0.015).all()


def test_evenings_are_answered_best_and_rural_customers_answer_calls_more(demo) -> None:
    hours = demo.frame(
        f'select hour("at") as hour, avg(({RIGHT})::int) share from contacts where {CALLS} group by 1'
    )
    assert hours.set_index("hour").share.idxmax() in (18, 19, 20)
    place = demo.frame(f"""
        select urban, avg(({RIGHT})::int) share from contacts join accounts using (account_id)
        where {CALLS} group by 1
    """).set_index("urban")
    assert place.share[False] > place.share[True] + 0.02


def test_visits_are_made_by_two(demo) -> None:
    assert demo.value("select count(*) from contacts where (channel = 'visit') <> (staff is not null)") == 0
    assert demo.value("select min(staff) from contacts where channel = 'visit'") == 2


def test_a_promise_has_an_amount_and_a_day_after_the_call(demo) -> None:
    promise = "select * from contacts where outcome = 'promise'"
    assert (
        demo.value(f"select count(*) from ({promise}) where promised_amount is null or promised_on is null") == 0
    )
    assert demo.value(f"""select count(*) from ({promise}) where promised_on <= "at"::date""") == 0
    assert (
        demo.value("select count(*) from contacts where outcome <> 'promise' and promised_amount is not null") == 0
    )


def test_some_promises_are_kept_and_many_are_broken(demo) -> None:
    kept = demo.value("""
        select avg((paid >= promised_amount)::int) from (
            select c.contact_id, promised_amount, sum(amount_paid) paid from contacts c
            join months m on m.account_id = c.account_id
                and m.month between last_day(c."at"::date) and last_day(promised_on)
            where outcome = 'promise' and promised_on <= (select max(month) from months) group by all
        )
    """)
    assert 0.35 < kept < 0.60


def test_recorded_reasons_are_mostly_right_and_never_told_without_talking(demo) -> None:
    assert demo.value(f"select count(*) from contacts where reason is not null and not ({RIGHT})") == 0
    unknown = demo.value("select avg((reason = 'unknown')::int) from contacts where reason is not null")
    assert unknown == pytest.approx(0.10, abs=0.02)


def test_dead_numbers_are_found_by_trying_and_repaired_from_two_sources(demo) -> None:
    repair = demo.truth["repair"]
    assert repair["realised"]["internal"] == pytest.approx(repair["internal"], abs=0.03)
    assert repair["realised"]["external"] == pytest.approx(repair["external"], abs=0.03)
    orphans = demo.value("""
        select count(*) from contact_points p where source <> 'application' and not exists (
            select 1 from contact_points d where d.customer_id = p.customer_id and d.dead_at < p.added_at)
    """)
    assert orphans == 0


def test_third_parties_are_called_only_after_contact_is_lost(demo) -> None:
    early = demo.value("""
        select count(*) from contacts c join accounts using (account_id)
        where party = 'third_party' and not exists (
            select 1 from contact_points d where d.customer_id = accounts.customer_id and d.dead_at <= c."at")
    """)
    assert early == 0
    assert demo.value("select count(*) from contacts where party = 'third_party'") > 0


def test_complaints_follow_a_contact_and_are_rated_once_resolved(demo) -> None:
    assert (
        demo.value('select count(*) from complaints q join contacts c using (contact_id) where q."at" < c."at"')
        == 0
    )
    assert demo.value("select count(*) from complaints where (resolved_at is null) <> (satisfaction is null)") == 0
