"""Training and test spells apart in time, as a model built at the cut would have met them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.cure.validation.cells import cut_short, followed


@dataclass(frozen=True)
class Split:
    """Cells of training and of test, both with `follow_up`, and the spells that neither could use.

    `unseen` spells had begun before the cut but were never under observation by it; `late` ones began after it
    and entered late, so that the scores, which start at a spell's first month, leave them out.
    """

    train: pd.DataFrame
    test: pd.DataFrame
    cut: int
    end: int
    unseen: float
    late: float

    @property
    def months(self) -> int:
        """Months that the longest test spell could be followed."""
        return int(self.test["follow_up"].max())


def split_by_entry(spells: pd.DataFrame, cut: int, end: int, known_late: int = 0) -> Split:
    """Spells begun before month `cut` to learn from, those begun at or after it to be judged on.

    `cut` and `end` are month numbers on the clock of `began`; `end` is the last month of follow-up of all spells.
    A training spell is seen up to month `cut` − `known_late` only: whatever came later, even to a spell begun
    long before, is blanked to "still open". `known_late` is the longest probation less one month, since a
    sustained cure is dated at its first current month but known only then.

    This is out of time, not out of customer: a customer of the training part may be late again after the cut.
    Raises InputError where either part is without spells or the training part without a cure.
    """
    cells = followed(spells, end)
    before = (cells["began"] < cut).to_numpy()
    room = cut - known_late - cells.loc[before, "began"].to_numpy(dtype=float)
    train = cut_short(cells[before], room)
    after = cells[~before]
    fresh = (after["entry"] == 0).to_numpy()
    test = after[fresh].reset_index(drop=True)
    _refuse_empty(train, test, end - cut)
    unseen = float(cells.loc[before, "spells"].sum() - train["spells"].sum())
    return Split(train, test, cut, end, unseen, float(after.loc[~fresh, "spells"].sum()))


def _refuse_empty(train: pd.DataFrame, test: pd.DataFrame, months: int) -> None:
    where = f"the cut, {months} months before follow-up ends"
    if test.empty:
        raise InputError(f"no spell was seen to begin after {where}; choose an earlier cut")
    if train.empty or not (train["exit"] == "cured").any():
        raise InputError(f"no spell begun before {where}, was known by then to have cured; choose a later cut")
