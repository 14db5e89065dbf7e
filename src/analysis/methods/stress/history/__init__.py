"""The past as a test: yearly changes before and after an epidemic, what such data can't tell, a printed claim."""

from analysis.methods.stress.history import (
    changes,
    checks,
    recovery_claim,
)

__all__ = [
    "changes",
    "checks",
    "recovery_claim",
]
