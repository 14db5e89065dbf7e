"""Capacity: calls and staff of a `call_centre` under a scenario, what service levels need (`staffing`, `erlang`),
and `feedback`: what missing staff does to cures.
"""

from analysis.methods.stress.capacity import (
    call_centre,
    feedback,
    staffing,
)

__all__ = [
    "call_centre",
    "feedback",
    "staffing",
]
