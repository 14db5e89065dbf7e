"""The table of coefficients, in lifelines' columns, and its printed form."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd


def quantile(probability: float, degrees: float = math.inf) -> float:
    """Quantile of Student's t with so many degrees of freedom; of the standard normal where they are infinite."""
    from scipy.special import ndtri, stdtrit

    return float(ndtri(probability) if math.isinf(degrees) else stdtrit(degrees, probability))


def coefficient_table(
    params: pd.Series, errors: pd.Series, alpha: float, degrees: float = math.inf
) -> pd.DataFrame:
    """Coefficients with errors, intervals and Wald tests against zero; one row a (part, covariate).

    With `degrees` of freedom, intervals and p values are Student's.


                                coef  exp(coef)  se(coef)  coef lower 95%  coef upper 95%  …     z        p
    part      covariate
    incidence Intercept         0.47       1.61      0.16            0.15            0.79  …  2.88  3.9e-03
    baseline  ln_lambda       -11.11       0.00      0.59          -12.26           -9.95  …  -18.8  4.9e-79
    """
    reach, level = quantile(1 - alpha / 2, degrees) * errors, f"{100 * (1 - alpha):g}%"
    z = params / errors
    with np.errstate(over="ignore"):
        ratios = [np.exp(params), np.exp(params - reach), np.exp(params + reach)]
    return pd.DataFrame(
        {
            "coef": params,
            "exp(coef)": ratios[0],
            "se(coef)": errors,
            f"coef lower {level}": params - reach,
            f"coef upper {level}": params + reach,
            f"exp(coef) lower {level}": ratios[1],
            f"exp(coef) upper {level}": ratios[2],
            "cmp to": 0.0,
            "z": z,
            **_wald(z.abs(), degrees),
        }
    )


def _wald(z: pd.Series, degrees: float) -> dict[str, pd.Series]:
    """Two-sided p values of |z|, and their negative base-2 logarithms."""
    from scipy.special import log_ndtr, ndtr, stdtr

    if math.isinf(degrees):
        return {"p": 2.0 * ndtr(-z), "-log2(p)": -1.0 - log_ndtr(-z) / np.log(2.0)}
    p = 2.0 * pd.Series(stdtr(degrees, -z), index=z.index)
    with np.errstate(divide="ignore"):
        return {"p": p, "-log2(p)": -np.log2(p)}


def printed(title: str, facts: dict[str, str], table: pd.DataFrame, decimals: int, notes: list[str]) -> str:
    """Title, facts and coefficients as text."""
    width = max(map(len, facts))
    lines = [title, *(f"{name:>{width}} = {value}" for name, value in facts.items()), "---"]
    lines.append(table.to_string(float_format=lambda value: f"{value:.{decimals}f}"))
    return "\n".join([*lines, "---", *notes])
