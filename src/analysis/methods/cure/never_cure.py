"""The share that never cures: between what charge-off proves and what it cuts short, and whom it concerns."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.core.spells import STILL_OPEN
from analysis.methods.cure.curves import LOST, count, incidence
from analysis.methods.cure.mixture import MixtureCure
from analysis.methods.cure.mixture.checks import IdentificationWarning
from analysis.methods.cure.mixture.sample import CENSORED, CURED, NEVER
from analysis.statistics.compress import compress

PROVEN, CUT_SHORT = "proven", "cut_short"
"""How charge-off, sale and litigation are read: as proof of never curing, or as an end of watching."""

READINGS = {PROVEN: NEVER, CUT_SHORT: CENSORED}

LARGEST_TAIL = 0.01
"""Share of cures that may lie beyond the last month seen before the plateau counts as not reached."""

FEW = 30
"""Spells at risk when the last cure came, below which the end of the cures is one of a handful of spells."""

LARGEST_OPEN = 0.05
"""Share of spells whose fate may be open at the last exit seen before the proven share says nothing either."""


class Fit(NamedTuple):
    """A fitted model and what it warned of."""

    model: MixtureCure
    warnings: tuple[str, ...]

    @property
    def sufficient(self) -> bool:
        """Whether the cures ran out before the follow-up did: none in its last month, hardly any expected later.

        Maller and Zhou's p-value is told beside it and not asked for here: it counts cures in a stretch before the
        last one, and where waits are short and in whole months that stretch may hold none.
        """
        seen = self.model.follow_up_
        return bool(seen.last_event < seen.last_time and seen.tail <= LARGEST_TAIL)


def as_events(cells: pd.DataFrame, reading: str) -> pd.DataFrame:
    """Cells with the column `event` of a cure model: 1 cured, 0 not known, and LOST exits as the reading has them.

    Paid-off accounts are not known: they owe nothing, and would not have been delinquent again.
    """
    if reading not in READINGS:
        raise ParameterError(f"reading '{reading}' is unknown; it can be {', '.join(READINGS)}")
    event = cells["exit"].map({"cured": CURED, **dict.fromkeys(LOST, READINGS[reading])}).fillna(CENSORED)
    return cells.assign(event=event.astype("int8"))


OTHER = "other"
"""Value that rare values of a covariate are pooled into."""

Levels = dict[str, frozenset[str]]
"""Values of each covariate that are common enough to stand for themselves."""


def common_levels(cells: pd.DataFrame, covariates: Sequence[str], least: int) -> Levels:
    """Values with at least so many spells: a rarer one has no coefficient of its own that could be trusted."""
    spells = {name: cells.groupby(name)["spells"].sum() for name in covariates}
    # A single rare value is left alone: pooling it would only take its name away.
    return {
        name: frozenset(map(str, found.index[(found >= least) | ((found < least).sum() < 2)]))
        for name, found in spells.items()
    }


def pooled(frame: pd.DataFrame, levels: Levels) -> pd.DataFrame:
    """The frame with all other values of the covariates called `other`."""
    return frame.assign(
        **{name: frame[name].where(frame[name].isin(kept), OTHER) for name, kept in levels.items()}
    )


def fit_spells(
    cells: pd.DataFrame,
    covariates: Sequence[str] = (),
    latency: str = "discrete",
    reading: str = PROVEN,
    level: float = 0.95,
) -> Fit:
    """Mixture cure model of the engine's cells, the same covariates (text columns) in both parts.

    Cells that agree in what the model reads are merged; errors are robust to customers (by `fold`). A covariate
    that has one value only is left out. Raises InputError where nothing was cured.
    """
    used = [name for name in covariates if cells[name].nunique() > 1]
    formula = " + ".join(f"C({name})" for name in used) or "1"
    read = ["entry", "duration", "event", "fold", *used]
    rows = compress(as_events(cells, reading), read, "spells", name="weight")
    model = MixtureCure(latency, alpha=1 - level)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", IdentificationWarning)
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
    said = [str(one.message) for one in caught if issubclass(one.category, IdentificationWarning)]
    return Fit(model, tuple(dict.fromkeys(said)))


def coefficients(model: MixtureCure) -> pd.DataFrame:
    """The model's parameters as a tidy frame: part, covariate, coef, se, lower, upper.

    Part `incidence`: log-odds that a cure comes at all, so that above zero is good. `latency`: its timing among
    those who will cure. `baseline`: the shape of the wait.
    """
    bounds = model.confidence_intervals_
    table = pd.DataFrame({"coef": model.params_, "se": model.standard_errors_})
    table["lower"], table["upper"] = bounds.iloc[:, 0], bounds.iloc[:, 1]
    return table.reset_index()


KINDS = {
    "spells": "int64",
    "rate": "float64",
    "rate_lower": "float64",
    "rate_upper": "float64",
    "sufficient": "bool",
    "p_value": "float64",
    "tail": "float64",
    "open": "float64",
}
"""Columns of never_cure()'s table after its labels, of these kinds without rows too."""


BORDER = 8.0
"""Size of a log-odds coefficient past which it is on its way to infinity: odds of one in three thousand."""


def at_the_border(model: MixtureCure) -> list[str]:
    """Covariates of the incidence whose coefficient runs to infinity: in their groups all, or none, were cured."""
    own = model.params_["incidence"]
    return [str(name) for name, coef in own.items() if name != "Intercept" and abs(coef) > BORDER]


def never_cure(
    cells: pd.DataFrame,
    by: Sequence[str] = (),
    latency: str = "discrete",
    level: float = 0.95,
    least: int = 200,
) -> pd.DataFrame:
    """Share of spells that would never end in a cure, by group, read both ways.

    `proven` counts charged-off, sold and litigated accounts among those that never cure. Some would have cured
    later, so it is an upper bound. `cut_short` takes such exits for an end of watching that tells nothing: it is
    lower, but it leans on what the model thinks of waits that nobody saw, and says nothing at all unless the cures
    had run out before charge-off came (`sufficient`). Numerator: spells whose wait never ends in a cure;
    denominator: all spells. Lower is better. No covariates: each group has its own fit.

    Returns `by`, reading, spells, rate, rate_lower, rate_upper, sufficient (without it the share must not be told:
    whether the cures had run out, and for `proven`, whether at most 5% of spells were still open when the last
    exit was seen), p_value and tail (`FollowUp`), open (that share of spells, Aalen–Johansen). Groups with fewer
    than `least` spells, or without cures, are left out.
    """
    keys = list(by)
    groups = cells.groupby(keys, sort=True) if keys else [((), cells)]
    rows = []
    for name, group in groups:
        spells = int(group["spells"].sum())
        if spells < least or not (group["exit"] == "cured").any():
            continue
        labels = dict(zip(keys, name if isinstance(name, tuple) else (name,), strict=True))
        rows += [labels | {"spells": spells} | _told(group, reading, latency, level) for reading in READINGS]
    table = pd.DataFrame(rows, columns=[*keys, "reading", *KINDS])
    return table.astype(KINDS)


def _told(group: pd.DataFrame, reading: str, latency: str, level: float) -> dict[str, object]:
    fit = fit_spells(group, (), latency, reading, level)
    share, follow_up = fit.model.never_cure_, fit.model.follow_up_
    still = still_open(group)
    return {
        "reading": reading,
        "rate": share["estimate"],
        "rate_lower": share["lower"],
        "rate_upper": share["upper"],
        "sufficient": still <= LARGEST_OPEN
        if reading == PROVEN
        else fit.sufficient and followed_to(group, follow_up.last_event) >= FEW,
        "p_value": follow_up.p_value,
        "tail": follow_up.tail,
        "open": still,
    }


def followed_to(cells: pd.DataFrame, month: float) -> float:
    """Spells at risk in a month."""
    at_risk = (cells["entry"] < month) & (cells["duration"] >= month)
    return float(cells.loc[at_risk, "spells"].sum())


def still_open(cells: pd.DataFrame) -> float:
    """Share of spells that no exit had ended by the last month in which one was seen to (Aalen–Johansen)."""
    ended = cells.loc[cells["exit"] != STILL_OPEN, "duration"]
    counts = count(cells, (), int(ended.max()))
    return float(incidence(counts.at_risk.sum(axis=0), counts.leaving.sum(axis=0))[0, -1, -1])


def profiles(
    model: MixtureCure, cells: pd.DataFrame, covariates: Sequence[str], share: float = 0.1
) -> pd.DataFrame:
    """Who is at the extremes: make-up of the spells likeliest and least likely never to cure.

    Spells are ranked by the model's probability of never curing; `highest` and `lowest` hold the extreme `share`
    of them (a cell on the border counts in part). Returns covariate, value, spells,
    overall (share of all spells), highest, lowest (share of that group's spells) and lift (highest ÷ overall).
    Raises InputError for a share outside (0, 0.5].
    """
    if not 0 < share <= 0.5:
        raise InputError(f"share is {share}; it must lie above 0 and up to 0.5, for example 0.1")
    merged = compress(cells, list(covariates), "spells", name="spells_of_cell")
    merged = merged.assign(never=1.0 - model.predict_susceptible(merged).to_numpy())
    merged = merged.sort_values("never", kind="stable", ignore_index=True)
    weight = merged["spells_of_cell"]
    upto, all_spells = weight.cumsum(), weight.sum()
    lowest = (share * all_spells - (upto - weight)).clip(0, weight)
    highest = (upto - (1 - share) * all_spells).clip(0, weight)
    parts = pd.DataFrame({"overall": weight, "highest": highest, "lowest": lowest})
    parts = parts / parts.sum()
    tables = []
    for covariate in covariates:
        made_up = parts.groupby(merged[covariate], sort=True).sum()
        spells = weight.groupby(merged[covariate], sort=True).sum().astype("int64")
        made_up.insert(0, "spells", spells)
        tables.append(made_up.rename_axis("value").reset_index().assign(covariate=covariate))
    table = pd.concat(tables, ignore_index=True)[["covariate", "value", "spells", *parts.columns]]
    return table.assign(value=table["value"].astype(str), lift=table["highest"] / table["overall"])
