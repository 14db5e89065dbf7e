"""Capacity: calls and staff of a `call_centre` under a scenario, what service levels need (`staffing`, `erlang`),
`feedback`: the staff that projected arrears need, and `loop`: what missing staff does to cures, and these to
arrears.
"""

from analysis.methods.stress.capacity import (
    call_centre,
    feedback,
    loop,
    staffing,
)

__all__ = [
    "call_centre",
    "feedback",
    "loop",
    "staffing",
]
