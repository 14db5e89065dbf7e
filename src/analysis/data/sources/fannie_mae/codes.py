"""What Fannie Mae's codes are taken to mean. A code that is in none of these tables stops the import."""

from __future__ import annotations

ENDINGS: dict[str, str] = {
    "01": "paid_off",  # prepaid or matured
    "02": "charged_off",  # third-party sale at foreclosure
    "03": "charged_off",  # short sale
    "06": "sold",  # repurchased by the seller
    "09": "charged_off",  # deed in lieu, or disposition of foreclosed property
    "15": "sold",  # note sale
    "16": "sold",  # sale of a reperforming loan
    "96": "closed",  # removal that is no credit event
}
"""Zero balance code → status of the loan's last month."""

ROUTES: dict[str, str] = {
    "02": "auction",
    "03": "settlement",
    "09": "litigation",
    "15": "sale",
    "16": "sale",
}
"""Zero balance code → route of the disposal. Foreclosure is a court's or trustee's way, so 09 is litigation."""

CHANNELS: dict[str, str] = {
    "R": "retail",
    "B": "broker",
    "C": "correspondent",
    "T": "third party, not specified",
}

ASSISTANCE: dict[str, str] = {
    "F": "forbearance",
    "R": "repayment plan",
    "T": "trial period",
    "O": "other workout",
}
"""Borrower assistance status → treatment."""

NO_ASSISTANCE = ("N", "7", "9")
"""None, not applicable, not available."""

UNKNOWN_DELINQUENCY = ("X", "XX")

DELINQUENCY_CHOICES = ("refuse", "last_known", "current")
"""What may be done with months whose delinquency is unknown."""
