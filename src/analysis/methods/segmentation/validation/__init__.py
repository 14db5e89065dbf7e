"""Validation and monitoring of a model: performance on unseen accounts, fairness, drift, whether to refit."""

from analysis.methods.segmentation.validation import drift, fairness, refit

__all__ = ["drift", "fairness", "refit"]
