"""The economy that the portfolio lives in."""

from analysis.core.contract.column import Column, Table

RATE = "fraction"

MACRO = Table(
    name="macro",
    row="a month of the economy",
    keys=("month",),
    dated="month",
    columns=(
        Column("month", "date", "last day of the month", required=True),
        Column("unemployment_rate", "number", "unemployed ÷ labour force", RATE, minimum=0, maximum=1),
        Column("gdp_yoy", "number", "real output against a year before", RATE, minimum=-1, maximum=1),
        Column("cpi_yoy", "number", "consumer prices against a year before", RATE, minimum=-0.5, maximum=2),
        Column("policy_rate", "number", "central-bank rate", RATE, minimum=-0.05, maximum=1),
        Column("house_price_yoy", "number", "house prices against a year before", RATE, minimum=-1, maximum=2),
    ),
    prefixes=(
        Column(
            "industry_index_",
            "number",
            "activity of an industry, one column an industry, 100 at the start",
            "index",
            minimum=0,
        ),
    ),
    notes="Months without gaps.",
)
