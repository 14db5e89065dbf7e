"""From how a treatment was assigned to the design that this bears, run on logged decisions and judged."""

from analysis.methods.cases.design_guide import against_truth, assignment, judge

__all__ = ["against_truth", "assignment", "judge"]
