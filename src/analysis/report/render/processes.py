"""Run an outside program within a time and a memory limit."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from analysis.core.errors import ArrearsError

POLL_SECONDS = 0.05


class RenderError(ArrearsError):
    """A renderer stopped, ran too long or took too much memory; nothing is published."""


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    seconds: float = 120,
    megabytes: int = 2048,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run `command` in `cwd` and return what it printed, standard output and error together.

    The program and its children are ended when they run longer than `seconds` or hold more than `megabytes` of
    resident memory. Raises RenderError with the end of the output for that and for any exit code but 0.
    """
    name = Path(command[0]).name
    with tempfile.TemporaryFile() as log:
        try:
            process = psutil.Popen(
                [str(part) for part in command],
                cwd=cwd,
                env=dict(env) if env is not None else None,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            raise RenderError(f"{name} could not be started: {error}") from None
        reason = _watch(process, seconds, megabytes)
        log.seek(0)
        printed = log.read().decode("utf-8", "replace")
    if reason or process.returncode:
        why = reason or f"ended with exit code {process.returncode}"
        raise RenderError(f"{name} {why}. Its last lines were:\n{_tail(printed)}")
    return printed


def _watch(process: psutil.Popen, seconds: float, megabytes: int) -> str:
    """Wait for the end; the reason why the program had to be ended, or nothing."""
    started = time.monotonic()
    while process.poll() is None:
        if time.monotonic() - started > seconds:
            _end(process)
            return f"ran longer than {seconds:g} seconds and was ended"
        if _resident(process) > megabytes * 2**20:
            _end(process)
            return f"took more than {megabytes} MB of memory and was ended"
        time.sleep(POLL_SECONDS)
    return ""


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [*process.children(recursive=True), process]
    except psutil.NoSuchProcess:
        return []


def _resident(process: psutil.Process) -> int:
    total = 0
    for member in _family(process):
        try:
            total += member.memory_info().rss
        except psutil.Error:
            continue
    return total


def _end(process: psutil.Popen) -> None:
    for member in _family(process):
        try:
            member.kill()
        except psutil.Error:
            continue
    process.wait()


def _tail(printed: str, lines: int = 15) -> str:
    return "\n".join(printed.strip().splitlines()[-lines:]) or "(it printed nothing)"
