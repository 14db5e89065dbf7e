"""What an evaluation without randomisation comes to: an effect, the checks it passed, and what it rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from analysis.core.errors import InputError, ParameterError


class DesignRefused(InputError):
    """The data can't bear the design; the message gives the numbers, and what to do instead."""


@dataclass(frozen=True)
class Effect:
    """A change in the outcome's own unit (a share: points as a fraction of 1), treated less untreated."""

    estimate: float
    lower: float
    upper: float
    p: float
    standard_error: float = math.nan
    level: float = 0.95

    @property
    def shows(self) -> str:
        """higher or lower where the interval leaves out zero, else can't be told."""
        if self.lower > 0:
            return "higher"
        return "lower" if self.upper < 0 else "can't be told"


@dataclass(frozen=True)
class Check:
    """One test of what the design assumes; `passed` False means the effect is not to be relied on."""

    name: str
    value: float
    limit: float
    passed: bool
    says: str


@dataclass(frozen=True)
class Study:
    """One evaluation. `tables` holds what figures are drawn from (event study, placebos, weights, path)."""

    design: str
    quantity: str
    effect: Effect
    assumption: str
    units: int
    clusters: int
    checks: tuple[Check, ...] = ()
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def verdict(self) -> str:
        """higher, lower or can't be told; `doubtful` where a check failed, whatever the interval says."""
        return self.effect.shows if self.sound else "doubtful"

    @property
    def failed(self) -> tuple[str, ...]:
        """What the failed checks say."""
        return tuple(check.says for check in self.checks if not check.passed)

    def row(self) -> dict[str, object]:
        """One row of the table of evaluations."""
        effect = self.effect
        return {
            "design": self.design,
            "quantity": self.quantity,
            "estimate": effect.estimate,
            "lower": effect.lower,
            "upper": effect.upper,
            "p": effect.p,
            "units": self.units,
            "clusters": self.clusters,
            "verdict": self.verdict,
            "checks": len(self.checks),
            "failed": "; ".join(self.failed),
            "assumption": self.assumption,
        }


def check_table(study: Study) -> pd.DataFrame:
    """Checks of a study, one row each: check, value, limit, passed, says."""
    rows = [(c.name, c.value, c.limit, c.passed, c.says) for c in study.checks]
    return pd.DataFrame(rows, columns=["check", "value", "limit", "passed", "says"])


def require_columns(frame: pd.DataFrame, columns: Sequence[str], design: str) -> None:
    """Raise InputError where columns are absent, hold no numbers where the design counts, or rows are missing."""
    absent = [name for name in columns if name not in frame.columns]
    if absent:
        raise InputError(
            f"{design}: no column {', '.join(absent)}; the frame has {', '.join(map(str, frame.columns))}"
        )
    if frame.empty:
        raise InputError(f"{design}: the frame has no rows")


def require_complete(frame: pd.DataFrame, columns: Sequence[str], design: str) -> None:
    """Raise InputError where a value is missing: what is left out must be left out knowingly."""
    for name in columns:
        gaps = int(frame[name].isna().sum())
        if gaps:
            raise InputError(
                f"{design}: '{name}' is missing in {gaps:,} of {len(frame):,} rows. Leave out units that were not "
                "followed to the end, and say how many they are"
            )


def require_varied(frame: pd.DataFrame, outcome: str, design: str) -> None:
    """Raise DesignRefused where the outcome is the same everywhere, as where its horizon is too short for it."""
    if frame[outcome].nunique() < 2:
        raise DesignRefused(
            f"{design}: '{outcome}' is {frame[outcome].iloc[0]:g} in all {len(frame):,} rows, so nothing can be "
            "told. Is its horizon too short for it to happen?"
        )


def require_level(level: float) -> None:
    if not 0.5 <= level < 1:
        raise ParameterError(f"level is {level}; give a share from 0.5 to below 1, for example 0.95")
