"""The predictions of a fitted cure model, as frames in lifelines' shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cure import predict
from analysis.statistics.design import Design
from analysis.statistics.summary import quantile


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
        bounds = {name: found.probability(z) for name, z in self._bounds().items()}
        return pd.DataFrame(bounds, index=df.index)

    def predict_cumulative_incidence(
        self, df: pd.DataFrame, times: Any, conditional_after: Any = None, interval: bool = False
    ) -> pd.DataFrame:
        """Probability of the event within each of `times`, rows of `df` as columns.

        With `interval`, the columns gain an outer level estimate, lower, upper. With `conditional_after` = k the
        clock starts at k, given no event until then.
        """
        moments, rows = _moments(times), self._rows(df, conditional_after)
        if interval and self.latency == "cox":
            self._refuse_interval()
        found = [predict.incidence(self.fitted_, rows, time, interval) for time in moments]
        index = pd.Index(moments, name="time")
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
        reach = quantile(1.0 - self.alpha / 2.0)
        return {"estimate": 0.0, "lower": -reach, "upper": reach}

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
        after = np.zeros(len(df)) if conditional_after is None else np.asarray(conditional_after, dtype=float)
        if after.ndim > 1 or after.size not in (1, len(df)):
            raise InputError(
                f"conditional_after has {after.size} values for {len(df)} rows; give one, or one a row"
            )
        if not (after >= 0).all():
            raise InputError("conditional_after must be 0 or more in every row, and never missing")
        after = np.broadcast_to(after, (len(df),))
        return predict.Rows(x, z if self.fitted_.family.intercept else z[:, 1:], after)


def _moments(times: Any) -> list[float]:
    moments = np.atleast_1d(np.asarray(times, dtype=float))
    if moments.ndim != 1 or not (np.isfinite(moments) & (moments >= 0)).all():
        raise InputError("times must be a list of finite numbers, 0 or later")
    return [float(moment) for moment in moments]
