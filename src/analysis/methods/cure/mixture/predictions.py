"""The predictions of a fitted cure model, as frames in lifelines' shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cure.mixture import predict
from analysis.methods.cure.mixture.estimates import bounds
from analysis.statistics.design import Design

Array = npt.NDArray[np.float64]


class Predictions:
    """What `MixtureCure` says of new rows once it is fitted.

    `conditional_after` (a number, or one for each row) is the time already spent without the event; the clock of
    every prediction then starts there. Intervals are by the delta method on the logit scale.
    """

    latency: str
    alpha: float
    fitted_: predict.Fitted
    _incidence: Design
    _timing: Design

    def predict_susceptible(
        self, df: pd.DataFrame, conditional_after: Any = None, interval: bool = False
    ) -> pd.Series | pd.DataFrame:
        """Probability that the event ever comes, a Series by row; with `interval`, a frame estimate, lower, upper.

        `conditional_after` (a number, or one for each row) is the time already spent without the event.
        """
        rows = self._rows(df, conditional_after)
        if interval and self.latency == "cox" and (rows.after > 0).any():
            self._refuse_interval()
        found = predict.susceptible(self.fitted_, rows, interval)
        if not interval:
            return pd.Series(found.probability(), index=df.index, name="susceptible")
        return pd.DataFrame({n: found.probability(z) for n, z in self._bounds().items()}, index=df.index)

    def predict_cumulative_incidence(
        self, df: pd.DataFrame, times: Any, conditional_after: Any = None, interval: bool = False
    ) -> pd.DataFrame:
        """Probability of the event within each of `times`, rows of `df` as columns.

        With `interval`, the columns gain an outer level estimate, lower, upper. With `conditional_after` = k the
        clock starts at k, given no event until then.
        """
        when, rows = moments(times), self._rows(df, conditional_after)
        if interval and self.latency == "cox":
            self._refuse_interval()
        found = [predict.incidence(self.fitted_, rows, time, interval) for time in when]
        index = pd.Index(when, name="time")
        if not interval:
            return pd.DataFrame([f.probability() for f in found], index=index, columns=df.index)
        frames = {
            name: pd.DataFrame([f.probability(z) for f in found], index=index, columns=df.index)
            for name, z in self._bounds().items()
        }
        return pd.concat(frames, axis=1)

    def predict_survival_function(
        self, df: pd.DataFrame, times: Any, conditional_after: Any = None, interval: bool = False
    ) -> pd.DataFrame:
        """Probability of no event by each of `times`; shaped as `predict_cumulative_incidence`."""
        incidence = self.predict_cumulative_incidence(df, times, conditional_after, interval)
        if not interval:
            return 1.0 - incidence
        turned = {"estimate": "estimate", "lower": "upper", "upper": "lower"}
        return pd.concat({name: 1.0 - incidence[source] for name, source in turned.items()}, axis=1)

    def predict_median(
        self, df: pd.DataFrame, conditional_after: Any = None, interval: bool = False
    ) -> pd.Series | pd.DataFrame:
        """Time by which the event has come with probability one half; infinite where it never gets there.

        The interval is where the bounds of the cumulative incidence reach one half (Brookmeyer and Crowley 1982).
        """
        rows = self._rows(df, conditional_after)
        if interval and self.latency == "cox":
            self._refuse_interval()
        if not interval:
            return pd.Series(predict.median(self.fitted_, rows), index=df.index, name="median")
        turned = {"estimate": 0.0, "lower": self._bounds()["upper"], "upper": self._bounds()["lower"]}
        return pd.DataFrame({n: predict.median(self.fitted_, rows, z) for n, z in turned.items()}, index=df.index)

    def _bounds(self) -> dict[str, float]:
        return bounds(self.alpha)

    def _refuse_interval(self) -> None:
        raise ParameterError(
            "latency 'cox' gives no intervals of curves (its baseline's variance is not estimated); "
            "use 'piecewise', or bootstrap the fit"
        )

    def _rows(self, df: pd.DataFrame, conditional_after: Any) -> predict.Rows:
        if not hasattr(self, "fitted_"):
            raise ParameterError("the model is not fitted yet; call fit first")
        x = self._incidence.apply(df)
        z = x if self._timing is self._incidence else self._timing.apply(df)
        after = waited(conditional_after, len(df))
        return predict.Rows(x, z if self.fitted_.family.intercept else z[:, 1:], after)


def waited(conditional_after: Any, rows: int) -> Array:
    """Time already spent without the event, one a row, from a number, one number a row, or None (no time)."""
    after = np.zeros(rows) if conditional_after is None else np.asarray(conditional_after, dtype=float)
    if after.ndim > 1 or after.size not in (1, rows):
        raise InputError(f"conditional_after has {after.size} values for {rows} rows; give one, or one a row")
    if not (after >= 0).all():
        raise InputError("conditional_after must be 0 or more in every row, and never missing")
    return np.broadcast_to(after, (rows,))


def moments(times: Any) -> list[float]:
    """The times of a prediction as a list; raises InputError unless they are finite and 0 or later."""
    found = np.atleast_1d(np.asarray(times, dtype=float))
    if found.ndim != 1 or not (np.isfinite(found) & (found >= 0)).all():
        raise InputError("times must be a list of finite numbers, 0 or later")
    return [float(moment) for moment in found]
