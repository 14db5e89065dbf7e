"""Five tiers by value and risk, and the need that changes a treatment but no score.

The three dimensions, the weights of value (40, 30, 20, 10), the tiers' shares (15% in 1 and 2, 45% in 3, 40% in
4 and 5) and each tier's way of treatment are those of the source S4 (`004_89a0927f7bdd01e5.txt`, section 2.1). It
gives no weights for risk, no scales for any component and no split within 1–2 and 4–5: those here are this
project's defaults, every one a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.core.parameters.segmentation import RISK_WEIGHTS, VALUE_WEIGHTS

Array = npt.NDArray[np.float64]

SHARES = (0.075, 0.075, 0.45, 0.2, 0.2)
"""S4's 15, 45 and 40%, split evenly where it does not split."""

TREATMENTS = ("personal", "personal", "robot_and_agent", "legal", "legal")
"""S4's: negotiation in person; robot, with an agent where needed; letter, payment order, enforcement."""

SOFT_TREATMENT = "relief"
"""For customers in need: deferral or restructuring."""

NEEDS = ("unemployment", "illness", "legal_dispute")


@dataclass(frozen=True)
class TierRules:
    """How accounts are scored and put into tiers.

    Weights sum to one within value and within risk; `risk_share` is what risk counts in the score beside value.
    `cutoffs` (four scores, none above the one before it) fix the tiers; without them they follow from `shares`
    (tiers 1 to 5).
    """

    value_weights: Mapping[str, float] = field(default_factory=lambda: dict(VALUE_WEIGHTS))
    risk_weights: Mapping[str, float] = field(default_factory=lambda: dict(RISK_WEIGHTS))
    risk_share: float = 0.5
    shares: tuple[float, ...] = SHARES
    cutoffs: tuple[float, ...] = ()
    treatments: tuple[str, ...] = TREATMENTS
    soft_treatment: str = SOFT_TREATMENT

    def __post_init__(self) -> None:
        for name in ("value_weights", "risk_weights"):
            _check_sum(name, list(getattr(self, name).values()))
        _check_sum("shares", list(self.shares))
        if not 0 <= self.risk_share <= 1:
            raise ParameterError(f"risk_share is {self.risk_share}; it is a share between 0 and 1")
        if self.cutoffs and (len(self.cutoffs) != 4 or any(np.diff(self.cutoffs) > 0)):
            raise ParameterError(
                f"cutoffs: {self.cutoffs}; give four falling scores, for example (80, 70, 50, 35)"
            )
        if len(self.shares) != 5 or len(self.treatments) != 5:
            raise ParameterError("shares and treatments: give five of each, for tiers 1 to 5")

    @property
    def components(self) -> list[str]:
        """Names of all components that carry weight, whether or not a portfolio has them."""
        both = (("value", self.value_weights), ("risk", self.risk_weights))
        return [f"{part}_{name}" for part, weights in both for name, weight in weights.items() if weight > 0]

    def weights(self, components: Sequence[str]) -> dict[str, float]:
        """Each known component's weight in the score (they sum to one), named as value_… or risk_….

        Components that the portfolio lacks hand their weight to the others of their dimension; a dimension that
        it lacks altogether hands its share to the other.
        """
        found = {
            dimension: {name: w for name, w in weights.items() if f"{dimension}_{name}" in components and w > 0}
            for dimension, weights in (("value", self.value_weights), ("risk", self.risk_weights))
        }
        share = {"value": 1.0 - self.risk_share, "risk": self.risk_share}
        told = sum(share[dimension] for dimension, weights in found.items() if weights)
        if told <= 0:
            raise InputError("tiers: the portfolio has none of the components that carry weight")
        return {
            f"{dimension}_{name}": share[dimension] / told * weight / sum(weights.values())
            for dimension, weights in found.items()
            for name, weight in weights.items()
        }


def _check_sum(name: str, parts: Sequence[float]) -> None:
    if any(part < 0 for part in parts) or abs(sum(parts) - 1.0) > 1e-9:
        raise ParameterError(f"{name}: {', '.join(f'{part:g}' for part in parts)}; none below 0, and the sum is 1")


def score_accounts(components: pd.DataFrame, rules: TierRules | None = None) -> pd.DataFrame:
    """Score (0 to 100, higher is better) and what each component adds to it.

    `components` are those of `tier_components`: 0 to 1, higher is more valuable or less risky. Returns, on the
    same index, score and a column a component: its points, weight · component · 100; they add up to the score. A
    missing component takes the median of the accounts that have it, and `assumed` counts them.
    """
    weights = (rules or TierRules()).weights(list(components.columns))
    used = components[list(weights)].astype(float)
    outside = [str(name) for name in used if not used[name].dropna().between(0, 1).all()]
    if outside:
        raise InputError(f"tiers: {', '.join(outside)} leave 0 to 1; make them with tier_components")
    points = used.fillna(used.median()) * pd.Series(weights) * 100.0
    return pd.concat([points.sum(axis=1).rename("score"), points], axis=1).assign(assumed=used.isna().sum(axis=1))


def contributions_against_mean(scored: pd.DataFrame) -> pd.DataFrame:
    """Each component's points less the portfolio's mean; an account's row sums to its score less the mean score.

    What sets the account apart from the others, as `score_accounts`'s points tell what its score is made of.
    """
    points = scored.drop(columns=["score", "assumed"])
    return points - points.mean()


def cutoffs_for_shares(score: npt.ArrayLike, shares: Sequence[float] = SHARES) -> tuple[float, ...]:
    """The four scores that put the target shares of accounts into tiers 1 to 5, best first.

    A tier holds scores at or above its cut-off. Equal scores are never parted, so shares are targets: a tier takes
    all of a score that it reaches into. Keep them as `TierRules.cutoffs` to hold the next quarter to the same bar.
    """
    values = np.sort(np.asarray(score, dtype=float))[::-1]
    if not values.size or np.isnan(values).any():
        raise InputError("score: no account, or a missing score; every account needs one")
    ends = np.rint(np.cumsum(shares)[:-1] * values.size).astype(int)
    return tuple(float(value) for value in values[np.clip(ends - 1, 0, values.size - 1)])


def assign_tiers(
    scored: pd.DataFrame, need: pd.Series | None = None, rules: TierRules | None = None
) -> pd.DataFrame:
    """Tier (1 the best to 5) and treatment of each account.

    `scored` is `score_accounts`'s table; `need` names the recorded need of each account (unemployment, illness,
    legal_dispute, or missing) on the same index: it changes the treatment to the soft one, never the score or the
    tier. Returns scored with tier, need (true or false), treatment.
    """
    chosen = rules or TierRules()
    cutoffs = chosen.cutoffs or cutoffs_for_shares(scored["score"], chosen.shares)
    tier = 5 - sum((scored["score"].to_numpy() >= cutoff).astype(int) for cutoff in cutoffs)
    flag = np.zeros(len(scored), dtype=bool) if need is None else _need(need, scored.index)
    treatment = np.where(flag, chosen.soft_treatment, np.array(chosen.treatments, dtype=object)[tier - 1])
    return scored.assign(tier=tier, need=flag, treatment=treatment)


def _need(need: pd.Series, accounts: pd.Index) -> npt.NDArray[np.bool_]:
    unknown = sorted(set(need.dropna().astype(str)) - set(NEEDS))
    if unknown:
        raise InputError(f"need: {', '.join(unknown)} unknown; known are {', '.join(NEEDS)}, or missing for none")
    return need.reindex(accounts).notna().to_numpy()
