"""Where a block of accounts stands in the portfolio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from analysis.data.simulate.arrow import ids


@dataclass(frozen=True)
class Place:
    """Where a block stands in the portfolio: numbers before its first account and customer, and id widths."""

    first_account: int
    first_customer: int
    width: int

    def accounts(self, index: np.ndarray) -> pa.Array:
        return ids("A", self.first_account + 1 + np.asarray(index, dtype=np.int64), self.width)

    def customers(self, index: np.ndarray) -> pa.Array:
        return ids("C", self.first_customer + 1 + np.asarray(index, dtype=np.int64), self.width)
