"""Months at risk in spells of delinquency, added up in cells: what discrete-time hazards are fitted on.

A cell holds all months at risk that are alike in everything a hazard may depend on; a panel of any size becomes as
many cells as there are combinations. `by` decides how many: with 20 thousand accounts nearly every month is a cell
of its own, with a billion rows a handful of groups a column still gives some hundred thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.core.spells import SPELL_EXITS, STILL_OPEN, SpellRules
from analysis.core.states import Buckets
from analysis.data.panel.covariates import FOLD, Bands, covariates
from analysis.data.panel.labels import with_month
from analysis.data.panel.last_month import CONTACT, TREATMENT, with_last_month
from analysis.data.panel.months import account_months, month_number
from analysis.data.panel.parts import ACCOUNT, Part, over_parts, parts
from analysis.data.panel.spell_events import BACK, with_probation
from analysis.data.panel.spell_exits import every_spell
from analysis.data.panel.spells import kept
from analysis.data.portfolio import Portfolio

PROBATION = "probation"
"""State of an account that is current in a spell."""

SPELL = "spell"
SPELL_BANDS = ("1", "2", "3+")
"""Groups of `spell`, the order of the account's spells since the data begin."""

K_STARTS = (1, 2, 3, 4, 5, 6, 7, 10, 13)
"""First month of each band of `k`; the last band is open."""

BY = ("product", CONTACT, TREATMENT)


def hazard_cells(
    portfolio: Portfolio,
    rules: SpellRules,
    buckets: Buckets,
    by: Sequence[str] = BY,
    bands: Bands | None = None,
    first: date | None = None,
    last: date | None = None,
    k_starts: Sequence[int] = K_STARTS,
) -> pd.DataFrame:
    """Months at risk in spells, and the exits that ended them, for the months stepped into from `first` to `last`.

    Columns: month (the month end stepped into; the economy of that month is merged by it), k (month of the spell
    that is about to run, 1 from the first month end in it to the next; ordered bands that begin at `k_starts`),
    state (at the start of the month: a bucket, or `probation`; ordered), `by`, fold (0 to 31), and counts:
    at_risk, cured, charged_off, paid_off, sold, litigation. What is left of at_risk stayed in its spell.

    `by` may name columns of accounts (numbers are cut at `bands`), `spell` (1, 2, 3+), contact_last_month and
    treatment_last_month (`last_month`: up to the month end that the month starts from, before what they explain).

    A spell is at risk in the months entry + 1 to duration of its own clock, so spells found running enter late,
    and none is followed beyond spells.follow_up_end(): over all months at_risk adds up to duration - entry of
    spells.kept(), and each exit to its spells.

    A month that starts on `probation` lies in a stretch current that did not last; hindsight knows that, so no
    such month ends in a cure. Leave them out of a fit of what cures, or keep the state among its covariates; and
    never score an account that is on probation now by them: chain.chain_cells() tells what becomes of those.
    """
    keys = ["m", "k", "state", *by, FOLD]

    def build(part: Part) -> ir.Table:
        rows = _with_covariates(_at_risk(part, rules, buckets, first, last), part, by, bands)
        coded = rows.mutate(m=(rows.m + 1).cast("int32"), k=_band(rows.k, k_starts))
        exits = {name: ((coded.exit == name) & coded.ends).sum() for name in SPELL_EXITS}
        return coded.group_by(*keys).aggregate(at_risk=coded.count(), **exits)

    _require_bands(k_starts)
    found = over_parts(portfolio, build, keys, clustered=False)
    return _named(with_month(found), buckets, k_starts).astype(dict.fromkeys((*COUNTS, FOLD), "int64"))


COUNTS = ("at_risk", *SPELL_EXITS)


def running(
    portfolio: Portfolio,
    rules: SpellRules,
    buckets: Buckets,
    by: Sequence[str] = BY,
    bands: Bands | None = None,
    k_starts: Sequence[int] = K_STARTS,
) -> pd.DataFrame:
    """Accounts in a spell at the last month end covered, which scores are joined to. For the work folder only.

    Columns: account_id, months_run (months of the spell's clock so far, 0 for one that begins at this month end),
    k (band of the month about to run, as in hazard_cells()), state, `by`, fold, days_past_due, balance,
    months_current (0: overdue; else month ends current so far in a probation that isn't over), probation (months
    current that would make the cure a sustained one). All is as of that month end.

    Accounts on probation are in, since it isn't known yet that their spell has ended; accounts taken to court, by
    which spells end, are not.
    """
    _require_bands(k_starts)
    pieces = [
        _running(part, rules, buckets, by, bands, k_starts).execute() for part in parts(portfolio, clustered=False)
    ]
    found = pd.concat([piece for piece in pieces if len(piece)] or pieces[:1], ignore_index=True)
    return _named(found, buckets, k_starts).sort_values(ACCOUNT, ignore_index=True)


def macro_lagged(portfolio: Portfolio, lags: Sequence[int] = (1,)) -> pd.DataFrame:
    """The economy so many months before, by month: to be merged with hazard_cells() by `month`.

    Columns: month (datetime64), then `<column>_lag<months>` for every column of macro. The row of a month holds
    what was the case `lags` months earlier; months for which one of the lags isn't covered have no row, so with
    lags of 1 and more the table reaches beyond the as-of day by the smallest of them, with what is visible on it.
    Raises ParameterError for negative lags.
    """
    if not lags or min(lags) < 0:
        raise ParameterError(f"lags are {list(lags)}; give months back from 0 on, for example [1, 3]")
    macro = portfolio.table("macro").to_pandas()
    macro["month"] = pd.to_datetime(macro["month"]).astype("datetime64[ns]")
    values = macro.set_index("month").sort_index()
    moved = []
    for lag in lags:
        later = values.add_suffix(f"_lag{lag}")
        moved.append(later.set_axis(later.index + pd.offsets.MonthEnd(lag) if lag else later.index))
    return pd.concat(moved, axis=1, join="inner").rename_axis("month").reset_index()


def k_labels(starts: Sequence[int] = K_STARTS) -> tuple[str, ...]:
    """Names of the bands of k that begin at `starts`.

    >>> k_labels([1, 2, 4])
    ('1', '2–3', '4+')
    """
    ends = [start - 1 for start in starts[1:]]
    inner = [f"{a}" if a == b else f"{a}–{b}" for a, b in zip(starts, ends, strict=False)]
    return (*inner, f"{starts[-1]}+")


def _at_risk(part: Part, rules: SpellRules, buckets: Buckets, first: date | None, last: date | None) -> ir.Table:
    """Account-months that start a month at risk: account_id, m, state, k, spell, exit, ends (with that exit)."""
    held = part.within(kept(part.portfolio, rules, buckets))
    begins, ends = held.began + held.entry, held.began + held.duration
    spans = held.select("began", "exit", "spell", held_account=held[ACCOUNT], begins=begins, ends=ends)
    rows = account_months(part, buckets).select(ACCOUNT, "m", "state")
    if first is not None:
        rows = rows.filter(rows.m >= month_number(first) - 1)
    if last is not None:
        rows = rows.filter(rows.m < month_number(last))
    within = [rows[ACCOUNT] == spans.held_account, rows.m >= spans.begins, rows.m < spans.ends]
    joined = rows.inner_join(spans, within)
    return joined.select(
        ACCOUNT, "m", "state", "exit", "spell", k=joined.m - joined.began + 1, ends=joined.m == joined.ends - 1
    )


def _running(
    part: Part, rules: SpellRules, buckets: Buckets, by: Sequence[str], bands: Bands | None, starts: Sequence[int]
) -> ir.Table:
    end = part.portfolio.months_covered()[1]
    now = account_months(part, buckets, (end, end))
    now = now.filter(now.state < len(buckets.labels)).select(ACCOUNT, "m", "state", "days_past_due", "balance")
    spells = _unfinished(part, rules, buckets, end)
    rows = now.inner_join(spells, now[ACCOUNT] == spells.held_account)
    run = (rows.m - rows.began).cast("int32")
    rows = rows.select(*now.columns, "spell", "months_current", "probation", months_run=run, k=run + 1)
    found = _with_covariates(rows, part, by, bands)
    found = found.mutate(k=_band(found.k, starts))
    own = [ACCOUNT, "months_run", "k", "state", *by, FOLD, "days_past_due", "balance"]
    return found.select(*own, "months_current", "probation")


def _unfinished(part: Part, rules: SpellRules, buckets: Buckets, end: date) -> ir.Table:
    """Spells that are not known to have ended by the month end.

    Columns held_account, began, spell, months_current, probation. every_spell() takes a cure for sustained until
    it is undone; here one has to have lasted.
    """
    every = every_spell(part, rules, buckets, end)
    every = every.filter(every.exit.isin((STILL_OPEN, "cured")))
    last = month_number(end)
    back = (every.exit == "cured").ifelse(last - every.began - every.duration + 1, 0)
    rows = every.select(
        ACCOUNT, "began", "spell", m=every.began + every.duration, months_current=back.cast("int32")
    )
    rows = rows.mutate(kind=ibis.literal(BACK, "int8"))
    rows = with_probation(rows, part, rules)
    lasting = rows.filter(rows.months_current < rows.probation)
    return lasting.select("began", "spell", "months_current", "probation", held_account=lasting[ACCOUNT])


def _with_covariates(rows: ir.Table, part: Part, by: Sequence[str], bands: Bands | None) -> ir.Table:
    """Rows of account_id, m and spell with `by` and fold."""
    made = (CONTACT, TREATMENT, SPELL)
    rows = with_last_month(rows, part, [name for name in made[:2] if name in by])
    if SPELL in by:
        order = ibis.cases(*((rows.spell == i, SPELL_BANDS[i - 1]) for i in (1, 2)), else_=SPELL_BANDS[-1])
        rows = rows.mutate(spell=order)
    return rows.inner_join(covariates(part, [name for name in by if name not in made], bands), ACCOUNT)


def _band(k: ir.IntegerValue, starts: Sequence[int]) -> ir.IntegerValue:
    """Place of the band that each k lies in."""
    steps = [(k < start, ibis.literal(place, "int32")) for place, start in enumerate(starts[1:])]
    return ibis.cases(*steps, else_=ibis.literal(len(starts) - 1, "int32")) if steps else ibis.literal(0, "int32")


def _require_bands(starts: Sequence[int]) -> None:
    rising = all(a < b for a, b in pairwise(starts))
    if not starts or starts[0] != 1 or not rising:
        raise ParameterError(f"k_starts are {list(starts)}; begin at 1 and rise, for example [1, 2, 3, 7, 13]")


def _named(cells: pd.DataFrame, buckets: Buckets, starts: Sequence[int]) -> pd.DataFrame:
    """Codes of k and state replaced by ordered categories; the current state is probation."""
    kinds = {"state": [PROBATION, *buckets.labels[1:]], "k": list(k_labels(starts))}
    codes = {name: cells[name].astype(int).tolist() for name in kinds}
    ordered = {name: pd.CategoricalDtype(labels, ordered=True) for name, labels in kinds.items()}
    named = {name: pd.Categorical.from_codes(codes[name], dtype=ordered[name]) for name in kinds}
    return cells.assign(**named)
