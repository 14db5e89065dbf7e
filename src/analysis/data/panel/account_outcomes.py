"""What became of accounts in the months after a month end: the outcomes that models learn and are judged by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.core.spells import STILL_OPEN, SpellRules
from analysis.data.panel.account_outcomes_months import (
    KINDS,
    LOSSES,
    first_events,
    happened_within,
    later_months,
)
from analysis.data.panel.account_rows import ROW, Rows, back_in_place, engine_rows, last_number, numbered
from analysis.data.panel.months import month_number, number_of
from analysis.data.panel.parts import ACCOUNT
from analysis.data.panel.spell_exits import follow_up_end
from analysis.data.portfolio import Portfolio

HORIZONS = (3, 6, 12)


def outcomes_after(
    portfolio: Portfolio, rows: Rows, horizons: Sequence[int] = HORIZONS, rules: SpellRules | None = None
) -> pd.DataFrame:
    """What the months after each row's month end brought; one row for each of `rows`, with their order and index.

    account_id, month, and for each horizon of h months:
    charged_off_<h>   1 where the account was charged off, or sold while open, in months 1 to h after; else 0
    cured_<h>   1 where a sustained cure (`SpellRules`) begins in them: dated at its first current month end
    paid_off_<h>   1 where it was paid off or closed in them
    paid_<h>   cash of them, before charge-off and after
    then
    exit   the first of cured, charged_off, paid_off (closed too) and sold, or `open`
    months_to_exit   months to it, or followed without one

    An outcome is missing, never 0, where it can't be known: the h months are not all covered by the panel, for
    cures also the probation after them (one end for all, `spells.follow_up_end`), or the account's rows stop
    before without an exit and the event hadn't happened. Near the panel's end an event already seen is missing
    too, or only the early ones would be known. `exit` is followed up to `follow_up_end`.
    Charge-off, cure, payment in full and `exit` are of accounts open at the month end, cure and `exit` of those
    overdue then as well: others have none (missing). Cash columns need months.amount_paid. Litigation is no exit
    here: what it brings is told by how the account leaves.

    Raises ParameterError for horizons that aren't whole numbers from 1.
    """
    rules = rules or SpellRules()
    _require_horizons(horizons)
    keyed = numbered(rows)
    events, later = first_events(portfolio, keyed, rules), later_months(portfolio, keyed, horizons)
    start, end = keyed["m"], last_number(portfolio)
    known = month_number(follow_up_end(portfolio, rules))
    stops = later["stops"].fillna(start).where(later["gone"] != 1, np.inf)
    within = {name: events[name] - start for name in KINDS}
    open_then, late_then = later["open_then"] == 1, later["late_then"] == 1
    made: dict[str, pd.Series] = {}
    for h in horizons:
        followed = start + h <= np.minimum(end, stops)
        loss = pd.concat([within[name] for name in LOSSES], axis=1).min(axis=1)
        made[f"charged_off_{h}"] = happened_within(loss, h, start + h <= end, followed).where(open_then)
        made[f"cured_{h}"] = happened_within(within["cured"], h, start + h <= known, followed).where(late_then)
        made[f"paid_off_{h}"] = happened_within(within["paid_off"], h, start + h <= end, followed).where(open_then)
        if f"cash_{h}" in later.columns:
            made[f"paid_{h}"] = later[f"cash_{h}"].fillna(0.0).where(followed)
    made |= _exits(within, np.minimum(known, stops) - start, late_then)
    return pd.concat([keyed[[ACCOUNT, "month"]], pd.DataFrame(made, index=keyed.index)], axis=1)


def _require_horizons(horizons: Sequence[int]) -> None:
    wrong = [h for h in horizons if isinstance(h, bool) or not isinstance(h, int) or h < 1]
    if wrong or not horizons:
        raise ParameterError(f"horizons are {list(horizons)}; give whole months from 1 on, for example [3, 6, 12]")


def _exits(within: dict[str, pd.Series], followed: pd.Series, late: pd.Series) -> dict[str, pd.Series]:
    names = list(within)
    after = pd.concat([within[name].where(within[name] <= followed) for name in names], axis=1)
    first = after.min(axis=1)
    place = np.nanargmin(after.fillna(np.inf).to_numpy(), axis=1) if len(after) else np.empty(0, int)
    exit_ = pd.Series(np.array([*names, STILL_OPEN], dtype=object)[place], index=after.index)
    months = first.fillna(followed.clip(lower=0)).where(late)
    return {"exit": exit_.where(first.notna(), STILL_OPEN).where(late), "months_to_exit": months}


def attribute_outcomes(portfolio: Portfolio, rows: Rows, name: str) -> pd.DataFrame:
    """What an attribute told first after each row's month end: account_id, month, `value`, `known_at`.

    For outcomes that the source recorded itself. `value` is a number where all values are numbers, else text;
    missing where nothing was told later. Raises InputError where the portfolio's as-of view holds no such
    attribute: an outcome that became known after the as-of day can't be seen before.
    """
    keyed = numbered(rows)
    if not portfolio.has("attributes"):
        raise InputError("this portfolio has no attributes, so none can serve as an outcome")
    attributes = portfolio.table("attributes")
    told = attributes.filter(attributes["name"] == name)
    told = told.select("value", "known_at", held=ACCOUNT, at=number_of(told.known_at))
    if not told.limit(1).count().execute():
        raise InputError(
            f"attributes holds no '{name}' known by {portfolio.as_of:%Y-%m-%d}; open the portfolio as of a later "
            "day (open_portfolio(folder, as_of=…)), or correct the name"
        )
    numbers = engine_rows(keyed)
    joined = numbers.inner_join(told, [numbers[ACCOUNT] == told.held, numbers.m < told["at"]])
    first = joined.group_by(ROW).aggregate(
        value=joined.value.argmin(joined.known_at), known_at=joined.known_at.min()
    )
    found = back_in_place(first.execute(), keyed)
    values = pd.to_numeric(found["value"], errors="coerce").astype(float)
    numeric = values.notna().sum() == found["value"].notna().sum()
    known_at = pd.to_datetime(found["known_at"]).astype("datetime64[ns]")
    made = {"value": values if numeric else found["value"], "known_at": known_at}
    return pd.concat([keyed[[ACCOUNT, "month"]], pd.DataFrame(made, index=keyed.index)], axis=1)
