"""Attempts → reached → right-party contact → promise → kept, each step as a rate of the one before."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.methods.delinquency.shares import shares

STEPS: dict[str, tuple[str, str]] = {
    "reached": ("reached", "recorded"),
    "right_party": ("right_party", "reached"),
    "promise": ("promises", "right_party"),
    "kept": ("kept", "due"),
}
"""Steps in their order, with the counts that are numerator and denominator."""

RESPONSE = ("right_party", "recorded")
"""The first two steps at once."""


def funnel(counts: pd.DataFrame, by: Sequence[str] = ("channel",), level: float = 0.95) -> pd.DataFrame:
    """Rate of each step: `by`, step, step_order, numerator, denominator, clusters, rate, rate_lower, rate_upper.

    `counts` has one row a combination of `by`, with the counts named in `STEPS` and each step's cluster moments
    (`<step>_nn`, `<step>_nd`, `<step>_dd`, `<step>_clusters`).

    - reached: answered ÷ attempts with a recorded outcome; up is good. - right_party: debtor spoken to ÷ answered;
    up is good. - promise: promises ÷ debtor spoken to; up is good only where promises are kept. - kept: promises
    paid in time ÷ promises due; up is good. Cash is known by month, so it is an upper estimate; promises not yet
    due, or without amount or day, are in neither (see `not_due`, `without_terms` of the counts).

    A step whose denominator is 0 throughout (no promise was ever due, say) has no rows.

        channel     step     numerator  denominator  rate   rate_lower  rate_upper
        agent_call  reached       3120         9876  0.316       0.305       0.327
    """
    parts = [_step(counts, step, order, list(by), level) for order, step in enumerate(STEPS)]
    return pd.concat(parts, ignore_index=True).sort_values([*by, "step_order"], ignore_index=True)


def _step(counts: pd.DataFrame, step: str, order: int, by: list[str], level: float) -> pd.DataFrame:
    found = _rates(counts, step, STEPS[step], by, level)
    found.insert(len(by), "step", step)
    found.insert(len(by) + 1, "step_order", order)
    return found


def _rates(counts: pd.DataFrame, step: str, pair: tuple[str, str], by: list[str], level: float) -> pd.DataFrame:
    top, bottom = pair
    used = counts if counts[bottom].sum() > 0 else counts.iloc[:0]
    moments = {name: used[f"{step}_{name}"] for name in ("nn", "nd", "dd", "clusters")}
    cells = pd.DataFrame({"numerator": used[top], "denominator": used[bottom], **moments, "units": used[bottom]})
    found = shares(cells, level)
    rates = cells[["numerator", "denominator", "clusters"]].assign(
        rate=found.rate, rate_lower=found.lower, rate_upper=found.upper
    )
    return pd.concat([used[by], rates], axis=1)


def response(counts: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Right-party contacts ÷ attempts with a recorded outcome, by channel, with intervals; up is good.

    Returns channel, numerator, denominator, clusters, rate, rate_lower, rate_upper.
    """
    return _rates(counts, "response", RESPONSE, ["channel"], level)


STAGES: dict[str, str] = {
    "attempts": "recorded",
    "right_party": "right_party",
    "promise": "promises",
    "kept": "kept",
}
"""Stages of the picture and the counts they show; attempts without a recorded outcome are left out."""


def stages(counts: pd.DataFrame, minimum: int = 10) -> pd.DataFrame:
    """Counts a stage, long, for a picture: channel, stage, count, the most used channel first.

    Kept promises are scaled to all promises (kept ÷ due × promises), so that promises not due yet do not count as
    broken. A stage that holds fewer than `minimum`, and all after it, are missing.
    """
    due = counts["due"].where(counts["due"] > 0)
    table = counts.assign(kept=counts["kept"] / due * counts["promises"])[["channel", *STAGES.values()]]
    table = table.sort_values("recorded", ascending=False).set_axis(["channel", *STAGES], axis=1)
    shown = table[list(STAGES)].astype(float)
    enough = (shown >= minimum).cummin(axis=1)
    table = pd.concat([table["channel"], shown.where(enough)], axis=1)
    return table.melt("channel", var_name="stage", value_name="count")
