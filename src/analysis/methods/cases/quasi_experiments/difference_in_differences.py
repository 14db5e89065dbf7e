"""Difference-in-differences where units adopt at different dates, with few units.

With eight regions neither cluster-robust errors nor their bootstrap hold their level, so inference is by
randomisation: which region adopted when is drawn anew, and the interval holds the effects that such draws can't
tell from what happened (Fisher 1935; MacKinnon and Webb 2020, Journal of Econometrics 218, 435–450).
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from analysis.methods.cases.quasi_experiments.difference_in_differences_panel import (
    DESIGN,
    AdoptionPanel,
    Array,
    Whole,
    adoption_panel,
    measured,
    orders,
)
from analysis.methods.cases.quasi_experiments.difference_in_differences_weights import (
    lag_weights,
    lead_weights,
    overall_weights,
    two_way_effect,
    untreated_fit,
)
from analysis.methods.cases.quasi_experiments.study import Check, DesignRefused, Effect, Study, require_level

ASSUMPTION = (
    "Without the roll-out all units would have moved in parallel, units did not act ahead of it, and "
    "which unit came "
    "when had nothing to do with where it was heading."
)
PRETREND_ALPHA = 0.05
SETTLED = 3
"""Months since adoption from which effects are taken together."""
PLACES = ["months_since", "estimate", "lower", "upper"]


def difference_in_differences(
    frame: pd.DataFrame,
    outcome: str,
    unit: str = "region",
    month: str = "month",
    adopted: str = "adopted",
    leads: int = 6,
    lags: int = 12,
    level: float = 0.95,
    draws: int = 1999,
    seed: int = 1,
) -> Study:
    """Mean effect over treated unit-months, each counting alike.

    `frame` has one row a unit and month, `adopted` the date of adoption (missing: never). The interval inverts the
    randomisation test of a constant effect, so it is wide where effects differ much. Tables: `event_study`
    (months_since, estimate, lower, upper, before: True for leads, whose reference is all earlier months) and
    `estimators` (the two-way coefficient, which mixes forbidden comparisons, beside the imputed effect).

    Check: pre-trend, all leads together against their distribution over draws. A pre-trend that isn't seen may
    still be there: with few units the test has little power (Roth 2022, AER: Insights 4, 305–322).

    Raises DesignRefused for panels with gaps, fewer than four months before, nothing untreated, and fewer ways to
    hand out the dates than 1 ÷ (1 − level): no such panel could reach the level whatever it showed.
    """
    require_level(level)
    panel = adoption_panel(frame, outcome, unit, month, adopted)
    _refuse_few(panel, level)
    order = orders(len(panel.units), draws, seed)
    effect = randomised_effect(panel, order, level)
    events, pretrend = event_study(panel, order, leads, lags, level)
    return Study(
        design=DESIGN,
        quantity=f"{outcome}, mean over treated {unit}-months",
        effect=effect,
        assumption=ASSUMPTION,
        units=int(panel.treated.sum()),
        clusters=len(panel.units),
        checks=(_pretrend_check(events, pretrend),),
        tables={
            "event_study": events,
            "estimators": pd.DataFrame(
                {
                    "estimator": ["imputation", "two-way fixed effects"],
                    "estimate": [effect.estimate, two_way_effect(panel)],
                }
            ),
        },
    )


def randomised_effect(panel: AdoptionPanel, order: Whole, level: float = 0.95) -> Effect:
    """Mean effect with the interval of constant effects that the draws don't reject.

    For one draw the effects τ under which it is at least as extreme as what happened, |a − τb| ≥ |a₀ − τ|, form a
    segment about a₀ (a, b: its measures of the outcome and of the treated cells); a τ is kept while it lies in
    more than 1 − level of the segments.
    """
    weights = overall_weights(panel)
    a = measured(weights, panel.y, order)[:, 0]
    b = measured(weights, panel.treated.astype(float), order)[:, 0]
    centre, tiny = a[0], 1e-9
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = (centre - a) / (1 - b), (centre + a) / (1 + b)
    same = np.abs(1 - b) < tiny
    low = np.where(same, -np.inf, np.minimum(first, second))
    high = np.where(same, np.inf, np.maximum(first, second))
    out = min(int(np.floor((1 - level) * len(a))), len(a) - 1)
    p = float(np.mean(np.abs(a) >= np.abs(centre) - tiny))
    return Effect(
        float(centre), float(np.sort(low)[out]), float(np.sort(high)[::-1][out]), p, float(np.std(a)), level
    )


def event_study(
    panel: AdoptionPanel, order: Whole, leads: int = 6, lags: int = 12, level: float = 0.95
) -> tuple[pd.DataFrame, float]:
    """Effects by months since adoption with pointwise intervals, and p of no pre-trend over all leads.

    Intervals are the spread, over draws, of the same measures on the panel less its estimated effects.
    """
    before, ahead = lead_weights(panel, leads)
    after, behind = lag_weights(panel, lags)
    lead, lag = (measured(w, panel.y, order[:1])[0] for w in (ahead, behind))
    bare = _without_effects(panel)
    spread_lead, spread_lag = (measured(w, bare, order) for w in (ahead, behind))
    rows = [_points(before, lead, spread_lead, level, True), _points(after, lag, spread_lag, level, False)]
    scale = np.maximum(spread_lead.std(axis=0), 1e-12)
    size = ((spread_lead / scale) ** 2).sum(axis=1)
    return pd.concat(rows, ignore_index=True), float(np.mean(size >= size[0] - 1e-9))


def sun_abraham(
    frame: pd.DataFrame, outcome: str, unit: str = "region", month: str = "month", adopted: str = "adopted"
) -> pd.DataFrame:
    """Event study by cohorts (Sun and Abraham 2021, Journal of Econometrics 225, 175–199), by pyfixest.

    Columns: months_since, estimate, standard_error (clustered by unit). A second opinion on the estimates; with
    few units its errors are too small, so the chapter's intervals are those of event_study().
    """
    import pyfixest as pf

    panel = adoption_panel(frame, outcome, unit, month, adopted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it lists every month that a cohort doesn't reach
        found = pf.event_study(
            data=_long(panel),
            yname="y",
            idname="unit",
            tname="time",
            gname="cohort",
            estimator="saturated",
            att=False,
        )
    table = found.aggregate(weighting="shares").reset_index()
    return pd.DataFrame(
        {
            "months_since": table["period"].astype(float).astype(int),
            "estimate": table["Estimate"].astype(float),
            "standard_error": table["Std. Error"].astype(float),
        }
    )


def two_stage(
    frame: pd.DataFrame, outcome: str, unit: str = "region", month: str = "month", adopted: str = "adopted"
) -> tuple[float, float]:
    """Gardner's two-stage estimate and its clustered error, by pyfixest; the estimate equals the imputed one."""
    import pyfixest as pf

    found = pf.event_study(
        data=_long(adoption_panel(frame, outcome, unit, month, adopted)),
        yname="y",
        idname="unit",
        tname="time",
        gname="cohort",
        estimator="did2s",
        att=True,
    )
    return float(found.coef().iloc[0]), float(found.se().iloc[0])


def _long(panel: AdoptionPanel) -> pd.DataFrame:
    units, months = panel.y.shape
    never = panel.start >= months
    cohort = np.where(never, 0, panel.start + 1)
    return pd.DataFrame(
        {
            "y": panel.y.ravel(),
            "unit": np.repeat(np.arange(1, units + 1), months),
            "time": np.tile(np.arange(1, months + 1), units),
            "cohort": np.repeat(cohort, months),
        }
    )


def _without_effects(panel: AdoptionPanel) -> Array:
    """Outcomes less the mean effect of the first, second and third month since adoption, and of all later ones.

    Later months are taken together: one by one, those that few units reach would be emptied of their chance too,
    and the test that is held against them would reject too often. What is left about a mean of n cells is
    stretched by √(n ÷ (n − 1)) for the same reason.
    """
    fit = untreated_fit(panel)
    bare = panel.y.copy()
    for cell in (*(panel.since == lag for lag in range(SETTLED)), panel.since >= SETTLED):
        there = cell & panel.treated
        effects, count = (panel.y - fit)[there], int(there.sum())
        if count:
            stretch = np.sqrt(count / (count - 1)) if count > 1 else 1.0
            bare[there] = fit[there] + stretch * (effects - effects.mean())
    return bare


def _points(places: list[int], estimate: Array, spread: Array, level: float, before: bool) -> pd.DataFrame:
    half = np.quantile(np.abs(spread), level, axis=0)
    columns = [places, estimate, estimate - half, estimate + half]
    return pd.DataFrame(dict(zip(PLACES, columns, strict=True))).assign(before=before)


def _pretrend_check(events: pd.DataFrame, p: float) -> Check:
    leads = events.loc[events["before"], "estimate"]
    says = f"before adoption units differ by up to {leads.abs().max():.3f} (pre-trend p = {p:.2g})"
    return Check("pre-trend", p, PRETREND_ALPHA, p >= PRETREND_ALPHA, says)


def _refuse_few(panel: AdoptionPanel, level: float) -> None:
    needed = 1 / (1 - level)
    if panel.arrangements < needed:
        raise DesignRefused(
            f"{DESIGN}: the dates can be handed to {len(panel.units)} units in {panel.arrangements:.0f} "
            "ways, so the "
            f"smallest p is {1 / panel.arrangements:.2f}; {needed:.0f} ways are needed. Give finer units, "
            "or wait until "
            "more have adopted at different dates"
        )
