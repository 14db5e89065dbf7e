"""Groups of like accounts by k-means: behaviour, its preparation, how many groups are stable, and their names."""

from analysis.methods.segmentation.groups import behaviour, clustering, names

__all__ = ["behaviour", "clustering", "names"]
