"""Tiers: `components` of value and risk, `rules` that make tiers of them, tiers of accounts, and migration."""

from analysis.methods.segmentation.tiers import accounts, components, migration, rules

__all__ = ["accounts", "components", "migration", "rules"]
