"""Complaints by contacted accounts."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from analysis.data.simulate.population import choose
from analysis.data.simulate.state import Log, State, World

SATISFACTION = (0.14, 0.18, 0.28, 0.26, 0.14)
"""Shares of ratings 1–5 for a complaint resolved at the median speed."""


def complain(
    state: State,
    who: np.ndarray,
    attempts: np.ndarray,
    last_row: np.ndarray,
    last_second: np.ndarray,
    world: World,
    rng: np.random.Generator,
    log: Log,
) -> None:
    """Complaints of the month about the last attempt listed for each contacted account."""
    c = world.parameters.complaints
    odds = c.base + c.attempt * attempts + np.array(c.agency)[state.agency[who]]
    hit = np.flatnonzero(rng.random(len(who)) < expit(odds))
    if not len(hit):
        return
    count = len(hit)
    at = last_second[hit] + rng.integers(600, 172_800, count)
    responded = at + (rng.exponential(c.response_hours, count) * 3600).astype(np.int64)
    days = c.resolve_days * np.exp(0.7 * rng.standard_normal(count))
    slow = np.clip(days / c.resolve_days - 1, 0, 1.5)
    rating = np.clip(1 + choose(rng, SATISFACTION, count) - (rng.random(count) < 0.5 * slow), 1, 5)
    log.add(
        account=who[hit],
        contact=last_row[hit],
        agency=state.agency[who[hit]],
        second=at,
        category=choose(rng, c.category_share, count),
        responded=responded,
        resolved=responded + (days * 86_400).astype(np.int64),
        rating=rating,
    )
