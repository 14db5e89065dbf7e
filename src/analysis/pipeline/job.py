"""What a worker is given to run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Job:
    """One chapter to run in `folder`: its notebook, its executed copy, and the parameters to inject."""

    chapter: str
    notebook: Path
    executed: Path
    folder: Path
    parameters: dict[str, Any]
