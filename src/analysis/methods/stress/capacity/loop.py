"""From missing staff back to cures: arrears need agents, those who are missing leave contacts unmade, contacts
that are not made cost cures, and fewer cures leave more arrears; round and round until nothing changes.

How far cures depend on contacts is assumed (Assumptions.elasticity, unaided); all that follows from it is too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.stress.capacity.call_centre import changed, compare_options, cures_with_contacts
from analysis.methods.stress.capacity.feedback import (
    Assumptions,
    bucket_stock,
    contacts_by_hours,
    hours_needed,
    need_limits,
    staff_needed,
    stock_by_month,
)
from analysis.methods.stress.projection.book import Book
from analysis.methods.stress.projection.expected import Mover
from analysis.methods.stress.projection.paths import run
from analysis.methods.stress.projection.peaks import peaks
from analysis.methods.stress.projection.projection import (
    Kept,
    Projection,
    Shifts,
    months_ahead,
    project_book,
)

Array = npt.NDArray[np.float64]

SETTLED = 1e-4
"""Largest change of a share of cures kept below which another round is not worth its time."""
MOST_ROUNDS = 50


@dataclass(frozen=True)
class Loop:
    """A projection with the cures that its own missing staff costs; `rounds` it took, and whether it settled."""

    projection: Projection
    kept: Kept
    rounds: int
    settled: bool


def close_loop(book: Book, shifts: Shifts, given: Assumptions, agents: float, months: int, seed: int = 0) -> Loop:
    """The book under log-odds by step where `agents` on the payroll make what contacts they can.

    Each path of `parameter` has contacts of its own, each of `total` those of its months' noise, without chance
    between accounts, which averages out over a call centre. The first round makes all contacts; each one later
    loses cures, so that arrears rise from round to round up to where they settle.
    """
    noisy = shifts.noisy(np.random.default_rng(seed))
    parts = [{step: values[None] for step, values in shifts.point.items()}, shifts.drawn, noisy]
    stacked = {step: np.concatenate([one[step] for one in parts])[:, :months] for step in shifts.point}
    share, rounds, settled = settle(book, stacked, given, agents, months)
    draws = len(next(iter(shifts.drawn.values())))
    kept = Kept(share[:1], share[1 : 1 + draws], share[1 + draws :])
    return Loop(project_book(book, shifts, months, seed, kept), kept, rounds, settled)


def settle(
    book: Book, shifts: Mapping[str, Array], given: Assumptions, agents: float, months: int
) -> tuple[Array, int, bool]:
    """Share of cures kept by path and month, (D, H), where contacts made and arrears agree; rounds; settled or
    not."""
    mover = Mover(book.accounts, book.buckets)
    economy = list(mover.ratios(shifts, months))
    kept = np.ones((economy[0].shape[-1], months))
    moving = np.arange(len(kept))
    for rounds in range(1, MOST_ROUNDS + 1):
        inbound, outbound = hours_needed(_held(mover, economy, kept[moving]), given)
        found = kept_cures(contacts_by_hours(inbound, outbound, given, agents), given)
        restless = np.abs(found - kept[moving]).max(axis=1) >= SETTLED
        kept[moving] = found
        if not restless.any():
            return kept, rounds, True
        if not restless.all():  # paths don't touch each other: settled ones are left alone
            moving, economy = moving[restless], [ratios[..., restless] for ratios in economy]
    return kept, MOST_ROUNDS, False


def kept_cures(made: npt.ArrayLike, given: Assumptions) -> Array:
    """Share of cures that still come where the share `made` of contacts is made."""
    return cures_with_contacts(np.ones_like(np.asarray(made, float)), made, given.elasticity, given.unaided)


def _held(mover: Mover, economy: list[Array], kept: Array) -> Array:
    """Expected accounts by path, month ahead and bucket, (D, H, B)."""
    stock, found = mover.start(len(kept)), []
    for month, ratios in enumerate(economy):
        stock, _ = mover.step(stock, mover.tilt.keep_cures(ratios, kept[:, month]))
        found.append(np.maximum(stock[:, : mover.inside].sum(axis=0), 0.0))
    return np.moveaxis(np.stack(found), (0, 1, 2), (1, 2, 0))


def cures_lost(before: Projection, after: Projection) -> pd.DataFrame:
    """Cures by month with all contacts and with those made: month, cures, cures_assumed, cures_lost_assumed.

    An account that is not cured may be cured later: a month may have more cures than with all contacts, and the
    sum tells those that never come within the horizon, net.
    """
    all_made, some = (one.flow("cured", "accounts")[0].sum(axis=-1) for one in (before, after))
    table = pd.DataFrame({"month": before.months, "cures": all_made, "cures_assumed": some})
    return table.assign(cures_lost_assumed=all_made - some)


def staff_table(
    before: Projection, after: Projection, given: Assumptions, agents: float, level: float
) -> pd.DataFrame:
    """capacity_table(), need_limits() and cures_lost() of a loop's projection `after`, by month, today first;
    `before`: the projection with all contacts made."""
    table = staff_needed(bucket_stock(after), given, agents)
    limits = need_limits(after, given, agents, level)
    return table.merge(cures_lost(before, after), on="month", how="left").merge(limits, on="month")


def loop_effect(before: Projection, after: Projection, level: float) -> dict[str, float]:
    """What missing staff does over the months ahead, `…_assumed` with it.

    cures, cures_assumed; peak_30, peak_30_assumed: expected peak of projection.peaks, 30 days past due;
    charged_off, charged_off_assumed in currency, and charged_off_added with limits from what is not known of
    elasticities, each draw against itself.
    """
    found = {}
    for ending, one in (("", before), ("_assumed", after)):
        found[f"cures{ending}"] = float(one.flow("cured", "accounts").sum())
        found[f"peak_30{ending}"] = float(peaks({"": one}, 30, level)["expected"].iloc[0])
        found[f"charged_off{ending}"] = float(one.flow("charged_off").sum())
    added = sum(sign * one.flow("charged_off", which="parameter").sum(axis=(1, 2)) for sign, one in
                ((1, after), (-1, before)))  # fmt: skip
    lower, upper = np.quantile(added, [(1 - level) / 2, (1 + level) / 2])
    found["charged_off_added"] = found["charged_off_assumed"] - found["charged_off"]
    return found | {"charged_off_added_lower": float(lower), "charged_off_added_upper": float(upper)}


def other_ways(
    book: Book,
    shifts: Shifts,
    given: Assumptions,
    agents: float,
    options: Mapping[str, Mapping[str, float]],
    months: int,
) -> pd.DataFrame:
    """call_centre.compare_options() of the months ahead, each option with its own missing contacts and arrears."""
    point = {step: values[None] for step, values in shifts.point.items()}
    centres, tables = changed(given.centre, options), {}
    for name, centre in centres.items():
        own = replace(given, centre=centre)
        kept, _, _ = settle(book, point, own, agents, months)
        paths = run(book, point, months, kept=kept)
        stock = stock_by_month(book, months_ahead(book, months), paths["accounts"])
        tables[name] = staff_needed(stock, own, agents).iloc[1:]
    return compare_options(tables, centres)
