"""Proposed policies, and what logged decisions say of them before anyone is treated by them."""

from analysis.methods.cases.policies import against_truth, evaluation

__all__ = ["against_truth", "evaluation"]
