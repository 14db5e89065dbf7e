"""YAML files that people write: read as keys and values, or refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from analysis.core.errors import ParameterError


def read_keys(path: Path, kind: str, holds: str = "keys") -> dict[str, Any]:
    """Keys and values of a file; an empty one has none.

    Raises ParameterError naming the file where it does not exist (`kind`: what it would be), is not valid YAML, or
    holds something other than keys (`holds`: what its keys are called) and values.
    """
    if not path.is_file():
        raise ParameterError(f"{kind} file {path} does not exist")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise ParameterError(f"{path} is not valid YAML: {error}") from None
    if not isinstance(content, dict):
        raise ParameterError(f"{path} must hold {holds} and values, not {type(content).__name__}")
    return content
