"""The simulated portfolio as a whole."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.core.errors import ParameterError
from analysis.core.periods import shift_months
from analysis.core.portfolio import PortfolioInfo, write_portfolio_info
from analysis.data.simulate.arrow import days, numbers
from analysis.data.simulate.clock import make_clock
from analysis.data.simulate.drivers import MACRO_LEAD, Drivers, make_drivers
from analysis.data.simulate.parameters import BLOCK_ACCOUNTS, BROKEN, BURN_IN, Parameters, parameters
from analysis.data.simulate.parameters_work import AGENCIES
from analysis.data.simulate.state import World
from analysis.data.simulate.tally import Tally
from analysis.data.simulate.truth import truth
from analysis.data.simulate.write import Progress, Task, Writer, check_target, draw_all, swap_in

TRUTH = "truth.json"
ACCOUNTS_AN_AGENT = 500
FEWEST_AGENTS = 20
AGENT_STREAM = 1_000_003
"""Keeps the agents' stream apart from those of the blocks, whatever the seed."""


def simulate(
    to: Path,
    accounts: int = 20_000,
    months: int = 36,
    end: date = date(2025, 12, 31),
    seed: int = 7,
    variant: str = "standard",
    name: str = "demo",
    progress: Progress | None = None,
    replace: bool = False,
) -> None:
    """Write a simulated portfolio with known truth to the folder `to`.

    `months` ends of month are written, the last that of `end`. The same arguments give the same tables. Accounts
    are drawn in blocks of BLOCK_ACCOUNTS with one random stream a block; `progress(done, total)` is called after
    each. The folder appears complete or not at all.

    Raises InputError where `to` exists and is not a portfolio (or is one, and `replace` is false), and
    ParameterError for an unknown variant, fewer than one account or fewer than one month.
    """
    check_arguments(accounts, months)
    check_target(to, replace)
    p = parameters(variant)
    world, drivers = make_world(accounts, months, shift_months(end, 0), seed, p)
    made = to.with_name(f".{to.name}.making")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    try:
        tally = write_tables(made, accounts, seed, world, drivers, progress)
        text = json.dumps(truth(world, tally, seed, accounts), indent=1, ensure_ascii=False)
        (made / TRUTH).write_text(text + "\n", encoding="utf-8")
        write_portfolio_info(describe(name, accounts, months, end, seed, p), made)
        swap_in(made, to)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def check_arguments(accounts: int, months: int) -> None:
    if accounts < 1:
        raise ParameterError(f"accounts is {accounts}; at least 1 is needed")
    if not 1 <= months <= 120:
        raise ParameterError(f"months is {months}; allowed are 1 to 120")


def make_world(accounts: int, months: int, end: date, seed: int, p: Parameters) -> tuple[World, Drivers]:
    """What all blocks share, agents with their skill included."""
    clock = make_clock(end, months, BURN_IN)
    macro, drivers = make_drivers(clock, p)
    count = max(accounts // ACCOUNTS_AN_AGENT, FEWEST_AGENTS)
    rng = np.random.default_rng([AGENT_STREAM, seed])
    agency = np.sort(np.arange(count) % len(AGENCIES))
    return World(clock, p, macro, p.contact.skill * rng.standard_normal(count), agency), drivers


def write_tables(
    folder: Path, accounts: int, seed: int, world: World, drivers: Drivers, progress: Progress | None
) -> Tally:
    tasks = plan(accounts, seed)
    writer, tally = Writer(folder), Tally()
    for done, (tables, part) in enumerate(draw_all(tasks, world, drivers), 1):
        for name, table in tables.items():
            writer.add(name, table)
        tally.merge(part)
        if progress:
            progress(done, len(tasks))
    writer.close()
    pq.write_table(macro_table(world, drivers), folder / "macro.parquet", compression="zstd", store_schema=False)
    return tally


def plan(accounts: int, seed: int) -> list[Task]:
    """Blocks of whole accounts, each with its own random stream."""
    sizes = [min(BLOCK_ACCOUNTS, accounts - first) for first in range(0, accounts, BLOCK_ACCOUNTS)]
    streams = np.random.SeedSequence(seed).spawn(len(sizes))
    width = max(7, len(str(accounts)))
    return [
        Task(size, stream, index * BLOCK_ACCOUNTS, width)
        for index, (size, stream) in enumerate(zip(sizes, streams, strict=True))
    ]


def macro_table(world: World, drivers: Drivers) -> pa.Table:
    """The economy from well before the first account-month to the last."""
    del drivers
    count = world.clock.total + MACRO_LEAD
    last = date.fromordinal(date(1970, 1, 1).toordinal() + int(world.clock.ends[-1]))
    ends = [(shift_months(last, i - count + 1) - date(1970, 1, 1)).days for i in range(count)]
    columns = {name: numbers(np.round(values, 6)) for name, values in world.macro.items()}
    return pa.table({"month": days(np.array(ends)), **columns})


def describe(name: str, accounts: int, months: int, end: date, seed: int, p: Parameters) -> PortfolioInfo:
    """`portfolio.yml` of a simulated portfolio."""
    notes = ["All customers, accounts and payments are simulated; no real person or lender is described."]
    notes += [f"This variant breaks an assumption on purpose — {text}." for text in BROKEN[p.variant]]
    return PortfolioInfo(
        name=name,
        title="Simulated consumer credit" + (" (hard variant)" if p.variant == "hard" else ""),
        currency="CNY",
        source=f"Simulated: {accounts:,} accounts, {months} months, seed {seed}, variant {p.variant}; "
        f"what is true is in {TRUTH}",
        simulated=True,
        as_of_month=shift_months(end, 0),
        charge_off_days={**asdict(p.book)["charge_off_days"], "default": 120},
        notes=notes,
    )
