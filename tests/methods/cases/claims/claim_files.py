"""The shipped claims, and copies of them with a figure changed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from pydantic import TypeAdapter

from analysis.core.claims import Claim, Deck, Registry, Relation, load_claims
from analysis.methods.cases.claims.audit import audit, verdicts

ROOT = Path(__file__).parents[4]
CLAIMS = ROOT / "params" / "claims"
EXAMPLE = CLAIMS / "example"
FIVE = ("S0", "S1", "S2", "S3", "S4")


@cache
def shipped() -> Registry:
    return load_claims(CLAIMS)


@cache
def example() -> Registry:
    return load_claims(EXAMPLE)


@cache
def shipped_verdicts() -> pd.DataFrame:
    return verdicts(shipped()).set_index("claim")


@cache
def shipped_findings() -> pd.DataFrame:
    return audit(shipped())


def found(claim: str, reason: str, findings: pd.DataFrame | None = None) -> pd.DataFrame:
    """Findings of a claim for a reason; fails where there is none."""
    table = shipped_findings() if findings is None else findings
    rows = table[(table["claim"] == claim) & (table["reason"] == reason)]
    assert len(rows), f"{claim}: {table.loc[table['claim'] == claim, 'reason'].tolist()}, not {reason}"
    return rows


def changed(registry: Registry, claim: str, printed: list[str], **fields: Any) -> Registry:
    """The registry with fields of one claim changed; `printed` are the figures that this adds."""
    old = registry.claims[claim].model_dump()
    new = Claim.model_validate({**old, **fields, "printed": (*old["printed"], *printed)})
    decks = [
        deck.model_copy(update={"claims": tuple(new if c.id == claim else c for c in deck.claims)})
        for deck in registry.decks
    ]
    return Registry(tuple(decks))


def verdict(registry: Registry, claim: str) -> str:
    return str(verdicts(registry).set_index("claim").loc[claim, "verdict"])


def one(**fields: Any) -> Claim:
    """A claim with only the fields that a test is about."""
    base = {
        "id": "one",
        "says": "a claim for a test",
        "place": {"line": 1},
        "quantity": "rate",
        "unit": "percent",
        "design": "before_after",
    }
    return Claim.model_validate(base | fields)


def registry_of(*claims: Claim, relations: tuple[dict[str, Any], ...] = ()) -> Registry:
    document = {"id": "T", "title": "a test", "source": "none"}
    links = TypeAdapter(tuple[Relation, ...]).validate_python(relations)
    return Registry(
        (Deck.model_validate({"document": document}).model_copy(update={"claims": claims, "relations": links}),)
    )


def write(path: Path, change: Any) -> Path:
    """The example's file with a change made to its content."""
    content = yaml.safe_load((EXAMPLE / "vendor-deck.yml").read_text(encoding="utf-8"))
    change(content)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path
