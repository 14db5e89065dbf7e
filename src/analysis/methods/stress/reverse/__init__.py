"""Reverse stress: the least implausible economy that exhausts a limit (`search` over `net_loss`), how sure that is
(`intervals`), what whole paths lose (`path_loss`), and what each variable does alone (`tornado`).
"""

from analysis.methods.stress.reverse import (
    intervals,
    net_loss,
    path_loss,
    search,
    tornado,
)

__all__ = [
    "intervals",
    "net_loss",
    "path_loss",
    "search",
    "tornado",
]
