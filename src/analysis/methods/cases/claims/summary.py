"""What an audit comes to: claims by document and verdict, and what claimed effects rest on."""

from __future__ import annotations

import pandas as pd

from analysis.core.claims import Registry
from analysis.methods.cases.claims.lookup import owner
from analysis.methods.cases.claims.reasons import (
    AMBIGUOUS,
    ARITHMETIC_WRONG,
    HOLDS,
    INCONSISTENT,
    NOT_CHECKABLE,
)
from analysis.methods.cases.claims.support import EFFECTS

FAULTS = (ARITHMETIC_WRONG, INCONSISTENT)
"""Verdicts by which a claim does not hold; an ambiguous one may, in one of its readings."""

SHORT = {
    ARITHMETIC_WRONG: "wrong",
    INCONSISTENT: "inconsistent",
    AMBIGUOUS: "ambiguous",
    HOLDS: "holds",
    NOT_CHECKABLE: "unchecked",
}
ALL = "all"


def yardsticks(registry: Registry) -> set[str]:
    """Ids of documents that claims are only held against: studies, and what was observed. They are not audited."""
    used = set()
    for relation in registry.relations:
        for name in ("study", "observed"):
            reference = getattr(relation, name, None)
            if reference:
                used.add(str(owner(str(reference)) or reference))
    documents = registry.documents
    named = {documents[claim].id for claim in used if claim in documents}
    subjects = {
        str(owner(str(reference)) or reference)
        for relation in registry.relations
        for reference in [*getattr(relation, "claims", ()), getattr(relation, "forecast", None)]
        if reference
    }
    return named - {documents[claim].id for claim in subjects if claim in documents}


def audited(registry: Registry, verdicts: pd.DataFrame) -> pd.DataFrame:
    """Verdicts on the claims of all documents but the yardsticks."""
    return verdicts[~verdicts["document"].isin(yardsticks(registry))].reset_index(drop=True)


def by_document(registry: Registry, verdicts: pd.DataFrame) -> pd.DataFrame:
    """Claims by document and verdict, the last row `all`.

    Columns: document, title, claims, wrong (arithmetic), inconsistent, ambiguous, holds, unchecked (nothing to
    hold them against), checkable (all but the unchecked). Counts of these very claims, no sample: no interval.
    """
    titles = {deck.document.id: deck.document.title for deck in registry.decks if deck.document}
    counts = pd.crosstab(verdicts["document"], verdicts["verdict"].map(SHORT)).reindex(
        columns=list(SHORT.values())
    )
    counts = counts.reindex([name for name in titles if name in counts.index]).fillna(0).astype("int64")
    counts.loc[ALL] = counts.sum()
    table = counts.rename_axis("document").rename_axis(None, axis=1).reset_index()
    table.insert(1, "title", table["document"].map(titles).fillna(""))
    claims = table[list(SHORT.values())].sum(axis=1).astype("int64")
    table.insert(2, "claims", claims)
    return table.assign(checkable=claims - table["unchecked"])


def claimed_effects(registry: Registry, verdicts: pd.DataFrame) -> pd.DataFrame:
    """Audited claims of an effect: claim, document, design, sized (both arms' sizes are printed).

    A target is the effect hoped for, so it is none; nor are levels, forecasts, rules, surveys and models.
    """
    claims = registry.claims
    designs = [name for name in EFFECTS if name != "target"]
    chosen = verdicts[verdicts["design"].isin(designs)]
    samples = [claims[name].sample for name in chosen["claim"]]
    sized = [bool(sample and sample.control) for sample in samples]
    return chosen[["claim", "document", "design"]].assign(sized=sized).reset_index(drop=True)
