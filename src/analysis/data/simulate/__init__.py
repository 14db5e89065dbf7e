"""A simulated portfolio whose truth is known."""

from analysis.data.simulate.portfolio import simulate

__all__ = ["simulate"]
