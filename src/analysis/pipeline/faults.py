"""What a person is told when a command fails."""

from __future__ import annotations

import sys
import tempfile
import time
import traceback
from pathlib import Path

from analysis.core.errors import ArrearsError, ParameterError
from analysis.pipeline.places import find_root
from analysis.pipeline.publish import FULL, disk_full


def explain(error: Exception, debug: bool) -> int:
    """Print a message for the error and return the exit code that goes with it."""
    if isinstance(error, OSError) and error.errno in FULL:
        error = disk_full(error).with_traceback(error.__traceback__)
    if debug:
        traceback.print_exception(error)
    if isinstance(error, ArrearsError):
        print(f"arrears: {error}", file=sys.stderr)
        return error.exit_code
    where = "" if debug else f" The traceback is in {_keep(error)}."
    print(f"arrears: a fault of this program: {type(error).__name__}: {error}.{where}", file=sys.stderr)
    return 1


def _keep(error: Exception) -> Path:
    """File that the traceback was written to: in the work folder, or among temporary files outside a project."""
    try:
        folder = find_root() / "reports" / "work" / "faults"
        folder.mkdir(parents=True, exist_ok=True)
    except (ParameterError, OSError):
        folder = Path(tempfile.gettempdir())
    path = folder / f"arrears-{time.strftime('%Y%m%dT%H%M%S')}.txt"
    path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return path
