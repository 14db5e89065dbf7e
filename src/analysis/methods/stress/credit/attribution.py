"""Which variables of the economy make a scenario's loss."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from analysis.methods.stress.credit.loss_tables import book_losses
from analysis.methods.stress.credit.model import CreditModel, Economy, price

COLUMNS = ["scenario", "driver", "ecl", "lifetime"]


def loss_by_driver(
    model: CreditModel, economy: Economy, baseline: str, book: pd.DataFrame, cells: pd.DataFrame
) -> pd.DataFrame:
    """What each driver adds to the loss of each scenario but `baseline`, currency.

    A row a scenario and driver that satellites read: ecl and lifetime of loss_table(), less what they would be
    with that driver alone on the baseline's path. Below 0 where it is kinder than there. Drivers act together, so
    parts need not sum to the whole difference. `book`: staged_book()'s, whose stages are kept; `cells`: those it
    was priced in.
    """
    names = sorted({name for one in model.satellites.values() for name in one.drivers})
    usual = economy.drivers[baseline]
    own = {(name, ""): drivers for name, drivers in economy.drivers.items() if name != baseline}
    turned = {
        (name, driver): drivers.assign(**{driver: usual[driver]})
        for (name, _), drivers in own.items()
        for driver in names
    }
    paths = {"\n".join(key): drivers for key, drivers in (own | turned).items()}
    if not paths:
        return pd.DataFrame(columns=COLUMNS).astype(dict.fromkeys(COLUMNS[2:], float))
    alike = replace(economy, drivers=paths, weights=dict.fromkeys(paths, 1.0 / len(paths)))
    found = {
        tuple(key.split("\n")): book_losses(book, rates)
        for key, rates in price(model, alike, cells).by_scenario.items()
    }
    rows = [
        (name, driver, *(float(found[name, ""][kind] - found[name, driver][kind]) for kind in COLUMNS[2:]))
        for name, driver in turned
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
