"""Stages of IFRS 9: performing, with a significant increase in credit risk, credit-impaired."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.core.errors import InputError, ParameterError

REASONS = ("performing", "pd_rise", "backstop", "forborne", "default")


@dataclass(frozen=True)
class StagingRules:
    """When an account changes stage.

    `relative_rise`: stage 2 where PD now ÷ PD at opening, over the same remaining life, is at least this (5.5.9).
    `least_rise`: and PD now exceeds PD at opening by at least this, so that a rise from 0.01% to 0.03% is none.
    `low_risk_pd`: an account at or below this PD stays in stage 1 unless past due (B5.5.22); 0 turns that off.
    `stage_2_days`: days past due from which stage 2 is presumed. IFRS 9 5.5.11 says more than 30; 30, the default,
    is the first day of the bucket 30–59 and a day stricter; 31 follows the letter.
    `stage_3_days`: days past due from which an account is in default: at most 90, unless rebutted
    (B5.5.37).
    """

    relative_rise: float = 2.0
    least_rise: float = 0.0
    low_risk_pd: float = 0.0
    stage_2_days: int = 30
    stage_3_days: int = 90

    def __post_init__(self) -> None:
        if not self.relative_rise > 1:
            raise ParameterError(f"relative_rise is {self.relative_rise}; it must exceed 1, such as 2 (doubled)")
        for name in ("least_rise", "low_risk_pd"):
            if not 0 <= getattr(self, name) < 1:
                raise ParameterError(f"{name} is {getattr(self, name)}; it must be a fraction from 0 to below 1")
        if not 1 <= self.stage_2_days < self.stage_3_days:
            raise ParameterError(
                f"stage_2_days is {self.stage_2_days} and stage_3_days {self.stage_3_days}; "
                "the first must be 1 or more and below the second, such as 30 and 90"
            )


def stages(accounts: pd.DataFrame, rules: StagingRules | None = None) -> pd.DataFrame:
    """Stage of each account, and why: columns stage (1, 2, 3) and reason, on the accounts' index.

    `accounts`: days_past_due; pd_now and pd_opening (both over the same remaining life: a PD over a shorter life
    is lower and would hide a rise); forborne and impaired (true or false) where known, stage 2 and 3 respectively.
    Where the PD at opening is missing, that test alone is left out for the account and the backstops decide.
    Reasons are in order of weight: default, backstop, forborne, pd_rise, performing. Raises InputError for a
    column that is missing or a value that cannot be.
    """
    rules = rules or StagingRules()
    _check(accounts)
    days = accounts["days_past_due"].to_numpy(float)
    now, then = (accounts[name].to_numpy(float) for name in ("pd_now", "pd_opening"))
    # A product instead of a ratio: an opening PD of 0 then counts as a rise, and a missing one as none.
    rise = (now >= rules.relative_rise * then) & (now - then >= rules.least_rise) & (now > then)
    impaired, forborne = (_flag(accounts, name) for name in ("impaired", "forborne"))
    tests = [
        (days >= rules.stage_3_days) | impaired,
        days >= rules.stage_2_days,
        forborne,
        rise & (now > rules.low_risk_pd),
    ]
    stage = np.select(tests, [3, 2, 2, 2], 1)
    reason = np.select(tests, ["default", "backstop", "forborne", "pd_rise"], "performing")
    return pd.DataFrame({"stage": stage, "reason": pd.Categorical(reason, REASONS)}, index=accounts.index)


def _flag(accounts: pd.DataFrame, name: str) -> np.ndarray:
    if name not in accounts:
        return np.zeros(len(accounts), dtype=bool)
    return accounts[name].eq(True).to_numpy(dtype=bool)


def _check(accounts: pd.DataFrame) -> None:
    missing = [name for name in ("days_past_due", "pd_now", "pd_opening") if name not in accounts]
    if missing:
        raise InputError(f"staging: {', '.join(missing)} missing; pass days_past_due, pd_now, pd_opening")
    if not (accounts["days_past_due"] >= 0).all():
        raise InputError("staging: days_past_due is missing or below 0 in some rows; 0 is current")
    if not accounts["pd_now"].between(0, 1).all():
        raise InputError("staging: pd_now is missing or outside 0 to 1 in some rows; pass fractions, 0.05 for 5%")
    if not accounts["pd_opening"].dropna().between(0, 1).all():
        raise InputError("staging: pd_opening is outside 0 to 1 in some rows; leave it empty where unknown")
