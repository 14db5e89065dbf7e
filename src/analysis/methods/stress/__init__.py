"""Stress: one scenario through the whole chain: losses, provisions, recoveries, workload and staff.

- `scenarios`: macro history, what continues it, and how plausible that is
- `satellites`: what the economy adds to each step of delinquency
- `projection`: a book's arrears, charge-offs and recoveries under a scenario
- `credit`: expected credit losses, from staging to what moved the allowance
- `losses`: the distribution of losses over a year, and capital
- `capacity`: calls, queues and staff, and what missing staff does to cures
- `reverse`: what economy breaks the book
- `history`: the approach tested on the past

`earlier` measures the chapter's headlines as of an earlier date, through all of them.
"""

from analysis.methods.stress import (
    capacity,
    credit,
    earlier,
    history,
    losses,
    projection,
    reverse,
    satellites,
    scenarios,
)

__all__ = [
    "capacity",
    "credit",
    "earlier",
    "history",
    "losses",
    "projection",
    "reverse",
    "satellites",
    "scenarios",
]
