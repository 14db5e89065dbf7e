"""Reading claim files: all of a folder, so that claims of one document can be held against another's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from analysis.core.claims.claim import Claim
from analysis.core.claims.deck import Deck, Document
from analysis.core.claims.explain import explain
from analysis.core.claims.references import wrong_references
from analysis.core.claims.relations import Relation
from analysis.core.errors import ParameterError
from analysis.core.yaml_files import files_of, read_each, read_keys


@dataclass(frozen=True)
class Registry:
    """Claims of several documents, in the order of the files, with what relates them."""

    decks: tuple[Deck, ...]

    @property
    def claims(self) -> dict[str, Claim]:
        """Claim by id."""
        return {claim.id: claim for deck in self.decks for claim in deck.claims}

    @property
    def documents(self) -> dict[str, Document]:
        """Document by the id of each of its claims."""
        return {claim.id: deck.document for deck in self.decks if deck.document for claim in deck.claims}

    @property
    def relations(self) -> tuple[Relation, ...]:
        return tuple(relation for deck in self.decks for relation in deck.relations)


def load_claims(*paths: Path | str) -> Registry:
    """Claims of files, or of all `*.yml` directly in a folder.

    Raises ParameterError that names the file, the claim and every wrong field, unit or reference, with the nearest
    known name and what is allowed.
    """
    files = [file for found in read_each(map(Path, paths), _files) for file in found]
    registry = Registry(tuple(read_each(files, _read)))
    _refuse(f"{', '.join(map(str, paths))}: claims that cannot be used.", list(_wrong_together(registry)))
    return registry


def claim_schema() -> dict[str, Any]:
    """JSON schema of a claim file, for editors that check while one types."""
    schema = Deck.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Claim file"}


def _files(path: Path) -> Iterable[Path]:
    return files_of(path, "claim") if path.is_dir() else [path]


def _read(path: Path) -> Deck:
    content = read_keys(path, "claim", "fields")
    try:
        return Deck.model_validate(content)
    except ValidationError as error:
        _refuse(f"{path}: claims that cannot be used.", list(explain(error, content)))
        raise


def _wrong_together(registry: Registry) -> Iterator[str]:
    """What can only be seen across files: no claim at all, ids used twice, documents left out, dead references."""
    claims = registry.claims
    if not claims:
        yield "there is no claim; list them under 'claims'"
    ids = Counter(claim.id for deck in registry.decks for claim in deck.claims)
    yield from (
        f"claim '{name}' is there {count} times; an id is used once" for name, count in ids.items() if count > 1
    )
    for deck in registry.decks:
        if deck.claims and deck.document is None:
            yield f"claim '{deck.claims[0].id}': its file has no 'document'; give id, title and source"
    for relation in registry.relations:
        for wrong in wrong_references(relation, claims):
            yield f"relation '{relation.id}': {wrong}"


def _refuse(head: str, wrong: list[str]) -> None:
    if wrong:
        lines = "\n".join(f"{number:3d}. {line}" for number, line in enumerate(wrong, 1))
        raise ParameterError(f"{head}\n{lines}") from None
