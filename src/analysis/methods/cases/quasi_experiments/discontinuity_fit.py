"""One jump at a cut-off, by the library of the authors of the method (GPL, so imported where used)."""

from __future__ import annotations

import contextlib
import io
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.cases.quasi_experiments.study import DesignRefused

Array = npt.NDArray[np.float64]


def available() -> bool:
    """Whether the extra `validate` is installed; without it the section is left out."""
    return find_spec("rdrobust") is not None and find_spec("rddensity") is not None


@dataclass(frozen=True)
class Jump:
    """Limit from above less limit from below; for a fuzzy design over the jump in take-up."""

    estimate: float
    error: float
    corrected: float
    robust_error: float
    lower: float
    upper: float
    p: float
    bandwidth: float
    bias_bandwidth: float
    left: int
    right: int

    def table(self) -> pd.DataFrame:
        """One row; estimates as above less below, whichever side was treated."""
        return pd.DataFrame([vars(self)])


def jump(
    y: Array,
    x: Array,
    cutoff: float,
    clusters: npt.NDArray[Any] | None = None,
    fuzzy: Array | None = None,
    level: float = 0.95,
) -> Jump:
    """Local linear fit on each side with a triangular kernel; robust bias-corrected interval."""
    from rdrobust import rdrobust

    codes = None if clusters is None else pd.factorize(clusters)[0].astype(float)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = rdrobust(y, x, c=cutoff, fuzzy=fuzzy, cluster=codes, level=100 * level)
        except Exception as reason:
            if type(reason) is not Exception:  # the library's own refusals have no class of their own
                raise
            raise DesignRefused(f"discontinuity at {cutoff:g}, {len(y):,} rows: {reason}") from None
    coefficient, error = found.coef.to_numpy().ravel(), found.se.to_numpy().ravel()
    ends, p = found.ci.to_numpy(), found.pv.to_numpy().ravel()
    bands = found.bws.to_numpy()
    return Jump(
        estimate=float(coefficient[0]),
        error=float(error[0]),
        corrected=float(coefficient[1]),
        robust_error=float(error[2]),
        lower=float(ends[2, 0]),
        upper=float(ends[2, 1]),
        p=float(p[2]),
        bandwidth=float(bands[0, 0]),
        bias_bandwidth=float(bands[1, 0]),
        left=int(found.N_h[0]),
        right=int(found.N_h[1]),
    )
