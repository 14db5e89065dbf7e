"""Streaming a simulated portfolio to Parquet: blocks drawn by workers, written in order, renamed at the end."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.core.contract import TABLES
from analysis.core.errors import InputError
from analysis.core.portfolio import FILE
from analysis.data.simulate.block import simulate_block
from analysis.data.simulate.drivers import Drivers
from analysis.data.simulate.place import Place
from analysis.data.simulate.state import World
from analysis.data.simulate.tables import block_tables
from analysis.data.simulate.tally import Tally

ROWS_A_GROUP = 500_000
"""A row group is closed with the first block that brings it to this many rows; it never splits a block."""
IN_PROCESS = 3
"""Up to this many blocks are drawn without worker processes."""
WORKERS = 2
AHEAD = 4
"""Blocks drawn but not yet written at any time; bounds memory."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Task:
    """One block to draw: how many accounts, from which stream, and where it stands."""

    size: int
    stream: np.random.SeedSequence
    first_account: int
    width: int


def draw(task: Task, world: World, drivers: Drivers) -> tuple[dict[str, pa.Table], Tally]:
    """Tables of a block, and its tally."""
    block = simulate_block(task.size, world, drivers, task.stream)
    place = Place(task.first_account, task.first_account, task.width)
    return block_tables(block, place, world), block.tally


def draw_all(tasks: list[Task], world: World, drivers: Drivers) -> Iterator[tuple[dict[str, pa.Table], Tally]]:
    """Blocks in order, drawn by worker processes where there are many."""
    if len(tasks) <= IN_PROCESS or (os.cpu_count() or 1) < 2:
        yield from (draw(task, world, drivers) for task in tasks)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
        waiting: deque[Future] = deque()
        for task in tasks:
            waiting.append(pool.submit(draw, task, world, drivers))
            if len(waiting) >= AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


class Writer:
    """One Parquet file a table, in the order in which blocks arrive."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.writers: dict[str, pq.ParquetWriter] = {}
        self.held: dict[str, list[pa.Table]] = {}

    def add(self, name: str, table: pa.Table) -> None:
        held = self.held.setdefault(name, [])
        held.append(table)
        if sum(part.num_rows for part in held) >= ROWS_A_GROUP:
            self.flush(name)

    def flush(self, name: str) -> None:
        """Write what is held as one row group."""
        table = pa.concat_tables(self.held.pop(name)).unify_dictionaries()
        if name not in self.writers:
            self.writers[name] = open_writer(self.folder / f"{name}.parquet", name, table)
        self.writers[name].write_table(table, row_group_size=max(table.num_rows, 1))

    def close(self) -> None:
        for name in list(self.held):
            self.flush(name)
        for writer in self.writers.values():
            writer.close()


def open_writer(path: Path, name: str, table: pa.Table) -> pq.ParquetWriter:
    """Parquet with zstd; ids and amounts, which hardly repeat, are not given a dictionary."""
    plain = {"balance", "amount_paid", "accrued_interest", "spend", "at", *TABLES[name].keys} - {
        "account_id",
        "month",
    }
    repeated = [column for column in table.column_names if column not in plain]
    return pq.ParquetWriter(
        path, table.schema, compression="zstd", compression_level=1, use_dictionary=repeated, store_schema=False
    )


def target_problem(to: Path, replace: bool) -> str:
    """Why a portfolio cannot be written to a folder; empty where it can."""
    if not to.exists() or (to.is_dir() and not any(to.iterdir())):
        return ""
    if not (to.is_dir() and (to / FILE).is_file()):
        return f"{to} exists and is not a portfolio folder (it has no {FILE}); give another target"
    return "" if replace else f"{to} already holds a portfolio; ask for it to be replaced, or give another target"


def swap_in(made: Path, to: Path) -> None:
    """Put the finished folder in its place; what was there goes only after that."""
    if not to.exists():
        made.rename(to)
        return
    old = made.with_name(f"{made.name}.old")
    to.rename(old)
    made.rename(to)
    shutil.rmtree(old)


def check_target(to: Path, replace: bool) -> None:
    if problem := target_problem(to, replace):
        raise InputError(problem)
