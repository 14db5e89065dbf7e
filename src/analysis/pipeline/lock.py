"""One run at a time on one quarter."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.core.errors import InputError


@contextmanager
def only_run(path: Path, what: str) -> Iterator[None]:
    """Hold the lock of a quarter while the block runs; raises InputError where another run holds it.

    The system gives the lock up when its holder dies, however it dies, so a lock is never stale; the file's
    content only tells who holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            raise InputError(_held(path, what)) from None
        file.truncate(0)
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
        file.write(json.dumps(holder))
        file.flush()
        yield


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Wait for the lock, then hold it while the block runs; for what takes a moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _held(path: Path, what: str) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        who = f"process {holder['pid']} on {holder['host']}, since {holder['since']}"
    except (json.JSONDecodeError, KeyError):
        who = "another process"
    return f"another run is at work on {what} ({who}). Wait for it, or end it; nothing was changed."
