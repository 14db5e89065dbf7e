"""Models of the same question, fitted on the training spells only: predicted cure by month 1, 2, …"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.cure.cause_specific import cause_specific_cox
from analysis.methods.cure.cumulative_incidence import cumulative_incidence
from analysis.methods.cure.mixture import MixtureCure
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

    F(m) = Σ_k S(k−1)·(1 − exp(−h(k)))·h₁(k)/h(k), with h = h₁ + h₂ the month's cumulative hazard of cure and of
    any other exit, S the chance of no exit before. No share that never cures: whoever stays is expected to leave
    in the end. After the last training exit both hazards are 0.
    """

    name = "cox"

    def __init__(self, formula: str) -> None:
        self.formula = formula

    def fit(self, train: pd.DataFrame) -> CoxWithoutCure:
        kinds = train["exit"].where(train["exit"].isin([CURED, OPEN]), "other")
        self._design = Design(self.formula, "hazard")
        self._design.learn(train)
        cells = compress(
            train.assign(exit=kinds),
            [*self._design.variables(train), "entry", "duration", "exit"],
            "spells",
            "weight_",
        )
        causes = [cause for cause in (CURED, "other") if (kinds == cause).any()]
        late = "entry" if (cells["entry"] > 0).any() else None
        self._models = [
            cause_specific_cox(cells, "duration", "exit", cause, self.formula, late, "weight_") for cause in causes
        ]
        return self

    def predict(self, cells: pd.DataFrame, months: int) -> Array:
        x = pd.DataFrame(self._design.apply(cells)[:, 1:], columns=self._design.names[1:])
        cure, *rest = (self._hazards(model, x, months) for model in self._models)
        total = cure + sum(rest)
        stay = np.exp(-np.cumsum(total, axis=1))
        before = np.concatenate([np.ones((len(cells), 1)), stay[:, :-1]], axis=1)
        share = np.divide(cure, total, out=np.zeros_like(cure), where=total > 0)
        return np.cumsum(before * -np.expm1(-total) * share, axis=1)

    @staticmethod
    def _hazards(model: Any, x: pd.DataFrame, months: int) -> Array:
        """Hazard of each month, (rows, months): the step of the baseline times the row's ratio."""
        baseline = model.baseline_cumulative_hazard_.iloc[:, 0]
        reached = baseline.reindex(np.arange(months + 1), method="ffill").fillna(0.0).to_numpy()
        ratio = model.predict_partial_hazard(x).to_numpy()
        return np.outer(ratio, np.diff(reached))


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
        """None where too few spells could be followed, or all or none of them cured."""
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


class Mixture:
    """`MixtureCure`: cured 1, still open 0, every other exit known never to cure."""

    def __init__(
        self,
        incidence_formula: str,
        latency_formula: str = "1",
        latency: str = "discrete",
        link: str = "logit",
        name: str = "mixture_cure",
    ) -> None:
        self.name, self.incidence_formula, self.latency_formula = name, incidence_formula, latency_formula
        self.latency, self.link = latency, link

    def fit(self, train: pd.DataFrame) -> Mixture:
        self.model = MixtureCure(self.latency, self.link)
        entry = "entry" if (train["entry"] > 0).any() else None
        self.model.fit(
            train.assign(event=event_code(train["exit"])),
            "duration",
            "event",
            self.incidence_formula,
            self.latency_formula,
            entry_col=entry,
            weights_col="spells",
        )
        return self

    def predict(self, cells: pd.DataFrame, months: int) -> Array:
        return self.model.predict_cumulative_incidence(cells, np.arange(1, months + 1)).to_numpy().T


def event_code(exits: pd.Series) -> npt.NDArray[np.int64]:
    """Exits as `MixtureCure` takes them: 1 cured, 0 still open, 2 known never to cure (any other exit)."""
    return np.select([exits == CURED, exits == OPEN], [1, 0], 2)


def plain_rivals(formula: str, horizons: Sequence[int] = (6, 12)) -> list[Forecaster]:
    """The models that a cure model has to beat, with the covariates of `formula`."""
    return [AalenJohansen(), CoxWithoutCure(formula), LogisticByHorizon(formula, horizons)]
