"""Panels drawn as text, one character a month, and spells followed through them by hand.

`.` current; `a` `b` `c` `d` 15, 45, 75, 105 days past due; `X` charged off; `P` paid off; `S` sold; `L` closed;
a space: no row yet. The text's end is the account's last row.
"""

import pandas as pd

from analysis.core.periods import shift_months
from analysis.core.portfolio import PortfolioInfo, write_portfolio_info
from analysis.data.panel.months import month_number
from analysis.data.portfolio import open_portfolio

START = shift_months(pd.Timestamp("2024-01-31").date(), 0)
ZERO = month_number(START)
DAYS = {".": 0, "a": 15, "b": 45, "c": 75, "d": 105, "X": 130, "P": 0, "S": 130, "L": 0}
STATUS = {"X": "charged_off", "P": "paid_off", "S": "sold", "L": "closed"}


def panel_of(paths):
    rows = [
        (
            account,
            shift_months(START, at),
            DAYS[mark],
            STATUS.get(mark, "open"),
            0.0 if mark in "PL" else 100.0 + at,
        )
        for account, path in sorted(paths.items())
        for at, mark in enumerate(path)
        if mark != " "
    ]
    return pd.DataFrame(rows, columns=["account_id", "month", "days_past_due", "status", "balance"])


def write_panel(folder, paths, months=12, products=None, breaks=(), shuffle=False, engine="duckdb://", **tables):
    """Write the paths as a portfolio of so many months, with further tables as lists of rows, and open it."""
    folder.mkdir(parents=True, exist_ok=True)
    info = PortfolioInfo(
        name="drawn",
        title="Drawn",
        currency="EUR",
        source="by hand",
        simulated=True,
        as_of_month=shift_months(START, months - 1),
        breaks=list(breaks),
    )
    write_portfolio_info(info, folder)
    accounts = pd.DataFrame({"account_id": sorted(paths)})
    accounts["product"] = [(products or {}).get(name, "card") for name in accounts["account_id"]]
    accounts["customer_id"] = "of " + accounts["account_id"]
    accounts.to_parquet(folder / "accounts.parquet", index=False)
    panel = panel_of(paths)
    if shuffle:
        panel = panel.sample(frac=1.0, random_state=1)
    panel.to_parquet(folder / "months.parquet", index=False)
    for name, rows in tables.items():
        pd.DataFrame(rows).to_parquet(folder / f"{name}.parquet", index=False)
    return open_portfolio(folder, engine=engine)


def by_hand(path, probation, months, entry_marks="abcd", last=None):
    """Spells of one path: (start, stop, exit), followed to month `last` (default: the end of follow-up)."""
    last = months - probation if last is None else last
    found, start = [], None
    for at, mark in enumerate(path):
        if mark in entry_marks and start is None:
            start = at
        if start is None:
            continue
        outcome = _outcome(path, at, probation)
        if outcome:
            found.append((start, at, outcome))
            start = None
    if start is not None:
        found.append((start, min(last, len(path) - 1), "open"))
    cut = [(start, last, "open") if stop > last else (start, stop, outcome) for start, stop, outcome in found]
    return [spell for spell in cut if spell[0] < last]


def _outcome(path, at, probation):
    mark, before = path[at], path[at - 1] if at else " "
    if mark in "XPSL" and before in ".abcd":
        return {"X": "charged_off", "S": "sold"}.get(mark, "paid_off")
    lapsed = any(later in "abcdXS" for later in path[at : at + probation])
    return "cured" if mark == "." and before in "abcd" and not lapsed else None
