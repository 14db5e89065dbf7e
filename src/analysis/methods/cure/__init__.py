"""Cure: who cures, when, and who never will. The event is cure; what never happens is *never curing*."""

from analysis.core.errors import IdentificationWarning
from analysis.methods.cure import (
    chain,
    curves,
    cycle_time,
    never_cure,
    recovery,
    scores,
    speed,
    truth,
    truth_effects,
)
from analysis.methods.cure.chain import absorption, cash, forecast, occupancy
from analysis.methods.cure.competing.cause_specific import cause_specific_cox
from analysis.methods.cure.competing.cumulative_incidence import cumulative_incidence, time_in_state
from analysis.methods.cure.competing.draw_exits import ExitsTruth, ExitTruth, draw_exits
from analysis.methods.cure.competing.gray import GrayTest, gray_test
from analysis.methods.cure.competing.mixture_exits import MixtureExits
from analysis.methods.cure.mixture import MixtureCure
from analysis.methods.cure.mixture.draw import Truth, draw_spells
from analysis.methods.cure.mixture.follow_up import FollowUp, sufficient_follow_up
from analysis.statistics.compress import compress

__all__ = [
    "ExitTruth",
    "ExitsTruth",
    "FollowUp",
    "GrayTest",
    "IdentificationWarning",
    "MixtureCure",
    "MixtureExits",
    "Truth",
    "absorption",
    "cash",
    "cause_specific_cox",
    "chain",
    "compress",
    "cumulative_incidence",
    "curves",
    "cycle_time",
    "draw_exits",
    "draw_spells",
    "forecast",
    "gray_test",
    "never_cure",
    "occupancy",
    "recovery",
    "scores",
    "speed",
    "sufficient_follow_up",
    "time_in_state",
    "truth",
    "truth_effects",
]
