"""Does a model treat groups of people alike? (fairlearn.)

Sex, education, marital status and age band are never features; that alone keeps no model from standing in for
them. What being *selected* means (passed over, worked, warned of) is for the chapter that asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.statistics import intervals
from analysis.statistics.jackknife import leave_one_out

Array = npt.NDArray[np.float64]
Labels = npt.NDArray[np.object_]

METRICS = (
    "predicted",
    "observed",
    "calibration_gap",
    "selection_rate",
    "true_positive_rate",
    "false_positive_rate",
    "false_negative_rate",
)

LEAST = 30
"""Rows below which a group is not shown."""

SMALL = 10
"""Rows that no difference between a total and the groups shown may come to."""

COLUMNS = ("attribute", "group", "metric", "value", "lower", "upper", "rows", "events", "suppressed")


class Fairness(NamedTuple):
    """Metrics by group, and the gaps between groups; see `compare_groups`."""

    groups: pd.DataFrame
    gaps: pd.DataFrame


@dataclass(frozen=True)
class Judged:
    """Predictions to be judged, each array (n,).

    `predicted` is the event's probability, `event` 0 or 1, `selected` whether the row was picked (0 or 1, or a
    share where rows tie at the edge), `fold` a random group of customers, `rows` what a row counts, `weight` what
    it weighs in the metrics (as against censoring; 0 takes no part).
    """

    predicted: Array
    event: Array
    selected: Array
    fold: npt.NDArray[np.generic]
    weight: Array
    rows: Array

    def where(self, kept: npt.NDArray[np.bool_]) -> Judged:
        """Those rows alone."""
        predicted, event, selected = (part[kept] for part in (self.predicted, self.event, self.selected))
        return Judged(predicted, event, selected, self.fold[kept], self.weight[kept], self.rows[kept])


def selected_at_capacity(predicted: Array, capacity: float, weight: Array | None = None) -> Array:
    """1 for the share `capacity` of rows with the highest predictions, 0 for the others (n,).

    Rows that tie at the edge share the places that are left, each with the same fraction.
    """
    size = np.ones(predicted.size) if weight is None else weight
    level, place = np.unique(-predicted, return_inverse=True)
    held = np.bincount(place, weights=size, minlength=level.size)
    before = np.cumsum(held) - held
    share = np.clip((capacity * size.sum() - before) / np.where(held > 0, held, 1.0), 0.0, 1.0)
    return np.asarray(share[place])


def compare_groups(
    judged: Judged, attributes: pd.DataFrame, metrics: Sequence[str] = METRICS, level: float = 0.95
) -> Fairness:
    """Metrics of a model by group of each column of `attributes` (n rows), and the gaps between groups.

    predicted            mean prediction
    observed             share with the event
    calibration_gap      predicted − observed; above 0 more is expected of the group than happens
    selection_rate       share selected
    true_positive_rate   of those with the event, the share selected
    false_positive_rate  of those without it, the share selected
    false_negative_rate  of those with it, the share not selected

    Groups: attribute, group, metric, value, lower, upper, rows, events, suppressed. A group under thirty rows is
    suppressed (its values are missing) and takes no part in the gaps, nor does the smallest other where those
    suppressed would follow from the total and come to under ten; a missing attribute is the group "unknown".
    Gaps: attribute, metric, highest and lowest group, difference, its limits, ratio (lowest ÷ highest), its
    limits. Limits by leaving out one fold of customers at a time, who is selected and groups held. The two groups
    of a gap are picked for being furthest apart, so among many groups some gap is chance: its limits are those of
    that pair alone. Raises InputError for attributes of another length.
    """
    if len(attributes) != judged.predicted.size:
        raise InputError(
            f"attributes: {len(attributes):,} rows for {judged.predicted.size:,} predictions; pass one for each"
        )
    counted = judged.where(judged.weight > 0)
    pairs = []
    for name in attributes.columns:
        found = _attribute(counted, _labels(attributes[name])[judged.weight > 0], metrics, level)
        pairs.append([part.assign(attribute=str(name)) for part in found])
    groups, gaps = zip(*pairs, strict=True)
    return Fairness(pd.concat(groups, ignore_index=True)[list(COLUMNS)], pd.concat(gaps, ignore_index=True))


def _labels(column: pd.Series) -> Labels:
    return column.astype(object).where(column.notna(), "unknown").astype(str).to_numpy()


def _attribute(
    judged: Judged, label: Labels, metrics: Sequence[str], level: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = pd.Series(judged.rows).groupby(label).sum()
    events = pd.Series(judged.rows * judged.event).groupby(label).sum()
    shown = _shown(rows)
    parts = [_suppressed(str(group), metrics) for group in rows.index if group not in shown]
    if not shown:
        return pd.concat(parts, ignore_index=True), pd.DataFrame(columns=["metric"])
    kept = np.isin(label, shown)
    values = by_group(judged.where(kept), label[kept], metrics).loc[shown].to_numpy(float)
    replicates = _replicates(judged.where(kept), label[kept], metrics)
    for i, group in enumerate(shown):
        found = [_limited(name, values[i, j], replicates[:, i, j], level) for j, name in enumerate(metrics)]
        frame = pd.DataFrame(found, columns=["value", "lower", "upper"]).assign(group=group, metric=list(metrics))
        parts.append(frame.assign(rows=rows[group], events=events[group], suppressed=False))
    gaps = _gaps(values, replicates, shown, metrics, level) if len(shown) > 1 else pd.DataFrame(columns=["metric"])
    return pd.concat(parts, ignore_index=True), gaps


def _shown(rows: pd.Series) -> list[str]:
    """Groups of thirty rows or more; one fewer where the total would tell of the rest that they are under ten."""
    large = rows[rows >= LEAST].sort_values(kind="stable")
    rest = float(rows[rows < LEAST].sum())
    return sorted(large.index[1:] if 0 < rest < SMALL else large.index)


def _suppressed(group: str, metrics: Sequence[str]) -> pd.DataFrame:
    hidden = {"value": np.nan, "lower": np.nan, "upper": np.nan, "rows": np.nan, "events": np.nan}
    return pd.DataFrame({"metric": list(metrics)}).assign(group=group, suppressed=True, **hidden)


def by_group(judged: Judged, label: Labels, metrics: Sequence[str]) -> pd.DataFrame:
    """The metrics by group, from fairlearn's MetricFrame: a row a group, a column a metric."""
    from fairlearn.metrics import MetricFrame

    found = {name: _metric(name) for name in metrics}
    sample = {"sample_weight": judged.weight, "selected": judged.selected}
    frame = MetricFrame(
        metrics=found,
        y_true=judged.event.astype(int),
        y_pred=judged.predicted,
        sensitive_features=pd.Series(label, name="group"),
        sample_params={name: dict(sample) for name in found},
    )
    table: pd.DataFrame = frame.by_group[list(metrics)]
    return table


def _metric(name: str) -> Callable[..., float]:
    """The metric as fairlearn calls it: a weighted mean over a group, or its rows with, or without, the event."""
    from fairlearn.metrics import mean_prediction

    def metric(y_true: Any, y_pred: Any, sample_weight: Any, selected: Any) -> float:
        event, p, picked, weight = (np.asarray(part, float) for part in (y_true, y_pred, selected, sample_weight))
        value, among = _terms(name, p, event, picked)
        weight = weight * among
        return float(mean_prediction(event, value, sample_weight=weight)) if weight.sum() > 0 else np.nan

    return metric


def _terms(name: str, predicted: Array, event: Array, selected: Array) -> tuple[Array, Array]:
    """What a metric is the mean of, and among which rows (0 or 1)."""
    everyone = np.ones(event.size)
    return {
        "predicted": (predicted, everyone),
        "observed": (event, everyone),
        "calibration_gap": (predicted - event, everyone),
        "selection_rate": (selected, everyone),
        "true_positive_rate": (selected, event),
        "false_positive_rate": (selected, 1.0 - event),
        "false_negative_rate": (1.0 - selected, event),
    }[name]


def _replicates(judged: Judged, label: Labels, metrics: Sequence[str]) -> Array:
    """The metrics without each fold, (folds, groups, metrics): ratios of weighted sums."""
    group = np.unique(label, return_inverse=True)[1]
    fold = np.unique(judged.fold, return_inverse=True)[1]
    size = (int(fold.max()) + 1, int(group.max()) + 1)
    place = np.ravel_multi_index((fold, group), size)

    def without(part: Array) -> Array:
        sums = np.bincount(place, weights=part, minlength=size[0] * size[1]).reshape(size).astype(float)
        return leave_one_out(sums)

    found = []
    for name in metrics:
        value, among = _terms(name, judged.predicted, judged.event, judged.selected)
        with np.errstate(divide="ignore", invalid="ignore"):
            found.append(without(judged.weight * among * value) / without(judged.weight * among))
    return np.stack(found, axis=-1)


def _limited(metric: str, value: float, replicates: Array, level: float) -> tuple[float, float, float]:
    scale = intervals.plain if metric == "calibration_gap" else intervals.share
    estimate = scale(value, replicates, level)
    return float(estimate.value), float(estimate.lower), float(estimate.upper)


def _gaps(
    values: Array, replicates: Array, groups: Sequence[str], metrics: Sequence[str], level: float
) -> pd.DataFrame:
    """Highest less lowest group, and lowest ÷ highest, by metric."""
    rows = []
    for j, metric in enumerate(metrics):
        if np.isnan(values[:, j]).all():
            continue
        high, low = int(np.nanargmax(values[:, j])), int(np.nanargmin(values[:, j]))
        pair, rest = values[[high, low], j], replicates[:, [high, low], j]
        apart = intervals.plain(pair[0] - pair[1], rest[:, 0] - rest[:, 1], level)
        row = {"metric": metric, "highest": groups[high], "lowest": groups[low], "difference": float(apart.value)}
        row |= {"difference_lower": float(apart.lower), "difference_upper": float(apart.upper)}
        # A ratio of signed gaps would say nothing.
        if metric != "calibration_gap" and pair[0] > 0:
            row |= _ratio(pair, rest, level)
        rows.append(row)
    return pd.DataFrame(rows)


def _ratio(pair: Array, rest: Array, level: float) -> dict[str, float]:
    with np.errstate(divide="ignore", invalid="ignore"):
        held = rest[:, 1] / rest[:, 0]
    ratio = intervals.positive(pair[1] / pair[0], held, level)
    return dict(zip(("ratio", "ratio_lower", "ratio_upper"), map(float, ratio), strict=True))
