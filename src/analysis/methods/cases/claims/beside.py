"""Published claims beside what was measured here, and what can be concluded from the two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.core.claims import Claim, Registry
from analysis.core.parameters.cases_programme import Beside
from analysis.methods.cases.claims.intervals import points
from analysis.methods.cases.quasi_experiments.study import Effect

CONCLUSIONS = (
    "contradicted",
    "smaller",
    "larger",
    "not_contradicted",
    "other_way",
    "same_way",
    "cannot_tell",
    "not_comparable",
    "no_evidence",
)
COLUMNS = (
    "claim",
    "document",
    "verdict",
    "evidence",
    "claimed",
    "estimate",
    "lower",
    "upper",
    "level",
    "differs",
    "conclusion",
)


def beside(
    pairs: Sequence[Beside], registry: Registry, verdicts: pd.DataFrame, effects: Mapping[str, Effect]
) -> pd.DataFrame:
    """One row a pair: claim, document, verdict, evidence, claimed (of two printed shares, as a fraction, in the
    direction of what is measured here, else missing), estimate, lower, upper, level, differs, conclusion.

    Where both are about one share, the interval here is held against the claimed size: `not_contradicted` (it
    holds the claimed size), `smaller` or `larger` (it leaves it out, on that side), `contradicted` (it lies wholly
    on the other side of none). About different quantities only directions compare: `same_way`, `other_way`.
    `cannot_tell`: the interval holds none, or leaves it out but not once all comparisons registered with it are
    counted (p above 1 − level); `not_comparable`: not even directions compare; `no_evidence`: nothing
    was measured here. No conclusion says that the claim is true or false of those it was made about. Pairs of
    unknown claims are left out; see unknown_claims().
    """
    claims, documents = registry.claims, registry.documents
    given = dict(zip(verdicts["claim"], verdicts["verdict"], strict=True))
    rows = []
    for pair in (pair for pair in pairs if pair.claim in claims):
        effect = effects.get(pair.evidence)
        size = claimed_points(claims[pair.claim], pair)
        row = {"claim": pair.claim, "document": documents[pair.claim].id, "verdict": given.get(pair.claim, "")}
        row |= {"evidence": pair.evidence, "claimed": size, "differs": pair.differs}
        if effect is not None:
            row |= {name: getattr(effect, name) for name in ("estimate", "lower", "upper", "level")}
        rows.append(row | {"conclusion": conclude(pair, effect, size)})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def conclude(pair: Beside, effect: Effect | None, claimed: float) -> str:
    """One of CONCLUSIONS."""
    if effect is None or not np.isfinite([effect.estimate, effect.lower, effect.upper]).all():
        return "no_evidence"
    if pair.borne_out_by is None:
        return "not_comparable"
    sign = 1 if pair.borne_out_by == "rise" else -1
    low, high = sorted((sign * effect.lower, sign * effect.upper))
    stands = not effect.p > 1 - effect.level
    if high < 0 and stands:
        return "contradicted" if pair.same_quantity else "other_way"
    if pair.same_quantity and np.isfinite(claimed):
        return (
            "not_contradicted"
            if low <= sign * claimed <= high
            else "smaller"
            if high < sign * claimed
            else "larger"
        )
    return "same_way" if low > 0 and stands else "cannot_tell"


def claimed_points(claim: Claim, pair: Beside) -> float:
    """Change of a share from its two printed levels as a fraction, signed as what is measured here; else NaN."""
    if claim.unit != "percent" or claim.before is None or claim.after is None or pair.borne_out_by is None:
        return np.nan
    size = abs(points(sum(claim.before) / 2, sum(claim.after) / 2)) / 100
    return size if pair.borne_out_by == "rise" else -size


def unknown_claims(pairs: Sequence[Beside], registry: Registry) -> list[str]:
    """Claims that the parameters name and no claim file holds."""
    return [pair.claim for pair in pairs if pair.claim not in registry.claims]
