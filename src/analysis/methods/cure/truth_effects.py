"""Effects on cure in a simulated portfolio, beside the log-odds that it was drawn with.

What the simulator adds to a spell's log-odds of cure holds for an account that can cure at all, everything else of
it known. What a model finds is not quite that, and how far it is off is what this file tells:

- Monthly odds among all accounts still open mix those who can cure with those who never will. With p the monthly
  chance of those who can, and h that of all, a log-odds β of the first comes to β·(1 − p)/(1 − h) among all: less
  (`mixed`; the chain rule on h = qp, with the share q who can cure held still).
- Causes and distress are not recorded. Logits that leave out what matters lean towards zero even where it is
  independent (Gail, Wieand and Piantadosi 1984, Biometrika 71, 431–444).
- Contact was not left to chance.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.core.errors import IdentificationWarning
from analysis.methods.cure.mixture import MixtureCure
from analysis.methods.cure.never_cure import CUT_SHORT, FEW, PROVEN, Fit, as_events, followed_to
from analysis.methods.cure.speed import NO_WORK
from analysis.statistics.compress import compress
from analysis.statistics.hazards import MultinomialHazard

SPOKEN_TO = "right_party"
CONTACT = "contact_last_month"
ECONOMY = ("unemployment", "gdp", "industry_growth")
"""Columns of the economy, in the units of truth.json: points, points, tenths of a yearly logarithmic change."""
INCIDENCE, LATENCY = ("debt_ratio", "income_volatility", "score"), ("debt_ratio", "income_volatility")
SCORE_CENTRE, SCORE_UNIT = 650.0, 50.0
RIDGE = 1e-2
COLUMNS = [
    "measure",
    "covariate",
    "estimate",
    "se",
    "lower",
    "upper",
    "truth",
    "mixed",
    "bias",
    "errors",
    "covered",
]


def middles(edges: Sequence[float]) -> list[float]:
    """A number for each band between edges: its middle; for the two that are open, half a neighbour's width out.

    >>> middles([0.2, 0.4, 0.8])
    [0.1, 0.3, 0.6, 1.0]
    """
    cuts = np.asarray(edges, dtype=float)
    inner = (cuts[1:] + cuts[:-1]) / 2
    first = inner[0] if len(inner) else cuts[0]
    last = inner[-1] if len(inner) else cuts[0]
    return [round(float(number), 10) for number in (2 * cuts[0] - first, *inner, 2 * cuts[-1] - last)]


def economy_of(now: pd.DataFrame, industry: pd.DataFrame) -> pd.DataFrame:
    """The economy that the simulator's cures answer to, by month and industry: columns of ECONOMY.

    `now` is the panel's macro_lagged() at a lag of 2 months, `industry` that at 1 and 13.
    """
    stem, end = "industry_index_", "_lag1"
    names = [c[len(stem) : -len(end)] for c in map(str, industry) if c.startswith(stem) and c.endswith(end)]
    growth = [
        pd.DataFrame(
            {
                "month": industry["month"],
                "industry": name,
                "industry_growth": 10 * np.log(industry[f"{stem}{name}_lag1"] / industry[f"{stem}{name}_lag13"]),
            }
        )
        for name in names
    ]
    points = {"unemployment": "unemployment_rate_lag2", "gdp": "gdp_yoy_lag2"}
    rates = now[["month"]].assign(**{name: 100 * now[column] for name, column in points.items()})
    return pd.concat(growth, ignore_index=True).merge(rates, how="inner", on="month")


def speed_against_truth(
    at_risk: pd.DataFrame, truth: Mapping[str, Any], level: float = 0.95, controls: Sequence[str] = ()
) -> pd.DataFrame:
    """Monthly log-odds of cure for contact and the economy, among all accounts still open, beside the truth.

    `at_risk` are the panel's hazard_cells under the simulator's own rule (sustained_months=1) with the columns of
    ECONOMY and, where there is one, contact_last_month; `controls` are further columns, numbers or text. The truth
    of contact is the mean of what contact, promise and the agent's skill added to accounts that can cure, since
    the panel's column tells them not apart. Errors: the larger of that with customers and with months as clusters.

    Returns measure, covariate, estimate, se, lower, upper, truth, mixed (what mixing with those who never cure
    makes of the truth), bias (estimate less truth), errors (the bias in standard errors) and covered (whether the
    interval holds the truth).
    """
    cells = at_risk.dropna(subset=[*ECONOMY, *controls])
    cells = cells.assign(
        month_of=cells["month"].astype(str), state=cells["state"].astype(str), k=cells["k"].astype(str)
    )
    worked = CONTACT in cells and bool((cells[CONTACT] == NO_WORK).any())
    terms = ["C(state)", "C(k)", *ECONOMY, *(_term(cells, name) for name in controls)]
    if worked:
        terms.append(f'C({CONTACT}, contr.treatment("{NO_WORK}"))')
    tables = [_fitted(cells, " + ".join(filter(None, terms)), cluster, level) for cluster in ("fold", "month_of")]
    table = tables[0].where(tables[0]["se"] >= tables[1]["se"], tables[1])
    known = {name: truth["elasticities"]["cure"][key] for name, key in zip(ECONOMY, DRAWN, strict=True)}
    spoken = next((name for name in table.index if name.startswith(f"C({CONTACT}") and SPOKEN_TO in name), None)
    if spoken is not None and "contact_effect" in truth:
        known[spoken] = truth["contact_effect"]["mean_log_odds"]
    found = table.loc[list(known)].assign(truth=list(known.values()), measure="speed")
    found["mixed"] = found["truth"] * shrinkage(truth)
    return _judged(found.assign(covariate=[CONTACT if name == spoken else name for name in found.index]))


DRAWN = ("unemployment", "gdp", "industry")


def shrinkage(truth: Mapping[str, Any]) -> float:
    """(1 − p)/(1 − h) of months at risk, weighted by what a logit learns from each: n·h·(1 − h)."""
    buckets = [b for b in truth["cure"]["by_missed_payments"].values() if b["hazard"]]
    h, p, n = (np.array([b[key] for b in buckets]) for key in ("hazard", "hazard_of_those_who_can", "at_risk"))
    return float(np.average((1 - p) / (1 - h), weights=n * h * (1 - h)))


def _term(cells: pd.DataFrame, name: str) -> str:
    if cells[name].nunique() < 2:
        return ""
    return name if pd.api.types.is_numeric_dtype(cells[name]) else f"C({name})"


def _fitted(cells: pd.DataFrame, formula: str, cluster: str, level: float) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentificationWarning)
        model = MultinomialHazard(exits=("cured",), alpha=1 - level)
        model.fit(cells, formula=formula, cluster_col=cluster, ridge=RIDGE)
    table = model.coefficients().set_index("covariate")[["coef", "se", "lower", "upper"]]
    return table.rename(columns={"coef": "estimate"})


def model_against_truth(
    cells: pd.DataFrame, truth: Mapping[str, Any], latency: str = "discrete", level: float = 0.95
) -> pd.DataFrame:
    """Coefficients of the mixture cure model beside what never-cure and the wait were drawn with.

    `cells` are spells under the simulator's own rule, seen to begin, with numbers debt_ratio, income_volatility
    and origination_score, and product. Log-odds that a cure comes at all (measure `incidence_proven` and, where
    cures had run out before charge-off came, `incidence_cut_short`) are told against the simulator's log-odds of
    never, its sign turned; those of the month of cure (`latency_…`, a logit for each month where `latency` is
    discrete, else left out) against its log-odds of cure. The score's truth in the wait is left out: arms of
    experiments act on segments made of it. Returns the columns of speed_against_truth(). Raises InputError where
    nothing was cured.
    """
    kept = cells.dropna(subset=list(LATENCY)).assign(
        score=lambda f: (f["origination_score"] - SCORE_CENTRE) / SCORE_UNIT if "origination_score" in f else 0.0
    )
    used = [name for name in INCIDENCE if kept[name].nunique() > 1]
    if not used:
        return pd.DataFrame(columns=COLUMNS)
    tables = [
        _of_reading(fit, reading, truth, used, latency)
        for reading in (PROVEN, CUT_SHORT)
        if (fit := _model(kept, reading, used, latency, level)) is not None
    ]
    return pd.concat(tables, ignore_index=True)


def _model(cells: pd.DataFrame, reading: str, used: Sequence[str], latency: str, level: float) -> Fit | None:
    """The fitted model; None where it says nothing: cures not run out before charge-off."""
    products = ["product"] if "product" in cells and cells["product"].nunique() > 1 else []
    formula = " + ".join([*(f"C({name})" for name in products), *used]) or "1"
    read = ["entry", "duration", "event", "fold", *products, *used]
    rows = compress(as_events(cells, reading), read, "spells", name="weight")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentificationWarning)
        model = MixtureCure(latency, alpha=1 - level)
        model.fit(
            rows,
            "duration",
            "event",
            formula,
            formula,
            entry_col="entry",
            weights_col="weight",
            cluster_col="fold",
        )
    fit = Fit(model, ())
    seen_out = fit.sufficient and followed_to(cells, model.follow_up_.last_event) >= FEW
    return fit if reading == PROVEN or seen_out else None


def _of_reading(
    fit: Fit, reading: str, truth: Mapping[str, Any], used: Sequence[str], latency: str
) -> pd.DataFrame:
    never, cure = truth["parameters"]["never"], truth["parameters"]["cure"]
    known = {("incidence", name): -never[name] for name in INCIDENCE if name in used}
    if latency == "discrete":
        known |= {("latency", name): cure[name] for name in LATENCY if name in used}
    bounds = fit.model.confidence_intervals_
    table = pd.DataFrame({"estimate": fit.model.params_, "se": fit.model.standard_errors_})
    table = table.assign(lower=bounds.iloc[:, 0], upper=bounds.iloc[:, 1]).loc[list(known)]
    parts, names = zip(*known, strict=True)
    found = table.assign(measure=[f"{part}_{reading}" for part in parts], covariate=names, mixed=np.nan)
    return _judged(found.assign(truth=list(known.values())))


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    bias = table["estimate"] - table["truth"]
    covered = (table["lower"] <= table["truth"]) & (table["truth"] <= table["upper"])
    return table.assign(bias=bias, errors=bias / table["se"], covered=covered)[COLUMNS].reset_index(drop=True)
