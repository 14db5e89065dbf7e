"""Evaluations without randomisation, one design a module: each comes to a `study` with its effect and its checks.

Difference-in-differences, discontinuity, interrupted series, matching and synthetic control, each with its parts
beside it; `sensitivity` to hidden confounders; and `draws` from a known truth to hold the designs against.
"""

from analysis.methods.cases.quasi_experiments import discontinuity

__all__ = ["discontinuity"]
