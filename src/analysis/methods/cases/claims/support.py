"""What would be needed to know: design and sample at the claimed effect."""

from __future__ import annotations

import math
from typing import NamedTuple

import pandas as pd

from analysis.core.claims import Claim, Registry
from analysis.methods.cases.claims.change import POINTS, bases, level
from analysis.methods.cases.claims.intervals import relative
from analysis.methods.cases.claims.sample_size import (
    relative_change_size,
    two_proportions_power,
    two_proportions_size,
)

EFFECTS = ("none", "before_after", "comparison", "ab_test", "target")

NEEDS: dict[str, str] = {
    "none": "name the comparison; then customers drawn by lot into two arms, with outcome and month named before",
    "before_after": "a second arm, drawn by lot, over the same months: all else that changed is in the figure",
    "comparison": "customers drawn by lot: who took which route was chosen, so the groups differ from the start",
    "ab_test": "the sizes of both arms, the outcome named beforehand and the interval of the difference",
    "forecast": "the level it starts from and its definition; then the same measure when the time has come",
    "target": "the level before, measured the same way, and an arm without the change, drawn by lot",
    "survey": "how many were asked, how they were chosen and how many answered",
    "model": "precision and recall on accounts later than those it was built on, at the share that has the event",
    "record": "numerator, denominator and date",
    "rule": "nothing: it is a norm or a setting, not an observation",
}
"""Design of a claim → what it lacks."""

COLUMNS = (
    "document",
    "claim",
    "design",
    "needs",
    "reading",
    "before",
    "after",
    "change",
    "per_arm",
    "per_arm_by_spread",
    "sample",
    "power_at_sample",
)

WHOLE = ("firms", "markets")
NEEDS_OTHERS = "the same months of like firms without the change: a whole firm can't be drawn by lot"


class _Effect(NamedTuple):
    reading: str
    before: float
    after: float
    share: bool


def support(registry: Registry, power: float = 0.8, alpha: float = 0.05) -> pd.DataFrame:
    """What each claim would take to be known; one row a claim, or a reading of one.

    Returns document, claim, design, needs (a sentence), reading, before and after (of shares in percent, else
    missing), change (percent of before), per_arm (accounts in each of two arms for `power` at two-sided `alpha`,
    for shares), per_arm_by_spread (for means: times the square of standard deviation ÷ mean), sample (of the
    smaller arm, missing where none is printed), power_at_sample. A claim that is no effect, speaks of a whole
    firm, or has no level to start from, has no sizes: its needs say what to ask for. Of events that come singly,
    as complaints, the squared spread is 1 ÷ mean: per_arm_by_spread is then the number of events an arm must see.
    """
    documents = registry.documents
    rows = []
    for claim in registry.claims.values():
        effects: list[_Effect | None] = list(_effects(claim)) or [None]
        for effect in effects:
            head = {"document": documents[claim.id].id, "claim": claim.id, "design": claim.design}
            rows.append({**head, "needs": _needs(claim, effect), **_sizes(claim, effect, power, alpha)})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _needs(claim: Claim, effect: _Effect | None) -> str:
    if claim.compared in WHOLE and claim.design in EFFECTS:
        return NEEDS_OTHERS
    if claim.design == "ab_test" and claim.sample and claim.sample.control:
        return "the outcome named beforehand and the interval of the difference"
    lacking = claim.design in EFFECTS and claim.change is not None and effect is None
    return NEEDS[claim.design] + ("; and the level it started from" if lacking else "")


def _effects(claim: Claim) -> list[_Effect]:
    """Effects as claimed; of a range the end that is nearer to none, which needs the larger sample."""
    if claim.design not in EFFECTS or claim.compared in WHOLE:
        return []
    share = claim.unit == "percent"
    if claim.before and claim.after:
        return [_nearest("printed", claim.before, claim.after, share)]
    if claim.change is None:
        return []
    if share:
        return _from_bases(claim)
    smallest = min(claim.change.value, key=abs)
    percent = smallest if claim.change.unit == "percent" else (smallest - 1) * 100
    known = claim.change.unit != "points" and percent and claim.unit != "unspecified"
    return [_Effect("as printed", 100.0, 100.0 + percent, False)] if known else []


def _from_bases(claim: Claim) -> list[_Effect]:
    known = claim.after or claim.value
    if known is None:
        return []
    after = level(claim, "after" if claim.after else "value").value
    starts = bases(claim).items()
    return [
        _Effect(f"start if in {name}" if name == POINTS or len(starts) > 1 else name, start.value, after, True)
        for name, start in starts
        if 0 <= start.value <= 100 and 0 <= after <= 100
    ]


def _nearest(reading: str, before: tuple[float, float], after: tuple[float, float], share: bool) -> _Effect:
    pairs = [(b, a) for b in before for a in after]
    start, end = min(pairs, key=lambda pair: abs(pair[1] - pair[0]))
    return _Effect(reading, start, end, share)


def _sizes(claim: Claim, effect: _Effect | None, power: float, alpha: float) -> dict[str, object]:
    sample = min(filter(None, (claim.sample.treated, claim.sample.control))) if claim.sample else math.nan
    row: dict[str, object] = dict.fromkeys(
        ("before", "after", "change", "per_arm", "per_arm_by_spread", "power_at_sample"), math.nan
    )
    row |= {"reading": effect.reading if effect else "", "sample": sample}
    if effect is None or effect.before == effect.after:
        return row
    change = relative(effect.before, effect.after)
    if not effect.share:
        return row | {"change": change, "per_arm_by_spread": relative_change_size(change / 100, power, alpha)}
    shares = effect.before / 100, effect.after / 100
    row |= {"before": effect.before, "after": effect.after, "change": change}
    row["per_arm"] = two_proportions_size(*shares, power, alpha)
    if claim.sample:
        row["power_at_sample"] = two_proportions_power(*shares, float(sample), alpha)
    return row
