"""Cure: who cures, when, and who never will. The event is cure; what never happens is *never curing*."""

from analysis.methods.cure.checks import IdentificationWarning
from analysis.methods.cure.compress import compress
from analysis.methods.cure.draw import Truth, draw_spells
from analysis.methods.cure.follow_up import FollowUp, sufficient_follow_up
from analysis.methods.cure.mixture import MixtureCure

__all__ = [
    "FollowUp",
    "IdentificationWarning",
    "MixtureCure",
    "Truth",
    "compress",
    "draw_spells",
    "sufficient_follow_up",
]
