"""Changes: do they follow from the levels, are they points or percent, and where did they start?"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.core.claims.claim import Change, Claim
from analysis.core.claims.entry import Bound
from analysis.methods.cases.claims.intervals import Span, combine, multiple, points, relative, span
from analysis.methods.cases.claims.reasons import Finding

POINTS, PERCENT, TO, BY = "points", "percent", "to so many times", "by so many times"


def check_change(claim: Claim) -> Iterator[Finding]:
    """Findings on a claim's change, by what was printed beside it: both levels, one, or none."""
    if claim.before and claim.after:
        before, after = level(claim, "before"), level(claim, "after")
        yield from _direction(claim)
        if claim.change is None:
            yield from _levels_only(claim, before, after)
        elif claim.change.unit == "times":
            yield from _times(claim, claim.change, before, after)
        else:
            yield from _both(claim, claim.change, before, after)
    elif claim.change and (claim.before or claim.after or claim.value):
        yield from _one_level(claim, claim.change)
    elif claim.change:
        yield _no_level(claim, claim.change)


def level(claim: Claim, field: str) -> Span:
    """Interval of `value`, `before` or `after`; a qualifier goes with the value, or else with the later level."""
    bound: Bound = claim.bound if field != "before" else ("about" if claim.bound == "about" else "exactly")
    return span(claim, getattr(claim, field), bound)


def bases(claim: Claim) -> dict[str, Span]:
    """Reading → level that the claim's change started from; one reading where it can't be misread."""
    if claim.before:
        return {"printed": level(claim, "before")}
    if not claim.change or not (claim.after or claim.value):
        return {}
    after = level(claim, "after" if claim.after else "value")
    change = span(claim, claim.change.value, claim.change.bound)
    start = {
        POINTS: combine(lambda a, c: a - c, (after, change)),
        PERCENT: combine(lambda a, c: a / (1 + c / 100) if c != -100 else float("nan"), (after, change)),
    }
    if claim.change.unit == "times":
        return {TO: combine(lambda a, c: a / c if c else float("nan"), (after, change))}
    if claim.change.unit == "points":
        return {POINTS: start[POINTS]}
    return start if claim.unit == "percent" else {PERCENT: start[PERCENT]}


def _direction(claim: Claim) -> Iterator[Finding]:
    assert claim.before and claim.after
    step = sum(claim.after) - sum(claim.before)
    if claim.direction and (step > 0) != (claim.direction == "up"):
        yield Finding(
            claim.id, "direction", "direction_wrong", sum(claim.before) / 2, sum(claim.after) / 2, claim.unit
        )


def _levels_only(claim: Claim, before: Span, after: Span) -> Iterator[Finding]:
    for name, measure in ((POINTS, points), (PERCENT, relative)):
        if name == PERCENT or claim.unit == "percent":
            found = combine(measure, (before, after)).value
            yield Finding(claim.id, "change", "levels_given", None, found, name, item=name)


def _both(claim: Claim, change: Change, before: Span, after: Span) -> Iterator[Finding]:
    printed = span(claim, change.value, change.bound)
    right, other = (relative, points) if change.unit == "percent" else (points, relative)
    found = combine(right, (before, after))
    reason = "change_follows"
    if not found.meets(printed):
        swapped = claim.unit == "percent" and combine(other, (before, after)).meets(printed)
        names = {"percent": "points_called_percent", "points": "percent_called_points"}
        reason = names[change.unit] if swapped else "change_wrong"
    yield Finding(claim.id, "change", reason, printed.value, found.value, change.unit)


def _times(claim: Claim, change: Change, before: Span, after: Span) -> Iterator[Finding]:
    printed = span(claim, change.value, change.bound)
    ratio = combine(multiple, (before, after))
    fits = {TO: ratio.meets(printed), BY: Span(ratio.value - 1, ratio.low - 1, ratio.high - 1).meets(printed)}
    reason = "to_or_by" if all(fits.values()) else "change_follows" if any(fits.values()) else "change_wrong"
    reading = next((name for name, fit in fits.items() if fit), TO)
    yield Finding(claim.id, "change", reason, printed.value, ratio.value, "times", item=reading)


def _one_level(claim: Claim, change: Change) -> Iterator[Finding]:
    starts = bases(claim)
    if claim.unit != "percent" or not starts:
        for reading, start in starts.items():
            yield Finding(claim.id, "change", "implied_only", None, start.value, claim.unit, item=reading)
        return
    possible = {name: start for name, start in starts.items() if start.high >= 0 and start.low <= 100}
    if not possible:
        start = next(iter(starts.values()))
        yield Finding(claim.id, "change", "impossible_start", None, start.value, "percent")
    reason = {1: "level_implied", 2: "points_or_percent"}.get(len(possible), "")
    if len(possible) < len(starts) and possible:
        reason = "one_reading_possible"
    for reading, start in possible.items():
        yield Finding(claim.id, "change", reason, None, start.value, "percent", item=f"start if in {reading}")


def _no_level(claim: Claim, change: Change) -> Finding:
    middle = sum(change.value) / 2
    reason = "no_base" if change.unit == "times" else "no_level"
    if claim.unit == "unspecified":
        reason = "undefined_quantity"
    elif claim.unit == "percent" and change.unit == "percent":
        reason = "points_or_percent"
    return Finding(claim.id, "change", reason, middle, None, change.unit)
