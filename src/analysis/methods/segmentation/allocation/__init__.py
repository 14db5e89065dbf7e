"""Treatment allocation: the mix of treatments worth most within capacity, budget and rules."""

from analysis.methods.segmentation.allocation.allocate import Allocation, allocate, treatment_mix
from analysis.methods.segmentation.allocation.declared import declared_rules
from analysis.methods.segmentation.allocation.offers import Offers, offers_from_table, offers_from_wide
from analysis.methods.segmentation.allocation.rules import (
    AllocationRules,
    Budget,
    Capacity,
    ContactLimit,
    Floor,
    Forbidden,
    MinimumSuccess,
)
from analysis.methods.segmentation.allocation.shadow import shadow_prices, value_of_capacity

__all__ = [
    "Allocation",
    "AllocationRules",
    "Budget",
    "Capacity",
    "ContactLimit",
    "Floor",
    "Forbidden",
    "MinimumSuccess",
    "Offers",
    "allocate",
    "declared_rules",
    "offers_from_table",
    "offers_from_wide",
    "shadow_prices",
    "treatment_mix",
    "value_of_capacity",
]
