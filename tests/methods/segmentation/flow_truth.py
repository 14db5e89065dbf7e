"""Logs drawn from the simulator's policy at the second missed payment, with its true effects."""

from __future__ import annotations

from analysis.data.simulate.parameters_work import Strategies
from analysis.methods.segmentation.treatments.draws import LogTruth

_STRATEGIES = Strategies()

FLOW = LogTruth(
    arms=_STRATEGIES.flow_arms,
    policy=_STRATEGIES.flow_policy,
    effects=_STRATEGIES.flow_effects,
    cost=tuple(_STRATEGIES.cost[arm] for arm in _STRATEGIES.flow_arms),
    complaints=(0.004, 0.010, 0.008, 0.006),
    effect_months=_STRATEGIES.flow_months,
)
