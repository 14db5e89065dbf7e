"""Reverse stress: the least implausible economy that exhausts a limit (`search` over `net_loss`), how sure that is
(`intervals`), and what each variable does alone (`tornado`).
"""

from analysis.methods.stress.reverse import (
    intervals,
    net_loss,
    search,
    tornado,
)

__all__ = [
    "intervals",
    "net_loss",
    "search",
    "tornado",
]
