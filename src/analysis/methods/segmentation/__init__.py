"""Segmentation: whom to treat how, and what it is worth.

- `tiers`: five tiers by value, risk and need, and who moves between them
- `exposure`: what each account is likely to lose, and how concentrated that is
- `training`: which accounts and features a model may learn from
- `scorecard`: the scorecard, from bins to points and reasons
- `champion_challenger`: models that might replace it, and whether they do better
- `validation`: whether a model is any good, fair, and still in its place
- `groups`: groups of like accounts, and their names
- `queues`: in which order to work, and what a better order brings
- `treatments`: what each treatment adds, learnt from decisions drawn by lot
- `allocation`: the mix of treatments worth most within capacity, budget and rules

`causes` tells apart who is unable, unwilling or forgot; `totals` are sums by group that most of these need.
"""

from analysis.methods.segmentation import (
    allocation,
    causes,
    champion_challenger,
    exposure,
    groups,
    queues,
    scorecard,
    tiers,
    training,
    treatments,
    validation,
)

__all__ = [
    "allocation",
    "causes",
    "champion_challenger",
    "exposure",
    "groups",
    "queues",
    "scorecard",
    "tiers",
    "training",
    "treatments",
    "validation",
]
