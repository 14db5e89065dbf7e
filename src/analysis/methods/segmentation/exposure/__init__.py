"""Exposure at risk: loss given charge-off, and with it what each account is likely to lose."""

from analysis.methods.segmentation.exposure import at_risk, loss_given

__all__ = ["at_risk", "loss_given"]
