"""The predictions of a fitted mixture over exits, as frames in lifelines' shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.cure.competing import exit_predict
from analysis.methods.cure.mixture.estimates import bounds
from analysis.methods.cure.mixture.predict import Estimate, Rows
from analysis.methods.cure.mixture.predictions import moments, waited
from analysis.statistics.design import Design


class ExitPredictions:
    """What `MixtureExits` says of new rows once it is fitted.

    `conditional_after` (a number, or one for each row) is the time already spent without any exit; the clock of
    every prediction then starts there. Intervals are by the delta method on the logit scale.
    """

    alpha: float
    fitted_: exit_predict.FittedExits
    _incidence: Design
    _timing: Design

    def predict_exit_probabilities(
        self, df: pd.DataFrame, interval: bool = False, conditional_after: Any = None
    ) -> pd.DataFrame:
        """Probability that a row ends in each exit, and last that it `never` does; each row sums to one.

        With `interval`, the columns gain an outer level estimate, lower, upper.
        """
        rows = self._rows(df, conditional_after)
        found = exit_predict.exit_probabilities(self.fitted_, rows, interval)
        names = pd.Index(self.fitted_.model.classes, name="exit")
        frames = {
            bound: pd.DataFrame(np.column_stack([f.probability(z) for f in found]), df.index, names)
            for bound, z in self._wanted(interval).items()
        }
        return pd.concat(frames, axis=1) if interval else frames["estimate"]

    def predict_cumulative_incidence(
        self,
        df: pd.DataFrame,
        times: Any,
        exit_name: object = None,
        conditional_after: Any = None,
        interval: bool = False,
    ) -> pd.DataFrame:
        """Probability of leaving by an exit within each of `times`, rows of `df` as columns.

        Without `exit_name` all exits, as an outer level of the columns. With `interval`, a level estimate, lower,
        upper comes above the rows. With `conditional_after` = k the clock starts at k, given still open then.
        """
        when, rows = moments(times), self._rows(df, conditional_after)
        names = self.fitted_.model.exits
        if exit_name is not None and exit_name not in names:
            raise ParameterError(
                f"exit_name '{exit_name}' is not known; choose one of {', '.join(map(str, names))}"
            )
        found = [exit_predict.incidence(self.fitted_, rows, time, interval) for time in when]
        frames = {
            name: self._frame([at[j] for at in found], when, df, interval)
            for j, name in enumerate(names)
            if exit_name in (None, name)
        }
        return pd.concat(frames, axis=1, names=["exit"]) if exit_name is None else frames[exit_name]

    def predict_survival_function(
        self, df: pd.DataFrame, times: Any, conditional_after: Any = None, interval: bool = False
    ) -> pd.DataFrame:
        """Probability of being still open at each of `times`; shaped as the incidence of one exit."""
        when, rows = moments(times), self._rows(df, conditional_after)
        found = [exit_predict.survival(self.fitted_, rows, time, interval) for time in when]
        return self._frame(found, when, df, interval)

    def _frame(self, found: list[Estimate], when: list[float], df: pd.DataFrame, interval: bool) -> pd.DataFrame:
        index = pd.Index(when, name="time")
        frames = {
            bound: pd.DataFrame([f.probability(z) for f in found], index, df.index)
            for bound, z in self._wanted(interval).items()
        }
        return pd.concat(frames, axis=1) if interval else frames["estimate"]

    def _wanted(self, interval: bool) -> dict[str, float]:
        return bounds(self.alpha) if interval else {"estimate": 0.0}

    def _rows(self, df: pd.DataFrame, conditional_after: Any) -> Rows:
        if not hasattr(self, "fitted_"):
            raise ParameterError("the model is not fitted yet; call fit first")
        x = self._incidence.apply(df)
        z = x if self._timing is self._incidence else self._timing.apply(df)
        return Rows(x, z, waited(conditional_after, len(df)))
