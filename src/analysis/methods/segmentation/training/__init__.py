"""What models learn from: accounts parted by time, and features that may be read."""

from analysis.methods.segmentation.training import features, samples

__all__ = ["features", "samples"]
