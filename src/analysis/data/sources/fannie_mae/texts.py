"""What the import of Fannie Mae's files says of itself."""

from __future__ import annotations

from analysis.data.sources.fannie_mae.tables import MASKED_MONTHS

SOURCE = "Fannie Mae, Single-Family Loan Performance Data, under the terms accepted when it is downloaded"

FILLED = {
    "accounts.account_id": "loan identifier",
    "accounts.product": "mortgage, throughout",
    "accounts.opened_on": "origination date, first day of the month",
    "accounts.original_amount": "original unpaid principal balance",
    "accounts.annual_rate": "original interest rate ÷ 100",
    "accounts.term_months": "original loan term",
    "accounts.region": "property state, or state and first three digits of the zip code",
    "accounts.debt_ratio": "debt-to-income ratio ÷ 100",
    "accounts.origination_channel": "channel",
    "accounts.origination_model, origination_score": "FICO, borrower's credit score at origination",
    "accounts.secured": "true, throughout",
    "accounts.collateral_value": "original balance ÷ original loan-to-value ratio",
    "months.month": "last day of the monthly reporting period",
    "months.days_past_due": "30 × current loan delinquency status; 0 in the last month of a loan paid off",
    "months.status": "open; in the last month by zero balance code: 01 paid_off, 02, 03 and 09 charged_off, 06, "
    "15 and 16 sold, 96 closed",
    "months.balance": "current actual unpaid principal balance; after a charge-off the claim less proceeds",
    "months.charged_off_amount": "balance at removal, else the last one published",
    "months.amount_paid": "after a charge-off the proceeds, in the month of disposition",
    "treatments": "first month flagged as modified; spells of borrower assistance (forbearance, repayment, trial)",
    "disposals": "zero balance codes 02 auction, 03 settlement, 09 litigation, 15 and 16 sale; proceeds (sales, "
    "credit enhancement, make-whole, other) and costs (foreclosure, preservation, recovery, holding, taxes)",
}

NOT_FILLED = (
    "accounts.customer_id: loans of one borrower cannot be told",
    "accounts.age, income, industry, employment, sex, education, marital status",
    "months.amount_due, and amount_paid before charge-off: payments are not published",
    "months.accrued_interest, utilisation, spend, app_logins",
    "contacts, contact_points, complaints, attributes, macro",
)

NOTES = (
    "Delinquency is published in whole months; m months are written as 30·m days.",
    f"Balances are not published up to a loan age of {MASKED_MONTHS} months; the original balance stands in.",
    "Third-party sales, short sales, deeds in lieu and dispositions of foreclosed property count as charge-offs "
    "in the month of the zero balance code; from then to the disposition the claim stands unchanged.",
    "Negative net proceeds or costs are left empty. Days past due of loans without a known status at their end "
    "are the last known ones.",
    "Only the borrower's score is used, and loans of one borrower cannot be told, so intervals treat each loan as "
    "its own cluster.",
)

UNKNOWN_DELINQUENCY = {
    "refuse": "No month of an open loan has an unknown delinquency.",
    "last_known": "Months of unknown delinquency carry the last known one on.",
    "current": "Months of unknown delinquency are taken as not past due.",
}

MEND = (
    "Give each code a meaning in codes, choose what unknown_delinquency becomes (last_known or current), "
    "or correct the files."
)
