"""League tables of agencies, agents, scripts and channels: adjusted for case mix, with what chance allows."""

from analysis.methods.cases.league import against_truth, funnel, tables

__all__ = ["against_truth", "funnel", "tables"]
