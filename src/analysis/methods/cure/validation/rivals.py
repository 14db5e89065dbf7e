"""Models of the same question, fitted on the training spells only: predicted cure by month 1, 2, …"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.cure.competing.cause_specific import cause_specific_cox
from analysis.methods.cure.competing.cumulative_incidence import cumulative_incidence
from analysis.methods.cure.validation.cells import CURED, OPEN
from analysis.statistics.compress import compress
from analysis.statistics.design import Design

Array = npt.NDArray[np.float64]


class Forecaster(Protocol):
    """A model to be judged."""

    name: str

    def fit(self, train: pd.DataFrame) -> Forecaster:
        """Learn from training cells, which are blank after the cut."""
        ...

    def predict(self, cells: pd.DataFrame, months: int) -> Array:
        """P(cured within m months of the spell's beginning), (cells, months); missing months aren't predicted."""
        ...


class AalenJohansen:
    """Everyone alike: the Aalen–Johansen incidence of cure among the training spells."""

    name = "aalen_johansen"

    def fit(self, train: pd.DataFrame) -> AalenJohansen:
        table = cumulative_incidence(train, "duration", "exit", "entry", "spells")
        cured = table[table["exit"] == CURED]
        self._curve = pd.Series(cured["share"].to_numpy(), index=cured["time"].to_numpy())
        return self

    def predict(self, cells: pd.DataFrame, months: int) -> Array:
        curve = self._curve.reindex(np.arange(1, months + 1), method="ffill").fillna(0.0).to_numpy()
        return np.broadcast_to(curve, (len(cells), months))


class CoxWithoutCure:
    """Cause-specific Cox (lifelines) of cure and of all other exits, joined into the incidence of cure.

    F(m) = Σ_k S(k−1)·h₁(k) with S(k) = Π(1 − h₁ − h₂), h₁ and h₂ a month's hazards of cure and of any other exit:
    Breslow's baseline steps times the spell's ratio, so that without covariates F is Aalen and Johansen's. No
    share that never cures is provided for. After the last training exit both hazards are 0.
    """

    name = "cox"

    def __init__(self, formula: str) -> None:
        self.formula = formula

    def fit(self, train: pd.DataFrame) -> CoxWithoutCure:
        kinds = train["exit"].where(train["exit"].isin([CURED, OPEN]), "other")
        self._design = Design(self.formula, "hazard")
        columns = [*self._design.variables(train), "entry", "duration", "exit"]
        cells = compress(train.assign(exit=kinds), columns, "spells", "weight_")
        x = self._design.learn(cells)[:, 1:]
        self._centre = x.mean(axis=0)
        late = "entry" if (cells["entry"] > 0).any() else None
        self._causes = []
        for cause in [name for name in (CURED, "other") if (kinds == name).any()]:
            model = cause_specific_cox(cells, "duration", "exit", cause, self.formula, late, "weight_")
            slope = model.params_.to_numpy()
            steps = _breslow(cells, np.exp((x - self._centre) @ slope), cells["exit"] == cause)
            self._causes.append((slope, steps))
        return self

    def predict(self, cells: pd.DataFrame, months: int) -> Array:
        x = self._design.apply(cells)[:, 1:] - self._centre
        size = (0, max(months - min(steps.size for _, steps in self._causes), 0))
        hazards = [np.outer(np.exp(x @ slope), np.pad(steps, size)[:months]) for slope, steps in self._causes]
        cure, total = hazards[0], sum(hazards)
        # Two hazards from two models may together pass 1 for an extreme spell; they then share the month.
        cure = cure / np.maximum(total, 1.0)
        stay = np.cumprod(1.0 - np.minimum(total, 1.0), axis=1)
        before = np.concatenate([np.ones((len(cells), 1)), stay[:, :-1]], axis=1)
        return np.cumsum(before * cure, axis=1)


def _breslow(cells: pd.DataFrame, ratio: Array, gone: pd.Series) -> Array:
    """Steps of the baseline hazard by month: weight gone ÷ Σ weight·ratio of those at risk.

    lifelines' own baseline counts late entries as at risk from the start, so it isn't used.
    """
    weight = cells["weight_"].to_numpy(dtype=float)
    duration, entry = cells["duration"].to_numpy(dtype=int), cells["entry"].to_numpy(dtype=int)
    months = int(duration.max())
    ended, begun = (np.bincount(at, weights=weight * ratio, minlength=months + 1) for at in (duration, entry))
    at_risk = (ended - begun)[::-1].cumsum()[::-1][1:]
    events = np.bincount(duration, weights=weight * gone.to_numpy(), minlength=months + 1)[1:]
    return np.divide(events, at_risk, out=np.zeros(months), where=events > 0)


class Regression(NamedTuple):
    """A fitted logistic regression (scikit-learn's) and how its covariates are coded and scaled."""

    design: Design
    centre: Array
    scale: Array
    model: Any


class LogisticByHorizon:
    """Plain logistic regression of "cured by the horizon" (scikit-learn, no penalty), one for each horizon.

    It can learn only from spells that could be followed from their start to the horizon by the cut: the newest
    training spells, those that entered late, and the months in which a cure came all go unused. Spells with
    another exit count as not cured.
    """

    name = "logistic"

    def __init__(self, formula: str, horizons: Sequence[int] = (6, 12)) -> None:
        self.formula, self.horizons = formula, tuple(horizons)

    def fit(self, train: pd.DataFrame) -> LogisticByHorizon:
        self._models = {horizon: self._fitted(train, horizon) for horizon in self.horizons}
        return self

    def _fitted(self, train: pd.DataFrame, horizon: int) -> Regression | None:
        """None where too few spells could be followed, all or none of them cured, or there are no covariates."""
        from sklearn.linear_model import LogisticRegression

        known = train[(train["entry"] == 0) & (train["follow_up"] >= horizon)]
        y = ((known["exit"] == CURED) & (known["duration"] <= horizon)).to_numpy()
        if y.all() or not y.any():
            return None
        design = Design(self.formula, "logistic")
        try:
            x = design.learn(known)[:, 1:]
        except InputError:
            # A category that no fully followed spell has: this model cannot tell what becomes of it.
            return None
        if not x.shape[1]:
            # Without covariates it would be a plain share, which Aalen and Johansen's is the better estimate of.
            return None
        centre, scale = x.mean(axis=0), x.std(axis=0)
        model = LogisticRegression(C=np.inf, max_iter=500)
        model.fit((x - centre) / scale, y, sample_weight=known["spells"].to_numpy(dtype=float))
        return Regression(design, centre, scale, model)

    def predict(self, cells: pd.DataFrame, months: int) -> Array:
        curve = np.full((len(cells), months), np.nan)
        for horizon, found in self._models.items():
            if found is not None and horizon <= months:
                x = (found.design.apply(cells)[:, 1:] - found.centre) / found.scale
                curve[:, horizon - 1] = found.model.predict_proba(x)[:, 1]
        return curve


def plain_rivals(formula: str, horizons: Sequence[int] = (6, 12)) -> list[Forecaster]:
    """The models that a cure model has to beat, with the covariates of `formula`."""
    return [AalenJohansen(), CoxWithoutCure(formula), LogisticByHorizon(formula, horizons)]
