"""Logged decisions: what was decided on an account, by what chance, and what the months from then on brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.core.spells import SpellRules
from analysis.core.states import Buckets
from analysis.data.panel.account_rows import ROW, back_in_place, engine_rows
from analysis.data.panel.contacts import customers
from analysis.data.panel.decisions_outcomes import decision_outcomes
from analysis.data.panel.dimensions import UNKNOWN
from analysis.data.panel.months import number_of
from analysis.data.panel.parts import ACCOUNT
from analysis.data.portfolio import Portfolio

NEEDS = ("treatments.experiment_id", "treatments.arm")
LOGGED = ("treatment", "arm", "probability", "randomised", "unit", "cost", "assignment_score", "cutoff")
NUMBERS = ("probability", "cost", "assignment_score", "cutoff")


def experiments(portfolio: Portfolio) -> pd.DataFrame:
    """Experiments that the treatments tell of, one row each, by name; none: no row.

    experiment; arms (their names, in alphabetical order); unit; decisions; accounts; first and last (days
    decided); randomised (all decisions by chance); probabilities (all have the probability of their arm recorded);
    by_cutoff (a score and its cut-off are recorded).
    """
    columns = ["experiment", "arms", "unit", "decisions", "accounts", "first", "last"]
    flags = ["randomised", "probabilities", "by_cutoff"]
    if not portfolio.has(*NEEDS):
        return pd.DataFrame(columns=[*columns, *flags])
    told = portfolio.table("treatments")
    told = told.filter(told.experiment_id.notnull() & told.arm.notnull())
    there = {name: told[name].notnull() if name in told.columns else told.arm.isnull() for name in LOGGED}
    chance = told.randomised.fill_null(False) if "randomised" in told.columns else there["randomised"]
    by_arm = told.group_by("experiment_id", "arm").aggregate(
        unit=(told["unit"] if "unit" in told.columns else told.arm.nullif(told.arm)).max(),
        decisions=told.count(),
        first=told.decided_at.min(),
        last=told.decided_at.max(),
        randomised=chance.cast("int32").min(),
        probabilities=there["probability"].cast("int32").min(),
        by_cutoff=(there["assignment_score"] & there["cutoff"]).cast("int32").min(),
    )
    accounts = told.group_by("experiment_id").aggregate(accounts=told[ACCOUNT].nunique())
    cells = by_arm.order_by("experiment_id", "arm").to_pandas().groupby("experiment_id", sort=True)
    how = {"arm": tuple, "unit": "max", "decisions": "sum", "first": "min", "last": "max"}
    found = cells.agg(how | dict.fromkeys(flags, "min"))
    found = found.join(accounts.to_pandas().set_index("experiment_id")).reset_index()
    found = found.rename(columns={"experiment_id": "experiment", "arm": "arms"}).astype(dict.fromkeys(flags, bool))
    days = {name: pd.to_datetime(found[name]).astype("datetime64[ns]") for name in ("first", "last")}
    return found.assign(**days)[[*columns, *flags]]


def decisions(
    portfolio: Portfolio,
    experiment: str | None,
    horizon: int = 3,
    rules: SpellRules | None = None,
    buckets: Buckets | None = None,
) -> pd.DataFrame:
    """Decisions of an experiment with what came of them, one row a decision, by account and day.

    `experiment` None: the decisions that belong to none (strategy, placement, relief), their treatment as the arm.

    treatment_id, account_id, decided_at
    month   the month end before the decision: features as of it, `features_at(portfolio, found)`, know nothing of
        the decision or of what followed
    decided_month   the month end of the decision's month, month 1 of the `horizon`
    treatment, arm, probability, randomised (not recorded: false), unit, cost, assignment_score, cutoff
    customer, fold (0 to 31)
    days_past_due, bucket, balance   at `month`; an account that fell overdue in the decision's month is `current`
        there, and one opened in it `unknown`
    and the outcomes of the horizon, see decision_outcomes(): paid, cured, charged_off, paid_off, back_<k>,
        attempts, calls, complaints, relief_cost; missing where not fully observed

    Raises ParameterError for an unknown experiment or a horizon below 1, InputError where none is logged.
    """
    if isinstance(horizon, bool) or not isinstance(horizon, int) or horizon < 1:
        raise ParameterError(f"horizon is {horizon!r}; give whole months from 1 on, for example 3")
    rows = _logged(_chosen(portfolio, experiment), LOGGED)
    return _with_outcomes(portfolio, rows, horizon, horizon, rules, buckets)


def decisions_together(
    portfolio: Portfolio,
    horizons: Mapping[str, int],
    outside: Sequence[str] = (),
    back_months: int = 0,
    rules: SpellRules | None = None,
    buckets: Buckets | None = None,
) -> pd.DataFrame:
    """Decisions of several experiments, each with its own horizon, in as few passes as there are horizons.

    Columns as in decisions(), and `experiment` and `horizon`. Treatments named in `outside` add, for each horizon,
    the decisions for them that belong to no experiment (`experiment` missing): accounts handled as somebody
    chose. back_<k> goes to k = `back_months` where that is longer than the horizon. An experiment that is not
    logged has no rows. Raises ParameterError for a horizon below 1, InputError where no treatments are logged.
    """
    wrong = [name for name, horizon in horizons.items() if horizon < 1]
    if wrong:
        raise ParameterError(f"horizon of '{wrong[0]}' is {horizons[wrong[0]]}; give whole months from 1 on")
    if not portfolio.has("treatments"):
        raise InputError("this portfolio logs no treatments, so there is no decision to judge")
    made = []
    for horizon in sorted(set(horizons.values())):
        names = [name for name, months in horizons.items() if months == horizon]
        rows = _logged(_named(portfolio, names, outside), ("experiment_id", *LOGGED))
        rows = rows.rename(columns={"experiment_id": "experiment"}).assign(horizon=horizon)
        made.append(_with_outcomes(portfolio, rows, horizon, max(horizon, back_months + 1), rules, buckets))
    return pd.concat(made, ignore_index=True) if made else pd.DataFrame(columns=["experiment", "horizon"])


def _with_outcomes(
    portfolio: Portfolio,
    rows: pd.DataFrame,
    horizon: int,
    back: int,
    rules: SpellRules | None,
    buckets: Buckets | None,
) -> pd.DataFrame:
    keyed = rows.assign(**{ROW: range(len(rows))})
    made = [
        rows.drop(columns="m"),
        _standing(portfolio, keyed, buckets or Buckets()),
        decision_outcomes(portfolio, keyed, horizon, rules or SpellRules(), back),
    ]
    return pd.concat(made, axis=1)


def _logged(rows: ir.Table, columns: Sequence[str]) -> pd.DataFrame:
    """The decisions as they were logged, with `month` and its number m."""
    kept = [name for name in columns if name in rows.columns]
    found = rows.select("treatment_id", ACCOUNT, "decided_at", *kept)
    found = found.order_by(ACCOUNT, "decided_at", "treatment_id").to_pandas()
    day = pd.to_datetime(found["decided_at"]).astype("datetime64[ns]")
    ends = {"month": day + pd.offsets.MonthEnd(-1), "decided_month": day + pd.offsets.MonthEnd(0)}
    if "randomised" in found.columns:
        found["randomised"] = found["randomised"].map({True: True}).notna()
    numbers = {name: found[name].astype(float) for name in NUMBERS if name in found.columns}
    if "arm" not in found.columns:
        numbers["arm"] = found["treatment"]
    found = found.assign(decided_at=day, **numbers)
    found["arm"] = found["arm"].fillna(found["treatment"])
    for place, (name, values) in enumerate(ends.items()):
        found.insert(3 + place, name, values.astype("datetime64[ns]"))
    m = found["month"].dt.year * 12 + found["month"].dt.month - 1
    return found.assign(m=m.astype("int32"))


def _chosen(portfolio: Portfolio, experiment: str | None) -> ir.Table:
    if not portfolio.has("treatments"):
        raise InputError("this portfolio logs no treatments, so there is no decision to judge")
    treatments = portfolio.table("treatments")
    if experiment is None:
        if "experiment_id" not in treatments.columns:
            return treatments
        return treatments.filter(treatments.experiment_id.isnull())
    known = experiments(portfolio)["experiment"].tolist()
    if experiment not in known:
        raise ParameterError(f"experiment '{experiment}' is unknown; logged are {', '.join(known) or 'none'}")
    return treatments.filter((treatments.experiment_id == experiment) & treatments.arm.notnull())


def _named(portfolio: Portfolio, names: Sequence[str], outside: Sequence[str]) -> ir.Table:
    """Decisions of these experiments, and those of no experiment for the treatments `outside`."""
    treatments = portfolio.table("treatments")
    missing = [name for name in ("experiment_id", "arm") if name not in treatments.columns]
    treatments = treatments.mutate(**{name: ibis.null("string") for name in missing})
    within = treatments.experiment_id.isin(list(names)) & treatments.arm.notnull()
    if not outside:
        return treatments.filter(within)
    return treatments.filter(
        within | (treatments.experiment_id.isnull() & treatments.treatment.isin(list(outside)))
    )


def _standing(portfolio: Portfolio, rows: pd.DataFrame, buckets: Buckets) -> pd.DataFrame:
    """Customer, fold, days past due, bucket and balance at the month end before the decision."""
    who, months = customers(portfolio), portfolio.table("months")
    who = who.select("customer", "fold", who=who[ACCOUNT])
    told = months.select(
        "days_past_due", balance=months.balance.cast("float64"), held=months[ACCOUNT], at=number_of(months.month)
    )
    numbers = engine_rows(rows)
    joined = numbers.left_join(who, numbers[ACCOUNT] == who.who)
    joined = joined.left_join(told, [joined[ACCOUNT] == told.held, joined.m == told["at"]])
    found = joined.select(
        ROW, "customer", "fold", "balance", days_past_due=joined.days_past_due.cast("float64")
    ).execute()
    found = back_in_place(found, rows)
    days = found["days_past_due"]
    bucket = [UNKNOWN if pd.isna(value) else buckets.label(int(value)) for value in days]
    found["bucket"] = pd.Categorical(bucket, [*buckets.labels, UNKNOWN], ordered=True)
    return found[["customer", "fold", "days_past_due", "bucket", "balance"]]
