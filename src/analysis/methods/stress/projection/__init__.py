"""A book under a scenario: from `book`, its roll rates moved by `tilt`, month by month in `paths` (`expected`: its
expectation alone), to `projection` with what is not known, and `summary`; cash after charge-off in `recovery`.
"""

from analysis.methods.stress.projection import (
    book,
    projection,
    recovery,
    summary,
)

__all__ = [
    "book",
    "projection",
    "recovery",
    "summary",
]
