"""Figures that relations refer to, as intervals."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.core.claims.claim import Claim
from analysis.core.claims.references import split
from analysis.methods.cases.claims.change import bases, level
from analysis.methods.cases.claims.intervals import Span, span


def figure(claims: Mapping[str, Claim], reference: str) -> Span:
    """Interval of `claim.field` or `claim.values.n`; of several readings of a base, the first."""
    name, field, element = split(reference)
    claim = claims[name]
    if field == "values":
        number = (claim.values or ())[(element or 1) - 1]
        return span(claim, (number, number), claim.bound)
    if field == "base":
        return next(iter(bases(claim).values()))
    if field in ("change", "growth"):
        part = claim.change if field == "change" else claim.growth
        assert part is not None
        return span(claim, part.value, part.bound)
    return level(claim, field) if field != "before" else span(claim, claim.before or (0.0, 0.0))


def readings(claims: Mapping[str, Claim], reference: str) -> dict[str, Span]:
    """Every reading of a figure: a base may have one in points and one in percent."""
    name, field, _ = split(reference)
    return bases(claims[name]) if field == "base" else {"printed": figure(claims, reference)}


def all_of(claims: Mapping[str, Claim], reference: str) -> list[Span]:
    """A figure, or each of a series."""
    name, field, element = split(reference)
    if field == "values" and element is None:
        claim = claims[name]
        return [span(claim, (number, number), claim.bound) for number in claim.values or ()]
    return [figure(claims, reference)]


def owner(reference: str) -> str:
    """Claim that a reference speaks of."""
    return split(reference)[0]
