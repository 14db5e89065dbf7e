"""What rates are broken down by: facts about the account, and what was in force in a month."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.data.panel.months import month_number, number_of
from analysis.data.panel.parts import ACCOUNT, Part
from analysis.data.portfolio import Portfolio

ALL = "all"
"""Name and value of the dimension that holds the whole portfolio."""

ORDERED = ("age_of_account", "opened_quarter")
"""Dimensions whose values have an order of their own."""

EARLIER = "earlier"
"""Opening quarters before the first month covered, which are one group: their openings are not in the data."""

WORKED = ("agency", "method", "strategy")
"""Dimensions that say how an account is worked. Hardly an account is worked before it is late, so overdue rates
say nothing there; what comes back does."""

UNKNOWN = "unknown"
NONE = "none"
"""Value of agency, method and strategy where nothing was in force."""

FIXED = ("product", "region", "origination_channel", "origination_model", "opened_quarter")
"""Dimensions that an account keeps for life."""

NEEDS = {
    "product": "accounts.product",
    "region": "accounts.region",
    "age_of_account": "accounts.opened_on",
    "origination_channel": "accounts.origination_channel",
    "origination_model": "accounts.origination_model",
    "opened_quarter": "accounts.opened_on",
    "agency": "treatments.agency",
    "method": "contacts.channel",
    "strategy": "treatments.treatment",
}
"""Column that each dimension is made from."""

AGE_BANDS = ((6, "0–5"), (12, "6–11"), (24, "12–23"), (36, "24–35"), (60, "36–59"))
OLDEST = "60+"
"""Bands of months on book: the first month above each band, and its label."""


def available(portfolio: Portfolio, names: Sequence[str] = tuple(NEEDS)) -> list[str]:
    """Those of the named dimensions that the portfolio's columns allow; raises ParameterError for unknown ones."""
    unknown = [name for name in names if name not in NEEDS]
    if unknown:
        raise ParameterError(f"dimension '{unknown[0]}' is unknown; known are {', '.join(NEEDS)}")
    return [name for name in names if portfolio.has(NEEDS[name])]


def in_order(dimension: str, values: Sequence[str]) -> list[str]:
    """Values in the order of their meaning where they have one, else in alphabetical order; unknown ones last."""
    bands = [*(label for _, label in AGE_BANDS), OLDEST]
    places = {EARLIER: -1, UNKNOWN: len(values) + len(bands), NONE: len(values) + len(bands)}
    places |= {label: place for place, label in enumerate(bands)} if dimension == "age_of_account" else {}
    return sorted(values, key=lambda value: (places.get(value, 0), value))


def with_dimensions(rows: ir.Table, part: Part, names: Sequence[str]) -> ir.Table:
    """Rows of account_id and m with one text column a dimension, as of that month."""
    fixed = [name for name in names if name in FIXED]
    if fixed or "age_of_account" in names:
        rows = rows.inner_join(_facts(part, fixed, "age_of_account" in names), ACCOUNT)
    if "age_of_account" in names:
        rows = _keep(rows.mutate(age_of_account=_band(rows.m - rows.opened)), "opened")
    for name in names:
        if name in IN_FORCE:
            rows = _attach(rows, IN_FORCE[name](part), name)
    return rows


def by_dimension(rows: ir.Table, names: Sequence[str], count: Callable[[ir.Table], ir.Table]) -> ir.Table:
    """`count` applied to the rows as a whole and by each dimension; it must group by `dimension` and `value`."""
    return count(spread(rows, names))


SMALL_CUBE = 4
"""Dimensions whose combinations are still few against a panel: products × regions × channels × models."""


def is_small_cube(names: Sequence[str]) -> bool:
    """Whether counting by all combinations of the dimensions first, and adding up after, is the shorter way."""
    return 0 < len(names) <= SMALL_CUBE and "opened_quarter" not in names and set(names) <= set(FIXED)


def roll_up(fine: ir.Table, names: Sequence[str], keys: Sequence[str], largest: Sequence[str]) -> ir.Table:
    """Cells by all combinations of the dimensions, added up for each dimension and for the whole.

    Right only where cells add up: counts, sums, and squares of clusters that lie in one combination each. Columns
    named in `largest` take the maximum.
    """
    rows = spread(fine, names)
    values = [column for column in rows.columns if column not in keys]
    added = {name: rows[name].max() if name in largest else rows[name].sum() for name in values}
    return rows.group_by(*keys).aggregate(**added)


def spread(rows: ir.Table, names: Sequence[str]) -> ir.Table:
    """Each row once for the whole portfolio and once for each dimension, told by the columns `dimension`, `value`.

    The dimensions' own columns are dropped. One pass over repeated rows costs no more than one pass a dimension,
    and needs no intermediate table.
    """
    kept = [column for column in rows.columns if column not in names]
    if not names:
        return rows.select(*kept, dimension=ibis.literal(ALL), value=ibis.literal(ALL))
    crossed = rows.cross_join(ibis.memtable(pd.DataFrame({"dimension": [ALL, *names]})))
    chosen = [(crossed.dimension == name, crossed[name]) for name in names]
    return crossed.select(*kept, "dimension", value=ibis.cases(*chosen, else_=ALL))


def _facts(part: Part, names: Sequence[str], opened: bool) -> ir.Table:
    accounts = part.table("accounts")
    made = {name: accounts[name].coalesce(UNKNOWN) for name in names if name != "opened_quarter"}
    if "opened_quarter" in names:
        first = part.portfolio.months_covered()[0].replace(day=1)
        earlier = accounts.opened_on < ibis.literal(first)
        made["opened_quarter"] = earlier.coalesce(False).ifelse(EARLIER, quarter_name(accounts.opened_on))
    if opened:
        made["opened"] = number_of(accounts.opened_on)
    return accounts.select(ACCOUNT, **made)


def quarter_name(day: ir.DateValue) -> ir.StringValue:
    """Quarter of a date column as text, such as 2025Q4."""
    quarter = day.year().cast("string") + "Q" + day.quarter().cast("string")
    return quarter.coalesce(UNKNOWN)


def _band(months_on_book: ir.IntegerValue) -> ir.StringValue:
    bands = [(months_on_book < below, label) for below, label in AGE_BANDS]
    return ibis.cases((months_on_book.isnull(), UNKNOWN), *bands, else_=OLDEST)


def _attach(rows: ir.Table, found: ir.Table, name: str) -> ir.Table:
    joined = rows.left_join(found.rename(found_account=ACCOUNT, found_m="m"), _same_month(rows, found))
    return _keep(joined.mutate(**{name: joined[name].coalesce(NONE)}), "found_account", "found_m")


def _keep(rows: ir.Table, *but: str) -> ir.Table:
    """All columns but those named. Ibis computes a table once that several aggregates share only if it selects."""
    return rows.select(*(column for column in rows.columns if column not in but))


def _same_month(rows: ir.Table, found: ir.Table) -> list[tuple[str, str]]:
    return [(ACCOUNT, "found_account"), ("m", "found_m")]


def _placed(part: Part) -> ir.Table:
    treatments = part.table("treatments")
    return _in_force(part, treatments.filter(treatments.agency.notnull()), "agency")


def _treated(part: Part) -> ir.Table:
    return _in_force(part, part.table("treatments").rename(strategy="treatment"), "strategy")


def _in_force(part: Part, treatments: ir.Table, column: str) -> ir.Table:
    """By account and month, the value in force at the month's end: that of the latest decision."""
    started = treatments.decided_at
    if part.portfolio.has("treatments.started_on"):
        # Blank means that it had not begun by the as-of day.
        started = treatments.started_on
    ended = treatments.ended_on if "ended_on" in treatments.columns else ibis.null("date")
    spans = treatments.select(
        **{ACCOUNT: treatments[ACCOUNT], column: treatments[column]},
        decision=started.cast("string") + treatments.treatment_id,
        starts=number_of(started.cast("date")),
        # In force at a month's end if it ended on that day or later.
        stops=number_of(ended.cast("date") + ibis.interval(days=1)) - 1,
    )
    calendar = _calendar(part.portfolio)
    begun = (spans.starts <= calendar.m) & (spans.stops.isnull() | (spans.stops >= calendar.m))
    found = spans.inner_join(calendar, begun)
    latest = found.group_by(ACCOUNT, "m").aggregate(decision=found.decision.max())
    return found.inner_join(latest, [ACCOUNT, "m", "decision"]).select(ACCOUNT, "m", column)


def _calendar(portfolio: Portfolio) -> ir.Table:
    first, last = portfolio.months_covered()
    numbers = range(month_number(first), month_number(last) + 1)
    return ibis.memtable(pd.DataFrame({"m": list(numbers)}).astype({"m": "int32"}))


def _last_method(part: Part) -> ir.Table:
    """By account and month, the channel of the last contact."""
    contacts = part.table("contacts")
    made = contacts.select(ACCOUNT, "channel", "at", m=number_of(contacts["at"].cast("date")))
    # The channel decides between contacts of the same second, so that every run gives the same answer.
    latest_first = ibis.window(group_by=[ACCOUNT, "m"], order_by=[made["at"].desc(), made.channel])
    ranked = made.mutate(place=ibis.row_number().over(latest_first))
    return ranked.filter(ranked.place == 0).select(ACCOUNT, "m", method="channel")


IN_FORCE: dict[str, Callable[[Part], ir.Table]] = {
    "agency": _placed,
    "strategy": _treated,
    "method": _last_method,
}
