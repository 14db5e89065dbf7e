"""Synthetic control: one treated unit against a weighted mean of untreated ones that moved with it before."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.cases.quasi_experiments.study import (
    Check,
    DesignRefused,
    Effect,
    Study,
    require_columns,
    require_complete,
    require_level,
    require_varied,
)
from analysis.methods.cases.quasi_experiments.synthetic_control_weights import (
    Array,
    conformal_effect,
    constant_effect_p,
    fit_weights,
    gap,
)

DESIGN = "synthetic control"
ASSUMPTION = (
    "The weighted mean of the untreated units would have gone on tracking the treated one, none of them "
    "was touched "
    "by the treatment, and nothing else befell the treated unit alone."
)
LEAST_BEFORE, LEAST_DONORS = 12, 4
FIT = 0.8
"""Largest pre-period error, as a share of the treated unit's spread about its own mean, that counts as a fit."""
DOUBTFUL_FIT = 0.5
PLACEBO_ALPHA = 0.05


def synthetic_control(
    frame: pd.DataFrame,
    outcome: str,
    treated: object,
    date: pd.Timestamp | str,
    unit: str = "region",
    month: str = "month",
    level: float = 0.95,
) -> Study:
    """Mean effect on the treated unit over the months from `date` on.

    `frame` has one row a unit and month; all units but `treated` are donors and must be untreated throughout.
    Weights are not negative and sum to one (Abadie, Diamond and Hainmueller 2010, JASA 105, 493–505), on the whole
    outcome path before. The interval inverts a permutation test over time (Chernozhukov, Wüthrich and Zhu 2021,
    JASA 116, 1849–1864). Tables: `weights`, `path` (month, actual, synthetic, gap), `placebos` (each donor taken
    for treated: unit, before, after (root mean squared gaps), ratio, estimate), `in_time` (the date moved back).

    Checks: fit before; place among placebos in space (its p can't be below 1 ÷ units: shown, not asked for);
    effect at a false date before.

    Raises DesignRefused for fewer than 4 donors, 12 months before, units with gaps, and a bad fit before (the root
    mean squared gap beyond 0.8 of the unit's own spread): a control that didn't track can't tell an effect.
    """
    require_level(level)
    wide = _wide(frame, outcome, unit, month)
    if treated not in wide.columns:
        raise ParameterError(f"treated is {treated!r}; units are {', '.join(map(str, wide.columns))}")
    start = int((wide.index < pd.Timestamp(date)).sum())
    _refuse_few(start, wide.shape[0] - start, wide.shape[1] - 1)
    y, donors = wide[treated].to_numpy(dtype=float), wide.drop(columns=[treated])
    x = donors.to_numpy(dtype=float)
    weights = fit_weights(y[:start], x[:start])
    gaps = y - x @ weights
    fit = _refuse_bad_fit(y[:start], gaps[:start])
    lower, upper, p = conformal_effect(y, x, start, level)
    estimate = float(gaps[start:].mean())
    spread = gaps[:start].std(ddof=1) * np.sqrt(1 / start + 1 / max(len(y) - start, 1))
    placebos, moved = placebo_units(wide, treated, start), in_time(y, x, start)
    return Study(
        design=DESIGN,
        quantity=f"{outcome} of {treated}, mean over {len(y) - start} months from {pd.Timestamp(date):%Y-%m}",
        effect=Effect(estimate, lower, upper, p, float(spread), level),
        assumption=ASSUMPTION,
        units=len(y),
        clusters=wide.shape[1],
        checks=(fit, _in_time_check(moved)),
        tables={
            "weights": pd.DataFrame({"unit": donors.columns, "weight": weights}),
            "path": pd.DataFrame({"month": wide.index, "actual": y, "synthetic": x @ weights, "gap": gaps}),
            "placebos": placebos,
            "in_time": pd.DataFrame([moved]),
        },
    )


def placebo_units(wide: pd.DataFrame, treated: object, start: int) -> pd.DataFrame:
    """Each unit taken for treated, the treated one left out of the donors of the others.

    Columns: unit, treated, before, after, ratio, estimate; `attrs["p"]` is the share of units whose ratio is at
    least the treated one's.
    """
    rows = []
    for name in wide.columns:
        others = [other for other in wide.columns if other not in (name, treated)]
        y, x = wide[name].to_numpy(dtype=float), wide[others].to_numpy(dtype=float)
        gaps = gap(y, x, start)
        before, after = (float(np.sqrt(np.mean(part**2))) for part in (gaps[:start], gaps[start:]))
        ratio = after / before if before > 0 else np.inf
        rows.append((name, name == treated, before, after, ratio, float(gaps[start:].mean())))
    table = pd.DataFrame(rows, columns=["unit", "treated", "before", "after", "ratio", "estimate"])
    own = float(table.loc[table["treated"], "ratio"].iloc[0])
    table.attrs["p"] = float((table["ratio"] >= own).mean())
    return table


def in_time(y: Array, x: Array, start: int) -> dict[str, float]:
    """The effect at two thirds of the months before: months_before, estimate, p of none (as for the effect)."""
    false = 2 * start // 3
    estimate = float(gap(y[:start], x[:start], false)[false:].mean())
    return {
        "months_before": float(false),
        "estimate": estimate,
        "p": constant_effect_p(y[:start], x[:start], false, 0.0),
    }


def by_library(wide: pd.DataFrame, treated: object, start: int) -> pd.Series:
    """Weights by pysyncon with all months before weighing alike: the second opinion on fit_weights()."""
    from pysyncon import Synth

    before = wide.iloc[:start].astype(float)
    donors, own = before.drop(columns=[treated]), before[treated]
    scale = before.var(axis=1).to_numpy()  # the library divides each month by its spread; this undoes it
    found = Synth()
    found.fit(X0=donors, X1=own, Z0=donors, Z1=own, custom_V=scale / scale.sum())
    return pd.Series(np.asarray(found.W), index=donors.columns, name="weight")


def _wide(frame: pd.DataFrame, outcome: str, unit: str, month: str) -> pd.DataFrame:
    require_columns(frame, [outcome, unit, month], DESIGN)
    require_complete(frame, [outcome, unit, month], DESIGN)
    require_varied(frame, outcome, DESIGN)
    wide = frame.pivot_table(index=month, columns=unit, values=outcome, aggfunc="mean", observed=True).sort_index()
    wide.index = pd.DatetimeIndex(wide.index)
    if len(frame) != wide.size or wide.isna().to_numpy().any():
        raise DesignRefused(
            f"{DESIGN}: {len(frame):,} rows for {wide.shape[1]} units and {wide.shape[0]} months; give one "
            "row for "
            "each unit and month, and leave out units that are not there throughout"
        )
    return wide


def _refuse_few(before: int, after: int, donors: int) -> None:
    if before < LEAST_BEFORE or after < 1 or donors < LEAST_DONORS:
        raise DesignRefused(
            f"{DESIGN}: {donors} untreated units, {before} months before and {after} after; {LEAST_DONORS}, "
            f"{LEAST_BEFORE} and 1 are needed. With fewer, declare an interrupted series and say what it "
            "can't tell"
        )


def _refuse_bad_fit(y: Array, gaps: Array) -> Check:
    own = float(y.std())
    share = float(np.sqrt(np.mean(gaps**2))) / own if own > 0 else np.inf
    says = f"before, the synthetic unit misses by {share:.0%} of the treated unit's own spread"
    if share > FIT:
        raise DesignRefused(
            f"{DESIGN}: {says} ({FIT:.0%} at most). The untreated units don't move with it: find other units, or "
            "declare another design"
        )
    return Check("fit before", share, DOUBTFUL_FIT, share <= DOUBTFUL_FIT, says)


def _in_time_check(moved: dict[str, float]) -> Check:
    says = f"at a false date {moved['months_before']:.0f} months in, the effect is {moved['estimate']:+.3g}"
    says += f" (p = {moved['p']:.2g})"
    return Check("false date", moved["p"], PLACEBO_ALPHA, moved["p"] >= PLACEBO_ALPHA, says)
