"""Randomised experiments: registered in `design`, refused or passed by `checks`, judged as a whole in `study`.

Effects plain, adjusted, by segment, over time and in lifetime value; `power`; `sequential` intervals for those who
peek; and `draws` from a known truth to hold the estimators against.
"""

from analysis.methods.cases.experiments import (
    against_truth,
    checks,
    earlier,
    naive,
    peeking,
    readings,
    study,
    value,
    value_alternatives,
)

__all__ = [
    "against_truth",
    "checks",
    "earlier",
    "naive",
    "peeking",
    "readings",
    "study",
    "value",
    "value_alternatives",
]
