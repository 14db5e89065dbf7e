"""Experiments, the cut-off, the roll-out, the logging policy, and relief."""

from __future__ import annotations

import math

import pytest

ENTRY = "('robot_vs_agent', 'script_wording', 'early_contact', 'priority_cutoff')"


def test_no_account_is_in_two_experiments_at_once(demo) -> None:
    twice = f"select account_id from treatments where experiment_id in {ENTRY} group by 1 having count(*) > 1"
    assert demo.frame(twice).empty


@pytest.mark.parametrize(
    ("experiment", "arm", "probability"),
    [("robot_vs_agent", "agent", 0.5), ("script_wording", "script_b", 0.5), ("early_contact", "early", 0.3)],
)
def test_arms_are_drawn_with_the_probability_recorded(demo, experiment: str, arm: str, probability: float) -> None:
    rows = demo.frame(f"select arm, probability from treatments where experiment_id = '{experiment}'")
    error = 4 * math.sqrt(probability * (1 - probability) / len(rows))
    assert (rows.arm == arm).mean() == pytest.approx(probability, abs=error)
    assert set(rows.probability[rows.arm == arm]) == {probability}


def test_script_arms_are_drawn_by_customer(demo) -> None:
    mixed = demo.frame("""
        select customer_id from treatments join accounts using (account_id)
        where experiment_id = 'script_wording' group by 1 having count(distinct arm) > 1
    """)
    assert mixed.empty


def test_scripts_in_the_contact_log_are_those_of_the_arm(demo) -> None:
    strayed = demo.value("""
        select count(*) from treatments t join contacts c using (account_id)
        where experiment_id = 'script_wording' and c.script <> t.arm
            and c."at"::date between t.decided_at and coalesce(ended_on, '2025-12-31')
    """)
    assert strayed == 0


def test_priority_goes_to_scores_below_the_cutoff_and_to_no_other(demo) -> None:
    rows = demo.frame("select * from treatments where experiment_id = 'priority_cutoff'")
    assert ((rows.assignment_score < rows.cutoff) == (rows.arm == "priority")).all()
    assert rows.probability.isna().all() and not rows.randomised.astype(bool).any()
    near = (rows.assignment_score - rows.cutoff).abs() <= 20
    assert near.sum() > 100


def test_a_region_adopts_the_digital_desk_at_once_and_for_good(demo) -> None:
    rows = demo.frame("""
        select region, min(decided_at) filter (arm = 'adopted') as first,
            max(decided_at) filter (arm = 'not_adopted') as last
        from treatments join accounts using (account_id) where experiment_id = 'digital_desk' group by 1
    """).set_index("region")
    both = rows.dropna()
    assert (both["first"] > both["last"]).all()
    assert set(rows.index[rows["first"].isna()]) == {"northeast", "northwest"}
    assert both["first"].dt.to_period("M").nunique() == 6


def test_the_logging_policy_draws_what_it_recorded(demo) -> None:
    rows = demo.frame("""
        select arm, probability, origination_score from treatments join accounts using (account_id)
        where experiment_id = 'flow_policy'
    """)
    assert rows.probability.between(0.05, 0.95).all()
    weights = (1 / rows.probability).groupby(rows.arm).sum() / len(rows)
    assert weights.to_numpy() == pytest.approx([1.0] * 4, abs=0.1)


def test_ordinary_handling_records_its_probability_unless_it_hangs_on_the_hidden(demo, hard) -> None:
    ordinary = "select count(*) from treatments where experiment_id is null and treatment in ('robot', 'agent')"
    assert demo.value(f"{ordinary} and probability is null") == 0
    assert hard.value(f"{ordinary} and probability is not null") == 0


def test_hard_cases_get_agents_in_the_hard_variant_alone(demo, hard) -> None:
    """Never-cure cannot be seen; charge-off of the spell tells it."""
    sql = """
        select treatment, avg(lost::int) lost from (
            select t.treatment, exists (
                select 1 from months m where m.account_id = t.account_id and m.charged_off_amount > 0
                    and m.month between t.decided_at and t.decided_at + interval 8 month
            ) lost
            from treatments t where experiment_id is null and treatment in ('robot', 'agent')
                and decided_at < '2025-05-01'
        ) group by 1
    """
    gap = {p.truth["variant"]: p.frame(sql).set_index("treatment").lost for p in (demo, hard)}
    standard, confounded = (gap[name]["agent"] - gap[name]["robot"] for name in ("standard", "hard"))
    assert abs(standard) < 0.04
    assert confounded > standard + 0.04


def test_relief_defers_cards_and_mortgages_and_extends_other_loans(demo) -> None:
    rows = demo.frame("""
        select treatment, product, deferral_months, extension_months, rate_after, annual_rate
        from treatments join accounts using (account_id) where treatment in ('deferral', 'extension')
    """)
    deferred = rows.treatment == "deferral"
    assert set(rows["product"][deferred]) <= {"card", "mortgage"}
    assert (rows.extension_months[~deferred] > 0).all()
    assert (rows.rate_after[~deferred] < rows.annual_rate[~deferred]).all()
