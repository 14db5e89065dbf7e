"""What every fitted model of this chapter tells of its parameters."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.statistics.summary import coefficient_table, quantile


def bounds(alpha: float) -> dict[str, float]:
    """Standard errors that an estimate and the two bounds of its 1 − alpha interval lie from it."""
    reach = quantile(1.0 - alpha / 2.0)
    return {"estimate": 0.0, "lower": -reach, "upper": reach}


class Estimates:
    """What every fitted model tells of its parameters."""

    alpha: float
    params_: pd.Series
    standard_errors_: pd.Series
    log_likelihood_: float
    weight_: float

    @property
    def AIC_(self) -> float:
        """−2 log L + 2 P. For latency `cox`, P leaves out the baseline: compare `cox` only with `cox`."""
        return -2.0 * self.log_likelihood_ + 2.0 * self.params_.size

    @property
    def BIC_(self) -> float:
        """−2 log L + P log n, n the sum of the case weights."""
        return float(-2.0 * self.log_likelihood_ + self.params_.size * np.log(self.weight_))

    @property
    def summary(self) -> pd.DataFrame:
        """One row a parameter: coef, exp(coef), se, intervals, z, p, as in lifelines."""
        return coefficient_table(self.params_, self.standard_errors_, self.alpha)

    @property
    def confidence_intervals_(self) -> pd.DataFrame:
        """Lower and upper bounds of the coefficients."""
        return self.summary.filter(regex=r"^coef (lower|upper)")
