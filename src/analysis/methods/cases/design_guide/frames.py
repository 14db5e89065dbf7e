"""From logged decisions to what a design is run on: accounts, rates by region and month, one region's series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.core.parameters.cases_interventions import Intervention
from analysis.methods.cases.design_guide.assignment import Declared
from analysis.methods.cases.quasi_experiments import discontinuity, interrupted_series, matching, synthetic_control
from analysis.methods.cases.quasi_experiments.difference_in_differences_panel import rollout_panel
from analysis.methods.cases.quasi_experiments.interrupted_series import difference_of_means
from analysis.methods.cases.quasi_experiments.study import DesignRefused, Effect

TREATED = "treated"
UNKNOWN = "unknown"
LISTED = ("covariates",)
"""Options that name columns of the rows; a column that is not recorded is left out of them."""
LEAST_DECISIONS = {"cutoff": discontinuity.LEAST, "judgement": matching.EFFECTIVE}
"""Decisions on each side that the design asks for."""


@dataclass(frozen=True)
class Prepared:
    """An intervention ready for its design.

    `frame` is what the design is run on; `rows` are the decisions behind it, with `treated` (1 where the plain
    comparison counts them as treated); `logged` counts all decisions under the two arms; `unrecorded` names
    covariates that the portfolio doesn't have.
    """

    declared: Declared
    frame: pd.DataFrame
    rows: pd.DataFrame
    logged: int
    unrecorded: tuple[str, ...] = ()
    about: Mapping[str, object] = field(default_factory=dict)
    """What the design looked at, for sentences: `unit` (one unit's name), `date`, `left_out` (units with gaps)."""

    @property
    def used(self) -> int:
        """Decisions that the design rests on: with a known outcome, and within the months and units looked at."""
        return int(self.frame["decisions"].sum()) if "decisions" in self.frame else len(self.frame)

    @property
    def plain(self) -> Effect | None:
        """Raw difference of treated and untreated, or before and after: what it would be printed as."""
        return self.plain_of(self.declared.outcome)

    def plain_of(self, outcome: str, level: float = 0.95) -> Effect | None:
        """The same of another outcome of the same decisions; None with fewer than two on a side."""
        rows = self.rows.dropna(subset=[outcome])
        y, treated = rows[outcome].to_numpy(dtype=float), rows[TREATED].to_numpy() == 1
        if min(treated.sum(), (~treated).sum()) < 2:
            return None
        return difference_of_means(y[treated], y[~treated], level)


def prepare(intervention: Intervention, rows: pd.DataFrame, seed: int = 1, level: float = 0.95) -> Prepared:
    """What the design of an intervention is run on, from decisions under its two arms.

    `rows` are those of panel.interventions. Decisions whose outcome isn't known yet, or of which something that
    the design needs isn't recorded, are left out.

    An outcome that takes in several months is open while the treatment reaches its unit: decisions of the
    horizon − 1 months before a unit adopted were partly treated, so adoption is dated that much earlier (the first
    months then hold a part of the effect only). Units with a month without decisions are left out.

    `one_unit` and `date` look at the first unit to adopt that has months enough before; synthetic controls come
    from units that had not adopted by the end of the months looked at, which end while enough such units are left.
    Which unit that is hangs on dates and counts alone, never on outcomes.

    Raises DesignRefused, with the numbers, where a roll-out was taken back or nobody adopted.
    """
    if intervention.assigned_by in ("cutoff", "judgement"):
        return _accounts(intervention, rows, seed, level)
    whole = _panel(intervention, rows)
    panel, left_out = without_gaps(whole, intervention.unit)
    if intervention.assigned_by == "rollout":
        options = {"unit": intervention.unit, "month": "month", "adopted": "adopted", "seed": seed, "level": level}
        return _of_panel(intervention, panel, rows, options | intervention.options, left_out=left_out)
    return _one_unit(intervention, panel, rows, level, left_out)


def without_gaps(panel: pd.DataFrame, unit: str) -> tuple[pd.DataFrame, tuple[object, ...]]:
    """Rows of units that are there in every month of the panel, and the units that are not."""
    months = panel.groupby(unit, observed=True)["month"].nunique()
    gaps = months.index[months < panel["month"].nunique()]
    return panel[~panel[unit].isin(gaps)].reset_index(drop=True), tuple(gaps)


def _accounts(each: Intervention, rows: pd.DataFrame, seed: int, level: float) -> Prepared:
    options = dict(each.options)
    absent = tuple(name for key in LISTED for name in options.get(key, ()) if name not in rows)
    for key in LISTED:
        if key in options:
            options[key] = [name for name in options[key] if name not in absent]
    if options.get("placebo_outcome", "") not in rows:
        options.pop("placebo_outcome", None)
    marked = rows.assign(**{TREATED: (rows["arm"] == each.arms[1]).astype(int)})
    needed = [each.outcome]
    if each.assigned_by == "cutoff":
        needed += [*options.get("covariates", ()), *([options["score"]] if "score" in options else [])]
        options = {"taken": TREATED, "level": level, **options}
    else:
        options = {TREATED: TREATED, "seed": seed, "level": level, **options}
        if "customer" in rows:
            options.setdefault("cluster", "customer")
    frame = marked.dropna(subset=[name for name in needed if name in marked]).reset_index(drop=True)
    _refuse_empty(each, frame, rows)
    _refuse_few(each, frame)
    return Prepared(Declared(each.name, each.assigned_by, each.outcome, options), frame, frame, len(rows), absent)


def _panel(each: Intervention, rows: pd.DataFrame) -> pd.DataFrame:
    """Rates by unit and month with the months that the treatment reached, and `events`."""
    if each.unit not in rows:
        raise DesignRefused(
            f"{each.name}: '{each.unit}' of accounts is not recorded, so nothing tells who adopted"
        )
    known = rows[rows[each.unit] != UNKNOWN]
    _refuse_empty(each, known.dropna(subset=[each.outcome]), rows)
    panel = rollout_panel(known, each.outcome, each.arms[1], each.unit)
    early = panel["adopted"] - pd.offsets.MonthEnd(each.horizon - 1) if each.horizon > 1 else panel["adopted"]
    events = (panel[each.outcome] * panel["decisions"]).round()
    return panel.assign(adopted=pd.to_datetime(early), events=events)


def _of_panel(
    each: Intervention, panel: pd.DataFrame, rows: pd.DataFrame, options: Mapping[str, object], **about: object
) -> Prepared:
    """`treated` of a decision: its unit ever adopted, and it was made from then on; before, in those units: 0."""
    reached = panel.groupby(each.unit)["adopted"].first()
    start = rows[each.unit].map(reached)
    held = rows.assign(**{TREATED: (rows["decided_month"] >= start).astype(int)})
    held = held[start.notna() & held["decided_month"].between(panel["month"].min(), panel["month"].max())]
    declared = Declared(each.name, each.assigned_by, each.outcome, dict(options))
    return Prepared(declared, panel, held.reset_index(drop=True), len(rows), (), about)


def _one_unit(
    each: Intervention, panel: pd.DataFrame, rows: pd.DataFrame, level: float, left_out: tuple[object, ...]
) -> Prepared:
    adopted = panel.groupby(each.unit)["adopted"].first()
    unit, date = first_adopter(each, panel, adopted)
    own = rows[rows[each.unit] == unit]
    months: dict[str, object] = {"month": "month", "level": level}
    about = {"unit": unit, "date": date, "left_out": left_out}
    if each.assigned_by == "date":
        series = panel[panel[each.unit] == unit]
        return _of_panel(each, series, own, {"date": date, **months, **each.options}, **about)
    until = last_month_with_donors(panel, adopted, unit)
    donors = adopted[adopted.isna() | (adopted > until)].index
    kept = panel[panel[each.unit].isin([unit, *donors]) & (panel["month"] <= until)]
    options = {"treated": unit, "date": date, "unit": each.unit, **months, **each.options}
    return _of_panel(each, kept, own, options, **about)


def first_adopter(each: Intervention, panel: pd.DataFrame, adopted: pd.Series) -> tuple[object, pd.Timestamp]:
    """First unit to adopt with months enough before, or the very first where none has: the design then refuses."""
    dates = adopted.dropna().sort_values(kind="stable")
    if dates.empty:
        raise DesignRefused(f"{each.name}: no {each.unit} adopted within the months with known outcomes")
    least = interrupted_series.LEAST_BEFORE if each.assigned_by == "date" else synthetic_control.LEAST_BEFORE
    months = np.sort(panel["month"].unique())
    enough = dates[[(months < np.datetime64(date)).sum() >= least for date in dates]]
    chosen = enough if len(enough) else dates
    return chosen.index[0], chosen.iloc[0]


def last_month_with_donors(panel: pd.DataFrame, adopted: pd.Series, unit: object) -> pd.Timestamp:
    """Last month at whose end enough units for a synthetic control have not adopted; the last of all if never."""
    others = adopted.drop(unit)
    ends = np.sort(panel["month"].unique())
    bearing = [end for end in ends if (others.isna() | (others > end)).sum() >= synthetic_control.LEAST_DONORS]
    return pd.Timestamp(max(bearing, default=ends[-1]))


def _refuse_empty(each: Intervention, frame: pd.DataFrame, rows: pd.DataFrame) -> None:
    if frame.empty:
        raise DesignRefused(
            f"{each.name}: '{each.outcome}' is known of none of {len(rows):,} decisions. Its {each.horizon} "
            "months, and what a cure must last, are not over"
        )


def _refuse_few(each: Intervention, frame: pd.DataFrame) -> None:
    count = frame[TREATED].value_counts()
    least = LEAST_DECISIONS[each.assigned_by]
    if min(count.get(0, 0), count.get(1, 0)) < least:
        raise DesignRefused(
            f"{each.name}: {count.get(1, 0):,} decisions for '{each.arms[1]}' and {count.get(0, 0):,} for "
            f"'{each.arms[0]}' with a known outcome; {least:.0f} of each are needed. Wait for more decisions"
        )
