"""Programmes against their targets: history, progress, the chance of arriving, risks, and the balanced score."""

from analysis.methods.cases.programme import cycle_time, history, kpis, overview, quarters, risks

__all__ = ["cycle_time", "history", "kpis", "overview", "quarters", "risks"]
