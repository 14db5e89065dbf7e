"""Why the expected credit loss changed over a period: each step recomputes it with one thing more changed.

opening → new → derecognised → exposure → stage migration → risk in stage → macro → model → write-off → closing

As the reconciliation of IFRS 7 (35H, 35I; illustrative example IG20B). Steps are taken in this order and each is
the difference of two totals, so they add up, and to the cent; another order would share the joint effects
otherwise. Recoveries and the income statement are not in it: it moves the allowance alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.core.errors import InputError, ParameterError

Rule = Callable[[pd.DataFrame, Any, Any], "pd.Series[float]"]
"""Expected loss of each row of a book, given a macro view and a model: `rule(book, macro, model)`."""

CHANGES: Mapping[str, Sequence[str]] = {"exposure": ("ead",), "stage_migration": ("stage",)}
"""Which columns change at which step; all the others change at `risk_in_stage`."""

STEPS = ("new", "derecognised", *CHANGES, "risk_in_stage", "macro", "model", "write_off")


def ecl_movement(
    opening: pd.DataFrame,
    closing: pd.DataFrame,
    rule: Rule,
    macro: tuple[Any, Any] = (None, None),
    model: tuple[Any, Any] = (None, None),
    by: str | None = None,
    changes: Mapping[str, Sequence[str]] = CHANGES,
) -> pd.DataFrame:
    """The movement, in currency to the cent: columns step, amount, total (after the step), rows from opening to
    closing.

    `opening`, `closing`: the books at both dates, a row an account, indexed by it, with the same columns, whatever
    `rule` needs. Accounts written off in the period stay in `closing` with `written_off` true and the state they
    were written off in: what they had come to need is then what the write-off uses. Accounts in `closing` alone
    are new, in the state they are found in at its end, and priced with the opening's macro view and model; in
    `opening` alone, derecognised (repaid, sold). `macro`, `model`: opening's and closing's, passed to `rule` as
    they are. `changes`: which columns change at which step, in order. `by`: a column to split by; amounts of the
    groups sum to those of the whole, and where the column itself changes (stage), its step moves loss between
    groups.

    Raises InputError where the books cannot be compared, or the rule returns no loss, or one below 0, for a row.
    """
    _check(opening, closing, changes, by)
    steps = list(_books(opening, closing, macro, model, changes))
    totals = pd.DataFrame({name: _cents(rule(book, *view), book, by) for name, book, view in steps}).fillna(0)
    moved = totals.diff(axis=1).iloc[:, 1:].astype("int64")
    frames = [_rows(group, totals.loc[group], moved.loc[group]) for group in totals.index]
    table = pd.concat(frames, ignore_index=True)
    return table.drop(columns="group") if by is None else table.rename(columns={"group": by})


def _books(
    opening: pd.DataFrame,
    closing: pd.DataFrame,
    macro: tuple[Any, Any],
    model: tuple[Any, Any],
    changes: Mapping[str, Sequence[str]],
) -> Iterator[tuple[str, pd.DataFrame, tuple[Any, Any]]]:
    """The book after each step, with the macro view and the model it is priced by."""
    columns = [name for name in opening.columns if name != "written_off"]
    gone = closing["written_off"].eq(True) if "written_off" in closing else pd.Series(False, closing.index)
    end, view = closing[columns], (macro[0], model[0])
    yield "opening", opening[columns], view
    yield "new", pd.concat([opening[columns], end[~end.index.isin(opening.index)]]), view
    book = pd.concat([opening.loc[opening.index.isin(end.index), columns], end[~end.index.isin(opening.index)]])
    yield "derecognised", book, view
    rest = [name for name in columns if not any(name in names for names in changes.values())]
    for step, names in [*changes.items(), ("risk_in_stage", rest)]:
        book = book.assign(**{name: end[name].reindex(book.index) for name in names if name in columns})
        yield step, book, view
    yield "macro", book, (macro[1], model[0])
    yield "model", book, (macro[1], model[1])
    yield "write_off", book[~gone.reindex(book.index).to_numpy()], (macro[1], model[1])


def _cents(losses: pd.Series, book: pd.DataFrame, by: str | None) -> pd.Series:
    """Whole cents of loss by group: rounded once, as totals, so that differences of them add up exactly."""
    values = np.asarray(losses, float)
    if values.shape != (len(book),) or not (values >= 0).all():
        raise InputError(
            f"the rule must return one loss of 0 or more for each of {len(book):,} rows; "
            f"it returned shape {values.shape} with {int((~(values >= 0)).sum()):,} that are missing or below 0"
        )
    groups = pd.Series("all", book.index) if by is None else book[by]
    sums = pd.Series(values, book.index).groupby(groups.to_numpy()).sum()
    return (sums * 100).round().astype("int64")


def _rows(group: Any, totals: pd.Series, moved: pd.Series) -> pd.DataFrame:
    names = ["opening", *moved.index, "closing"]
    amounts = [totals.iloc[0], *moved, totals.iloc[-1]]
    after = [*totals, totals.iloc[-1]]
    table = pd.DataFrame({"group": group, "step": names, "amount": amounts, "total": after})
    return table.assign(amount=table["amount"] / 100, total=table["total"] / 100)


def _check(
    opening: pd.DataFrame, closing: pd.DataFrame, changes: Mapping[str, Sequence[str]], by: str | None
) -> None:
    for name, book in (("opening", opening), ("closing", closing)):
        if not book.index.is_unique:
            raise InputError(f"the {name} book has an account twice; give one row an account, indexed by it")
        if by is not None and (by not in book or book[by].isna().any()):
            raise InputError(f"the {name} book lacks {by} in some rows; it is what the movement is split by")
    differ = sorted(({*opening.columns} ^ {*closing.columns}) - {"written_off"})
    if differ:
        raise InputError(f"the books differ in the columns {', '.join(differ)}; give both the same")
    known = {"opening", "closing", *STEPS} - set(CHANGES)
    wrong = [name for name in changes if name in known]
    if wrong:
        raise ParameterError(
            f"changes names the step {', '.join(wrong)}, which is taken already; choose another name"
        )
