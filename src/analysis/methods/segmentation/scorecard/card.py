"""A binned logistic scorecard: monotone bins, weights of evidence, one coefficient a feature, points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.segmentation.scorecard.binning import Array, Bins, Slots, Trend, binning_table, fit_bins
from analysis.methods.segmentation.scorecard.points import PointsScale
from analysis.methods.segmentation.training.features import LEAST_EVENTS, check_training

BLOCK = 65_536
"""Accounts scored at a time, so that a block of all features stays in the processor's cache."""

LEAST_IV = 0.02
LEAKING_IV = 0.5
"""Information value above which a feature is marked: does it know the outcome?"""


@dataclass(frozen=True)
class Scorecard:
    """A fitted scorecard; the event's log-odds are intercept + Σ coefficient · WoE, coefficients all below 0.

    `screening` tells of each feature offered: feature, iv, coefficient, kept, reason.
    """

    bins: tuple[Bins, ...]
    coefficients: Array
    intercept: float
    screening: pd.DataFrame = field(repr=False)
    scale: PointsScale = field(default_factory=PointsScale)

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features that carry points."""
        return tuple(bins.feature for bins in self.bins)

    def bin_points(self) -> list[Array]:
        """Exact points of each feature's bins, missing and unseen last."""
        return [
            self.scale.bin_points(bins.woe, coefficient, self.intercept, len(self.bins))
            for bins, coefficient in zip(self.bins, self.coefficients, strict=True)
        ]

    def slots(self, features: pd.DataFrame) -> list[Slots]:
        """Each account's bin, feature by feature. Raises InputError for a feature that isn't there."""
        self._refuse_absent(features)
        return [bins.slots(features[bins.feature]) for bins in self.bins]

    def score(self, features: pd.DataFrame) -> Array:
        """Points of each account (n,); higher is safer. Raises InputError for a feature that isn't there."""
        return self._sum(features, self.bin_points())

    def log_odds(self, features: pd.DataFrame) -> Array:
        """The event's log-odds (n,)."""
        terms = [slope * bins.woe for bins, slope in zip(self.bins, self.coefficients, strict=True)]
        return self.intercept + self._sum(features, terms)

    def _sum(self, features: pd.DataFrame, of_bins: list[Array]) -> Array:
        """What the bins of all features add up to, a block of accounts at a time."""
        self._refuse_absent(features)
        total, columns = np.zeros(len(features)), [bins.held(features[bins.feature]) for bins in self.bins]
        for start in range(0, total.size, BLOCK):
            rows = slice(start, start + BLOCK)
            for bins, of_bin, values in zip(self.bins, of_bins, columns, strict=True):
                total[rows] += bins.values(values[rows], of_bin)
        return total

    def probability(self, features: pd.DataFrame) -> Array:
        """The event's probability (n,)."""
        return np.asarray(1.0 / (1.0 + np.exp(-self.log_odds(features))))

    def _refuse_absent(self, features: pd.DataFrame) -> None:
        absent = [name for name in self.features if name not in features.columns]
        if absent:
            raise InputError(f"features: {', '.join(absent)} missing; the scorecard was fitted with them")


def fit_scorecard(
    features: pd.DataFrame,
    event: npt.ArrayLike,
    least_iv: float = LEAST_IV,
    smallest: float = 0.03,
    most: int = 8,
    trends: Mapping[str, Trend] | None = None,
    scale: PointsScale | None = None,
    least_events: int = LEAST_EVENTS,
) -> Scorecard:
    """Scorecard of `event` (0 or 1, n) on `features` (n rows; numbers or categories, missing values a bin).

    Features with an information value under `least_iv` are left out. The logistic regression on weights of
    evidence is unpenalised; a feature whose coefficient turns against its own bins (it repeats what others say)
    is left out, the worst first, until none does. Bins and coefficients come from the same accounts, so judge the
    scorecard on others. Raises as `check_training` does, and InputError where no feature says anything.
    """
    outcome = check_training(features, event, least_events)
    bins = list(fit_bins(features, outcome, smallest, most, trends))
    kept = [item for item in bins if item.information_value >= least_iv]
    if not kept:
        strongest = max(item.information_value for item in bins)
        raise InputError(
            f"features: none reaches an information value of {least_iv:g} (the highest has {strongest:.3f}); "
            "nothing here tells who has the event"
        )
    woe = np.column_stack([item.woe[item.slots(features[item.feature])] for item in kept])
    chosen, coefficients, intercept = _fit_signed(woe, outcome)
    used = tuple(kept[i] for i in chosen)
    screening = _screening(bins, {item.feature for item in kept}, used, coefficients)
    return Scorecard(used, coefficients, intercept, screening, scale or PointsScale())


def _fit_signed(woe: Array, event: npt.NDArray[np.int64]) -> tuple[list[int], Array, float]:
    """Columns left when all coefficients have the sign that weights of evidence demand, and the fit on them."""
    from sklearn.linear_model import LogisticRegression

    # Features whose bins part the accounts alike (one a monotone function of another) can't be told apart.
    columns = sorted(np.unique(np.round(woe, 12), axis=1, return_index=True)[1].tolist())
    while True:
        model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-8, max_iter=200)
        model.fit(woe[:, columns], event)
        coefficients = model.coef_[0]
        # The strongest feature alone has the right sign by construction, so the loop ends.
        if len(columns) == 1 or coefficients.max() < 0:
            return columns, coefficients, float(model.intercept_[0])
        del columns[int(coefficients.argmax())]


def _screening(bins: list[Bins], strong: set[str], used: tuple[Bins, ...], coefficients: Array) -> pd.DataFrame:
    weights = dict(zip((item.feature for item in used), coefficients, strict=True))
    rows = []
    for item in bins:
        iv = item.information_value
        reason = "weak" if item.feature not in strong else "repeats others" if item.feature not in weights else ""
        if item.feature in weights and iv > LEAKING_IV:
            reason = "check for leakage"
        rows.append((item.feature, iv, weights.get(item.feature, np.nan), item.feature in weights, reason))
    table = pd.DataFrame(rows, columns=["feature", "iv", "coefficient", "kept", "reason"])
    return table.sort_values("iv", ascending=False, ignore_index=True)


def points_table(card: Scorecard) -> pd.DataFrame:
    """The scorecard as it is printed, one row a bin: binning_table's columns, points (exact), rounded.

    Rounded points misstate an account's log-odds by at most `scale.rounding_error`. Bins that held nobody in
    training are left out of the print; missing values and unseen categories still score (their WoE is 0).
    """
    tables = []
    for bins, points in zip(card.bins, card.bin_points(), strict=True):
        held = points[bins.counts > 0]
        tables.append(binning_table(bins).assign(points=held, rounded=np.rint(held).astype(int)))
    return pd.concat(tables, ignore_index=True)


def point_ranges(points: pd.DataFrame) -> pd.DataFrame:
    """What each feature can do to a score: feature, worst (bin) with lowest points, best (bin) with highest.

    `points` is `points_table`'s, or the rows of it that may be shown. The feature with the widest range first.
    """
    ordered = points.sort_values("points", kind="stable")
    low = ordered.groupby("feature", sort=False).head(1).set_index("feature")
    high = ordered.groupby("feature", sort=False).tail(1).set_index("feature")
    table = pd.DataFrame(
        {"worst": low["bin"], "lowest": low["points"], "best": high["bin"], "highest": high["points"]}
    )
    wide = (table["highest"] - table["lowest"]).sort_values(ascending=False, kind="stable")
    return table.loc[wide.index].rename_axis("feature").reset_index()
