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


def loss_given_default(
    cured: npt.ArrayLike,
    recovered: npt.ArrayLike,
    annual_rate: npt.ArrayLike = 0.0,
    cost: npt.ArrayLike = 0.0,
    months_to_charge_off: npt.ArrayLike = 0,
    loss_on_cure: npt.ArrayLike = 0.0,
) -> Array:
    """LGD at the date of default, a fraction of the exposure, shape (...,).

    `cured` (...,): share of defaulted accounts that cure for good (net of those that default again); `recovered`
    (..., months): share of the claim recovered in each month after charge-off, not cumulated; `cost`: of
    collecting, per unit recovered, 0 to 1. Held at 0 from below. Raises ParameterError for fractions that cannot
    be, recoveries that sum to more than 1 (cumulated ones, taken for monthly), or a rate of −1 or less.
    """
    share, on_cure = fraction("cured", cured), fraction("loss_on_cure", loss_on_cure)
    worth = _present_worth(recovered, annual_rate, cost)[..., 0]
    wait = _discount(annual_rate, np.asarray(months_to_charge_off, float))
    return np.asarray(np.maximum(share * on_cure + (1.0 - share) * (1.0 - worth * wait), 0.0))


def lgd_in_default(
    cure_curve: npt.ArrayLike,
    recovered: npt.ArrayLike,
    annual_rate: npt.ArrayLike = 0.0,
    cost: npt.ArrayLike = 0.0,
    loss_on_cure: npt.ArrayLike = 0.0,
) -> Array:
    """LGD of accounts still in default k months after it, k = 0 … months, shape (..., months + 1).

    `cure_curve` (..., months): cumulative share cured by the end of months 1 … `months` after default, the last
    being the month of charge-off; recoveries follow as in `loss_given_default`. After k months without a cure the
    chance of one is (C(end) − C(k)) / (1 − C(k)), and charge-off is months − k away: LGD rises with k, as those
    who would cure leave.
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
    worth = _present_worth(recovered, annual_rate, cost)[..., :1]
    on_cure = np.asarray(fraction("loss_on_cure", loss_on_cure))[..., None]
    return np.asarray(np.maximum(later * on_cure + (1.0 - later) * (1.0 - worth * wait), 0.0))


def lgd_after_charge_off(
    recovered: npt.ArrayLike, annual_rate: npt.ArrayLike = 0.0, cost: npt.ArrayLike = 0.0
) -> Array:
    """Loss on what is still owed k months after charge-off, k = 0 … months − 1, shape (..., months).

    1 − (what is still to come, discounted to then and net of cost) ÷ (what is still owed: 1 − Σ recovered by
    then).
    """
    flow = _recoveries(recovered)
    owed = 1.0 - np.concatenate([np.zeros_like(flow[..., :1]), np.cumsum(flow, axis=-1)[..., :-1]], axis=-1)
    worth = _present_worth(recovered, annual_rate, cost)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(owed > 1e-12, np.maximum(1.0 - worth / owed, 0.0), 0.0))


def stressed_recoveries(recovered: npt.ArrayLike, amount: float = 1.0, delay: float = 0.0) -> Array:
    """A recovery curve in which each payment shrinks to `amount` of itself and comes `delay` months later.

    Amount from 0 (nothing is recovered) up, and no curve beyond a sum of 1; delay in months, 0 or more, part
    months shared between the two neighbours. The curve grows longer by the delay, rounded up, so that nothing is
    cut off.
    """
    flow = _recoveries(recovered)
    if not amount >= 0 or not delay >= 0:
        raise ParameterError(f"amount is {amount} and delay {delay}; both must be 0 or more, such as 0.85 and 3")
    whole, part = int(np.floor(delay)), delay - np.floor(delay)
    longer = np.zeros((*flow.shape[:-1], flow.shape[-1] + int(np.ceil(delay))))
    longer[..., whole : whole + flow.shape[-1]] += (1.0 - part) * flow
    if part > 0:
        longer[..., whole + 1 : whole + 1 + flow.shape[-1]] += part * flow
    return _recoveries(longer * amount)


def _present_worth(recovered: npt.ArrayLike, annual_rate: npt.ArrayLike, cost: npt.ArrayLike) -> Array:
    """Worth, k months after charge-off, of all recoveries after then, net of cost; shape (..., months)."""
    flow = _recoveries(recovered)
    net = flow * (1.0 - np.asarray(fraction("cost", cost))[..., None])
    months = np.arange(flow.shape[-1])
    factor = _discount(np.asarray(annual_rate, float)[..., None], months + 1)
    from_here = np.cumsum((net * factor)[..., ::-1], axis=-1)[..., ::-1]
    return np.asarray(from_here / _discount(np.asarray(annual_rate, float)[..., None], months))


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
