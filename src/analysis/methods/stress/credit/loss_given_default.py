"""Loss given default from what happens after it: some cure, the rest pay later, in part, at a cost.

LGD = C·l + (1 − C)·(1 − Σ R(t)·(1 − cost)·v^(d + t)), with C the share that cures, l the loss on a cure, R(t) the
share of the claim recovered in month t after charge-off, d months from default to charge-off, v = (1 + r)^(−1/12).
Discounted to the date of default at the effective rate (IFRS 9 B5.5.44; EBA/GL/2017/16, section 6.3, for
components). Curves have months along the last axis; everything before it broadcasts (segments, scenarios).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.core.errors import ParameterError
from analysis.methods.stress.losses.one_factor import Array, fraction


def lgd_in_default(
    cure_curve: npt.ArrayLike,
    recovered: npt.ArrayLike,
    annual_rate: npt.ArrayLike = 0.0,
    cost: npt.ArrayLike = 0.0,
    loss_on_cure: npt.ArrayLike = 0.0,
) -> Array:
    """LGD of accounts still in default k months after it, k = 0 … months, shape (..., months + 1).

    `cure_curve` (..., months): cumulative share cured by the end of months 1 … `months` after default, the last
    being the month of charge-off; `recovered` (..., months): share of the claim recovered in each month after
    charge-off, not cumulated; `cost`: of collecting, per unit recovered, 0 to 1. At k = 0 it is the formula above;
    after k months without a cure the chance of one is (C(end) − C(k)) / (1 − C(k)), and charge-off is months − k
    away: LGD rises with k, as those who would cure leave. Held at 0 from below. Raises ParameterError for
    fractions that cannot be, curves that fall, recoveries that sum to more than 1 (cumulated ones, taken for
    monthly), or a rate of −1 or less.
    """
    curve = fraction("cure_curve", cure_curve)
    if np.any(np.diff(curve, axis=-1) < -1e-12):
        raise ParameterError("cure_curve falls; pass the cumulative share cured by month, which can only rise")
    by_now = np.concatenate([np.zeros_like(curve[..., :1]), curve], axis=-1)
    end = by_now[..., -1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        later = np.where(by_now < 1.0, (end - by_now) / (1.0 - by_now), 0.0)
    to_go = np.arange(by_now.shape[-1])[::-1]
    wait = _discount(np.asarray(annual_rate, float)[..., None], to_go)
    worth = _present_worth(recovered, annual_rate, cost)[..., None]
    on_cure = np.asarray(fraction("loss_on_cure", loss_on_cure))[..., None]
    return np.asarray(np.maximum(later * on_cure + (1.0 - later) * (1.0 - worth * wait), 0.0))


def _present_worth(recovered: npt.ArrayLike, annual_rate: npt.ArrayLike, cost: npt.ArrayLike) -> Array:
    """Worth at charge-off of all recoveries, net of cost, shape (...,)."""
    flow = _recoveries(recovered)
    net = flow * (1.0 - np.asarray(fraction("cost", cost))[..., None])
    factor = _discount(np.asarray(annual_rate, float)[..., None], np.arange(1, flow.shape[-1] + 1))
    return np.asarray((net * factor).sum(axis=-1))


def _discount(annual_rate: npt.ArrayLike, months: npt.ArrayLike) -> Array:
    rate = np.asarray(annual_rate, float)
    if not (rate > -1).all():
        raise ParameterError("annual_rate must lie above -1 and be given: pass fractions, 0.12 for 12%")
    return np.asarray((1.0 + rate) ** (-np.asarray(months, float) / 12.0))


def _recoveries(recovered: npt.ArrayLike) -> Array:
    flow = fraction("recovered", recovered)
    if np.any(flow.sum(axis=-1) > 1 + 1e-9):
        raise ParameterError(
            "recovered sums to more than 1; pass the share recovered in each month, not the cumulative share"
        )
    return flow
