"""Does a challenger beat the champion?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.segmentation.totals import totals
from analysis.methods.segmentation.training.features import check_event
from analysis.methods.segmentation.validation.discrimination import RANKING, ranked_by_fold, ranking_measures
from analysis.methods.segmentation.validation.performance import (
    LOWER_IS_BETTER,
    check_measures,
    check_probability,
    validate_model,
)
from analysis.statistics import intervals
from analysis.statistics.jackknife import leave_one_out

Array = npt.NDArray[np.float64]

COMPARED = (*RANKING, "brier")


def champion_table(
    predictions: Mapping[str, npt.ArrayLike],
    event: npt.ArrayLike,
    fold: npt.ArrayLike,
    champion: str,
    deciding: str = "auc",
    capacity: float = 0.1,
    level: float = 0.95,
) -> pd.DataFrame:
    """Each model against the champion on the same accounts, none of them trained on.

    `predictions` maps a model's name to its probabilities (n,). Returns a row a model and measure: model, role,
    measure, value, lower, upper, difference (from the champion), difference_lower, difference_upper, verdict. The
    verdict, on the `deciding` measure only: "better" or "worse" where the difference's limits leave out 0, else
    "not told apart"; among several challengers some are better by chance. Differences are paired: the same folds
    of customers are left out for both. Raises ParameterError for an unknown champion or measure.
    """
    if champion not in predictions:
        raise ParameterError(f"champion '{champion}' is not among the models: {', '.join(predictions)}")
    check_measures([deciding])
    if deciding not in COMPARED:
        raise ParameterError(f"deciding: {deciding} can't decide; allowed are {', '.join(COMPARED)}")
    outcome = check_event(event, np.size(fold))
    found = {
        name: _replicates(check_probability(p), outcome, np.asarray(fold), capacity)
        for name, p in predictions.items()
    }
    tables = []
    for name, predicted in predictions.items():
        table = validate_model(predicted, outcome, fold, capacity, COMPARED, level)
        table = table.assign(model=name, role="champion" if name == champion else "challenger")
        tables.append(_against(table, found[name], found[champion], deciding, level))
    columns = ["model", "role", "measure", "value", "lower", "upper"]
    columns += ["difference", "difference_lower", "difference_upper", "verdict"]
    return pd.concat(tables, ignore_index=True)[columns]


def _replicates(
    predicted: Array, event: npt.NDArray[np.int64], fold: npt.NDArray[np.int64], capacity: float
) -> tuple[Array, Array]:
    """The measures of `COMPARED` (measures,) and without each fold (folds, measures)."""
    whole, rest = ranked_by_fold(predicted, event, fold)
    _, place = np.unique(fold, return_inverse=True)
    folds = int(place.max()) + 1
    loss, size = totals(place, folds, (event - predicted) ** 2), totals(place, folds)
    value = np.append(ranking_measures(whole, capacity), loss.sum() / size.sum())
    left = [ranking_measures(ranked, capacity) for ranked in rest]
    return value, np.column_stack([left, leave_one_out(loss) / leave_one_out(size)])


def _against(
    table: pd.DataFrame, own: tuple[Array, Array], other: tuple[Array, Array], deciding: str, level: float
) -> pd.DataFrame:
    same = table["role"].iloc[0] == "champion"
    gap = intervals.plain(own[0] - other[0], own[1] - other[1], level)
    sign = np.where(np.isin(COMPARED, LOWER_IS_BETTER), -1.0, 1.0)
    better = np.where(sign > 0, gap.lower > 0, gap.upper < 0)
    worse = np.where(sign > 0, gap.upper < 0, gap.lower > 0)
    verdict = np.where(better, "better", np.where(worse, "worse", "not told apart"))
    verdict = np.where((table["measure"] == deciding) & (not same), verdict, "")
    nothing = np.full(len(COMPARED), np.nan)
    return table.assign(
        difference=nothing if same else gap.value,
        difference_lower=nothing if same else gap.lower,
        difference_upper=nothing if same else gap.upper,
        verdict=verdict,
    )
