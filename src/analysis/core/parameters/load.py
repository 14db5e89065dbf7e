"""Reading a parameter file; what is misspelt is refused with the nearest right name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from analysis.core.errors import ParameterError
from analysis.core.parameters.run import RunParameters
from analysis.core.yaml_files import read_keys


def load_parameters(path: Path | str, overrides: Mapping[str, Any] | None = None) -> RunParameters:
    """Parameters of a file, with dotted overrides (`delinquency.history_months`) on top.

    Raises ParameterError that names the file and every wrong key or value, unknown keys with the nearest known
    one. An override of None is left out, so that callers can pass on what was not given.
    """
    path = Path(path)
    content = read_keys(path, "parameter")
    for key, value in (overrides or {}).items():
        if value is not None:
            _set(content, key.split("."), value)
    try:
        return RunParameters.model_validate(content)
    except ValidationError as error:
        lines = "\n".join(f"{i:3d}. {line}" for i, line in enumerate(_explain(error), 1))
        raise ParameterError(f"{path}: parameters that cannot be used. Nothing was run.\n{lines}") from None


def parse_override(text: str) -> tuple[str, Any]:
    """Key and value of `chapter.key=value`; the value is read as YAML. Raises ParameterError without a `=`."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise ParameterError(f"'{text}' is not an override; write chapter.key=value")
    try:
        return key.strip(), yaml.safe_load(value)
    except yaml.YAMLError:
        raise ParameterError(f"'{text}': the value is not valid YAML") from None


def _set(content: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        inner = content.setdefault(key, {})
        if not isinstance(inner, dict):
            raise ParameterError(f"'{key}' holds a value, so '{'.'.join(keys)}' cannot be set below it")
        content = inner
    content[keys[-1]] = value


def _explain(error: ValidationError) -> Iterable[str]:
    for problem in error.errors():
        location = [str(part) for part in problem["loc"]]
        if problem["type"] == "extra_forbidden":
            yield _unknown_key(location)
        elif problem["type"] == "missing":
            yield f"'{'.'.join(location)}' is required"
        else:
            yield f"'{'.'.join(location)}' is {problem['input']!r}: {problem['msg']}"


def _unknown_key(location: list[str]) -> str:
    known = list(_model_at(location[:-1]).model_fields)
    prefix = ".".join(location[:-1])
    near = difflib.get_close_matches(location[-1], known, n=1, cutoff=0.0)
    nearest = ".".join(filter(None, [prefix, near[0]])) if near else ""
    hint = f"the nearest known key is '{nearest}'" if near else "no key is known there"
    return f"'{'.'.join(location)}' is unknown; {hint}"


def _model_at(location: list[str]) -> type[BaseModel]:
    """Section that a path of keys leads to (the innermost known one where the path ends in a value)."""
    model: type[BaseModel] = RunParameters
    for part in location:
        field = model.model_fields.get(part)
        if field is None:
            break
        candidates = [field.annotation, *getattr(field.annotation, "__args__", ())]
        inner = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
        if inner:
            model = inner[0]
    return model
