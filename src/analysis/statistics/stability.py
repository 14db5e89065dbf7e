"""How far a distribution moved between two samples: the population stability index."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def stability_index(before: npt.ArrayLike, after: npt.ArrayLike) -> float:
    """Population stability index of two lots of counts over the same groups: Σ (b − a)·log(b ÷ a).

    a and b are the shares of the earlier and the later sample in each group; an empty group counts as half an
    account. 0 means the same mix; by custom above .1 is watched, above .25 acted on. It says that the mix moved,
    not that a model is wrong.

    >>> round(stability_index([40, 30, 30], [35, 25, 40]), 4)
    0.0446
    """
    a, b = (np.maximum(np.asarray(counts, dtype=float), 0.5) for counts in (before, after))
    a, b = a / a.sum(), b / b.sum()
    return float(((b - a) * np.log(b / a)).sum())


def stability_chance(before: float, after: float, groups: int, share: float = 0.05) -> float:
    """The index that `share` of samples of these sizes exceed though nothing changed.

    (1/n + 1/m)·χ² at groups − 1 degrees of freedom (Yurdakul and Naranjo 2020, Journal of Risk Model
    Validation 14). 0 with a single group, nan where a sample is empty.
    """
    from scipy.special import chdtri

    if groups < 2:
        return 0.0
    empty = before <= 0 or after <= 0
    return float("nan") if empty else float(chdtri(groups - 1, share)) * (1.0 / before + 1.0 / after)
