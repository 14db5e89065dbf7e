"""Checks that a claim bears on its own: bounds, growth rates, parts of a whole, formulas, timing, chance."""

from __future__ import annotations

import math
from collections.abc import Iterator

from analysis.core.claims.claim import Claim, Formula
from analysis.core.claims.expression import evaluate
from analysis.methods.cases.claims.change import check_change, level
from analysis.methods.cases.claims.intervals import combine, span
from analysis.methods.cases.claims.reasons import Finding
from analysis.methods.cases.claims.sample_size import chance_difference


def check_alone(claim: Claim) -> Iterator[Finding]:
    """All findings on a claim that need no other."""
    checks = (check_bounds, check_change, check_growth, check_parts, check_formula, check_timing, check_chance)
    for check in checks:
        yield from check(claim)


def check_bounds(claim: Claim) -> Iterator[Finding]:
    """A share lies in 0 to 100 percent, a score under the highest; says nothing where they do."""
    highest = {"percent": 100.0, "score": claim.out_of or 0.0}.get(claim.unit)
    if highest is None:
        return
    figures = [x for name in ("value", "before", "after") for x in (getattr(claim, name) or ())]
    figures += list(claim.values or ())
    for number in sorted(set(figures)):
        if not 0 <= number <= highest:
            reason = "impossible_share" if claim.unit == "percent" else "impossible_score"
            yield Finding(claim.id, "bounds", reason, number, highest, claim.unit)


def check_growth(claim: Claim) -> Iterator[Finding]:
    """Compound growth a year, (after ÷ before)^(1 ÷ years) − 1, against the printed rate.

    Where it is wrong, also the later level that the printed rate would give.
    """
    if not (claim.growth and claim.period and claim.before and claim.after):
        return
    years = claim.period.end - claim.period.start
    levels = (level(claim, "before"), span(claim, claim.after))
    found = combine(lambda a, b: ((b / a) ** (1 / years) - 1) * 100 if a > 0 <= b else math.nan, levels)
    printed = span(claim, claim.growth.value, claim.growth.bound)
    reason = "growth_follows" if found.meets(printed) else "growth_wrong"
    yield Finding(claim.id, "growth", reason, printed.value, found.value, "percent a year")
    if reason == "growth_wrong":
        needed = levels[0].value * (1 + printed.value / 100) ** years
        item = "level that would give the printed rate"
        yield Finding(claim.id, "growth", reason, levels[1].value, needed, claim.unit, item)


def check_parts(claim: Claim) -> Iterator[Finding]:
    """Sum of the parts against the whole, within the rounding of all of them."""
    if claim.parts is None:
        return
    spans = [span(claim, (x, x), "about" if claim.bound == "about" else "exactly") for x in claim.parts.values()]
    low, high = sum(s.low for s in spans), sum(s.high for s in spans)
    total = sum(claim.parts.values())
    reason = "parts_make_whole" if low - 1e-9 <= claim.whole <= high + 1e-9 else "parts_miss_whole"
    yield Finding(claim.id, "parts", reason, claim.whole, total, claim.unit)


def check_formula(claim: Claim) -> Iterator[Finding]:
    """Each printed result against the formula at the printed inputs."""
    if claim.formula is None:
        return
    for i, given in enumerate(claim.formula.gives):
        found = evaluate(claim.formula.expression, _inputs(claim.formula, i))
        printed = span(claim, (given, given))
        reason = "formula_gives" if printed.low - 1e-9 <= found <= printed.high + 1e-9 else "formula_wrong"
        yield Finding(claim.id, "formula", reason, given, found, claim.unit, item=str(i + 1))
    yield from _ranks(claim, claim.formula)


def _ranks(claim: Claim, formula: Formula) -> Iterator[Finding]:
    """Whether results of three or more come in the printed order, right or wrong as they are."""
    found = [evaluate(formula.expression, _inputs(formula, i)) for i in range(len(formula.gives))]
    if len(found) > 2:
        by = [sorted(range(len(found)), key=values.__getitem__) for values in (found, list(formula.gives))]
        yield Finding(claim.id, "formula", "same_order" if by[0] == by[1] else "other_order", item="order")


def _inputs(formula: Formula, i: int) -> dict[str, float]:
    return {name: values[i if len(values) > 1 else 0] for name, values in formula.inputs.items()}


def check_chance(claim: Claim) -> Iterator[Finding]:
    """Difference of two shares against what chance gives in one sample of twenty, where both arms are printed."""
    sizes = (claim.sample.control, claim.sample.treated) if claim.sample else (None, None)
    if claim.unit != "percent" or not (claim.before and claim.after and sizes[0] and sizes[1]):
        return
    before, after = (level(claim, name).value / 100 for name in ("before", "after"))
    largest = chance_difference(before, after, (float(sizes[0]), float(sizes[1])))
    reason = "beyond_chance" if abs(after - before) > largest else "within_chance"
    yield Finding(
        claim.id, "chance", reason, (after - before) * 100, largest * 100, "points", "beyond chance from here on"
    )


def check_timing(claim: Claim) -> Iterator[Finding]:
    """A warning cannot lead by less than its behaviour takes to show, or the behaviour began long before.

    Recomputed is how many days before the due date the behaviour must have begun: lead + window.
    """
    if claim.timing is None:
        return
    lead, window = claim.timing.lead.days, claim.timing.window.days
    reason = "warning_in_time" if window <= lead else "window_exceeds_lead"
    yield Finding(claim.id, "timing", reason, lead, lead + window, "days")
