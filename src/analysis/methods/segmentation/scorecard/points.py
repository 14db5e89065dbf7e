"""Points of a scorecard: log-odds on a scale that a person can add up."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.core.errors import ParameterError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PointsScale:
    """A score of `base_score` means odds of `base_odds` to one that the event does not happen.

    `double` more points double these odds. Higher is safer. Siddiqi (2006), Credit Risk Scorecards, ch. 6.

    >>> scale = PointsScale(600, 50, 20)
    >>> [round(float(scale.score(-math.log(odds))), 6) for odds in (50, 100)]
    [600.0, 620.0]
    """

    base_score: float = 600.0
    base_odds: float = 50.0
    double: float = 20.0

    def __post_init__(self) -> None:
        if self.base_odds <= 0 or self.double <= 0:
            raise ParameterError(
                f"points: base_odds {self.base_odds} and double {self.double} must both be above 0, "
                "for example 50 and 20"
            )

    @property
    def factor(self) -> float:
        """Points a unit of log-odds."""
        return self.double / math.log(2.0)

    @property
    def offset(self) -> float:
        """Points at even odds."""
        return self.base_score - self.factor * math.log(self.base_odds)

    def score(self, log_odds: npt.ArrayLike) -> Array:
        """Points for the event's log-odds."""
        return np.asarray(self.offset - self.factor * np.asarray(log_odds, dtype=float))

    def log_odds(self, score: npt.ArrayLike) -> Array:
        """The event's log-odds that a score stands for: the inverse of `score`."""
        return np.asarray((self.offset - np.asarray(score, dtype=float)) / self.factor)

    def bin_points(self, woe: Array, coefficient: float, intercept: float, features: int) -> Array:
        """Points of each bin of one feature, so that an account's points over all features add to its score.

        `coefficient` and `intercept` are of the event's log-odds; intercept and offset are shared out evenly.
        """
        return (self.offset - self.factor * intercept) / features - self.factor * coefficient * woe

    def rounding_error(self, features: int) -> float:
        """The most by which whole points can misstate log-odds: half a point a feature."""
        return 0.5 * features / self.factor
