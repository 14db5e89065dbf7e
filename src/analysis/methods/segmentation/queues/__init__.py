"""Queues: the priority of accounts, whom different orders put first, and what working them brings."""

from analysis.methods.segmentation.queues import evidence, fronts, priority

__all__ = ["evidence", "fronts", "priority"]
