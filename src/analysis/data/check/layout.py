"""The order of `months` in its file: sorted by account and month, row groups never splitting an account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.core.errors import Problem
from analysis.data.check.count import EXAMPLES
from analysis.data.check.files import TableFile

MEND = "Rewrite the table in order: python -m analysis.data.parquet {folder}"


@dataclass
class Layout:
    """What a streamed pass over account and month found. `increasing` also shows the key to be unique."""

    out_of_order: int = 0
    repeated: int = 0
    split: int = 0
    disorder: list[str] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)

    @property
    def increasing(self) -> bool:
        return not self.out_of_order and not self.repeated


def read_layout(file: TableFile, batch_rows: int = 1 << 20) -> Layout:
    """Follow the file's account and month columns once, a batch at a time."""
    layout = Layout()
    last: tuple[str, np.datetime64] | None = None
    with pq.ParquetFile(file.path, read_dictionary=["account_id"]) as source:
        for group in range(source.num_row_groups):
            first_of_group = group > 0
            for batch in source.iter_batches(batch_rows, row_groups=[group], columns=["account_id", "month"]):
                known = batch.filter(pc.and_(batch["account_id"].is_valid(), batch["month"].is_valid()))
                if known.num_rows:
                    last = _follow(known, last, first_of_group, layout)
                    first_of_group = False
    return layout


def _follow(
    batch: pa.RecordBatch, last: tuple[str, np.datetime64] | None, starts_group: bool, layout: Layout
) -> tuple[str, np.datetime64]:
    """Compare each row with the one before it; returns the batch's last account and month."""
    account = batch["account_id"]
    if not pa.types.is_dictionary(account.type):
        account = account.dictionary_encode()
    codes = account.indices.to_numpy(zero_copy_only=False)
    month = batch["month"].cast(pa.date32()).to_numpy(zero_copy_only=False).astype("datetime64[D]")
    starts = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]]))
    names = account.dictionary.take(pa.array(codes[starts])).cast(pa.string())
    if last is not None and starts_group and names[0].as_py() == last[0]:
        layout.split += 1
        _note(layout.splits, f"account_id={last[0]}")
    _compare_accounts(names, last, layout)
    _compare_months(codes, month, layout)
    if last is not None and names[0].as_py() == last[0]:
        _compare_step(str(last[0]), int((month[0] - last[1]).astype(int)), layout)
    return names[-1].as_py(), month[-1]


def _compare_accounts(names: pa.StringArray, last: tuple[str, np.datetime64] | None, layout: Layout) -> None:
    falls = pc.less(names[1:], names[:-1]).to_numpy(zero_copy_only=False)
    where = names[1:].filter(pa.array(falls))
    if last is not None and names[0].as_py() < last[0]:
        where = pa.concat_arrays([names[:1], where])
    layout.out_of_order += len(where)
    for name in where[:EXAMPLES].to_pylist():
        _note(layout.disorder, f"account_id={name}")


def _compare_months(codes: np.ndarray, month: np.ndarray, layout: Layout) -> None:
    same = codes[1:] == codes[:-1]
    step = (month[1:] - month[:-1]).astype(int)
    layout.out_of_order += int(np.sum(same & (step < 0)))
    layout.repeated += int(np.sum(same & (step == 0)))


def _compare_step(account: str, days: int, layout: Layout) -> None:
    layout.repeated += days == 0
    if days < 0:
        layout.out_of_order += 1
        _note(layout.disorder, f"account_id={account}")


def _note(examples: list[str], text: str) -> None:
    if len(examples) < EXAMPLES and text not in examples:
        examples.append(text)


def layout_problems(file: TableFile, layout: Layout) -> Iterator[Problem]:
    """What streaming by account relies on; a file of one row group is read whole, so its order is free."""
    if file.row_groups <= 1:
        return
    mend = MEND.format(folder=file.path.parent)
    if layout.out_of_order:
        text = "rows must be sorted by account_id (as text) and month"
        yield Problem("months", "account_id", text, layout.out_of_order, tuple(layout.disorder), mend)
    if layout.split:
        text = "row groups must not split an account"
        yield Problem("months", "account_id", text, layout.split, tuple(layout.splits), mend)
