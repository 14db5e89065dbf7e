"""Quantities that follow from the printed figures, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analysis.core.claims.claim import Claim
from analysis.core.claims.expression import evaluate
from analysis.core.claims.relations import Implied
from analysis.methods.cases.claims.intervals import Span, combine
from analysis.methods.cases.claims.lookup import figure, owner, readings
from analysis.methods.cases.claims.reasons import Finding

Claims = Mapping[str, Claim]


def check_implied(relation: Implied, claims: Claims) -> Iterator[Finding]:
    """The implied quantity, or each of a series, with the outcome of the relation's test."""
    found = implied_values(relation, claims)
    tests = {"equals": _equals, "rises": _rises, "neutral": _neutral, "comparable": _comparable}
    chosen = next((test for name, test in tests.items() if getattr(relation, name) is not None), _told)
    for name in relation.about:
        yield from chosen(relation, claims, name, found)


def implied_values(relation: Implied, claims: Claims) -> list[Span]:
    """Value of the expression at each element of its series; one, where there is none."""
    length = max(1 if isinstance(x, str) else len(x) for x in relation.inputs.values())
    return [_at(relation, claims, i) for i in range(length)]


def _at(relation: Implied, claims: Claims, i: int) -> Span:
    names = list(relation.inputs)
    references = [x if isinstance(x, str) else x[i] for x in relation.inputs.values()]
    spans = [figure(claims, reference) for reference in references]
    return combine(lambda *v: evaluate(relation.expression, dict(zip(names, v, strict=True))), spans)


def _finding(
    relation: Implied, name: str, reason: str, printed: float | None, found: Span, item: str = ""
) -> Finding:
    inputs = {owner(i) for x in relation.inputs.values() for i in ([x] if isinstance(x, str) else x)}
    against = ", ".join(sorted(inputs - {name}))
    return Finding(name, "implied", reason, printed, found.value, relation.unit, item, against)


def _told(relation: Implied, claims: Claims, name: str, found: list[Span]) -> Iterator[Finding]:
    for i, value in enumerate(found):
        yield _finding(relation, name, "implied_only", None, value, _number(i, found))


def _equals(relation: Implied, claims: Claims, name: str, found: list[Span]) -> Iterator[Finding]:
    printed = figure(claims, str(relation.equals))
    for i, value in enumerate(found):
        reason = "implied_agrees" if value.meets(printed) else "implied_wrong"
        yield _finding(relation, name, reason, printed.value, value, _number(i, found))


def _rises(relation: Implied, claims: Claims, name: str, found: list[Span]) -> Iterator[Finding]:
    """The printed column is the value before; a series that stands still does not rise."""
    for i, value in enumerate(found):
        before = found[i - 1].value if i else None
        flat = before is not None and value.value <= before * (1 + 1e-9)
        reason = "implied_does_not_rise" if flat else "implied_agrees"
        yield _finding(relation, name, reason, before, value, _number(i, found))


def _neutral(relation: Implied, claims: Claims, name: str, found: list[Span]) -> Iterator[Finding]:
    at = float(relation.neutral or 0.0)
    for i, value in enumerate(found):
        fits = value.low - 1e-9 <= at <= value.high + 1e-9
        yield _finding(
            relation, name, "implied_agrees" if fits else "needs_something_unsaid", at, value, _number(i, found)
        )


def _comparable(relation: Implied, claims: Claims, name: str, found: list[Span]) -> Iterator[Finding]:
    """The other group's figure in each of its readings."""
    others = readings(claims, str(relation.comparable))
    for reading, other in others.items():
        reason = "implied_agrees" if found[0].meets(other) else "groups_differ"
        yield _finding(relation, name, reason, other.value, found[0], f"beside the other group in {reading}")


def _number(i: int, found: list[Span]) -> str:
    return str(i + 1) if len(found) > 1 else ""
