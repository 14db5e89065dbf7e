"""The probability of reaching each target by its date, from effects that were measured and the roll-out
planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.core.programme import Initiative, Programme, Target
from analysis.methods.cases.programme.progress import Standing, month_after, standing, wanted_level
from analysis.methods.cases.quasi_experiments.study import Effect

Array = npt.NDArray[np.float64]
DRAWS = 20_000


@dataclass(frozen=True)
class Futures:
    """What the draws of one target share: which risks happened, and the measure at the target's date."""

    happened: dict[str, npt.NDArray[np.bool_]]
    level: Array
    reached: npt.NDArray[np.bool_]
    ambitious: npt.NDArray[np.bool_]


def reach(
    plan: Programme,
    history: pd.DataFrame,
    effects: Mapping[str, Effect],
    as_of: pd.Timestamp | str,
    draws: int = DRAWS,
    seed: int = 1,
) -> pd.DataFrame:
    """One row a target: probability of being there by its date, and what it rests on.

    `effects` by the name that an initiative gives as its evidence; those judged doubtful or refused must be left
    out. Columns: kpi, title, by, months_left, recent, wanted_level, probability, monte_carlo_error,
    probability_ambitious, expected (mean level at the date), lower, upper (95% of the draws),
    without_programme (the probability if nothing more is rolled out and no risk happens), counted (initiatives
    with evidence), uncounted (those without, counted as nothing), verdict {on track, off track, can't be told, not
    measured}.

    One draw: today's level within its error; a random walk from month to month, its step known only as well as the
    history tells (a chi-square draw); of each initiative the effect within its error × a pass-through from its
    range × the share of the roll-out that is still to come; each risk with its probability. The economy's future
    is in the random walk alone: no scenario is assumed. Past the date the level counts as it is.
    """
    _refuse_draws(draws)
    rows = [_row(plan, target, history, effects, pd.Timestamp(as_of), draws, seed) for target in plan.targets]
    return pd.DataFrame(rows)


def risk_shift(
    plan: Programme,
    history: pd.DataFrame,
    effects: Mapping[str, Effect],
    as_of: pd.Timestamp | str,
    draws: int = DRAWS,
    seed: int = 1,
) -> pd.DataFrame:
    """What each risk does to each target: risk, kpi, happens, otherwise (probabilities of reaching it), shift and
    error.

    On the draws of reach(); risks that happen in fewer than 100 of them, or nearly always, are left out. `error`
    is the Monte Carlo standard error of the shift: a shift below twice that may be noise of the draws.
    """
    _refuse_draws(draws)
    rows = []
    for target in plan.targets:
        found = standing(plan, history, target.kpi, pd.Timestamp(as_of))
        if found is None or found.months < plan.least_months:
            continue
        futures = draw_futures(plan, target, found, effects, pd.Timestamp(as_of), draws, seed)
        for name, came in futures.happened.items():
            if 100 <= came.sum() <= draws - 100:
                sides = [futures.reached[came], futures.reached[~came]]
                with_it, without = (float(side.mean()) for side in sides)
                error = float(np.sqrt(sum(side.var() / side.size for side in sides)))
                rows.append((name, target.kpi, with_it, without, with_it - without, error))
    return pd.DataFrame(rows, columns=["risk", "kpi", "happens", "otherwise", "shift", "error"])


def draw_futures(
    plan: Programme,
    target: Target,
    found: Standing,
    effects: Mapping[str, Effect],
    as_of: pd.Timestamp,
    draws: int,
    seed: int,
) -> Futures:
    """Levels of a target's measure at its date."""
    rng = np.random.default_rng(seed)
    now, left = _months_since(plan, found.last), max(target.by_month - _months_since(plan, found.last), 0)
    happened = {risk.name: rng.random(draws) < risk.probability for risk in plan.risks}
    delay = np.zeros(draws)
    shift = np.zeros(draws)
    for risk in plan.risks:
        came = happened[risk.name] & (left > 0)
        delay += risk.delay_months * came
        shift += risk.impact.get(target.kpi, 0.0) * came
    for each in plan.initiatives:
        if each.kpi == target.kpi and each.evidence in effects:
            shift += _draw_initiative(each, effects[str(each.evidence)], now, target.by_month, delay, rng)
    level = _draw_level(found, left, draws, rng) * (1 + shift)
    baseline = rng.normal(found.baseline, found.baseline_error, draws)
    sign = 1 if target.better == "higher" else -1
    reached, far = (sign * (level - _wanted(target, baseline, end)) >= 0 for end in (False, True))
    return Futures(happened, level, reached, far)


def coverage(initiative: Initiative, month: Array | float) -> Array:
    """Share of the book that an initiative covers so many months after the start: a straight climb."""
    length = initiative.full_by_month - initiative.from_month
    climbed = np.clip((np.asarray(month, dtype=float) - initiative.from_month) / length, 0.0, 1.0)
    return np.asarray(initiative.share * climbed)


def _draw_initiative(
    each: Initiative, effect: Effect, now: int, by: int, delay: Array, rng: np.random.Generator
) -> Array:
    """Relative change still to come: what is not rolled out yet comes later by the delay."""
    error = effect.standard_error
    if not np.isfinite(error):
        error = (effect.upper - effect.lower) / (2 * 1.96)
    measured = rng.normal(effect.estimate, error, len(delay))
    passed = rng.uniform(*each.pass_through, len(delay))
    to_come = np.maximum(coverage(each, by - delay) - float(coverage(each, now)), 0.0)
    return np.asarray(measured * passed * to_come)


def _draw_level(found: Standing, left: int, draws: int, rng: np.random.Generator) -> Array:
    freedom = max(found.months - 2, 2)
    step = found.drift * np.sqrt(freedom / rng.chisquare(freedom, draws))
    today = rng.normal(found.recent, found.recent_error, draws)
    return np.asarray(today + step * np.sqrt(left) * rng.standard_normal(draws))


def _wanted(target: Target, baseline: Array, far: bool) -> Array:
    one = wanted_level(target, 1.0, far)
    return one * baseline if target.given == "change" else np.full(len(baseline), one)


def _months_since(plan: Programme, month: pd.Timestamp) -> int:
    start = pd.Timestamp(plan.start)
    return (month.year - start.year) * 12 + month.month - start.month


def _row(
    plan: Programme,
    target: Target,
    history: pd.DataFrame,
    effects: Mapping[str, Effect],
    as_of: pd.Timestamp,
    draws: int,
    seed: int,
) -> dict[str, object]:
    own = [each for each in plan.initiatives if each.kpi == target.kpi]
    counted = [each.name for each in own if each.evidence in effects]
    by = month_after(plan, target.by_month)
    row: dict[str, object] = {
        "kpi": target.kpi,
        "title": target.title,
        "by": by,
        "months_left": max(round((by - as_of).days / 30.4375), 0),
        "counted": ", ".join(counted),
        "uncounted": ", ".join(each.name for each in own if each.name not in counted),
    }
    found = standing(plan, history, target.kpi, as_of)
    if found is None or found.months < plan.least_months:
        return row | {"verdict": "not measured"}
    futures = draw_futures(plan, target, found, effects, as_of, draws, seed)
    alone = plan.model_copy(update={"initiatives": (), "risks": ()})
    p = float(futures.reached.mean())
    return row | {
        "recent": found.recent,
        "wanted_level": wanted_level(target, found.baseline),
        "probability": p,
        "monte_carlo_error": float(np.sqrt(p * (1 - p) / draws)),
        "probability_ambitious": float(futures.ambitious.mean()),
        "expected": float(futures.level.mean()),
        "lower": float(np.quantile(futures.level, 0.025)),
        "upper": float(np.quantile(futures.level, 0.975)),
        "without_programme": float(draw_futures(alone, target, found, {}, as_of, draws, seed).reached.mean()),
        "verdict": _verdict(plan, p),
    }


def _verdict(plan: Programme, p: float) -> str:
    if p >= plan.on_track:
        return "on track"
    return "off track" if p <= plan.off_track else "can't be told"


def _refuse_draws(draws: int) -> None:
    if draws < 1000:
        raise InputError(f"draws is {draws}; a probability needs 1,000 or more")
