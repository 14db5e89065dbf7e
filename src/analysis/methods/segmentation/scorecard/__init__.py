"""The binned logistic scorecard: bins, the `card` fitted on them, points, reason codes and confidence limits."""

from analysis.methods.segmentation.scorecard import binning, card, confidence_limits, reasons

__all__ = ["binning", "card", "confidence_limits", "reasons"]
