"""What a reference between claims points at; one that points at nothing is refused with the nearest right name."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping

from analysis.core.claims.claim import Claim
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

FIGURES = ("value", "before", "after", "change", "growth", "base", "values")


def split(reference: str) -> tuple[str, str, int | None]:
    """Claim, field and element (from 1) of `claim-id.field` or `claim-id.values.3`."""
    claim, _, rest = reference.partition(".")
    field, _, element = rest.partition(".")
    return claim, field, int(element) if element.isdigit() else None


def figures_of(relation: Relation) -> tuple[str, ...]:
    """Every `claim.field` that a relation names."""
    match relation:
        case Sameness() | Order():
            return relation.figures
        case Containment():
            return (relation.figure, relation.within)
        case BaseRate():
            return (relation.accuracy, relation.prevalence)
        case Implied():
            named = [i for x in relation.inputs.values() for i in ([x] if isinstance(x, str) else x)]
            return tuple(named + [x for x in (relation.equals, relation.comparable) if x])
        case _:
            return ()


def claims_of(relation: Relation) -> tuple[str, ...]:
    """Every claim that a relation names as a whole."""
    match relation:
        case Agreement():
            return relation.claims
        case Evidence():
            return (*relation.claims, relation.study)
        case Outcome():
            return (relation.forecast, relation.observed)
        case Implied():
            return relation.about + ((relation.rises,) if relation.rises else ())
        case _:
            return ()


def wrong_references(relation: Relation, claims: Mapping[str, Claim]) -> Iterator[str]:
    """What is wrong with each reference of a relation, in words."""
    for name in claims_of(relation):
        if name not in claims:
            yield unknown("claim", name, claims)
    for reference in figures_of(relation):
        name, field, element = split(reference)
        if name not in claims:
            yield f"'{reference}': {unknown('claim', name, claims)}"
        elif field not in FIGURES:
            yield f"'{reference}': {unknown('figure', field, FIGURES)}"
        elif field == "values" and element is None and not isinstance(relation, (Order, Containment)):
            yield f"'{reference}' is a series; name one of it, for example '{reference}.1'"
        elif not _there(claims[name], field, element):
            yield f"'{reference}': claim '{name}' has no {field}{f' number {element}' if element else ''}"

    yield from _unfit(relation, claims)


def _unfit(relation: Relation, claims: Mapping[str, Claim]) -> Iterator[str]:
    """Claims that lack what the relation compares."""
    if isinstance(relation, (Agreement, Evidence)):
        blank = [name for name in claims_of(relation) if name in claims and not claims[name].direction]
        yield from (f"claim '{name}' has no 'direction', up or down, to compare" for name in blank)
    if isinstance(relation, Outcome):
        forecast, observed = claims.get(relation.forecast), claims.get(relation.observed)
        if forecast and not (forecast.change and forecast.change.unit == "times"):
            yield f"claim '{relation.forecast}' has no 'change' in times to hold against what came"
        if observed and not (observed.before and observed.after):
            yield f"claim '{relation.observed}' needs 'before' and 'after'"


def _there(claim: Claim, field: str, element: int | None) -> bool:
    if field == "base":
        return bool(claim.before or (claim.after and claim.change))
    found = getattr(claim, field)
    return found is not None and (element is None or 1 <= element <= len(found))


def unknown(what: str, name: str, known: Collection[str]) -> str:
    """Sentence for a name that isn't known, with the nearest one and, where they are few, all that are."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    hint = f"; the nearest known {what} is '{near[0]}'" if near else ""
    allowed = f"; allowed are {', '.join(known)}" if len(known) <= 20 else ""
    return f"{what} '{name}' is unknown{hint}{allowed}"
