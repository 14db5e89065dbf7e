"""The claim auditor: printed figures as intervals, checks of one claim and of several, and a verdict for each.

`audit` runs the checks of `single`, `change`, `relations` and `implied`; `support` and `sample_size` tell what it
would take to know, `summary` what an audit comes to, `beside` how claims stand to what was measured here.
"""

from analysis.methods.cases.claims import audit, beside, reasons, summary, support

__all__ = ["audit", "beside", "reasons", "summary", "support"]
