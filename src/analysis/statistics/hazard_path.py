"""From monthly hazards to where a unit is month by month: the cumulative incidence of each exit, and staying.

With hazards p_js of exit j in month s, s = 1 … H:

    S_h  = Π_{s ≤ h} (1 − Σ_j p_js)           still there after month h
    F_jh = Σ_{s ≤ h} S_{s−1} p_js              left by exit j by month h;  S_h + Σ_j F_jh = 1
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.statistics.multinomial import Designs

Array = npt.NDArray[np.float64]


def occupancy(hazards: Array) -> Array:
    """F and S from hazards (…, H, J): (…, H, J + 1), the exits' cumulative incidence and, last, staying."""
    stay = np.cumprod(1.0 - hazards.sum(axis=-1), axis=-1)
    before = np.concatenate([np.ones_like(stay[..., :1]), stay[..., :-1]], axis=-1)
    incidence = np.cumsum(before[..., None] * hazards, axis=-2)
    return np.concatenate([incidence, stay[..., None]], axis=-1)


def occupancy_slopes(designs: Designs, theta: Array) -> tuple[Array, Array]:
    """Occupancy of one unit whose months are the rows (H) of `designs`, (H, J + 1), and its slopes, (H, J + 1, P).

    With a_s = Σ_l p_ls x_ls, the vector that holds p_ls x_ls in the places of each exit l:
    ∂S_h = −S_h Σ_{s ≤ h} a_s and ∂F_jh = Σ_{s ≤ h} S_{s−1} p_js (x_js − Σ_{r ≤ s} a_r).
    """
    p = designs.hazards(theta)
    found = occupancy(p)
    stay = found[:, -1]
    pull = np.cumsum(designs.stacked(p), axis=0)
    leave = np.concatenate([[1.0], stay[:-1]])[:, None] * p
    slopes = np.empty((*found.shape, theta.size))
    for j, (array, place) in enumerate(zip(designs.arrays, designs.slices, strict=True)):
        own = -leave[:, [j]] * pull
        own[:, place] += leave[:, [j]] * array
        slopes[:, j] = np.cumsum(own, axis=0)
    slopes[:, -1] = -stay[:, None] * pull
    return found, slopes


def hazard_slopes(designs: Designs, theta: Array) -> tuple[Array, Array]:
    """Hazards with staying last, (m, J + 1), and their slopes, (m, J + 1, P): ∂p_j = p_j (x_j − a)."""
    p = designs.hazards(theta)
    found = np.column_stack([p, 1.0 - p.sum(axis=1)])
    pull = designs.stacked(p)
    slopes = -found[:, :, None] * pull[:, None, :]
    for j, (array, place) in enumerate(zip(designs.arrays, designs.slices, strict=True)):
        slopes[:, j, place] += p[:, [j]] * array
    return found, slopes


def logit_bounds(found: Array, slopes: Array, variance: Array, reach: float) -> tuple[Array, Array]:
    """Delta-method bounds of probabilities (…), by slopes (…, P), on the logit scale so that they stay in (0, 1).

    A probability of exactly 0 or 1 has bounds equal to itself.
    """
    flat = slopes.reshape(-1, slopes.shape[-1])
    spread = np.sqrt(np.einsum("ij,ij->i", flat @ variance, flat)).reshape(found.shape)
    inside = (found > 0) & (found < 1)
    safe = np.where(inside, found, 0.5)
    width = reach * spread / (safe * (1.0 - safe))
    odds = np.log(safe / (1.0 - safe))
    with np.errstate(over="ignore"):
        low, high = (1.0 / (1.0 + np.exp(-(odds + side * width))) for side in (-1.0, 1.0))
    return np.where(inside, low, found), np.where(inside, high, found)
