"""What treatments add: `decisions` drawn by lot, valued in money, and `expected_values` of arms learnt from them.

`off_policy` tells what an allocation would have brought in those decisions; `draws` from a known truth are what
estimates are held against.
"""

from analysis.methods.segmentation.treatments import against_truth, decisions, expected_values, off_policy

__all__ = ["against_truth", "decisions", "expected_values", "off_policy"]
