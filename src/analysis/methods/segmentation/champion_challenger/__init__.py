"""Scorecard and challengers learnt from the same accounts, judged on others, and set against the champion."""

from analysis.methods.segmentation.champion_challenger import contest

__all__ = ["contest"]
