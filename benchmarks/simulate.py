"""Time and memory of simulating a portfolio, beside writing the same rows with pyarrow alone.

    python benchmarks/simulate.py --accounts 1000000 --months 36

Prints wall and processor seconds, account-months a second, the peak memory of the whole process tree (shared
pages counted once a process, so an upper bound), and the ratio of the wall time to that of writing the finished
tables again from memory, row group by row group, in one process.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pyarrow.parquet as pq

from analysis.core.contract import TABLES
from analysis.data.simulate import simulate

POLL_SECONDS = 0.2


class PeakMemory(threading.Thread):
    """Watches the resident memory of this process and its children; `peak` is in bytes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self.done = 0, threading.Event()

    def run(self) -> None:
        me = psutil.Process()
        while not self.done.wait(POLL_SECONDS):
            total = 0
            for process in (me, *me.children(recursive=True)):
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    continue
            self.peak = max(self.peak, total)


def processor_seconds() -> float:
    """User and system time of this process and of its finished children."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def seconds_to_write(folder: Path, copy: Path) -> float:
    """Seconds spent in pyarrow's writer for all tables, reading not counted."""
    spent = 0.0
    for name in TABLES:
        source = pq.ParquetFile(folder / f"{name}.parquet")
        with pq.ParquetWriter(copy / f"{name}.parquet", source.schema_arrow, compression="zstd") as writer:
            for group in range(source.num_row_groups):
                table = source.read_row_group(group)
                start = time.perf_counter()
                writer.write_table(table, row_group_size=max(table.num_rows, 1))
                spent += time.perf_counter() - start
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder, copy = Path(scratch) / "portfolio", Path(scratch) / "copy"
        copy.mkdir()
        memory = PeakMemory()
        memory.start()
        start, before = time.perf_counter(), processor_seconds()
        simulate(folder, accounts=arguments.accounts, months=arguments.months, seed=arguments.seed)
        wall, processor = time.perf_counter() - start, processor_seconds() - before
        memory.done.set()
        rows = {name: pq.ParquetFile(folder / f"{name}.parquet").metadata.num_rows for name in TABLES}
        writing = seconds_to_write(folder, copy)
    print(f"accounts                  {arguments.accounts:>14,}")
    print(f"account-months            {rows['months']:>14,}")
    print(f"rows of all tables        {sum(rows.values()):>14,}")
    print(f"wall seconds              {wall:>14.1f}")
    print(f"processor seconds         {processor:>14.1f}")
    print(f"account-months a second   {rows['months'] / wall:>14,.0f}")
    print(f"peak memory, GB           {memory.peak / 1e9:>14.2f}")
    print(f"writing alone, seconds    {writing:>14.1f}")
    print(f"ratio to writing alone    {wall / writing:>14.1f}")


if __name__ == "__main__":
    main()
