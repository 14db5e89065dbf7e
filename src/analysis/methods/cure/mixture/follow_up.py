"""Was the follow-up long enough to see the plateau of those who never cure?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.methods.cure.mixture.sample import CURED, NEVER, Times


@dataclass(frozen=True)
class FollowUp:
    """Maller and Zhou's test of sufficient follow-up, and the share of cures the model puts beyond it.

    `p_value` belongs to the hypothesis that follow-up is *not* sufficient: small is good. `late_events` counts
    events in (2·last_event − last_time, last_event]. `tail` is the share of all cures still to come that the
    fitted latency places after `last_time`; NaN before a model is fitted.

    The test takes times as continuous. With monthly ties a cure in the very last month makes the p-value 1; the
    tail then says how much is missing.
    """

    last_event: float
    last_time: float
    late_events: float
    p_value: float
    tail: float = float("nan")

    @property
    def sufficient(self) -> bool:
        return self.p_value < 0.05


def sufficient_follow_up(times: Times) -> FollowUp:
    """Test of Maller and Zhou (1996, Survival Analysis with Long-Term Survivors, §2.3), under case weights.

    With n spells and N of them with an event in the last stretch, the p-value is (1 − N/n)ⁿ. Known-never rows
    take no part: their follow-up has ended in an answer.
    """
    kept = times.event != NEVER
    time, weight = times.time[kept], times.weight[kept]
    cured = times.event[kept] == CURED
    last_time, last_event = float(time.max()), float(time[cured].max())
    late = cured & (time > 2.0 * last_event - last_time)
    count, rows = float(weight[late].sum()), float(weight.sum())
    p_value = 1.0 if last_event >= last_time else float(np.exp(rows * np.log1p(-min(count / rows, 1 - 1e-12))))
    return FollowUp(last_event, last_time, 0.0 if last_event >= last_time else count, p_value)
