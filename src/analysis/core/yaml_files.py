"""YAML files that people write: read as keys and values, or refused by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml

from analysis.core.errors import ParameterError

Read = TypeVar("Read")


def read_keys(path: Path, kind: str, holds: str = "keys") -> dict[str, Any]:
    """Keys and values of a file; an empty one has none.

    Raises ParameterError naming the file where it does not exist (`kind`: what it would be), cannot be read, is
    not valid YAML, or holds something other than keys (`holds`: what its keys are called) and values.
    """
    if path.is_dir():
        raise ParameterError(f"{kind} file {path} is a folder; name a file in it")
    if not path.is_file():
        raise ParameterError(f"{kind} file {path} does not exist; mend its name, or put it there")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise ParameterError(f"{kind} file {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ParameterError(f"{path} is not UTF-8 text ({error.reason}); save it as UTF-8") from None
    # A date such as 2025-13-01 has YAML's form of one, and is refused by the calendar instead.
    except (yaml.YAMLError, ValueError) as error:
        raise ParameterError(f"{path} is not valid YAML: {error}") from None
    if not isinstance(content, dict):
        raise ParameterError(f"{path} must hold {holds} and values, not {type(content).__name__}")
    return content


def files_of(folder: Path, kind: str) -> list[Path]:
    """YAML files (`*.yml`) directly in a folder, by name. Raises ParameterError where it or they are missing."""
    if not folder.is_dir():
        raise ParameterError(f"{kind} folder {folder} does not exist; mend its name, or put it there")
    found = sorted(folder.glob("*.yml"))
    if not found:
        raise ParameterError(f"{folder} holds no {kind} file (*.yml)")
    return found


def read_each(files: Iterable[Path], read: Callable[[Path], Read]) -> list[Read]:
    """What `read` makes of each file. Raises one ParameterError with what it raised for all of them."""
    found: list[Read] = []
    wrong: list[str] = []
    for file in files:
        try:
            found.append(read(file))
        except ParameterError as error:
            wrong.append(str(error))
    if wrong:
        raise ParameterError("\n".join(wrong))
    return found
