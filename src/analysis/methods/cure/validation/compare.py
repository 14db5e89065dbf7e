"""Cure models side by side on spells begun after everything they learnt from."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.cure.mixture.checks import IdentificationWarning
from analysis.methods.cure.validation import scores
from analysis.methods.cure.validation.calibration import calibration_scores, calibration_table
from analysis.methods.cure.validation.cells import Outcomes, drawn
from analysis.methods.cure.validation.rivals import Forecaster
from analysis.methods.cure.validation.split import Split

Array = npt.NDArray[np.float64]

LIMIT = 15_000
"""Spells that the ranking and Brier scores are computed on at most; beyond it they are drawn."""

HORIZONS = (3, 6, 12)


@dataclass(frozen=True)
class Validation:
    """What `validate` found.

    `table` has one row a (model, horizon, metric): value, lower, upper, rows, events. `calibration` has one row a
    (model, horizon, group), see `calibration_table`. `curves` are the predictions (test cells, months) and
    `trained` those for the training cells, by model; `horizons` those that could be scored; `notes` say what was
    left out.
    """

    table: pd.DataFrame
    calibration: pd.DataFrame
    curves: dict[str, Array]
    trained: dict[str, Array]
    horizons: tuple[int, ...]
    notes: tuple[str, ...]


def validate(
    split: Split,
    models: Sequence[Forecaster],
    horizons: Sequence[int] = HORIZONS,
    limit: int = LIMIT,
    seed: int = 1,
    level: float = 0.95,
) -> Validation:
    """Fit each model on the training spells and judge it on the test spells.

    Calibration is computed on the weighted cells. The ranking and Brier scores take no weights, so cells become
    one row a spell, and above `limit` spells that many are drawn without replacement (same spells for all
    models; `rows` says how many). Raises InputError where no horizon has been followed by thirty spells.
    """
    months = max(horizons)
    outcomes = Outcomes.of(split.test, months)
    scored = scores.scored_horizons(outcomes, horizons)
    if not scored:
        raise InputError(
            f"no horizon of {list(horizons)} months can be judged: spells begun from month {split.cut} on are "
            f"followed for {split.months} months at most, or too few are; choose an earlier cut"
        )
    fitted, warned = _fitted(models, split.train)
    curves = {model.name: model.predict(split.test, months) for model in fitted}
    trained = {model.name: model.predict(split.train, months) for model in fitted}
    index = drawn(split.test["spells"], limit, seed)
    rows = outcomes.rows(index)
    table = pd.DataFrame(
        [row for name in curves for row in _rows(name, split, rows, curves[name], index, scored, level)]
    )
    deciles = [
        calibration_table(split.test, curve[:, horizon - 1], horizon, level=level).assign(model=name)
        for name, curve in curves.items()
        for horizon in scored
        if not np.isnan(curve[:, horizon - 1]).any()
    ]
    notes = (*warned, *_notes(split, horizons, scored, curves, index))
    return Validation(
        table, _model_first(pd.concat(deciles, ignore_index=True)), curves, trained, tuple(scored), notes
    )


def _fitted(models: Sequence[Forecaster], train: pd.DataFrame) -> tuple[list[Forecaster], list[str]]:
    """The models fitted, and what they warn of in the training spells; other warnings go on to the caller."""
    fitted, notes = [], []
    for model in models:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fitted.append(model.fit(train))
        for warning in caught:
            if issubclass(warning.category, IdentificationWarning):
                notes.append(f"{model.name}: {warning.message}")
            else:
                warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    return fitted, notes


def _rows(
    name: str,
    split: Split,
    rows: Outcomes,
    curve: Array,
    index: npt.NDArray[np.int64],
    horizons: Sequence[int],
    level: float,
) -> Iterator[dict[str, object]]:
    weighted = Outcomes.of(split.test)
    parts = [
        (scores.predictive_scores(rows, curve[index], horizons, level), rows),
        (calibration_scores(split.test, curve, horizons, level), weighted),
    ]
    for found, outcomes in parts:
        for score in found:
            events = outcomes.weight[outcomes.known_cured(score.horizon)].sum()
            limits = {key: float(value) for key, value in score.estimate._asdict().items()}
            counts = {"rows": int(outcomes.weight.sum()), "events": int(events)}
            yield {"model": name, "horizon": score.horizon, "metric": score.metric} | limits | counts


def _notes(
    split: Split,
    horizons: Sequence[int],
    scored: Sequence[int],
    curves: dict[str, Array],
    index: npt.NDArray[np.int64],
) -> Iterator[str]:
    if not scores.available():
        yield scores.MISSING
    short = [str(h) for h in horizons if h not in scored]
    if short:
        yield (
            f"Not judged at {', '.join(short)} months: fewer than {scores.FOLLOWED} test spells were followed so "
            "far without a cure, or none had cured."
        )
    if split.late:
        yield f"{split.late:,.0f} test spells first seen after their start are left out of all scores."
    total = split.test["spells"].sum()
    if index.size < total:
        yield f"Ranking and Brier scores are computed on {index.size:,} spells drawn from {total:,.0f}."
    for name, curve in curves.items():
        gone = [str(h) for h in scored if np.isnan(curve[:, h - 1]).any()]
        if gone:
            yield f"{name} makes no forecast at {', '.join(gone)} months."


def _model_first(table: pd.DataFrame) -> pd.DataFrame:
    return table[["model", *table.columns.drop("model")]]
