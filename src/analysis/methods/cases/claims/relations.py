"""Checks of claims against each other, within a document and between documents."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise

from analysis.core.claims.claim import Claim
from analysis.core.claims.references import split
from analysis.core.claims.relations import (
    Agreement,
    BaseRate,
    Containment,
    Evidence,
    Implied,
    Order,
    Outcome,
    Relation,
    Sameness,
)
from analysis.methods.cases.claims.implied import check_implied
from analysis.methods.cases.claims.intervals import combine, multiple, span
from analysis.methods.cases.claims.lookup import all_of, figure, owner
from analysis.methods.cases.claims.reasons import Finding
from analysis.statistics.base_rate import accuracy_against_no

Claims = Mapping[str, Claim]


def check_relation(relation: Relation, claims: Claims) -> Iterator[Finding]:
    """Findings of one relation, for each claim it speaks of."""
    match relation:
        case Sameness():
            yield from _same(relation, claims)
        case Order():
            yield from _order(relation, claims)
        case Agreement():
            yield from _agree(relation, claims)
        case Containment():
            yield from _inside(relation, claims)
        case BaseRate():
            yield from _base_rate(relation, claims)
        case Outcome():
            yield from _outcome(relation, claims)
        case Evidence():
            yield from _evidence(relation, claims)
        case Implied():
            yield from check_implied(relation, claims)


def _same(relation: Sameness, claims: Claims) -> Iterator[Finding]:
    """Printed alike where some number could be meant in both places; each claim is held against each other."""
    spans = {reference: figure(claims, reference) for reference in relation.figures}
    for here, found in spans.items():
        others = [there for there in spans if there != here]
        apart = [there for there in others if not found.meets(spans[there])]
        nearest = (apart or others)[0]
        yield Finding(
            owner(here),
            "same",
            "disagrees" if apart else "agrees",
            found.value,
            spans[nearest].value,
            claims[owner(here)].unit,
            against=", ".join(owner(x) for x in apart or others),
        )


def _order(relation: Order, claims: Claims) -> Iterator[Finding]:
    """Each figure at least as high as the one before it."""
    values = [(owner(r), s.value) for r in relation.figures for s in all_of(claims, r)]
    falls = [(a, b) for a, b in pairwise(values) if b[1] < a[1]]
    for name in dict.fromkeys(owner(reference) for reference in relation.figures):
        mine = [(a, b) for a, b in falls if name in (a[0], b[0])]
        pair = mine[0] if mine else (values[0], values[-1])
        yield Finding(
            name,
            "order",
            "out_of_order" if mine else "in_order",
            pair[0][1],
            pair[1][1],
            claims[name].unit,
            against=", ".join(sorted({owner(r) for r in relation.figures} - {name})),
        )


def _agree(relation: Agreement, claims: Claims) -> Iterator[Finding]:
    for name in relation.claims:
        others = [x for x in relation.claims if x != name]
        apart = [x for x in others if claims[x].direction != claims[name].direction]
        reason = "points_apart" if apart else "points_alike"
        yield Finding(name, "agree", reason, item=str(claims[name].direction), against=", ".join(apart or others))


def _inside(relation: Containment, claims: Claims) -> Iterator[Finding]:
    """Every value, ranges with both ends, within the low and high of the other claim's range."""
    frame_claim = claims[owner(relation.within)]
    frame = _ends(claims, relation.within)
    name = owner(relation.figure)
    ends = _ends(claims, relation.figure)
    outside = [x for x in ends if not min(frame) <= x <= max(frame)]
    reason = "lies_outside" if outside else "lies_inside"
    shown = outside[0] if outside else ends[0]
    edge = min(frame) if shown < min(frame) else max(frame)
    yield Finding(name, "inside", reason, shown, edge, claims[name].unit, against=frame_claim.id)


def _ends(claims: Claims, reference: str) -> tuple[float, ...]:
    """Both ends of a range, each of a series, or the one number that a reference names."""
    name, field, element = split(reference)
    if field in ("value", "before", "after", "values") and element is None:
        return tuple(getattr(claims[name], field))
    return (figure(claims, reference).value,)


def _base_rate(relation: BaseRate, claims: Claims) -> Iterator[Finding]:
    """The accuracy of never saying yes, and the best precision that the accuracy allows, both in percent."""
    accuracy, prevalence = figure(claims, relation.accuracy), figure(claims, relation.prevalence)
    against = accuracy_against_no(prevalence.value / 100, accuracy.value / 100)
    reason = "above_always_no" if against.gain > 0 else "below_always_no"
    for item, column in (("accuracy of never saying yes", "always_no"), ("best precision", "best_precision")):
        yield Finding(
            owner(relation.accuracy),
            "base rate",
            reason,
            accuracy.value,
            float(against[column]) * 100,
            "percent",
            item=item,
            against=owner(relation.prevalence),
        )


def _outcome(relation: Outcome, claims: Claims) -> Iterator[Finding]:
    """The multiple that came against the one forecast."""
    forecast, observed = claims[relation.forecast], claims[relation.observed]
    assert forecast.change and observed.before and observed.after
    printed = span(forecast, forecast.change.value, forecast.change.bound)
    found = combine(multiple, (span(observed, observed.before), span(observed, observed.after)))
    reason = "borne_out" if found.meets(printed) else "not_borne_out"
    shown = printed.value if math.isfinite(printed.value) else None
    yield Finding(forecast.id, "outcome", reason, shown, found.value, "times", against=observed.id)


def _evidence(relation: Evidence, claims: Claims) -> Iterator[Finding]:
    for name in relation.claims:
        alike = claims[name].direction == claims[relation.study].direction
        reason = "evidence_for" if alike else "evidence_against"
        yield Finding(name, "evidence", reason, item=str(claims[name].direction), against=relation.study)
