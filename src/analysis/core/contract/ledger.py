"""Accounts, their months, what changes about them, and how charged-off claims are worked."""

from analysis.core.contract.column import Column, Order, Reference, Table
from analysis.core.states import PRODUCTS, STATUSES

MONEY = "currency"
RATE = "fraction"

ACCOUNTS = Table(
    name="accounts",
    row="a credit account, values as of opening",
    keys=("account_id",),
    dated="opened_on",
    columns=(
        Column("account_id", "text", "the account", required=True),
        Column("customer_id", "text", "the customer; intervals treat a customer's accounts as one cluster"),
        Column("product", "category", "kind of credit", allowed=PRODUCTS, required=True),
        Column("opened_on", "date", "day of opening"),
        Column("credit_limit", "number", "limit of a revolving account at opening", MONEY, minimum=0),
        Column("original_amount", "number", "amount lent", MONEY, minimum=0),
        Column("annual_rate", "number", "contract rate a year", RATE, minimum=0, maximum=10),
        Column("term_months", "integer", "contract length", "months", minimum=1, maximum=600),
        Column("region", "text", "region of residence"),
        Column("city_tier", "text", "size class of the city"),
        Column("urban", "boolean", "lives in a city"),
        Column("industry", "text", "industry of the employer, or of the business"),
        Column("age", "integer", "age at opening", "years", minimum=14, maximum=120),
        Column("monthly_income", "number", "stated income", f"{MONEY} a month", minimum=0),
        Column("income_volatility", "number", "standard deviation ÷ mean of monthly income", "ratio", minimum=0),
        Column("job_changes_2y", "integer", "changes of employer in two years", "count", minimum=0, maximum=50),
        Column("debt_ratio", "number", "debt service ÷ income", "ratio", minimum=0),
        Column("lender", "text", "lender on whose books the account is"),
        Column("origination_channel", "text", "channel through which it was opened"),
        Column("origination_model", "text", "scoring model that accepted it"),
        Column("origination_score", "number", "score at opening; the higher the safer", "points"),
        Column("secured", "boolean", "backed by collateral"),
        Column("collateral_value", "number", "appraised at opening", MONEY, minimum=0),
        Column("sex", "text", "for fairness tests, never a feature", protected=True),
        Column("education", "text", "for fairness tests, never a feature", protected=True),
        Column("marital_status", "text", "for fairness tests, never a feature", protected=True),
    ),
)

MONTHS = Table(
    name="months",
    row="an account at a month's end",
    keys=("account_id", "month"),
    dated="month",
    columns=(
        Column("account_id", "text", "the account", required=True),
        Column("month", "date", "last day of the month", required=True),
        Column(
            "days_past_due",
            "integer",
            "days since the oldest unpaid due date",
            "days",
            minimum=0,
            required=True,
        ),
        Column("status", "category", "state at the month's end", allowed=STATUSES, required=True),
        Column(
            "balance",
            "number",
            "owed at the month's end; after charge-off the outstanding claim",
            MONEY,
            minimum=0,
            required=True,
        ),
        Column("amount_due", "number", "instalment or minimum payment due in the month", MONEY, minimum=0),
        Column(
            "amount_paid",
            "number",
            "cash received in the month; after charge-off the recovery",
            MONEY,
            minimum=0,
        ),
        Column("charged_off_amount", "number", "charged off, in the month of charge-off only", MONEY, minimum=0),
        Column("accrued_interest", "number", "interest accrued and unpaid", MONEY, minimum=0),
        Column("utilisation", "number", "balance ÷ limit", "ratio", minimum=0),
        Column("spend", "number", "card spending in the month", MONEY, minimum=0),
        Column("app_logins", "integer", "logins to the app in the month", "count", minimum=0),
    ),
    references=(Reference("account_id", "accounts", "account_id"),),
    notes=(
        "Sorted by account and month; no gap between an account's first and last month; row groups never split "
        "an account. After charge-off rows go on monthly with status `charged_off`; `paid_off`, `sold` and "
        "`closed` are one last row. Cash is counted from this table alone."
    ),
)

ATTRIBUTES = Table(
    name="attributes",
    row="something about an account that changes",
    keys=("account_id", "name", "known_at"),
    dated="known_at",
    columns=(
        Column("account_id", "text", "the account", required=True),
        Column("name", "text", "what is told", required=True),
        Column("known_at", "date", "day from which it is known", required=True),
        Column("value", "text", "its value, as text", required=True),
    ),
    references=(Reference("account_id", "accounts", "account_id"),),
)

DISPOSALS = Table(
    name="disposals",
    row="how a charged-off claim was worked",
    keys=("disposal_id",),
    dated="started_on",
    columns=(
        Column("disposal_id", "text", "the disposal", required=True),
        Column("account_id", "text", "the account", required=True),
        Column("lot_id", "text", "lot in a bulk sale or securitisation"),
        Column(
            "route",
            "category",
            "how the claim is worked",
            allowed=("litigation", "payment_order", "auction", "sale", "abs", "settlement"),
            required=True,
        ),
        Column("started_on", "date", "first day", required=True),
        Column("ended_on", "date", "last day; blank while it runs", known_from="*"),
        Column("balance", "number", "claim at the start", MONEY, minimum=0),
        Column("appraisal", "number", "appraised value of what is sold", MONEY, minimum=0),
        Column(
            "proceeds",
            "number",
            "received; explains cash in `months`, never added to it",
            MONEY,
            minimum=0,
            known_from="ended_on",
        ),
        Column("cost", "number", "spent on it", MONEY, minimum=0, known_from="ended_on"),
    ),
    references=(Reference("account_id", "accounts", "account_id"),),
    orders=(Order("started_on", "ended_on"),),
)
