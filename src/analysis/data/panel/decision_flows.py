"""Money flows of the months after a decision: what lifetime value is made of, one row a decision and month."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.core.parameters.cases import Value
from analysis.data.panel.account_outcomes_months import GONE
from analysis.data.panel.account_rows import ROW, back_in_place, engine_rows, last_number
from analysis.data.panel.decision_flows_costs import complaint_flows, contact_flows, relief_flows
from analysis.data.panel.decision_flows_phases import ACCOUNT_FLOWS, LOST, account_flows
from analysis.data.panel.months import number_of
from analysis.data.panel.parts import ACCOUNT
from analysis.data.portfolio import Portfolio

NEEDED = ("treatment_id", ACCOUNT, "decided_at", "month")
COSTS = ("contact_cost", "complaint_cost", "relief_cost")


def decision_flows(
    portfolio: Portfolio,
    decisions: pd.DataFrame,
    horizon: int,
    value: Value,
    contact_cost: Mapping[str, float],
    complaint_cost: float,
) -> pd.DataFrame:
    """Flows of the months 1 (that of the decision) to `horizon`, or as far as a decision is followed.

    `decisions` are rows of panel.decisions: treatment_id, account_id, decided_at and month. Returns treatment_id,
    month, followed, the components of statistics.lifetime_value (currency, costs positive), and the balances
    lost_again and never_returned that redefault_loss is a share of: a row for each month up to `followed`, that
    is those covered, at most `horizon`, and until the account's rows stop, unless they stop because it left the
    book (then the rest is zeros).

    An account's own money is told by where it stands. *In arrears* (from the decision to the first month end back
    to current, paid off or closed) counts what it pays on what is overdue; *performing* (after that) its interest;
    *lost again* (30 days past due or charged off within twelve months of its return) the loss, and then nothing.

    cash_collected   amount_paid in arrears, at most one instalment due more than it was behind at the month's
        start (where months.amount_due is known): what is paid beyond is principal returned early. Recoveries after
        charge-off count whole
    margin   while performing, balance at the start of the month × the account's annual_rate ÷ 12, if it was not
        overdue then. Instalments of a performing account are no cash collected, or its interest would count twice
    funding_cost   balance at the start of the month × `cost_of_funds` ÷ 12, in arrears and while performing, until
        charge-off. In full, not only beyond the discount: principal is in no flow, so discounting charges nothing
        for carrying it
    redefault_loss   balance at the month end at which it is lost again × `loss_given_redefault`. What it pays, or
        costs, later is in that share. An account charged off, or sold, without ever having come back loses
        `loss_never_returned` of its balance then (all of it by default), and recoveries count as cash when they
        come: else every return to current would look like a risk that the others don't run
    contact_cost   outbound contacts from the day of the decision on × `contact_cost` of the channel; where there
        is no contact log, the decision's own cost in month 1, never both
    complaint_cost   complaints × `complaint_cost`
    relief_cost   cost and forgiven amounts of relief decided upon later

    Caveat: principal counts only where it is lost. Cards' new spending and what comes after the horizon don't
    count, recoveries among it. A default later than twelve months after the
    return is a new one: from then on nothing counts.

    Raises InputError for absent columns, ParameterError for a horizon below 1.
    """
    if horizon < 1:
        raise ParameterError(f"horizon is {horizon}; give whole months from 1 on, for example 12")
    absent = [name for name in NEEDED if name not in decisions.columns]
    if absent:
        raise InputError(f"the decisions have no column {', '.join(absent)}; take them from panel.decisions")
    rows = _rows(portfolio, decisions, horizon)
    frame = rows[[ROW, "treatment_id", "followed"]].merge(
        pd.DataFrame({"month": range(1, horizon + 1)}), how="cross"
    )
    frame = frame[frame["month"] <= frame["followed"]]
    if rows.empty:
        return frame.drop(columns=ROW).assign(**dict.fromkeys((*ACCOUNT_FLOWS, *LOST, *COSTS), 0.0))
    flows = [
        account_flows(_of_accounts(portfolio, rows, horizon), value),
        contact_flows(portfolio, rows, horizon, contact_cost),
        complaint_flows(portfolio, rows, horizon, complaint_cost),
        relief_flows(portfolio, rows, horizon),
    ]
    for table in flows:
        frame = frame.merge(table, on=[ROW, "month"], how="left", validate="1:1")
    # What is spent on an account lost again is in the loss given re-default.
    over = frame["month"] > frame.groupby(ROW)["closed"].transform("min")
    names = [*ACCOUNT_FLOWS, *LOST, *COSTS]
    frame[names] = frame[names].fillna(0.0).mask(over, 0.0)
    return frame[["treatment_id", "month", "followed", *names]]


def _rows(portfolio: Portfolio, decisions: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Decisions followed for a month or more: row, account_id, m, decided_at, treatment_id, cost, followed."""
    month = pd.to_datetime(decisions["month"])
    rows = decisions[["treatment_id", ACCOUNT, "decided_at"]].assign(
        m=(month.dt.year * 12 + month.dt.month - 1).astype("int32"),
        cost=decisions["cost"].astype(float).fillna(0.0) if "cost" in decisions else 0.0,
    )
    rows = rows.reset_index(drop=True)
    rows.insert(0, ROW, range(len(rows)))
    joined = _months(portfolio, rows, horizon)
    gone = joined.status.isin(GONE).ifelse(1, 0)
    ends = back_in_place(joined.group_by(ROW).aggregate(stops=joined.k.max(), gone=gone.max()).execute(), rows)
    covered = (last_number(portfolio) - rows["m"]).clip(upper=horizon)
    followed = covered.where(ends["gone"] == 1, covered.clip(upper=ends["stops"].fillna(0)))
    rows = rows.assign(followed=followed.astype(int))[followed >= 1].reset_index(drop=True)
    return rows.assign(**{ROW: range(len(rows))})


def _months(portfolio: Portfolio, rows: pd.DataFrame, horizon: int) -> ir.Table:
    """Months 0 to `horizon` of each row's account: row, k, status, days, balance, paid, due (null: not known)."""
    months, nothing = portfolio.table("months"), ibis.null("float64")
    has = {name: portfolio.has(f"months.{name}") for name in ("amount_paid", "amount_due")}
    told = months.select(
        held=months[ACCOUNT],
        at=number_of(months.month),
        status="status",
        days=months.days_past_due.cast("float64"),
        balance=months.balance.cast("float64"),
        paid=months.amount_paid.cast("float64").coalesce(0.0) if has["amount_paid"] else ibis.literal(0.0),
        due=months.amount_due.cast("float64") if has["amount_due"] else nothing,
    )
    numbers = engine_rows(rows)
    last = numbers.m + horizon
    joined = numbers.inner_join(told, [numbers[ACCOUNT] == told.held, numbers.m <= told["at"], last >= told["at"]])
    return joined.mutate(k=(joined["at"] - joined.m).cast("int64"))


def _of_accounts(portfolio: Portfolio, rows: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """The same months in memory, with the account's yearly rate (0 where it is not recorded)."""
    months = _months(portfolio, rows, horizon).drop("m", "held", "at")
    if portfolio.has("accounts.annual_rate"):
        accounts = portfolio.table("accounts")
        rates = accounts.select(whose=accounts[ACCOUNT], rate=accounts.annual_rate.cast("float64"))
        months = months.left_join(rates, months[ACCOUNT] == rates.whose).drop("whose")
    found = months.drop(ACCOUNT).order_by(ROW, "k").to_pandas()
    rate = found["rate"].fillna(0.0) if "rate" in found else 0.0
    return found.assign(rate=rate)
