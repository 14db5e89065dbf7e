"""A book under a scenario: from `book`, its roll rates moved by `tilt`, month by month in `paths` (`expected`: its
expectation alone), to `projection` with what is not known. From it come `peaks` of arrears, the `mix` of buckets
and products, `cash` after charge-off along the curve of `recovery`, and the totals of `summary`.
"""

from analysis.methods.stress.projection import (
    book,
    cash,
    mix,
    peaks,
    projection,
    recovery,
    summary,
)

__all__ = [
    "book",
    "cash",
    "mix",
    "peaks",
    "projection",
    "recovery",
    "summary",
]
