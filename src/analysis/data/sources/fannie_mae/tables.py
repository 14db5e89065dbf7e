"""The contract's tables as DuckDB queries over `loans` and `performance`."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.data.sources.expressions import literal
from analysis.data.sources.fannie_mae.codes import ASSISTANCE, CHANNELS, ENDINGS, ROUTES

MASKED_MONTHS = 6
"""Age up to which the balance is not published (glossary, Current Actual UPB); the original one stands in."""

COSTS = "foreclosure_costs, preservation_costs, recovery_costs, holding_expenses, holding_taxes"
PROCEEDS = "sales_proceeds, enhancement_proceeds, make_whole_proceeds, other_proceeds"

KEPT = (
    "loan_id, zero_balance_code, foreclosure_date, disposition_date, modified, current_rate, forgiven, assistance"
)

Choices = Mapping[str, Mapping[str, str]]


def _cases(field: str, *tables: Mapping[str, str]) -> str:
    merged = {code: meaning for table in tables for code, meaning in table.items()}
    whens = "".join(f" WHEN {literal(code)} THEN {literal(meaning)}" for code, meaning in merged.items())
    return f"(CASE {field}{whens} END)"


def _sum(fields: str) -> str:
    """Sum of what is known; NULL where nothing is."""
    known = f"coalesce({fields}) IS NOT NULL"
    total = " + ".join(f"coalesce({field.strip()}, 0)" for field in fields.split(","))
    return f"(CASE WHEN {known} THEN {total} END)"


def accounts(codes: Choices, region: str) -> str:
    """One row a loan; `region` is the state, or the state with the first three digits of the zip code."""
    where = "state" if region == "state" else "state || '-' || lpad(zip3, 3, '0')"
    return f"""
        SELECT loan_id AS account_id, 'mortgage' AS product, origination_date AS opened_on,
            original_upb AS original_amount, original_rate / 100 AS annual_rate,
            CAST(original_term AS BIGINT) AS term_months, {where} AS region, debt_to_income / 100 AS debt_ratio,
            {_cases("channel", CHANNELS, codes.get("channel", {}))} AS origination_channel,
            CASE WHEN credit_score IS NOT NULL THEN 'FICO' END AS origination_model,
            credit_score AS origination_score, TRUE AS secured,
            CASE WHEN original_ltv > 0 THEN original_upb / (original_ltv / 100) END AS collateral_value
        FROM loans"""


def states(codes: Choices, unknown_delinquency: str) -> str:
    """Months as reported, with status, days past due and the balance that stands where none is published."""
    known = "TRY_CAST(delinquency AS BIGINT)"
    by_loan = "PARTITION BY loan_id ORDER BY period"
    past = f"last_value({known} IGNORE NULLS) OVER ({by_loan} ROWS UNBOUNDED PRECEDING)"
    months_due = f"coalesce({known}, 0)" if unknown_delinquency == "current" else f"coalesce({known}, {past}, 0)"
    published = "nullif(current_upb, 0)"
    masked = f"CASE WHEN loan_age <= {MASKED_MONTHS} THEN original_upb END"
    ending = _cases("zero_balance_code", ENDINGS, codes.get("zero_balance_code", {}))
    return f"""
        SELECT {KEPT}, last_day(period) AS month, 30 * {months_due} AS days, coalesce({ending}, 'open') AS status,
            coalesce({published}, {masked}, current_upb) AS upb,
            coalesce(removal_upb, {published}, lag({published}) OVER ({by_loan}), {masked}) AS claim,
            {_sum(PROCEEDS)} AS proceeds, {_sum(COSTS)} AS cost,
            greatest(last_day(period), last_day(coalesce(disposition_date, period))) AS disposed
        FROM performance LEFT JOIN (SELECT loan_id, original_upb FROM loans) USING (loan_id)"""


def months() -> str:
    """Reported months, then the months from charge-off to disposition, in which the claim stands."""
    return """
        SELECT loan_id AS account_id, month, CASE WHEN status IN ('paid_off', 'closed') THEN 0 ELSE days END
                AS days_past_due, status,
            CASE status WHEN 'open' THEN upb
                WHEN 'charged_off' THEN CASE WHEN month = disposed THEN greatest(claim - coalesce(proceeds, 0), 0)
                    ELSE claim END
                ELSE 0 END AS balance,
            CASE WHEN status = 'charged_off' AND month = disposed AND proceeds >= 0 THEN proceeds END
                AS amount_paid,
            CASE WHEN status = 'charged_off' THEN claim END AS charged_off_amount
        FROM states
        UNION ALL
        SELECT loan_id, last_day(CAST(later AS DATE)), days, status,
            CASE WHEN last_day(CAST(later AS DATE)) = disposed THEN greatest(claim - coalesce(proceeds, 0), 0)
                ELSE claim END,
            CASE WHEN last_day(CAST(later AS DATE)) = disposed AND proceeds >= 0 THEN proceeds END, NULL
        FROM (SELECT *, unnest(generate_series(CAST(date_trunc('month', month) + INTERVAL 1 MONTH AS TIMESTAMP),
                CAST(disposed AS TIMESTAMP), INTERVAL 1 MONTH)) AS later
            FROM states WHERE status = 'charged_off' AND disposed > month)"""


def disposals(codes: Choices) -> str:
    """One row a loan that left with a credit event or a sale; ended where a disposition or proceeds are known."""
    route = _cases("zero_balance_code", ROUTES)
    return f"""
        SELECT loan_id || '-disposal' AS disposal_id, loan_id AS account_id, {route} AS route,
            least(coalesce(foreclosure_date, month), month) AS started_on,
            CASE WHEN disposition_date IS NOT NULL OR proceeds IS NOT NULL THEN disposed END AS ended_on,
            claim AS balance, CASE WHEN proceeds >= 0 THEN proceeds END AS proceeds,
            CASE WHEN cost >= 0 THEN cost END AS cost
        FROM states WHERE {route} IS NOT NULL"""


def treatments(codes: Choices) -> str:
    """Modifications (first month flagged) and spells of assistance (consecutive months with one status)."""
    plan = _cases("assistance", ASSISTANCE, codes.get("assistance", {}))
    return f"""
        SELECT loan_id || '-modification' AS treatment_id, loan_id AS account_id, min(month) AS decided_at,
            min(month) AS started_on, NULL AS ended_on, 'modification' AS treatment,
            arg_min(current_rate, month) / 100 AS rate_after, arg_min(forgiven, month) FILTER (WHERE forgiven > 0)
                AS forgiven
        FROM states WHERE modified = 'Y' GROUP BY loan_id
        UNION ALL
        SELECT loan_id || '-' || plan || '-' || strftime(min(month), '%Y%m'), loan_id, min(month), min(month),
            CASE WHEN max(month) < any_value(latest) THEN max(month) END, plan, NULL, NULL
        FROM (SELECT loan_id, month, plan, latest, row_number() OVER (PARTITION BY loan_id ORDER BY month)
                - row_number() OVER (PARTITION BY loan_id, plan ORDER BY month) AS spell
            FROM (SELECT loan_id, month, {plan} AS plan, max(month) OVER () AS latest FROM states))
        WHERE plan IS NOT NULL GROUP BY loan_id, plan, spell"""
