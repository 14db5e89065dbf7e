"""The contract's tables of one block, as Arrow tables."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from analysis.core.states import PRODUCTS
from analysis.data.simulate import population as pop
from analysis.data.simulate.arrow import days, ids, labels, numbers, whole
from analysis.data.simulate.block import Block
from analysis.data.simulate.panel import MONEY
from analysis.data.simulate.parameters import INDUSTRIES, REGIONS
from analysis.data.simulate.place import Place
from analysis.data.simulate.points import KINDS, SOURCES, death_days
from analysis.data.simulate.spells import NEEDS
from analysis.data.simulate.state import STATUS_NAMES, World
from analysis.data.simulate.tables_work import complaints_table, contacts_table, disposals_table, treatments_table


def block_tables(block: Block, place: Place, world: World) -> dict[str, pa.Table]:
    """All tables of a block but `macro`, rows in the order of accounts."""
    contacts, contact_ids = contacts_table(block, place, world)
    return {
        "accounts": accounts_table(block, place, world),
        "months": months_table(block, place, world),
        "attributes": attributes_table(block, place),
        "contact_points": points_table(block, place),
        "contacts": contacts,
        "treatments": treatments_table(block, place),
        "complaints": complaints_table(block, place, world, contact_ids),
        "disposals": disposals_table(block, place, world),
    }


def accounts_table(block: Block, place: Place, world: World) -> pa.Table:
    a, c, who = block.accounts, block.customers, block.accounts.customer
    card = a.product == 0
    term = np.where(card, np.nan, a.term)
    return pa.table(
        {
            "account_id": place.accounts(np.arange(len(a))),
            "customer_id": place.customers(who),
            "product": labels(a.product, PRODUCTS),
            "opened_on": days(a.opened_day),
            "credit_limit": numbers(np.where(card, a.amount, np.nan)),
            "original_amount": numbers(np.where(card, np.nan, a.amount)),
            "annual_rate": numbers(a.rate),
            "term_months": whole(term),
            "region": labels(c.region[who], REGIONS),
            "city_tier": labels(c.city_tier[who], pop.CITY_TIERS),
            "urban": pa.array(c.urban[who]),
            "industry": labels(c.industry[who], INDUSTRIES),
            "age": whole(c.age[who]),
            "monthly_income": numbers(c.income[who]),
            "income_volatility": numbers(c.income_volatility[who]),
            "job_changes_2y": whole(c.job_changes[who]),
            "debt_ratio": numbers(c.debt_ratio[who]),
            "lender": labels(a.lender, pop.LENDERS),
            "origination_channel": labels(a.channel, pop.CHANNELS),
            "origination_model": labels(pop.model_of(a.opened, world.clock), pop.MODELS),
            "origination_score": numbers(a.score),
            "secured": pa.array(~np.isnan(a.collateral)),
            "collateral_value": numbers(a.collateral),
            "sex": labels(c.sex[who], ("female", "male")),
            "education": labels(c.education[who], pop.EDUCATIONS),
            "marital_status": labels(c.marital[who], pop.MARITAL),
        }
    )


def months_table(block: Block, place: Place, world: World) -> pa.Table:
    """Account-months in the order of account and month."""
    panel = block.panel
    here = panel.present
    account, column = np.nonzero(here)
    ends = world.clock.ends[world.clock.burn_in :]
    names = place.accounts(np.arange(len(block.accounts)))
    status = panel.status[here]
    columns: dict[str, pa.Array] = {
        "account_id": pa.DictionaryArray.from_arrays(pa.array(account.astype(np.int32)), names),
        "month": days(ends[column]),
        "days_past_due": pa.array(panel.days_past_due[here]),
        "status": labels(status, STATUS_NAMES),
    }
    for name in MONEY:
        values = panel.money[name][here]
        columns[name] = numbers(values) if name in ("utilisation", "spend") else pa.array(values)
    columns["charged_off_amount"] = numbers(charged_off_only(columns["charged_off_amount"]))
    columns["app_logins"] = whole(panel.logins[here], status != 0)
    return pa.table(columns)


def charged_off_only(amounts: pa.Array) -> np.ndarray:
    """The charged-off amount is blank in all months but its own."""
    values = amounts.to_numpy()
    return np.where(values > 0, values, np.nan)


def attributes_table(block: Block, place: Place) -> pa.Table:
    """Bureau delinquencies at opening, and what became known later."""
    log, count = block.logs.attributes.joined(), len(block.accounts)
    known_before = np.clip(np.rint((650 - block.accounts.score) / 40), 0, 8).astype(int)
    account = np.concatenate([np.arange(count), log["account"]])
    name = np.concatenate([np.ones(count, int), log["name"]])
    known = np.concatenate([block.accounts.opened_day, log["known"]])
    value = np.concatenate([known_before, log["value"]])
    later = np.concatenate([np.zeros(count, bool), np.ones(len(account) - count, bool)]) & (name == 1)
    value = np.where(later, value + known_before[account], value)
    order = np.lexsort((known, name, account))
    needs = labels(np.where(name == 0, value, -1), NEEDS).cast(pa.string())
    text = needs.fill_null("").to_numpy(zero_copy_only=False)
    text = np.where(name == 0, text, value.astype(str))
    return pa.table(
        {
            "account_id": place.accounts(account[order]),
            "name": labels(name[order], ("need", "bureau_delinquencies")),
            "known_at": days(known[order]),
            "value": pa.array(text[order].tolist(), pa.string()),
        }
    )


def points_table(block: Block, place: Place) -> pa.Table:
    log = block.logs.points.joined()
    dead = death_days(log, block.logs.deaths.joined())
    order = np.lexsort((log["number"], log["customer"]))
    customer, number, dead = log["customer"][order], log["number"][order], dead[order]
    return pa.table(
        {
            "contact_point_id": point_ids(place, customer, number),
            "customer_id": place.customers(customer),
            "kind": labels(log["kind"][order], KINDS),
            "source": labels(log["source"][order], SOURCES),
            "added_at": days(log["added"][order]),
            "dead_at": days(np.maximum(dead, log["added"][order]), dead < 0),
            "repair_cost": numbers(log["cost"][order]),
        }
    )


def point_ids(place: Place, customer: np.ndarray, number: np.ndarray) -> pa.Array:
    """Pseudonyms that follow from the customer's number and the point's number within the customer."""
    return ids("P", (place.first_customer + 1 + customer.astype(np.int64)) * 1000 + number, place.width + 3)
