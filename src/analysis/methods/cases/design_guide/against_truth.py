"""Evaluations without randomisation beside what a simulated portfolio was drawn with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from analysis.core.parameters.cases_interventions import Intervention
from analysis.methods.cases.design_guide.assignment import evaluate
from analysis.methods.cases.design_guide.frames import Prepared, prepare
from analysis.methods.cases.quasi_experiments.study import DesignRefused, Effect

COLUMNS = ["part", "what", "arm", "segment", "measure", "estimate", "lower", "upper", "truth", "covered"]
PLAIN = ["plain", "plain_lower", "plain_upper", "plain_covered"]
FEWER_CHECKS: dict[str, dict[str, object]] = {"cutoff": {"covariates": (), "placebos": 0}}
ALL = "all"


def against_truth(
    interventions: Sequence[Intervention],
    rows: Mapping[str, pd.DataFrame],
    truth: Mapping[str, Any],
    seed: int = 1,
    level: float = 0.95,
) -> pd.DataFrame:
    """Effect of each intervention on the share back to current, by its design and by the plain comparison.

    The truth counts every return to current, kept or not, and from the month after the decision's; so what is held
    against it is `back_<k>` of the same decisions, k = horizon − 1, not the registered outcome. One row an
    intervention that the data bear and whose truth is known: part, what, arm, segment, measure, estimate, lower,
    upper, truth, covered, then plain, plain_lower, plain_upper, plain_covered.

    Truths: at a cut-off, the effect in the segment of risk that the cut-off lies in; of chosen arms, the effects
    by segment of an experiment on the same arms, weighted by the segments of these decisions (both averages of
    the probabilities that accounts were drawn with); of a roll-out, rollout_truth(). Caveat: an arm's truth is the
    effect drawn for it. Where an arm also reaches more people, as agents do, what these conversations bring comes
    on top, and estimates lie somewhat above it.
    """
    found = [_held(each, rows[each.name], truth, seed, level) for each in interventions if each.name in rows]
    made = [row for row in found if row is not None]
    return pd.DataFrame(made, columns=[*COLUMNS, *PLAIN])


def rollout_truth(truth: Mapping[str, Any], experiment: str, unit: object, month: pd.Timestamp) -> float:
    """Points that a roll-out adds to the share of a month's new arrears back to current a month later; 0 before.

    truth.json holds the effect in log-odds of cure a month, for those who can cure, and how it rises from the
    month of adoption. Of those in their first month a share `can` can cure, with the mean probability p: the
    effect is can × (expit(logit p + log-odds) − p). p stands for all who can cure, which overstates the effect a
    little where they differ (by about a hundredth of it for the priority arm, whose exact effect is known).
    """
    told = truth["experiments"][experiment]
    first = truth["cure"]["by_missed_payments"]["1"]
    adopted = told["adopted_in_month_ending"].get(unit)
    if adopted is None:
        return 0.0
    cured_in = month + pd.offsets.MonthEnd(1)
    start = pd.Timestamp(adopted)
    since = (cured_in.year - start.year) * 12 + cured_in.month - start.month
    reached = float(np.clip((since + 1) / told["log_odds"]["months_to_full"], 0, 1))
    p = first["hazard_of_those_who_can"]
    can = first["hazard"] / p
    return float(can * (expit(logit(p) + reached * told["log_odds"]["full"]) - p))


def _held(
    each: Intervention, rows: pd.DataFrame, truth: Mapping[str, Any], seed: int, level: float
) -> dict[str, object] | None:
    outcome = f"back_{each.horizon - 1}"
    if outcome not in rows:
        return None
    other = each.model_copy(
        update={"outcome": outcome, "options": each.options | FEWER_CHECKS.get(each.assigned_by, {})}
    )
    try:
        ready = prepare(other, rows, seed, level)
        true, segment = _truth_of(other, ready, truth)
        if true is None:
            return None
        effect = evaluate(ready.declared, ready.frame).effect
    except DesignRefused:
        return None
    return _row(each, segment, outcome, effect, true, ready.plain_of(outcome, level))


def _row(
    each: Intervention, segment: str, outcome: str, effect: Effect, true: float, plain: Effect | None
) -> dict[str, object]:
    row: dict[str, object] = {"part": "quasi", "what": each.name, "arm": each.arms[1], "segment": segment}
    row |= {"measure": outcome, "estimate": effect.estimate, "lower": effect.lower, "upper": effect.upper}
    row |= {"truth": true, "covered": effect.lower <= true <= effect.upper}
    if plain is not None:
        row |= {"plain": plain.estimate, "plain_lower": plain.lower, "plain_upper": plain.upper}
        row["plain_covered"] = plain.lower <= true <= plain.upper
    return row


def _truth_of(each: Intervention, ready: Prepared, truth: Mapping[str, Any]) -> tuple[float | None, str]:
    """The true effect on back_<horizon − 1> and whom it is of; None where truth.json doesn't hold it."""
    if each.assigned_by == "cutoff":
        by_segment = _by_segment(truth, each, each.experiment)
        segment = _segments(truth, pd.Series([float(each.options["cutoff"])]))[0]
        return by_segment.get(segment), segment
    if each.assigned_by == "judgement":
        return _mixed(each, ready.frame, truth), ALL
    told = truth.get("experiments", {}).get(each.experiment, {})
    if "adopted_in_month_ending" not in told or each.horizon != 2 or each.unit != "region":
        return None, ALL
    frame = ready.frame
    if "unit" in ready.about:
        frame = frame[frame[each.unit] == ready.about["unit"]]
    reached = frame[frame["month"] >= frame["adopted"]]
    cells = [
        rollout_truth(truth, str(each.experiment), unit, month)
        for unit, month in zip(reached[each.unit], reached["month"], strict=True)
    ]
    return (float(np.mean(cells)) if cells else None), ALL


def _mixed(each: Intervention, frame: pd.DataFrame, truth: Mapping[str, Any]) -> float | None:
    """Effects by segment of an experiment on the same arms, weighted by the segments of these decisions."""
    for name, told in truth.get("experiments", {}).items():
        if list(each.arms) == list(told.get("arms", ())) and "origination_score" in frame:
            by_segment = _by_segment(truth, each, name)
            effects = pd.Series(_segments(truth, frame["origination_score"])).map(by_segment)
            if effects.notna().all():
                return float(effects.mean())
    return None


def _by_segment(truth: Mapping[str, Any], each: Intervention, experiment: str | None) -> dict[str, float]:
    outcomes = truth.get("experiments", {}).get(experiment, {}).get("outcomes", {})
    cells = outcomes.get(f"cured_within_{each.horizon - 1}", {})
    first, last = each.arms
    return {
        name: cell["cured"][last] - cell["cured"][first]
        for name, cell in cells.items()
        if cell["cured"].get(last) is not None and cell["cured"].get(first) is not None
    }


def _segments(truth: Mapping[str, Any], score: pd.Series) -> list[str]:
    edges, names = truth["segments"]["origination_score_edges"], truth["segments"]["names"]
    return [names[place] for place in np.searchsorted(np.array(edges), score.to_numpy(float), side="right")]
