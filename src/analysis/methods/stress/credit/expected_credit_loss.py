"""Expected credit loss: marginal PD × LGD × EAD × discount, summed over a year or over life.

IFRS 9 (5.5.3, 5.5.5, 5.5.17, B5.5.28, B5.5.44): twelve months for stage 1, life for stages 2 and 3, weighted over
scenarios, discounted at the effective interest rate. CECL (ASC 326-20-30): life for all, from
day one. Curves have
shape (..., periods): period t is the t-th from the reporting date, `step_months` long; a loss is placed at its
end.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.core.scenarios import check_weights
from analysis.methods.stress.losses.one_factor import Array, fraction


def discount_factors(annual_rate: npt.ArrayLike, periods: int, step_months: int = 1) -> Array:
    """(1 + r)^(−t·step/12) for t = 1 … periods, shape (..., periods); `annual_rate` is effective, above −1."""
    rate = np.asarray(annual_rate, float)
    if not (rate > -1).all():
        raise ParameterError("annual_rate must lie above -1 and be given: pass fractions, 0.12 for 12%")
    years = np.arange(1, periods + 1) * (step_months / 12.0)
    return np.asarray((1.0 + rate[..., None]) ** -years)


def loss_schedule(
    marginal_pd: npt.ArrayLike,
    lgd: npt.ArrayLike,
    ead: npt.ArrayLike,
    annual_rate: npt.ArrayLike = 0.0,
    step_months: int = 1,
) -> Array:
    """Discounted expected loss by period, (..., periods): marginal PD(t) × LGD(t) × EAD(t) × discount(t).

    `lgd` and `ead`: one number, one for each exposure (...,), or curves (..., periods). Raises ParameterError for
    fractions outside 0 to 1, marginal PDs that sum to more than 1 (hazards taken for marginals), or an EAD below
    0.
    """
    chance = _marginal(marginal_pd)
    exposure = np.asarray(ead, float)
    if not (exposure >= 0).all():
        raise ParameterError("ead holds a value that is missing or below 0; pass balances of 0 or more")
    loss = _curve("lgd", fraction("lgd", lgd), chance) * _curve("ead", exposure, chance)
    return np.asarray(chance * loss * discount_factors(annual_rate, chance.shape[-1], step_months))


def summed_loss(marginal_pd: npt.ArrayLike, lgd: npt.ArrayLike, present: Array) -> tuple[Array, Array]:
    """Sums of loss_schedule() by month over twelve months and over life, (..., N) each, of N exposures that share
    the curves of default (..., months): `lgd` (..., N); `present` (N, months), EAD × discount. Raises as there."""
    chance, lost = _marginal(marginal_pd), fraction("lgd", lgd)
    year, life = (lost * (chance[..., :months] @ present[:, :months].T) for months in (12, None))
    return np.asarray(year), np.asarray(life)


def _marginal(values: npt.ArrayLike) -> Array:
    chance = fraction("marginal_pd", values)
    if np.any(chance.sum(axis=-1) > 1 + 1e-9):
        raise ParameterError(
            "marginal_pd sums to more than 1 over life; pass each period's chance of a first default among "
            "all accounts, not a hazard, which is told of those still left"
        )
    return chance


def _curve(name: str, value: Array, like: Array) -> Array:
    """`value` as curves over the periods of `like`."""
    if value.ndim == like.ndim and value.shape[-1] in (1, like.shape[-1]):
        return value
    if value.ndim < like.ndim and value.shape in ((), like.shape[:-1]):
        return np.asarray(value[..., None])
    raise ParameterError(
        f"{name} has shape {value.shape}, marginal_pd {like.shape}; pass one number, one for each exposure "
        f"{like.shape[:-1]}, or curves {like.shape}"
    )


def twelve_month_loss(schedule: npt.ArrayLike, step_months: int = 1) -> Array:
    """Sum of a loss schedule over the first twelve months (all of it, where life is shorter), shape (...,)."""
    if 12 % step_months:
        raise ParameterError(f"step_months is {step_months}; it must divide a year: 1, 2, 3, 4, 6 or 12")
    return np.asarray(np.asarray(schedule, float)[..., : 12 // step_months].sum(axis=-1))


def staged_loss(
    stage: npt.ArrayLike, year: npt.ArrayLike, life: npt.ArrayLike, loss_in_default: npt.ArrayLike
) -> Array:
    """Expected credit loss by exposure: twelve months in stage 1, life in stage 2, `loss_in_default` in stage 3.

    `year`, `life`: sums of a loss schedule, (..., exposures). `loss_in_default`: exposure now × loss given default
    of accounts already in default (`loss_given_default.lgd_in_default`): there PD is 1 and nothing is left to be
    marginal. Raises InputError for a stage other than 1, 2, 3.
    """
    stages = np.asarray(stage)
    if not np.isin(stages, (1, 2, 3)).all():
        raise InputError("stage holds a value other than 1, 2, 3; take it from staging.stages")
    losses = [np.asarray(one, float) for one in (year, life, loss_in_default)]
    return np.asarray(np.where(stages == 1, losses[0], np.where(stages == 2, losses[1], losses[2])))


def weighted_loss(losses: pd.DataFrame, weights: Mapping[str, float]) -> pd.Series:
    """Σ weight × loss over scenarios (IFRS 9 5.5.17): `losses` has a row an exposure and a column a scenario.

    Weight losses, not macro paths: the loss of the mean path misses that bad paths cost more than good ones save.
    """
    check_weights(weights, [str(name) for name in losses.columns])
    return pd.Series(losses[list(weights)].to_numpy(float) @ np.array(list(weights.values())), losses.index)


def stage_table(exposures: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Accounts, exposure, ecl and coverage (ecl ÷ exposure) by stage, and by `by` before it where given.

    `exposures`: stage, ead, ecl, and accounts where a row is a cell of several. All three stages are shown.
    """
    rows = exposures.assign(accounts=exposures.get("accounts", 1))
    rows = rows.assign(stage=pd.Categorical(rows["stage"], [1, 2, 3]))
    keys = ["stage"] if by is None else [by, "stage"]
    sums = rows.groupby(keys, observed=False)[["accounts", "ead", "ecl"]].sum().reset_index()
    sums = sums.rename(columns={"ead": "exposure"}).astype({"stage": int})
    return sums.assign(coverage=sums["ecl"] / sums["exposure"].where(sums["exposure"] > 0))
