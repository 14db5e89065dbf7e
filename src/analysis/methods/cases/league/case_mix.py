"""League tables of agencies, agents, scripts and channels: the same cases for all, luck taken out, ties told."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cases.league.groups import cannot_tell, ranks
from analysis.statistics.outcome_model import fit, held_out, model_frame, predict_mean
from analysis.statistics.shrinkage import draw, shrink

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

MEASURES = ("difference", "ratio")
PRIOR_CLUSTERS = 10
"""Weight, in clusters, of all entities' common variance in each entity's own."""


def case_mix(
    frame: pd.DataFrame,
    features: pd.DataFrame,
    outcome: str,
    cluster: str = "customer",
    model: Any | None = None,
    splits: int = 5,
) -> pd.Series:
    """Outcome to be expected of each row's case, whoever works it; same index.

    A model (`default_regressor` unless an unfitted scikit-learn one is given) of `features` known before the work
    began, fitted out of fold by cluster, the entity unnamed. What the features don't tell is laid at the entity's
    door: where cases are not dealt by lot, a league table ranks luck of the draw as well as skill.

    Raises InputError for missing outcomes and features of another index.
    """
    _refuse(frame, [outcome, cluster])
    if not features.index.equals(frame.index):
        raise InputError("the features have another index than the cases; put their rows in the same order")
    table, y = model_frame(features), frame[outcome].to_numpy(dtype=float)
    made = np.empty(y.size)
    for here in held_out(pd.factorize(frame[cluster], sort=True)[0].astype(np.int64), splits):
        made[here] = predict_mean(fit(model, table[~here], y[~here]), table[here])
    return pd.Series(made, index=frame.index, name="expected")


def league(
    frame: pd.DataFrame,
    entity: str,
    outcome: str,
    expected: pd.Series,
    cluster: str = "customer",
    measure: str = "difference",
    better: str = "higher",
    level: float = 0.95,
    fewest: int = 10,
    seed: int = 0,
) -> pd.DataFrame:
    """Entities (`entity`: agency, agent, script, channel) against what their cases led to expect, best first.

    `measure` is `difference` (observed − expected a case) or `ratio` (observed ÷ expected; for outcomes above
    zero). Expected values are first brought to the level of all cases together, so that the average entity is at 0
    or 1.

    Columns: the entity, cases, clusters, observed and expected (means a case), estimate, se (of the logarithm for
    a ratio), lower, upper: of the entity alone, by cluster; shrunken, shrunken_lower, shrunken_upper: given all
    entities (`shrink`), the ones to quote; spread (standard deviation of true values between entities); rank,
    rank_lower, rank_upper (1 = best) and best (chance of being the best), by draws from the joint posterior; group
    (letters: entities that share one can't be told apart), better_than and worse_than (entities of which that is
    sure at `level`).

    Errors are half-way between an entity's own and the common one where it has about ten clusters (Smyth 2004,
    Statistical Applications in Genetics and Molecular Biology 3, article 3): a small entity with few failures
    would else look sure of itself. Entities with fewer than `fewest` clusters have counts only, below the others.
    Sources: Goldstein and Spiegelhalter 1996, JRSS A 159, 385–443 (adjustment, shrinkage, ranks with intervals).

    Raises InputError for absent columns and missing values, ParameterError for another measure or direction.
    """
    if measure not in MEASURES or better not in ("higher", "lower"):
        raise ParameterError(
            f"measure is '{measure}', better is '{better}'; allowed are difference or ratio, higher or lower"
        )
    _refuse(frame, [entity, outcome, cluster])
    table = _estimates(frame, entity, outcome, expected, cluster, measure)
    judged = (table["clusters"] >= fewest) & (table["se"] > 0) & np.isfinite(table["estimate"])
    blank = ["estimate", "se"]
    table.loc[~judged, blank] = np.nan
    first = _judged(table[judged], measure, better, level, seed)
    found = pd.concat([first, table[~judged]]) if (~judged).any() else first
    return found.reset_index(drop=True)


def _estimates(
    frame: pd.DataFrame, entity: str, outcome: str, expected: pd.Series, cluster: str, measure: str
) -> pd.DataFrame:
    """Observed against expected by entity, with errors by cluster on the scale of the estimate."""
    code, names = pd.factorize(frame[entity].astype(str), sort=True)
    y, e = frame[outcome].to_numpy(dtype=float), _level(frame[outcome], expected, measure)
    cases, own, hoped = (np.bincount(code, values).astype(float) for values in (np.ones(y.size), y, e))
    size = cases if measure == "difference" else hoped
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (own - hoped) / cases if measure == "difference" else own / hoped
        slack = y - e - value[code] if measure == "difference" else (y - value[code] * e) / value[code]
        estimate = value if measure == "difference" else np.log(value)
    squares, clusters = _squares(code, frame[cluster], np.where(np.isfinite(slack), slack, 0.0))
    columns = {
        "cases": cases.astype(int),
        "clusters": clusters,
        "observed": own / cases,
        "expected": hoped / cases,
    }
    error = np.sqrt(_variance(squares, size, clusters) / size)
    return pd.DataFrame({entity: names, **columns, "estimate": estimate, "se": error})


def _level(observed: pd.Series, expected: pd.Series, measure: str) -> Array:
    """Expected values at the level of all cases together."""
    if not expected.index.equals(observed.index):
        raise InputError("expected has another index than the cases; put its rows in the same order")
    y, e = observed.to_numpy(dtype=float), expected.to_numpy(dtype=float)
    if not np.isfinite(e).all() or (measure == "ratio" and e.sum() <= 0):
        raise InputError("expected values are missing, or sum to nothing; a ratio needs them above zero")
    return np.asarray(e + (y.mean() - e.mean()) if measure == "difference" else e * (y.sum() / e.sum()))


def _squares(code: Codes, cluster: pd.Series, slack: Array) -> tuple[Array, Codes]:
    """Squared sums of what is unexplained by entity and cluster, summed by entity; clusters by entity."""
    who = pd.factorize(cluster)[0].astype(np.int64)
    pair, place = np.unique(code * np.int64(who.max() + 1) + who, return_inverse=True)
    sums, entity = np.bincount(place, slack), pair // np.int64(who.max() + 1)
    return np.bincount(entity, sums**2).astype(float), np.bincount(entity).astype(np.int64)


def _variance(squares: Array, size: Array, clusters: Codes) -> Array:
    """Variance a unit of size: each entity's own, drawn to that of all by as much as it rests on few clusters."""
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.where(clusters > 1, clusters / (clusters - 1) * squares / size, 0.0)
    freedom = np.maximum(clusters - 1, 0)
    common = float(squares.sum() / size.sum())
    return np.asarray((freedom * np.nan_to_num(own) + PRIOR_CLUSTERS * common) / (freedom + PRIOR_CLUSTERS))


def _judged(table: pd.DataFrame, measure: str, better: str, level: float, seed: int) -> pd.DataFrame:
    """Limits, shrunken values, ranks and groups of the entities that have enough clusters, best first."""
    if table.empty:
        return table
    y, s = (table[name].to_numpy(dtype=float) for name in ("estimate", "se"))
    found, reach = shrink(y, s, level), _normal(level) * s
    draws = draw(found, seed=seed)
    towards = draws if better == "higher" else -draws
    columns = {"estimate": y, "lower": y - reach, "upper": y + reach, "shrunken": found.value}
    columns |= {"shrunken_lower": found.lower, "shrunken_upper": found.upper}
    back = (lambda values: values) if measure == "difference" else np.exp
    made = table.assign(**{name: back(values) for name, values in columns.items()}, spread=found.spread)
    made = made.assign(**ranks(towards, level))
    order = np.argsort(-found.value if better == "higher" else found.value, kind="stable")
    return made.iloc[order].reset_index(drop=True).join(cannot_tell(towards[:, order], level))


def _refuse(frame: pd.DataFrame, columns: list[str]) -> None:
    absent = [name for name in columns if name not in frame.columns]
    if absent:
        raise InputError(
            f"the cases have no column {', '.join(absent)}; they have {', '.join(map(str, frame.columns))}"
        )
    gaps = frame[columns].isna().sum()
    if gaps.any() or frame.empty:
        told = ", ".join(f"{name} in {int(rows):,}" for name, rows in gaps.items() if rows)
        raise InputError(f"missing {told or 'all cases'} of {len(frame):,} cases; leave them out, and count them")


def _normal(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2))
