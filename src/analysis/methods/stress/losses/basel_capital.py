"""Capital by the internal ratings-based formula of Basel II and III (BCBS 128, 2006, paragraphs 272, 327–330).

K = (LGD·Φ((Φ⁻¹(PD) + √R·Φ⁻¹(0.999)) / √(1−R)) − PD·LGD) × maturity adjustment; risk weight = 12.5·K. Vasicek's
99.9% loss of one year less the expected loss, with a correlation R set by the asset class. PD and LGD are
fractions, maturities years; arrays broadcast. The scaling factor of 1.06 (Basel II, dropped in Basel III) and the
input floors on PD (0.03% or 0.05%) are the caller's: `scaling`, and a PD that is floored before.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.core.errors import ParameterError
from analysis.methods.stress.losses.one_factor import Array, fraction, loss_quantile

ASSET_CLASSES = ("corporate", "residential_mortgage", "qualifying_revolving", "other_retail")
CONFIDENCE = 0.999


def asset_correlation(pd: npt.ArrayLike, asset_class: str) -> Array:
    """Basel's correlation R by asset class.

    residential_mortgage 0.15 and qualifying_revolving 0.04 whatever the PD; other_retail falls from 0.16 to 0.03
    with weight (1 − e^(−35·PD)) / (1 − e^(−35)); corporate from 0.24 to 0.12 with 50 in place of 35. Raises
    ParameterError for another class.
    """
    probability = fraction("pd", pd)
    if asset_class == "residential_mortgage":
        return np.full_like(probability, 0.15)
    if asset_class == "qualifying_revolving":
        return np.full_like(probability, 0.04)
    if asset_class == "other_retail":
        return _between(probability, 0.03, 0.16, 35.0)
    if asset_class == "corporate":
        return _between(probability, 0.12, 0.24, 50.0)
    raise ParameterError(f"asset class '{asset_class}' is unknown; use one of {', '.join(ASSET_CLASSES)}")


def _between(pd: Array, low: float, high: float, decay: float) -> Array:
    weight = np.expm1(-decay * pd) / np.expm1(-decay)
    return np.asarray(low * weight + high * (1.0 - weight))


def maturity_adjustment(pd: npt.ArrayLike, years: npt.ArrayLike) -> Array:
    """(1 + (M − 2.5)·b) / (1 − 1.5·b), b = (0.11852 − 0.05478·ln PD)²; for corporate claims alone.

    M is the effective maturity, held within 1 to 5 years as the standard does. Raises ParameterError for a PD so
    small (below about 0.0001%) that the formula breaks down: the standard floors it at 0.03%.
    """
    probability = fraction("pd", pd)
    if np.any(probability < 3e-6):
        raise ParameterError(
            "pd is below 0.0003%, where the maturity adjustment fails; floor it at 0.0003 (0.03%)"
        )
    b = (0.11852 - 0.05478 * np.log(probability)) ** 2
    return np.asarray((1.0 + (np.clip(np.asarray(years, float), 1.0, 5.0) - 2.5) * b) / (1.0 - 1.5 * b))


def capital_requirement(
    pd: npt.ArrayLike, lgd: npt.ArrayLike, asset_class: str, years: npt.ArrayLike = 2.5
) -> Array:
    """Capital K as a share of exposure at default, for claims not in default.

    `years` counts for corporate claims only; retail has no maturity adjustment (paragraph 328).
    """
    probability, loss = fraction("pd", pd), fraction("lgd", lgd)
    correlation = asset_correlation(probability, asset_class)
    unexpected = loss_quantile(CONFIDENCE, probability, correlation, loss) - probability * loss
    if asset_class == "corporate":
        unexpected = unexpected * maturity_adjustment(probability, years)
    return np.asarray(np.maximum(unexpected, 0.0))


def risk_weight(
    pd: npt.ArrayLike, lgd: npt.ArrayLike, asset_class: str, years: npt.ArrayLike = 2.5, scaling: float = 1.0
) -> Array:
    """Risk weight as a fraction (0.4577 is 45.77%): 12.5·K·scaling.

    >>> round(float(risk_weight(0.01, 0.45, "other_retail")), 4)
    0.4577
    """
    return np.asarray(12.5 * scaling * capital_requirement(pd, lgd, asset_class, years))
