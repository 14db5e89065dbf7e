"""A portfolio as it lay there on an earlier day: what came later is not in the files at all."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from chapter_runs import Left

from analysis.core.contract import TABLES
from analysis.core.portfolio import read_portfolio_info, write_portfolio_info


def cut(folder: Path, to: Path, day: date) -> Path:
    """Copy a portfolio without the rows dated after `day`, and with what was filled in later left blank."""
    to.mkdir(parents=True)
    for name, described in TABLES.items():
        rows = pq.read_table(folder / f"{name}.parquet")
        rows = rows.filter(pc.fill_null(_known(rows[described.dated], day), True))
        blanked = {
            c.name: rows[c.blank_after] for c in described.columns if c.blank_after and c.name in rows.column_names
        }
        for column, dates in blanked.items():
            known = pc.fill_null(_known(dates, day), False)
            values = pc.if_else(known, rows[column], pa.scalar(None, rows[column].type))
            rows = rows.set_column(rows.column_names.index(column), column, values)
        pq.write_table(rows, to / f"{name}.parquet")
    shutil.copy(folder / "truth.json", to)
    write_portfolio_info(read_portfolio_info(folder).model_copy(update={"as_of_month": day}), to)
    return to


def _known(column: pa.ChunkedArray, day: date) -> pa.ChunkedArray:
    return pc.less_equal(
        column.cast(pa.timestamp("us")).cast(pa.date32(), safe=False), pa.scalar(day, pa.date32())
    )


def assert_same_words(whole: Left, then: Left) -> None:
    """The same headlines, prose and sections left out in two runs of a chapter."""
    assert list(whole.headlines) == list(then.headlines)
    for key, headline in whole.headlines.items():
        other = asdict(then.headlines[key])
        for name, value in asdict(headline).items():
            assert value == (pytest.approx(other[name], rel=1e-9) if isinstance(value, float) else other[name])
    assert whole.prose == then.prose
    assert whole.left_out == then.left_out
