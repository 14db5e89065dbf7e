"""Units of choice: an account, or a customer whose accounts share a limit of contacts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.core.errors import InputError
from analysis.methods.segmentation.allocation.names import known
from analysis.methods.segmentation.allocation.offers import Array, Offers
from analysis.methods.segmentation.allocation.problem import Cell, Pool, Whole
from analysis.methods.segmentation.allocation.rules import ContactLimit

MOST_CELLS = 30_000_000
"""Options times units that are held at once: a quarter of a gigabyte."""

Use = tuple[tuple[Cell, ...], ...]


def pools_of(offers: Offers, value: Array, use: Use, limit: ContactLimit | None) -> tuple[Pool, ...]:
    """Single accounts, and customers for whom the limit of contacts may bind, by their number of accounts.

    The options of such a customer are all the combinations that keep the limit, so that it holds exactly and the
    prices need not know of it. Raises InputError where an account is left without any treatment.
    """
    singles = Pool(value, use, np.arange(len(offers))[None, :], np.arange(len(offers.treatments))[None, :])
    if limit is None:
        return (_checked(singles, offers),)
    contacts = _contacts(limit, offers)
    customer, left = _left(limit, offers)
    value = np.where(contacts[:, None] > left, -np.inf, value)
    singles = _checked(Pool(value, use, singles.member, singles.given), offers)
    bound = _may_bind(value, contacts, customer, left)
    pools = [singles.take(np.flatnonzero(~bound))] if not bound.all() else []
    for members in _by_size(customer, bound):
        pools.append(_checked(_combined(singles, members, contacts, left), offers))
    return tuple(pools)


def _contacts(limit: ContactLimit, offers: Offers) -> Array:
    for name in limit.contacts:
        known("contact limit", "treatment", name, offers.treatments)
    return np.array([limit.contacts.get(name, 0) for name in offers.treatments], dtype=float)


def _left(limit: ContactLimit, offers: Offers) -> tuple[Whole, Array]:
    """Code of each account's customer, and the contacts that the customer may still get."""
    if "customer_id" not in offers.accounts:
        raise InputError("the contact limit is a customer's, and the accounts lack the column customer_id")
    customer = pd.factorize(offers.accounts["customer_id"])[0]
    alone = customer < 0  # an account whose customer is unknown stands for itself
    customer = np.where(alone, customer.max(initial=0) + 1 + np.cumsum(alone), customer)
    made = np.zeros(len(offers))
    if limit.already:
        known("contact limit", "column", limit.already, offers.accounts.columns)
        made = offers.accounts[limit.already].fillna(0).to_numpy(float)
        made = pd.Series(made).groupby(customer).transform("max").to_numpy()
    return customer, np.maximum(limit.limit - made, 0.0)


def _may_bind(value: Array, contacts: Array, customer: Whole, left: Array) -> NDArray[np.bool_]:
    most = np.zeros(value.shape[1])
    for row, count in zip(value, contacts, strict=True):
        np.maximum(most, np.where(row > -np.inf, count, 0.0), out=most)
    together = np.bincount(customer, weights=most)[customer]
    return (together > left) & (np.bincount(customer)[customer] > 1)


def _by_size(customer: Whole, bound: NDArray[np.bool_]) -> list[Whole]:
    """Accounts of bound customers, (accounts a customer, customers), one array a number of accounts."""
    accounts = np.flatnonzero(bound)
    accounts = accounts[np.argsort(customer[accounts], kind="stable")]
    size = np.bincount(customer)[customer[accounts]]
    return [accounts[size == m].reshape(-1, m).T for m in np.unique(size)]


def _combined(singles: Pool, members: Whole, contacts: Array, left: Array) -> Pool:
    count, units = members.shape
    treatments = len(contacts)
    if treatments**count * units > MOST_CELLS:
        raise InputError(
            f"{units:,} customers have {count} accounts each under the contact limit: {treatments**count:,} "
            f"combinations each are more than can be weighed; offer these accounts fewer treatments or split them"
        )
    given = np.indices((treatments,) * count).reshape(count, -1)
    made, room = contacts[given].sum(axis=0), left[members[0]]
    given = given[:, made <= room.max()]
    made = contacts[given].sum(axis=0)
    parts = [singles.take(member) for member in members]
    value = sum(part.value[pick] for part, pick in zip(parts, given, strict=True))
    value = np.where(made[:, None] > room, -np.inf, value)
    use = tuple(
        tuple(
            sum((part.use[k][pick[o]] for part, pick in zip(parts, given, strict=True)), 0.0)
            for o in range(len(made))
        )
        for k in range(len(singles.use))
    )
    return Pool(value, use, members, given)


def _checked(pool: Pool, offers: Offers) -> Pool:
    stuck = np.isneginf(pool.value).all(axis=0)
    if stuck.any():
        account = offers.accounts.index[pool.member[0, int(stuck.argmax())]]
        raise InputError(
            f"{int(stuck.sum()):,} accounts (for example '{account}') may get no treatment at all: every one is "
            f"forbidden or over the contact limit; allow one of {', '.join(offers.treatments)}"
        )
    return pool
