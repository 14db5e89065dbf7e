"""The claim auditor: every check on every claim, and one verdict for each."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd

from analysis.core.claims import Claim, Registry
from analysis.methods.cases.claims.reasons import REASONS, VERDICTS, Finding
from analysis.methods.cases.claims.relations import check_relation
from analysis.methods.cases.claims.single import check_alone

COMPARISONS = ("same", "order", "agree", "inside", "evidence")
"""Checks that work nothing out: their `recomputed` is a figure printed elsewhere."""

KEPT = ("claim", "verdict", "reason", "printed", "recomputed", "unit", "item", "against")

COLUMNS = ("claim", "check", "verdict", "reason", "item", "printed", "recomputed", "unit", "against")


def audit(registry: Registry) -> pd.DataFrame:
    """Every finding on every claim, one a row.

    Returns claim, check, verdict (one of VERDICTS), reason (a key of REASONS), item (element of a series, or the
    reading that was taken), printed and recomputed (floats in `unit`, missing where there is none), unit, against
    (ids of the other claims the check used). A claim that nothing could be checked of has one row that says why.

        claim            check   verdict           reason        printed  recomputed  unit
        s2-market-world  growth  arithmetic wrong  growth_wrong  12.0     10.67       percent a year
    """
    claims = registry.claims
    found = [finding for claim in claims.values() for finding in check_alone(claim)]
    found += [finding for relation in registry.relations for finding in check_relation(relation, claims)]
    silent = set(claims) - {finding.claim for finding in found}
    for name in (name for name in claims if name in silent):
        reason = "undefined_quantity" if claims[name].unit == "unspecified" else "single_figure"
        found.append(Finding(name, "none", reason))
    order = {name: i for i, name in enumerate(claims)}
    found.sort(key=lambda finding: order[finding.claim])
    rows = [{**asdict(f), "verdict": f.verdict, "unit": _unit(f, claims[f.claim])} for f in found]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({"printed": "float64", "recomputed": "float64"})


def _unit(finding: Finding, claim: Claim) -> str:
    """Money is told in its currency."""
    return str(claim.currency) if finding.unit == "money" else finding.unit


def verdicts(registry: Registry, findings: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row a claim: its gravest finding.

    The gravest by the order of VERDICTS; of equally grave ones the first, with its printed and recomputed numbers.
    Returns document, claim, says, source, section, line, figures (as printed), design, verdict, reason, printed,
    recomputed, unit, item, against, meaning (of the reason), readings (all that was worked out from the claim, as
    text), findings (how many checks were made, 0 for none).
    """
    table = audit(registry) if findings is None else findings
    rank = {verdict: i for i, verdict in enumerate(VERDICTS)}
    ranked = table.assign(rank=table["verdict"].map(rank)).sort_values("rank", kind="stable")
    worst = ranked.drop_duplicates("claim")[list(KEPT)]
    told = _readings(table[~table["check"].isin(COMPARISONS)])
    worst = worst.assign(
        meaning=[REASONS[reason][1] for reason in worst["reason"]],
        readings=worst["claim"].map(told).fillna(""),
        findings=worst["claim"].map(table.loc[table["check"] != "none", "claim"].value_counts()),
    )
    frame = _stated(registry).merge(worst, on="claim", validate="one_to_one")
    return frame.astype({"findings": "Int64"}).fillna({"findings": 0})


def _readings(findings: pd.DataFrame) -> dict[str, str]:
    """Claim → what was recomputed, all of it: `17 points; 48.57 percent`."""
    texts: dict[str, list[str]] = {}
    for row in findings.dropna(subset=["recomputed"]).itertuples():
        text = f"{row.recomputed:.4g}{_label(str(row.item), str(row.unit))}"
        texts.setdefault(str(row.claim), []).append(text)
    return {claim: "; ".join(dict.fromkeys(lines)) for claim, lines in texts.items()}


def _label(item: str, unit: str) -> str:
    named = f" ({item})" if item and item != unit else ""
    return ("" if unit in ("", "unspecified") else f" {unit}") + named


def _stated(registry: Registry) -> pd.DataFrame:
    """What the claims say, in the order of the files."""
    documents = registry.documents
    rows = [
        {
            "document": documents[name].id,
            "claim": name,
            "says": claim.says,
            "source": documents[name].source or documents[name].citation,
            "section": claim.place.section,
            "line": claim.place.line,
            "figures": ", ".join(claim.printed),
            "design": claim.design,
        }
        for name, claim in registry.claims.items()
    ]
    return pd.DataFrame(rows)
