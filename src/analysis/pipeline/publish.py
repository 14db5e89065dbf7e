"""Publishing in one rename: a reader finds the last good report or the new one, never half of either."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.core.errors import ArrearsError

STAGING, PREVIOUS = ".staging-", ".previous-"
FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def staged(target: Path, run_id: str) -> Iterator[Path]:
    """An empty folder beside `target` to make a report in; gone afterwards, unless `swap` put it in place.

    Raises ArrearsError where the disk is full; the report that was there is untouched.
    """
    staging = target.with_name(f"{STAGING}{target.name}-{run_id}")
    try:
        staging.mkdir(parents=True)
        yield staging
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise disk_full(error, target) from error
    except ArrearsError as error:
        # A renderer is another program: its own words are all that tells why it stopped.
        if os.strerror(errno.ENOSPC) not in str(error):
            raise
        raise disk_full(OSError(errno.ENOSPC, ""), target) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def disk_full(error: OSError, target: Path | None = None) -> ArrearsError:
    """What a person is told when there is no room left."""
    where = f" while writing {error.filename}" if error.filename else ""
    kept = f" The report at {target} is as it was." if target and target.exists() else ""
    return ArrearsError(
        f"no space is left on the disk{where}. Nothing was published.{kept} Make room and run again."
    )


def swap(staging: Path, target: Path) -> None:
    """Put a finished report in its place; the one that was there gives way only once the new one stands."""
    previous = target.with_name(f"{PREVIOUS}{target.name}")
    shutil.rmtree(previous, ignore_errors=True)
    if target.exists():
        target.rename(previous)
    try:
        staging.rename(target)
    except OSError:
        if previous.exists():
            previous.rename(target)
        raise
    shutil.rmtree(previous, ignore_errors=True)


def recover(target: Path) -> bool:
    """Mend what a killed run left behind; True where the last good report had to be put back.

    Only to be called by who holds the quarter's lock.
    """
    previous = target.with_name(f"{PREVIOUS}{target.name}")
    put_back = previous.exists() and not target.exists()
    if put_back:
        previous.rename(target)
    shutil.rmtree(previous, ignore_errors=True)
    for staging in target.parent.glob(f"{STAGING}{target.name}-*"):
        shutil.rmtree(staging, ignore_errors=True)
    return put_back
