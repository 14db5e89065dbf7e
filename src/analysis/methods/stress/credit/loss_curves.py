"""Cures and recoveries that loss given default rests on, by product, and what is not known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

Array = npt.NDArray[np.float64]

LEAST_CLAIMS = 50
"""Charged-off claims from which a product's recoveries are told on their own."""
OWN, ALL_CLAIMS = "own", "all"
POOLS = ("secured", "unsecured", ALL_CLAIMS)
"""Claims of products alike in collateral, and all, which serve products that have too few."""


@dataclass(frozen=True)
class Share:
    """A share by group with its limits, each (G,)."""

    value: Array
    lower: Array
    upper: Array

    def draw(self, normal: Array, level: float) -> Array:
        """(D, G) from standard normal `normal` (D, G): a normal split at the value, to meet both limits."""
        reach = float(ndtri(0.5 + level / 2))
        up, down = (self.upper - self.value) / reach, (self.value - self.lower) / reach
        return np.clip(self.value + normal * np.where(normal > 0, up, down), 0.0, 1.0)


@dataclass(frozen=True)
class CureCurves:
    """Cures after default by group: `shape` (G, M), the share cured within 1 … M months; `cured`, its last value;
    `again`, the share of cures that don't last; `own`: groups with curves of their own, the others take the whole
    portfolio's. Without any curve M is 0."""

    shape: Array
    cured: Share
    again: Share
    own: tuple[str, ...]
    groups: tuple[str, ...]

    @property
    def lasting(self) -> Array:
        """Share cured for good within 1 … M months, (G, M)."""
        return np.asarray(self.shape * (1.0 - self.again.value)[:, None])

    def draws(self, count: int, level: float, seed: int) -> Array:
        """The same drawn from what is known of it, (D, G, M). Groups that share a curve share its error."""
        alone = np.array([group in self.own for group in self.groups])
        random = np.random.default_rng([seed, 7])
        normals = random.standard_normal((2, count, len(self.groups) + 1))
        cure, relapse = (np.where(alone, one[:, 1:], one[:, :1]) for one in normals)
        cured, again = self.cured.draw(cure, level), self.again.draw(relapse, level)
        size = np.divide(cured, self.cured.value, out=np.ones_like(cured), where=self.cured.value > 0)
        return np.clip(self.shape * (size * (1.0 - again))[..., None], 0.0, 1.0)


def cure_curves(
    curves: pd.DataFrame | None,
    redefault: pd.DataFrame | None,
    groups: Sequence[str],
    months: Sequence[int],
    days: int = 90,
) -> CureCurves:
    """Cures after default from the cure chapter's saved cure_curves and redefault.

    `months`: from default to charge-off, by group; cures are counted up to there. A group's own curve (dimension
    product_from_<days>) serves where its share cured by then is shown; otherwise that of all accounts entering at
    `days` (dimension entry_days). Months that are not shown take the value before. Re-default likewise; unknown,
    all cures last.
    """
    size, longest = len(groups), max(months)
    whole = [_curve(curves, "entry_days", str(days), month, longest, exact=False) for month in months]
    again_of_all = _again(redefault, "all", "all") or (0.0, 0.0, 0.0)
    mine = [
        _curve(curves, f"product_from_{days}", group, month, longest)
        for group, month in zip(groups, months, strict=True)
    ]
    chosen = [one or other for one, other in zip(mine, whole, strict=True)]
    used = [one for one in chosen if one is not None]
    if len(used) < size:
        none = Share(np.zeros(size), np.zeros(size), np.zeros(size))
        return CureCurves(np.zeros((size, 0)), none, none, (), tuple(groups))
    again = np.array([_again(redefault, "product", group) or again_of_all for group in groups])
    cured = np.array([limits for _, limits in used])
    own = tuple(group for group, one in zip(groups, mine, strict=True) if one is not None)
    shape = np.stack([curve for curve, _ in used])
    return CureCurves(shape, Share(*cured.T), Share(*again.T), own, tuple(groups))


def _curve(
    curves: pd.DataFrame | None, dimension: str, value: str, months: int, longest: int, exact: bool = True
) -> tuple[Array, tuple[float, float, float]] | None:
    """Cumulative share cured within 1 … `longest` months, none after `months`, and its last value with limits.

    None where nothing is shown; with `exact` also where month `months` isn't."""
    if curves is None:
        return None
    rows = curves[
        (curves["dimension"] == dimension) & (curves["value"].astype(str) == value) & (curves["exit"] == "cured")
    ]
    rows = rows.set_index("months").sort_index()
    shown = rows[rows["rate"].notna() & (rows.index <= months)]
    if not len(shown) or (exact and shown.index[-1] < months):
        return None
    by_month = shown["rate"].reindex(range(1, longest + 1)).ffill().fillna(0.0).to_numpy(float)
    last = shown.iloc[-1]
    return np.maximum.accumulate(by_month), (
        float(last["rate"]),
        float(last["rate_lower"]),
        float(last["rate_upper"]),
    )


def _again(redefault: pd.DataFrame | None, dimension: str, value: str) -> tuple[float, float, float] | None:
    if redefault is None:
        return None
    rows = redefault[(redefault["dimension"] == dimension) & (redefault["value"].astype(str) == value)]
    rows = rows.dropna(subset=["rate", "lower", "upper"])
    return None if not len(rows) else tuple(float(rows[name].iloc[0]) for name in ("rate", "lower", "upper"))  # type: ignore[return-value]


def recovery_pools(
    claims: pd.DataFrame | None, groups: Sequence[str], secured: Sequence[str] = (), least: int = LEAST_CLAIMS
) -> dict[str, str]:
    """Whose recoveries stand for each group's: `own`, where `least` claims of it were followed; `secured` or
    `unsecured`, those of all products that are like it in that, where they have as many; else `all`. With
    `secured` empty nothing is known of collateral, and `all` follows `own`."""
    if claims is None or not len(claims):
        return dict.fromkeys(groups, ALL_CLAIMS)
    rows = claims[(claims["since"] == 0) & (claims["followed"] > 0)]
    counted = rows.groupby(rows["product"].astype(str))["claims"].sum()
    alike = counted.groupby([_kind(name, secured) for name in counted.index]).sum()

    def pool(group: str) -> str:
        if counted.get(group, 0.0) >= least:
            return OWN
        kind = _kind(group, secured)
        return kind if alike.get(kind, 0.0) >= least else ALL_CLAIMS

    return {group: pool(group) for group in groups}


def _kind(product: str, secured: Sequence[str]) -> str:
    return ALL_CLAIMS if not secured else "secured" if product in secured else "unsecured"


def recovered_shares(
    claims: pd.DataFrame | None,
    groups: Sequence[str],
    horizon: int,
    secured: Sequence[str] = (),
    least: int = LEAST_CLAIMS,
) -> Array:
    """Share of a claim recovered in months 1 … `horizon` after charge-off by group, (G, K): of the claims that
    recovery_pools() names.

    `claims`: the panel's recovery_cells() by product; `secured`: products backed by collateral. Each month rests
    on the claims followed that far; one that none of them reached takes the rate of all, 0 where none did.
    """
    if claims is None or not len(claims):
        return np.zeros((len(groups), horizon))
    at_risk, cash = _by_fold(claims, groups, horizon, secured)
    return _rates(at_risk.sum(axis=0), cash.sum(axis=0), recovery_pools(claims, groups, secured, least))


def drawn_recoveries(
    claims: pd.DataFrame | None,
    groups: Sequence[str],
    horizon: int,
    draws: int,
    seed: int,
    secured: Sequence[str] = (),
    least: int = LEAST_CLAIMS,
) -> Array:
    """recovered_shares() with random groups of customers drawn anew, with replacement, (D, G, K): a bootstrap by
    customers that costs a product of small tables."""
    if claims is None or not len(claims):
        return np.zeros((draws, len(groups), horizon))
    at_risk, cash = _by_fold(claims, groups, horizon, secured)
    folds = len(at_risk)
    weights = (
        np.random.default_rng([seed, 11]).multinomial(folds, np.full(folds, 1.0 / folds), draws).astype(float)
    )
    found = [np.tensordot(weights, one, axes=1) for one in (at_risk, cash)]
    return _rates(found[0], found[1], recovery_pools(claims, groups, secured, least))


def _by_fold(
    claims: pd.DataFrame, groups: Sequence[str], horizon: int, secured: Sequence[str]
) -> tuple[Array, Array]:
    """Amounts followed to, and cash in, each month since charge-off: (folds, G + len(POOLS), K), the last rows
    POOLS of all products, also those that aren't among the groups."""
    fold = np.unique(claims["fold"], return_inverse=True)[1]
    product = claims["product"].astype(str)
    place = product.map({group: i for i, group in enumerate(groups)}).fillna(-1).to_numpy(int)
    kind = np.where(product.isin(secured), 0, 1)
    size = (int(fold.max()) + 1, len(groups) + len(POOLS), horizon)
    at_risk, cash = np.zeros(size), np.zeros(size)
    followed = claims["followed"].to_numpy(int)
    opened = (claims["since"] == 0).to_numpy() & (followed > 0)
    paid = (claims["since"] > 0).to_numpy() & (claims["since"] <= horizon).to_numpy()
    known = place >= 0
    for rows, values, at, into in (
        (opened, claims["charged_off"].to_numpy(float), np.minimum(followed, horizon) - 1, at_risk),
        (paid, claims["paid"].to_numpy(float), claims["since"].to_numpy(int) - 1, cash),
    ):
        for pool in (len(groups) + kind[rows], np.full(int(rows.sum()), len(groups) + len(POOLS) - 1)):
            np.add.at(into, (fold[rows], pool, at[rows]), values[rows])
        mine = rows & known
        np.add.at(into, (fold[mine], place[mine], at[mine]), values[mine])
    # A claim followed for s months was at risk in each of them.
    at_risk = at_risk[..., ::-1].cumsum(axis=-1)[..., ::-1]
    return at_risk, cash


def _rates(at_risk: Array, cash: Array, pools: Mapping[str, str]) -> Array:
    """(…, G, K) from (…, G + len(POOLS), K)."""
    rate = np.divide(cash, at_risk, out=np.zeros_like(cash), where=at_risk > 0)
    rows = [place if pool == OWN else len(pools) + POOLS.index(pool) for place, pool in enumerate(pools.values())]
    return np.where(at_risk[..., rows, :] > 0, rate[..., rows, :], rate[..., -1:, :])
