"""Does predicted cure treat groups of people alike? (fairlearn.)

Sex, education, marital status and age band are never features; that alone keeps no model from standing in for
them. A spell is *passed over* (left to cure by itself) where its prediction is among the highest, and *worked*
where it is among the lowest share that the agents' capacity allows. For a debtor, being worked is the burden.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cure.validation.cells import Outcomes
from analysis.statistics import intervals
from analysis.statistics.jackknife import leave_one_out

Array = npt.NDArray[np.float64]

METRICS = ("predicted", "observed", "calibration_gap", "selection_rate", "false_negative_rate")
LEAST = 30
"""Spells below which a group is not shown."""


def group_fairness(
    cells: pd.DataFrame,
    predicted: Array,
    attributes: Sequence[str],
    horizon: int,
    capacity: float = 0.5,
    level: float = 0.95,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predicted and actual cure within `horizon` months by group, and the gaps between groups.

    predicted            mean prediction
    observed             share cured within the horizon; spells followed so far stand for those that weren't
    calibration_gap      predicted − observed; below 0 the group is thought worse of than it does
    selection_rate       share passed over: predicted above the threshold that leaves `capacity` of the spells to
                         be worked; a low rate is the burden
    false_negative_rate  of those who cured, the share that was worked all the same; high is the burden

    Groups: attribute, group, horizon, metric, value, lower, upper, rows, events, suppressed. A group under thirty
    spells is suppressed (its values are missing) and takes no part in the gaps; a missing attribute is the group
    "unknown". Gaps: attribute, horizon, metric, highest and lowest group, difference, its limits, ratio (lowest ÷
    highest), its limits. Limits by leaving out one fold of customers at a time, threshold and groups held. The two
    groups of a gap are picked for being furthest apart, so among many groups some gap is chance: its limits are
    those of that pair alone. Raises InputError for an attribute that isn't there.
    """
    if not 0 < capacity < 1:
        raise ParameterError(f"capacity is {capacity}; it is the share of spells worked, between 0 and 1")
    absent = [name for name in attributes if name not in cells.columns]
    if absent:
        raise InputError(f"{', '.join(absent)} cannot be tested for fairness: not in the cells of spells")
    outcomes = Outcomes.of(cells, horizon)
    weight = outcomes.inverse_weights(horizon)
    data = pd.DataFrame({"cured": outcomes.known_cured(horizon), "predicted": predicted, "weight": weight})
    data = data.assign(spells=outcomes.weight, fold=outcomes.fold)
    threshold = threshold_at(predicted, outcomes.weight, capacity)
    pairs = [
        _attribute(data[weight > 0], _labels(cells[name])[weight > 0], name, horizon, threshold, level)
        for name in attributes
    ]
    groups, gaps = zip(*pairs, strict=True)
    return pd.concat(groups, ignore_index=True), pd.concat(gaps, ignore_index=True)


def threshold_at(predicted: Array, weight: Array, capacity: float) -> float:
    """The prediction at and below which the lowest share `capacity` of the spells lies."""
    order = np.argsort(predicted, kind="stable")
    share = np.cumsum(weight[order]) / weight.sum()
    return float(predicted[order][np.searchsorted(share, capacity)])


def _labels(column: pd.Series) -> npt.NDArray[np.object_]:
    return column.astype(object).where(column.notna(), "unknown").astype(str).to_numpy()


def _attribute(
    data: pd.DataFrame, label: npt.NDArray[np.object_], name: str, horizon: int, threshold: float, level: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    spells = data["spells"].groupby(label).sum()
    shown = sorted(spells.index[spells >= LEAST])
    kept = np.isin(label, shown)
    parts = [_suppressed(group, float(spells[group])) for group in spells.index if group not in shown]
    gaps = pd.DataFrame(columns=["metric"])
    if shown:
        values = (
            metric_frame(data[kept], label[kept], threshold).by_group.loc[shown, list(METRICS)].to_numpy(float)
        )
        replicates = _replicates(data[kept], label[kept], threshold)
        counts = data[kept].groupby(label[kept])["spells"].sum()
        events = (data["spells"] * data["cured"])[kept].groupby(label[kept]).sum()
        for i, group in enumerate(shown):
            found = [
                _limited(metric, values[i, j], replicates[:, i, j], level) for j, metric in enumerate(METRICS)
            ]
            frame = pd.DataFrame(found, columns=["value", "lower", "upper"]).assign(group=group, metric=METRICS)
            parts.append(frame.assign(rows=counts[group], events=events[group], suppressed=False))
        if len(shown) > 1:
            gaps = _gaps(values, replicates, shown, level)
    columns = [
        "attribute",
        "group",
        "horizon",
        "metric",
        "value",
        "lower",
        "upper",
        "rows",
        "events",
        "suppressed",
    ]
    table = pd.concat(parts, ignore_index=True).assign(attribute=name, horizon=horizon)[columns]
    return table, gaps.assign(attribute=name, horizon=horizon)


def _suppressed(group: str, spells: float) -> pd.DataFrame:
    hidden = {"value": np.nan, "lower": np.nan, "upper": np.nan, "rows": np.nan, "events": np.nan}
    return pd.DataFrame({"metric": METRICS}).assign(group=group, suppressed=True, **hidden)


def metric_frame(data: pd.DataFrame, label: npt.NDArray[np.object_], threshold: float) -> Any:
    """fairlearn's MetricFrame of the five metrics; weights are those against censoring."""
    from fairlearn.metrics import MetricFrame

    metrics = _metrics(threshold)
    weights = {name: {"sample_weight": data["weight"].to_numpy()} for name in metrics}
    return MetricFrame(
        metrics=metrics,
        y_true=data["cured"].to_numpy().astype(int),
        y_pred=data["predicted"].to_numpy(),
        sensitive_features=pd.Series(label, name="group"),
        sample_params=weights,
    )


def _metrics(threshold: float) -> dict[str, Callable[..., float]]:
    from fairlearn.metrics import false_negative_rate, mean_prediction, selection_rate

    def observed(y_true: Array, y_pred: Array, sample_weight: Array) -> float:
        return float(mean_prediction(y_true, y_true, sample_weight=sample_weight))

    def gap(y_true: Array, y_pred: Array, sample_weight: Array) -> float:
        return float(mean_prediction(y_true, y_pred - y_true, sample_weight=sample_weight))

    def passed_over(rate: Callable[..., float], y_true: Array, y_pred: Array, sample_weight: Array) -> float:
        if rate is false_negative_rate and not np.asarray(y_true).any():
            return np.nan
        return float(rate(y_true, (np.asarray(y_pred) > threshold).astype(int), sample_weight=sample_weight))

    rates = [partial(passed_over, selection_rate), partial(passed_over, false_negative_rate)]
    return dict(zip(METRICS, [mean_prediction, observed, gap, *rates], strict=True))


def _replicates(data: pd.DataFrame, label: npt.NDArray[np.object_], threshold: float) -> Array:
    """The five metrics without each fold, (folds, groups, metrics): ratios of weighted sums."""
    group = np.unique(label, return_inverse=True)[1]
    fold = np.unique(data["fold"].to_numpy(), return_inverse=True)[1]
    w, y, p = (data[name].to_numpy(dtype=float) for name in ("weight", "cured", "predicted"))
    size = (int(fold.max()) + 1, int(group.max()) + 1)
    parts = (w, w * p, w * y, w * (p > threshold), w * y * (p <= threshold))
    place = np.ravel_multi_index((fold, group), size)
    sums = [
        np.bincount(place, weights=part, minlength=size[0] * size[1]).reshape(size).astype(float) for part in parts
    ]
    whole, predicted, cured, passed, missed = (leave_one_out(part) for part in sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = [predicted / whole, cured / whole, (predicted - cured) / whole, passed / whole, missed / cured]
    return np.stack(rates, axis=-1)


def _limited(metric: str, value: float, replicates: Array, level: float) -> tuple[float, float, float]:
    scale = intervals.plain if metric == "calibration_gap" else intervals.share
    estimate = scale(value, replicates, level)
    return float(estimate.value), float(estimate.lower), float(estimate.upper)


def _gaps(values: Array, replicates: Array, groups: Sequence[str], level: float) -> pd.DataFrame:
    """Highest less lowest group, and lowest ÷ highest, by metric."""
    rows = []
    for j, metric in enumerate(METRICS):
        if np.isnan(values[:, j]).all():
            continue
        high, low = int(np.nanargmax(values[:, j])), int(np.nanargmin(values[:, j]))
        apart = intervals.plain(
            values[high, j] - values[low, j], replicates[:, high, j] - replicates[:, low, j], level
        )
        row = {"metric": metric, "highest": groups[high], "lowest": groups[low], "difference": float(apart.value)}
        row |= {"difference_lower": float(apart.lower), "difference_upper": float(apart.upper)}
        # A ratio of signed gaps would say nothing.
        if metric != "calibration_gap" and values[high, j] > 0:
            with np.errstate(divide="ignore", invalid="ignore"):
                held = replicates[:, low, j] / replicates[:, high, j]
            ratio = intervals.positive(values[low, j] / values[high, j], held, level)
            row |= {
                "ratio": float(ratio.value),
                "ratio_lower": float(ratio.lower),
                "ratio_upper": float(ratio.upper),
            }
        rows.append(row)
    return pd.DataFrame(rows)
