"""Small random portfolios that keep the table contract, and their months as plain rows to count by hand."""

from datetime import timedelta

import numpy as np
import pandas as pd

from analysis.core.periods import parse_month, shift_months
from analysis.core.portfolio import PortfolioInfo, write_portfolio_info

START, MONTHS = parse_month("2024-01"), 18
LADDER = [0, 12, 45, 75, 110]
STEPS = {
    0: [0.75, 0.2, 0, 0, 0],
    1: [0.4, 0.2, 0.35, 0, 0],
    2: [0.25, 0.1, 0.2, 0.4, 0],
    3: [0.2, 0, 0.1, 0.2, 0.45],
}
STEPS |= {4: [0.15, 0, 0, 0.1, 0.35]}


def write_random_portfolio(folder, seed, accounts=60, customers=40, breaks=(), customer_ids=True):
    """Write accounts, months and treatments; returns the months, with product and customer."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    facts = pd.DataFrame([_account(random, number, customers) for number in range(accounts)])
    months = pd.DataFrame([row for account in facts.itertuples() for row in _path(random, account)])
    held = facts.drop(columns="starts")
    if not customer_ids:
        held = held.drop(columns="customer_id")
    held.to_parquet(folder / "accounts.parquet", index=False)
    months.to_parquet(folder / "months.parquet", index=False)
    _treatments(random, facts).to_parquet(folder / "treatments.parquet", index=False)
    last = shift_months(START, MONTHS - 1)
    info = PortfolioInfo(
        name="random",
        title="Random",
        currency="EUR",
        source="drawn",
        simulated=True,
        as_of_month=last,
        breaks=breaks,
    )
    write_portfolio_info(info, folder)
    return months.merge(facts, on="account_id")


def _account(random, number, customers):
    starts = int(random.integers(0, MONTHS - 2)) if random.random() < 0.4 else 0
    opened = shift_months(START, starts) - timedelta(days=5 if starts else int(random.integers(40, 900)))
    return {
        "account_id": f"A{number:04d}",
        "customer_id": f"C{int(random.integers(customers)):04d}",
        "product": str(random.choice(["card", "instalment", "auto"])),
        "region": None if random.random() < 0.1 else str(random.choice(["north", "south"])),
        "opened_on": opened,
        "original_amount": float(random.integers(1000, 9000)),
        "starts": starts,
    }


def _path(random, account):
    state, balance = (0 if account.starts else int(random.choice(5, p=[0.6, 0.2, 0.1, 0.05, 0.05]))), 1000.0
    status = "open"
    for month in range(account.starts, MONTHS):
        balance = round(balance * random.uniform(0.8, 1.1), 2)
        paid = float(random.choice([0.0, round(balance * 0.1, 2)]))
        before, status, state = status, *_next(random, status, state, first=month == account.starts)
        lost = status == "charged_off" and before == "open"
        yield {
            "account_id": account.account_id,
            "month": shift_months(START, month),
            "days_past_due": 180 if status == "charged_off" else LADDER[state],
            "status": status,
            "balance": 0.0 if status in ("paid_off", "sold") else balance,
            "amount_paid": paid,
            "charged_off_amount": balance if lost else None,
        }
        if status in ("paid_off", "sold"):
            return


def _next(random, status, state, first):
    if first:
        return status, state
    if status == "charged_off":
        return (status if random.random() < 0.9 else "sold"), state
    row = STEPS[state]
    drawn = int(random.choice(len(row) + 1, p=[*row, 1 - sum(row)]))
    if drawn < len(row):
        return "open", drawn
    return ("charged_off" if state == 4 else "paid_off"), 0


def _treatments(random, facts):
    rows = []
    for number, account in enumerate(facts.itertuples()):
        for decision in range(int(random.integers(0, 3))):
            begins = shift_months(START, int(random.integers(0, MONTHS))) - timedelta(
                days=int(random.integers(0, 25))
            )
            ends = begins + timedelta(days=int(random.integers(10, 150))) if random.random() < 0.6 else None
            agency = None if random.random() < 0.3 else str(random.choice(["east", "west"]))
            rows.append(
                {
                    "treatment_id": f"T{number:04d}{decision}",
                    "account_id": account.account_id,
                    "decided_at": begins,
                    "started_on": begins,
                    "ended_on": ends,
                    "treatment": "placement" if agency else "reminder",
                    "agency": agency,
                }
            )
    return pd.DataFrame(rows)
