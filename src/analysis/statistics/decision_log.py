"""Logged decisions with their recorded probabilities, and policies to be judged on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Policy = str | Sequence[str] | npt.NDArray[np.object_] | pd.Series | pd.DataFrame
"""One arm for all units, an arm for each unit (n,), or probabilities of arms (n, arms) with arms as columns."""

NEAR = 1e-6
"""Rounding allowed where probabilities must agree or sum to one."""


@dataclass(frozen=True, eq=False)
class DecisionLog:
    """n decisions that were taken, and what came of them; made by `read`.

    `arms` names those that were taken at least once, `chosen` (n,) each unit's arm as a position in them, `reward`
    (n,) what came of it in any unit, `probability` (n,) that of the arm taken, as recorded when it was drawn.
    `fold` (n,) numbers the clusters from 0, in the order of their sorted labels. `recorded` (n, arms) holds the
    probabilities of all arms, where they were kept.
    """

    arms: tuple[str, ...]
    chosen: Codes
    reward: Array
    probability: Array
    fold: Codes
    index: pd.Index
    recorded: Array | None = None

    @classmethod
    def read(
        cls,
        frame: pd.DataFrame,
        arm_col: str = "arm",
        reward_col: str = "reward",
        probability_col: str = "probability",
        fold_col: str = "fold",
        probabilities: pd.DataFrame | None = None,
    ) -> DecisionLog:
        """Read a frame with one row a decision.

        `fold_col` is a random group of customers, or the customer: what one value of it holds may hang together,
        values are independent. `probabilities` (n, arms; same index) are those of every arm, the taken one
        included. Raises InputError for absent columns, missing values, probabilities outside (0, 1], and recorded
        probabilities that don't sum to one or disagree with `probability_col`.
        """
        columns = [arm_col, reward_col, probability_col, fold_col]
        _refuse_gaps(frame, columns)
        reward, probability = (_numbers(frame, name) for name in (reward_col, probability_col))
        _refuse_rows(
            frame.index,
            ~((probability > 0) & (probability <= 1)),
            f"'{probability_col}' is outside (0, 1]",
            "It is the probability with which the arm taken was drawn; a decision by rule has 1.",
        )
        chosen, arms = pd.factorize(frame[arm_col].astype(str), sort=True)
        fold = pd.factorize(frame[fold_col], sort=True)[0]
        log = cls(tuple(arms), chosen, reward, probability, fold, frame.index)
        return log if probabilities is None else log._with_recorded(probabilities)

    @property
    def units(self) -> int:
        return len(self.chosen)

    @property
    def folds(self) -> int:
        return int(self.fold.max()) + 1

    def position(self, arm: str) -> int:
        """Place of an arm in `arms`; raises InputError for one that was never taken."""
        if arm not in self.arms:
            raise InputError(f"arm '{arm}' was never logged; logged arms: {', '.join(self.arms)}")
        return self.arms.index(arm)

    def by_fold(self, values: Array) -> Array:
        """Sums of (n,) values over each fold, (folds,)."""
        return np.bincount(self.fold, weights=values, minlength=self.folds).astype(float)

    def aligned(self, other: pd.DataFrame | pd.Series, what: str) -> None:
        """Raise InputError where rows of another frame are not those of the log, in its order."""
        if len(other) != self.units:
            raise InputError(
                f"{what}: {len(other):,} rows, but the log has {self.units:,}; give one row a decision"
            )
        if not other.index.equals(self.index):
            raise InputError(f"{what}: another index than the log's; put the rows in the log's order (reindex)")

    def _with_recorded(self, probabilities: pd.DataFrame) -> DecisionLog:
        table = _shares(self, probabilities, "the table of recorded probabilities")
        absent = [arm for arm in self.arms if arm not in table.columns]
        if absent:
            raise InputError(f"the table of recorded probabilities has no column for {', '.join(absent)}")
        recorded = table[list(self.arms)].to_numpy(dtype=float)
        own = recorded[np.arange(self.units), self.chosen]
        _refuse_rows(
            self.index,
            np.abs(own - self.probability) > NEAR,
            "the recorded probability of the arm taken differs from that in the table of all arms",
            "Find out which of the two the arm was drawn with.",
        )
        fields = (self.arms, self.chosen, self.reward, self.probability, self.fold, self.index)
        return DecisionLog(*fields, recorded=recorded)


def read_policy(log: DecisionLog, policy: Policy) -> Array:
    """Probabilities (n, arms) that a policy gives to the log's arms; rows sum to one.

    Raises InputError, by name, where the policy gives an arm that was never logged: no weighting of a log can tell
    what such an arm would have brought.
    """
    if isinstance(policy, pd.DataFrame):
        return _stochastic(log, policy)
    if isinstance(policy, str):
        policy = np.full(log.units, policy, dtype=object)
    if isinstance(policy, pd.Series):
        log.aligned(policy, "the policy")
    names = pd.Series(policy, dtype=object)
    if len(names) != log.units:
        raise InputError(f"the policy has {len(names):,} decisions, the log {log.units:,}; give one a decision")
    _refuse_rows(log.index, names.isna().to_numpy(), "the policy has no arm", "Give every unit one.")
    names = names.astype(str)
    _refuse_unlogged(log, names.value_counts())
    place = names.map({arm: i for i, arm in enumerate(log.arms)}).to_numpy(dtype=np.int64)
    shares: Array = np.eye(len(log.arms))[place]
    return shares


def _stochastic(log: DecisionLog, policy: pd.DataFrame) -> Array:
    table = _shares(log, policy, "the policy")
    given = (table > 0).sum()
    _refuse_unlogged(log, given[given > 0])
    return table.reindex(columns=list(log.arms), fill_value=0.0).to_numpy(dtype=float)


def _shares(log: DecisionLog, table: pd.DataFrame, what: str) -> pd.DataFrame:
    """The table with text column names, its rows known to be probabilities that sum to one."""
    log.aligned(table, what)
    found = table.rename(columns=str).astype(float)
    values = found.to_numpy()
    wrong = ~((values >= 0) & (values <= 1)).all(axis=1)
    _refuse_rows(log.index, wrong, f"{what} has values outside 0 to 1 or missing", "Give each arm's probability.")
    off = ~np.isclose(values.sum(axis=1), np.ones(log.units), rtol=0.0, atol=NEAR)
    _refuse_rows(log.index, off, f"{what} doesn't sum to 1", "Give the probabilities of all arms.")
    return found


def _refuse_unlogged(log: DecisionLog, proposed: pd.Series) -> None:
    given = {arm: f"'{arm}' ({int(units):,} of {log.units:,} units)" for arm, units in proposed.items()}
    never = [text for arm, text in given.items() if arm not in log.arms]
    if never:
        raise InputError(
            f"the policy gives arms that were never logged: {', '.join(never)}. Logged arms: "
            f"{', '.join(log.arms)}. What an untried arm would bring cannot be read from this log: leave it out, "
            "or try it on a random part of the units."
        )


def _refuse_gaps(frame: pd.DataFrame, columns: list[str]) -> None:
    absent = [name for name in columns if name not in frame.columns]
    if absent:
        raise InputError(
            f"the log of decisions has no column {', '.join(absent)}; it has {', '.join(frame.columns)}"
        )
    if frame.empty:
        raise InputError("the log of decisions is empty")
    for name in columns:
        mend = "Leave out decisions that were not recorded, and say how many they are."
        _refuse_rows(frame.index, frame[name].isna().to_numpy(), f"'{name}' is missing", mend)


def _numbers(frame: pd.DataFrame, name: str) -> Array:
    if not pd.api.types.is_numeric_dtype(frame[name]):
        raise InputError(f"'{name}' in the log of decisions holds {frame[name].dtype}, not numbers")
    values = frame[name].to_numpy(dtype=float)
    _refuse_rows(frame.index, ~np.isfinite(values), f"'{name}' is infinite", "Mend it at its source.")
    return values


def _refuse_rows(index: pd.Index, wrong: npt.ArrayLike, fault: str, mend: str) -> None:
    rows = np.flatnonzero(wrong)
    if rows.size:
        shown = ", ".join(str(index[row]) for row in rows[:3])
        raise InputError(f"{fault} in {rows.size:,} of {len(index):,} decisions (rows {shown}). {mend}")
