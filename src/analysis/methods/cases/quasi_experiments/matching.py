"""Treated against untreated accounts that somebody chose: doubly robust, with what hidden bias could do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, ndtri

from analysis.core.errors import InputError
from analysis.methods.cases.quasi_experiments.matching_models import Array, Nuisance, cross_fitted, encoded
from analysis.methods.cases.quasi_experiments.matching_pairs import matched_pairs, pair_differences
from analysis.methods.cases.quasi_experiments.sensitivity import (
    breaking_gamma,
    e_value,
    rosenbaum_bounds,
    seen_strengths,
)
from analysis.methods.cases.quasi_experiments.study import (
    Check,
    DesignRefused,
    Effect,
    Study,
    require_columns,
    require_complete,
    require_level,
    require_varied,
)

DESIGN = "weighting and matching"
ASSUMPTION = (
    "All that both steered the treatment and bears on the outcome is among the covariates. Data can't show that; "
    "the sensitivity analysis says how much could be missing."
)
NEAR_CERTAIN = 0.02
"""Propensity below it, or above its complement, has no counterpart in the other arm."""
WITHOUT_COUNTERPART = 0.10
EFFECTIVE = 100.0
IMBALANCE = 0.1
"""Largest standardised difference after weighting that counts as balance (Austin 2009, Statistics in Medicine
28)."""
PLACEBO_ALPHA = 0.05


def weighted_comparison(
    frame: pd.DataFrame,
    outcome: str,
    treated: str,
    covariates: Sequence[str],
    cluster: str | None = None,
    placebo_outcome: str | None = None,
    folds: int = 5,
    level: float = 0.95,
    seed: int = 1,
) -> Study:
    """Mean effect over all units, by augmented inverse propensity weighting with cross-fitting.

    `treated` is 0 or 1; `covariates` were known before the decision (texts are coded; missing numbers get their
    median and a flag). `cluster` (a customer) stays within a fold, and errors are clustered by it.
    `placebo_outcome` came before the decision, so the treatment can't have moved it: an effect on it is bias. It
    may be missing for units of which nothing was seen before; the check is made of the others, and left out where
    they are too few in an arm.
    Tables: `balance` (covariate, before, after: standardised differences), `overlap` (arm, effective sample size,
    share without counterpart), `estimators` (raw difference, weighted, doubly robust), `sensitivity` (e_value,
    e_value_limit, gamma, strongest seen covariate), `seen` (strength of each covariate), `rosenbaum` (gamma, p).

    Check of hidden confounding: a confounder as strong as the strongest one seen must not explain the effect.

    Robins, Rotnitzky and Zhao 1994, JASA 89, 846–866; cross-fitting: Chernozhukov et al. 2018, Econometrics
    Journal 21, C1–C68. Raises DesignRefused where more than a tenth of the units have no counterpart, or an arm's
    effective sample size is below 100; InputError for a treatment that is not 0 and 1, or missing outcomes.
    """
    require_level(level)
    extra = [name for name in (cluster, placebo_outcome) if name]
    require_columns(frame, [outcome, treated, *covariates, *extra], DESIGN)
    require_complete(frame, [outcome, treated, *([cluster] if cluster else [])], DESIGN)
    require_varied(frame, outcome, DESIGN)
    arm, y = _arm(frame, treated), frame[outcome].to_numpy(dtype=float)
    groups = pd.factorize(frame[cluster])[0] if cluster else np.arange(len(frame))
    x = encoded(frame, covariates)
    found = cross_fitted(x.to_numpy(), arm, y, groups, folds, seed)
    overlap = _overlap(found.propensity, arm)
    _refuse_overlap(overlap)
    effect, risks = _augmented(found, arm, y, groups, level)
    balance = _balance(x, arm, found.propensity)
    seen = seen_strengths(frame, treated, outcome, covariates)
    pairs = matched_pairs(found.propensity, arm, seed)
    differences = pair_differences(y, pairs)
    hidden = _sensitivity(effect, risks, y, seen, differences)
    checks = [_balance_check(balance), *_hidden_check(hidden, seen, effect)]
    if placebo_outcome:
        before = frame[placebo_outcome].to_numpy(dtype=float)
        checks += _placebo(x.to_numpy(), arm, before, groups, folds, seed, level, placebo_outcome)
    return Study(
        design=DESIGN,
        quantity=f"{outcome}, mean over all {len(frame):,} units",
        effect=effect,
        assumption=ASSUMPTION,
        units=len(frame),
        clusters=len(np.unique(groups)),
        checks=tuple(checks),
        tables={
            "balance": balance,
            "overlap": overlap,
            "estimators": _estimators(effect, found.propensity, arm, y),
            "sensitivity": pd.DataFrame([hidden]),
            "seen": seen,
            "rosenbaum": rosenbaum_bounds(differences),
        },
    )


def doubly_robust(
    x: Array,
    arm: Array,
    y: Array,
    groups: npt.NDArray[np.int64],
    folds: int = 5,
    seed: int = 1,
    level: float = 0.95,
) -> Effect:
    """The effect alone, of coded covariates (n, k), arm, outcome and groups (0, 1, …) that errors are clustered
    by."""
    return _augmented(cross_fitted(x, arm, y, groups, folds, seed), arm, y, groups, level)[0]


def _arm(frame: pd.DataFrame, treated: str) -> Array:
    arm = frame[treated].to_numpy(dtype=float)
    if not np.isin(arm, (0, 1)).all() or arm.min() == arm.max():
        values = ", ".join(map(str, pd.unique(frame[treated])[:5]))
        raise InputError(f"{DESIGN}: '{treated}' holds {values}; give 0 (untreated) and 1 (treated), both there")
    return arm


def _augmented(
    found: Nuisance, arm: Array, y: Array, groups: npt.NDArray[np.int64], level: float
) -> tuple[Effect, tuple[float, float]]:
    """Effect and the two adjusted means, from scores summed by cluster."""
    e = np.clip(found.propensity, NEAR_CERTAIN, 1 - NEAR_CERTAIN)
    one = found.treated + arm * (y - found.treated) / e
    none = found.untreated + (1 - arm) * (y - found.untreated) / (1 - e)
    score, n = one - none, len(y)
    estimate = float(score.mean())
    sums = np.bincount(groups, weights=score - estimate)
    error = float(np.sqrt((sums**2).sum() * len(sums) / max(len(sums) - 1, 1)) / n)
    half = float(ndtri((1 + level) / 2)) * error
    p = 2 * float(ndtr(-abs(estimate) / error)) if error > 0 else 0.0
    effect = Effect(estimate, estimate - half, estimate + half, p, error, level)
    return effect, (float(one.mean()), float(none.mean()))


def _overlap(propensity: Array, arm: Array) -> pd.DataFrame:
    rows = []
    for name, own, chance in (("treated", arm == 1, propensity), ("untreated", arm == 0, 1 - propensity)):
        weights = 1 / np.clip(chance[own], NEAR_CERTAIN, 1)
        effective = float(weights.sum() ** 2 / (weights**2).sum())
        rows.append((name, int(own.sum()), effective, float((chance < NEAR_CERTAIN).mean())))
    return pd.DataFrame(rows, columns=["arm", "units", "effective", "without_counterpart"])


def _refuse_overlap(overlap: pd.DataFrame) -> None:
    share, least = overlap["without_counterpart"].sum(), overlap["effective"].min()
    if share > WITHOUT_COUNTERPART or least < EFFECTIVE:
        shown = ", ".join(
            f"{row.arm} {row.units:,} units worth {row.effective:,.0f}" for row in overlap.itertuples()
        )
        raise DesignRefused(
            f"{DESIGN}: {share:.0%} of the units have a chance under {NEAR_CERTAIN:.0%} of the other arm "
            f"({WITHOUT_COUNTERPART:.0%} at most), and by effective size: {shown} ({EFFECTIVE:.0f} each at "
            "least). "
            "The arms hold different accounts: compare only a group in which both were usual"
        )


def _balance(x: pd.DataFrame, arm: Array, propensity: Array) -> pd.DataFrame:
    """Standardised differences of the coded covariates before and after weighting."""
    e = np.clip(propensity, NEAR_CERTAIN, 1 - NEAR_CERTAIN)
    even = np.ones(len(arm))
    values, one = x.to_numpy(), arm == 1
    spread = np.sqrt((values[one].var(axis=0) + values[~one].var(axis=0)) / 2)
    gaps = []
    for weight in (even, np.where(one, 1 / e, 1 / (1 - e))):
        means = [np.average(values[side], axis=0, weights=weight[side]) for side in (one, ~one)]
        gaps.append((means[0] - means[1]) / np.where(spread > 0, spread, 1.0))
    return pd.DataFrame({"covariate": x.columns, "before": gaps[0], "after": gaps[1]})


def _estimators(effect: Effect, propensity: Array, arm: Array, y: Array) -> pd.DataFrame:
    e, one = np.clip(propensity, NEAR_CERTAIN, 1 - NEAR_CERTAIN), arm == 1
    weighted = np.average(y[one], weights=1 / e[one]) - np.average(y[~one], weights=1 / (1 - e[~one]))
    raw = y[one].mean() - y[~one].mean()
    names = ["raw difference", "weighted", "doubly robust"]
    return pd.DataFrame({"estimator": names, "estimate": [raw, weighted, effect.estimate]})


def _sensitivity(
    effect: Effect, risks: tuple[float, float], y: Array, seen: pd.DataFrame, differences: Array
) -> dict[str, float]:
    """Risk ratios of the effect and of its nearer limit, their E-values, and the bias that breaks the pairs.

    Amounts are put on the scale of a risk ratio as exp(0.91 × standardised difference).
    """
    near = effect.lower if effect.estimate > 0 else effect.upper
    if np.isin(y, (0, 1)).all():
        base = max(risks[1], 1e-6)
        ratio, limit = (max((base + change) / base, 1e-6) for change in (effect.estimate, near))
    else:
        scale = 0.91 / max(float(y.std()), 1e-12)
        ratio, limit = float(np.exp(effect.estimate * scale)), float(np.exp(near * scale))
    return {
        "risk_ratio": ratio,
        "risk_ratio_limit": limit,
        "e_value": e_value(ratio),
        "e_value_limit": e_value(ratio, limit),
        "gamma": breaking_gamma(differences),
        "strongest_seen": float(seen["bias_factor"].max()) if len(seen) else 1.0,
    }


def _hidden_check(hidden: dict[str, float], seen: pd.DataFrame, effect: Effect) -> list[Check]:
    """None where the interval holds zero already: there is nothing to explain away."""
    if effect.shows == "can't be told" or seen.empty:
        return []
    limit, strongest = hidden["risk_ratio_limit"], hidden["strongest_seen"]
    limit = max(limit, 1 / limit)
    name = seen.loc[seen["bias_factor"].idxmax(), "covariate"]
    says = (
        f"a hidden confounder as strong as '{name}' could turn a risk ratio by {strongest:.2f}; the "
        "effect's nearer "
        f"limit is {limit:.2f} (E-value {hidden['e_value_limit']:.2f})"
    )
    return [Check("hidden confounding", limit, strongest, limit > strongest, says)]


def _balance_check(balance: pd.DataFrame) -> Check:
    most = balance.loc[balance["after"].abs().idxmax()]
    value = float(abs(most["after"]))
    says = f"after weighting '{most['covariate']}' differs by {value:.2f} standard deviations"
    return Check("balance", value, IMBALANCE, value <= IMBALANCE, says)


def _placebo(
    x: Array,
    arm: Array,
    before: Array,
    groups: npt.NDArray[np.int64],
    folds: int,
    seed: int,
    level: float,
    name: str,
) -> list[Check]:
    seen = np.isfinite(before)
    if min(seen[arm == 1].sum(), seen[arm == 0].sum()) < EFFECTIVE or len(np.unique(before[seen])) < 2:
        return []
    members = pd.factorize(groups[seen])[0]
    effect = doubly_robust(x[seen], arm[seen], before[seen], members, folds, seed, level)
    says = (
        f"'{name}', which came before the decision, differs by {effect.estimate:+.3g} among {seen.sum():,} "
        f"(p = {effect.p:.2g})"
    )
    return [Check("outcome before", effect.p, PLACEBO_ALPHA, effect.p >= PLACEBO_ALPHA, says)]
