"""Whether the figures of claims stand in their sources."""

from __future__ import annotations

from pathlib import Path

from analysis.core.claims.load import Registry
from analysis.core.errors import InputError


def missing_figures(registry: Registry, *folders: Path | str) -> list[str]:
    """Printed tokens that are not on their claim's lines, as `file, line: claim: token`; empty where all are.

    Sources are looked for by name in the folders; a document that is only cited has none. Raises InputError naming
    those that are in none of them.
    """
    files = {file.name: file for folder in folders for file in sorted(Path(folder).glob("*")) if file.is_file()}
    wanted = {deck.document.source for deck in registry.decks if deck.document} - {""}
    if not wanted <= set(files):
        absent = ", ".join(sorted(wanted - set(files)))
        raise InputError(f"sources {absent} are not in {', '.join(map(str, folders)) or 'any folder given'}")
    texts = {name: files[name].read_text(encoding="utf-8").split("\n") for name in wanted}
    missing = []
    for name, claim in registry.claims.items():
        source, place = registry.documents[name].source, claim.place
        if not source:
            continue
        lines = "\n".join(texts[source][place.line - 1 : place.to or place.line])
        missing += [f"{source}, line {place.line}: {name}: {x}" for x in claim.printed if x not in lines]
    return missing
