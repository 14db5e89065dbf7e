"""Segmentation: whom to treat how, and what it is worth."""
