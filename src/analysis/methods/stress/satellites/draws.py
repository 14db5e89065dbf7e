"""Coefficients of a satellite drawn from what is known of them, and what they make of an economy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.stress.satellites.bounds import within
from analysis.methods.stress.satellites.regression import MonthRegression
from analysis.methods.stress.satellites.satellite import Satellite

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Drawn:
    """`chosen` (D,): model of `satellite` that each draw follows; `coefficients`: those of each model's draws, in
    order."""

    satellite: Satellite
    chosen: npt.NDArray[np.int64]
    coefficients: dict[int, Array]

    def shifts(
        self, drivers: pd.DataFrame, months: Sequence[pd.Timestamp], reference: Sequence[pd.Timestamp]
    ) -> Array:
        """Satellite.shift() of each draw, (D, H)."""
        found = np.empty((len(self.chosen), len(months)))
        moved = self.satellite.moved(drivers, months, reference)
        for number, rows in self.coefficients.items():
            found[self.chosen == number] = rows @ moved(self.satellite.models[number]).T
        return found


def draw_coefficients(satellite: Satellite, draws: int, random: np.random.Generator) -> Drawn:
    """Models by their weights, within each a multivariate t, moved to the nearest point with the right signs."""
    weights = [model.weight for model in satellite.models]
    chosen = random.choice(len(weights), size=draws, p=weights)
    found = {
        int(number): _drawn(satellite, satellite.models[number].fit, int((chosen == number).sum()), random)
        for number in np.unique(chosen)
    }
    return Drawn(satellite, chosen, found)


def _drawn(satellite: Satellite, fit: MonthRegression, draws: int, random: np.random.Generator) -> Array:
    values, vectors = np.linalg.eigh(fit.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    known = bool(np.isinf(fit.degrees))
    wide = 1.0 if known else np.sqrt(fit.degrees / random.chisquare(fit.degrees, draws))[:, None]
    drawn = np.asarray(fit.free + wide * (random.normal(size=(draws, len(fit.free))) @ root.T))
    if satellite.source == "assumption":
        return np.clip(drawn, satellite.lower, satellite.upper)
    information = np.asarray(np.linalg.inv(fit.covariance), float)
    return within(drawn, information, satellite.lower, satellite.upper)
