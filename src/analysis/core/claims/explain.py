"""What is wrong with a claim file, in words: which claim, which field, what came, what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from analysis.core.claims.deck import Deck
from analysis.core.claims.references import unknown

TAGS = ("same", "order", "agree", "inside", "base_rate", "outcome", "evidence", "implied")


def explain(error: ValidationError, content: Mapping[str, Any]) -> Iterator[str]:
    """One sentence a problem; `content` is what the file held, to name the claim by its id."""
    for problem in error.errors():
        location = list(problem["loc"])
        where, fields = _entry(location, content)
        yield f"{where}{_sentence(problem, location, fields)}"


def _entry(location: Sequence[int | str], content: Mapping[str, Any]) -> tuple[str, list[str]]:
    """`claim 's1-robot' (number 3): ` and the fields below it."""
    if len(location) > 1 and isinstance(location[1], int):
        kind = str(location[0]).removesuffix("s")
        raw = content[str(location[0])][location[1]]
        name = f" '{raw['id']}'" if isinstance(raw, Mapping) and raw.get("id") else ""
        rest = [str(part) for part in location[2:] if part not in TAGS]
        return f"{kind}{name} (number {location[1] + 1}): ", rest
    return "", [str(part) for part in location]


def _sentence(problem: Any, location: Sequence[int | str], fields: list[str]) -> str:
    name, came = ".".join(fields), problem["input"]
    if problem["type"] == "extra_forbidden":
        known = list(_model_at(location[:-1]).model_fields)
        inside = f"in '{'.'.join(fields[:-1])}' " if len(fields) > 1 else ""
        return inside + unknown("field", fields[-1], known)
    if problem["type"] == "missing":
        return f"'{name}' is required"
    if problem["type"] in ("literal_error", "union_tag_invalid"):
        expected = problem["ctx"].get("expected") or problem["ctx"]["expected_tags"]
        allowed = re.findall(r"'([^']+)'", expected)
        tag = problem["ctx"].get("tag", came)
        return f"'{name or 'kind'}': {unknown('value', str(tag), allowed)}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"'{name}' is {came!r}: {message}" if name and not isinstance(came, Mapping) else message


def _model_at(location: Sequence[int | str]) -> type[BaseModel]:
    """Model whose field a location ends in; tags of relations choose among theirs."""
    models: list[type[BaseModel]] = [Deck]
    for part in location:
        if isinstance(part, int):
            continue
        tagged = [m for m in models if part in get_args(_annotation(m, "kind"))]
        models = tagged or [inner for m in models for inner in _models(_annotation(m, part))] or models
    return models[0]


def _annotation(model: type[BaseModel], name: str) -> Any:
    field = model.model_fields.get(name)
    return field.annotation if field else None


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Models that an annotation holds, inside optional, list and tagged types."""
    if isinstance(annotation, type) and not get_args(annotation):
        return [annotation] if issubclass(annotation, BaseModel) else []
    if get_origin(annotation) in (tuple, list, dict, Union, UnionType, Annotated):
        return [model for inner in get_args(annotation) for model in _models(inner)]
    return []
