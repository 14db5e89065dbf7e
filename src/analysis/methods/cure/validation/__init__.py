"""Validation of cure models: out of time, against rivals, by group of people, and over time."""

from analysis.methods.cure.validation.calibration import calibration_scores, calibration_table
from analysis.methods.cure.validation.cells import Outcomes, cut_short, drawn, followed
from analysis.methods.cure.validation.compare import Validation, validate
from analysis.methods.cure.validation.entrants import Mixture, MixtureOfExits, event_code
from analysis.methods.cure.validation.fairness import group_fairness
from analysis.methods.cure.validation.residuals import (
    exponential_check,
    marginal_residuals,
    month_table,
    quantile_residuals,
    susceptible_residuals,
    uniformity,
)
from analysis.methods.cure.validation.rivals import Forecaster, plain_rivals
from analysis.methods.cure.validation.scores import available, predictive_scores
from analysis.methods.cure.validation.split import Split, split_by_entry
from analysis.methods.cure.validation.stability import coefficients_by_vintage, largest_drift, stability_index

__all__ = [
    "Forecaster",
    "Mixture",
    "MixtureOfExits",
    "Outcomes",
    "Split",
    "Validation",
    "available",
    "calibration_scores",
    "calibration_table",
    "coefficients_by_vintage",
    "cut_short",
    "drawn",
    "event_code",
    "exponential_check",
    "followed",
    "group_fairness",
    "largest_drift",
    "marginal_residuals",
    "month_table",
    "plain_rivals",
    "predictive_scores",
    "quantile_residuals",
    "split_by_entry",
    "stability_index",
    "susceptible_residuals",
    "uniformity",
    "validate",
]
