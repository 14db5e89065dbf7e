"""What was done to reach customers and to change their course, and what they complained of."""

from analysis.core.contract.column import Column, Order, Reference, Table
from analysis.core.contract.ledger import MONEY, RATE

ACCOUNT = Reference("account_id", "accounts", "account_id")

CONTACT_POINTS = Table(
    name="contact_points",
    row="a way to reach a customer",
    keys=("contact_point_id",),
    dated="added_at",
    columns=(
        Column("contact_point_id", "text", "a pseudonym, never the number or address itself", required=True),
        Column("customer_id", "text", "the customer", required=True),
        Column("kind", "text", "mobile, landline, email, postal, app, reference, …", required=True),
        Column(
            "source",
            "category",
            "where it comes from: the application, or a repair from internal or external sources",
            allowed=("application", "internal", "external"),
        ),
        Column("added_at", "date", "day from which it could be used", required=True),
        Column("dead_at", "date", "day on which it was found dead", known_from="*"),
        Column("repair_cost", "number", "cost of finding it", MONEY, minimum=0),
    ),
    references=(Reference("customer_id", "accounts", "customer_id"),),
    orders=(Order("added_at", "dead_at"),),
)

CONTACTS = Table(
    name="contacts",
    row="one attempt to reach a customer",
    keys=("contact_id",),
    dated="at",
    columns=(
        Column("contact_id", "text", "the attempt", required=True),
        Column("account_id", "text", "the account it was about", required=True),
        Column("contact_point_id", "text", "the way used"),
        Column("at", "timestamp", "customer's local time", required=True),
        Column("utc_offset_minutes", "integer", "local time minus UTC", "minutes", minimum=-840, maximum=840),
        Column(
            "channel",
            "category",
            "means",
            allowed=("sms", "robot_call", "agent_call", "app", "email", "letter", "visit", "legal"),
            required=True,
        ),
        Column("direction", "category", "who started it", allowed=("outbound", "inbound")),
        Column("party", "category", "whom it was meant for", allowed=("debtor", "third_party")),
        Column("staff", "integer", "staff present (visits)", "count", minimum=0, maximum=20),
        Column("agent_id", "text", "the agent"),
        Column("agency", "text", "in-house team or agency"),
        Column("duration_seconds", "number", "length of the conversation", "seconds", minimum=0),
        Column("recording_id", "text", "the recording"),
        Column(
            "outcome",
            "category",
            "result",
            allowed=(
                "no_answer",
                "invalid_number",
                "third_party",
                "right_party",
                "promise",
                "refused",
                "hardship",
                "dispute",
                "opt_out",
            ),
        ),
        Column(
            "reason",
            "category",
            "reason given for being overdue",
            allowed=("forgot", "unable", "unwilling", "unknown"),
        ),
        Column("promised_amount", "number", "promised to pay", MONEY, minimum=0),
        Column("promised_on", "date", "day promised; may lie in the future"),
        Column("script", "text", "wording used"),
    ),
    references=(ACCOUNT, Reference("contact_point_id", "contact_points", "contact_point_id")),
    notes="`promise`, `refused`, `hardship`, `dispute` and `opt_out` are right-party contacts too.",
)

TREATMENTS = Table(
    name="treatments",
    row="a decision on an account: strategy, placement with an agency, relief, or a control arm",
    keys=("treatment_id",),
    dated="decided_at",
    columns=(
        Column("treatment_id", "text", "the decision", required=True),
        Column("account_id", "text", "the account", required=True),
        Column("decided_at", "date", "day of the decision", required=True),
        Column("started_on", "date", "first day in force", known_from="*"),
        Column("ended_on", "date", "last day in force; blank while it runs", known_from="*"),
        Column("treatment", "text", "what was decided", required=True),
        Column("agency", "text", "in-house team or agency it was placed with"),
        Column("experiment_id", "text", "experiment it belongs to"),
        Column("unit", "category", "what was assigned", allowed=("account", "customer", "agent", "day", "region")),
        Column("arm", "text", "arm of the experiment"),
        Column("randomised", "boolean", "assigned by chance"),
        Column("probability", "number", "probability of that arm, where known", RATE, minimum=0, maximum=1),
        Column("assignment_score", "number", "score that the assignment used"),
        Column("cutoff", "number", "cut-off that the score was held to"),
        Column("cost", "number", "cost of the treatment", MONEY, minimum=0),
        Column("deferral_months", "integer", "months of deferral granted", "months", minimum=0, maximum=120),
        Column("extension_months", "integer", "months added to the term", "months", minimum=0, maximum=480),
        Column("rate_after", "number", "rate a year after relief", RATE, minimum=0, maximum=10),
        Column("forgiven", "number", "forgiven", MONEY, minimum=0),
    ),
    references=(ACCOUNT,),
    orders=(Order("decided_at", "started_on"), Order("started_on", "ended_on")),
)

COMPLAINTS = Table(
    name="complaints",
    row="a complaint",
    keys=("complaint_id",),
    dated="at",
    columns=(
        Column("complaint_id", "text", "the complaint", required=True),
        Column("account_id", "text", "the account", required=True),
        Column("contact_id", "text", "the contact complained of"),
        Column("agency", "text", "in-house team or agency complained of"),
        Column("at", "timestamp", "when it was made", required=True),
        Column("category", "text", "what it is about"),
        Column("responded_at", "timestamp", "first answer", known_from="*"),
        Column("resolved_at", "timestamp", "settled", known_from="*"),
        Column(
            "satisfaction",
            "integer",
            "the customer's rating once settled, 5 best",
            "1–5",
            minimum=1,
            maximum=5,
            known_from="resolved_at",
        ),
    ),
    references=(ACCOUNT, Reference("contact_id", "contacts", "contact_id")),
    orders=(Order("at", "responded_at"), Order("at", "resolved_at")),
)
