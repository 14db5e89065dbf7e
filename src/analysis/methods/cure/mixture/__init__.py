"""Mixture cure regression: who will have the event at all, and when."""

from analysis.methods.cure.mixture.mixture_cure import MixtureCure

__all__ = ["MixtureCure"]
