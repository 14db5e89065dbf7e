"""The project's own cure models in the form in which they are compared."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.cure.competing.mixture_exits import MixtureExits
from analysis.methods.cure.mixture import MixtureCure
from analysis.methods.cure.validation.cells import CURED, OPEN
from analysis.statistics.compress import compress
from analysis.statistics.design import Design

Array = npt.NDArray[np.float64]

OTHER = "other"


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
        formulas = (self.incidence_formula, self.latency_formula)
        cells = _compressed(train.assign(exit=event_code(train["exit"])), formulas)
        self.model = MixtureCure(self.latency, self.link)
        self.model.fit(cells, "duration", "exit", *formulas, entry_col=_late(cells), weights_col="weight_")
        return self

    def predict(self, cells: pd.DataFrame, months: int) -> Array:
        return self.model.predict_cumulative_incidence(cells, np.arange(1, months + 1)).to_numpy().T


class MixtureOfExits:
    """`MixtureExits` with two ways out, cure and any other: a mixture that lets charge-off cut waits short."""

    def __init__(
        self,
        incidence_formula: str,
        latency_formula: str = "1",
        latency: str = "discrete",
        never: bool = False,
        name: str = "mixture_exits",
    ) -> None:
        self.name, self.incidence_formula, self.latency_formula = name, incidence_formula, latency_formula
        self.latency, self.never = latency, never

    def fit(self, train: pd.DataFrame) -> MixtureOfExits:
        formulas = (self.incidence_formula, self.latency_formula)
        exits = train["exit"].where(train["exit"].isin([CURED, OPEN]), OTHER)
        cells = _compressed(train.assign(exit=exits), formulas)
        self.model = MixtureExits(self.latency, self.never)
        self.model.fit(cells, "duration", "exit", *formulas, entry_col=_late(cells), weights_col="weight_")
        return self

    def predict(self, cells: pd.DataFrame, months: int) -> Array:
        return self.model.predict_cumulative_incidence(cells, np.arange(1, months + 1), CURED).to_numpy().T


def event_code(exits: pd.Series) -> npt.NDArray[np.int64]:
    """Exits as `MixtureCure` takes them: 1 cured, 0 still open, 2 known never to cure (any other exit)."""
    return np.select([exits == CURED, exits == OPEN], [1, 0], 2)


def _compressed(train: pd.DataFrame, formulas: tuple[str, str]) -> pd.DataFrame:
    """Cells that agree in all that the formulas read, weights in `weight_`."""
    read = [name for formula in formulas for name in Design(formula, "cure").variables(train)]
    return compress(train, [*dict.fromkeys(read), "entry", "duration", "exit"], "spells", "weight_")


def _late(cells: pd.DataFrame) -> str | None:
    return "entry" if (cells["entry"] > 0).any() else None
