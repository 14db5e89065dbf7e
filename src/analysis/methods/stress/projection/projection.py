"""A book under a scenario: account mix, arrears, charge-offs and cures, with what is not known of them.

Three paths a draw: at the point estimates; with coefficients drawn (parameter uncertainty); with coefficients
drawn, months that have their own noise, and accounts moving by chance (process uncertainty on top).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.core.periods import shift_months
from analysis.core.scenarios import LONGEST
from analysis.methods.stress.projection.book import BASES, Book
from analysis.methods.stress.projection.expected import FLOWS
from analysis.methods.stress.projection.paths import Paths, run
from analysis.methods.stress.projection.tilt import Tilt
from analysis.methods.stress.satellites.cells import CHAIN
from analysis.methods.stress.satellites.draws import Drawn, draw_coefficients
from analysis.methods.stress.satellites.satellite import Satellite

Array = npt.NDArray[np.float64]

THRESHOLDS = (30, 90)
ALL = "all"
COLUMNS = [
    "month",
    "group",
    "basis",
    "measure",
    "expected",
    "lower",
    "upper",
    "lower_parameter",
    "upper_parameter",
]


@dataclass(frozen=True)
class Shifts:
    """Log-odds by step over H months: at the point estimates (H,), drawn (D, H), and the months' own noise, with
    its autocorrelation (`memory`, 0 where not named)."""

    point: dict[str, Array]
    drawn: dict[str, Array]
    tau: dict[str, float]
    memory: dict[str, float] = field(default_factory=dict)

    def noisy(self, random: np.random.Generator) -> dict[str, Array]:
        """`drawn` with months that have their own noise."""
        return {
            step: values + month_noise(values.shape, self.tau.get(step, 0.0), self.memory.get(step, 0.0), random)
            for step, values in self.drawn.items()
        }


@dataclass(frozen=True)
class Kept:
    """Share of expected cures that still come, by path and month: `point` (1, H), `parameter` and `total`
    (D, H)."""

    point: Array
    parameter: Array
    total: Array


@dataclass(frozen=True)
class Projection:
    """Paths by basis: `point` (one draw), `parameter` and `total` (D draws each); months ahead of the book's
    start.

    `matrices`: accounts' monthly roll rates at the point estimates, (H, G, S, S).
    """

    book: Book
    months: tuple[pd.Timestamp, ...]
    point: dict[str, Paths]
    parameter: dict[str, Paths]
    total: dict[str, Paths]
    matrices: Array

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """One row a month, group (`all` too), basis (accounts, balance) and measure, today's stock first.

        Measures: stock:<bucket>, open (all buckets), overdue_30, overdue_90 (÷ open), and the month's flows
        charged_off, cured, entered. expected is at the point estimates; lower and upper hold everything, the
        `_parameter` limits the coefficients alone. Flows have no row at the start.
        """
        pieces = [self._basis_table(basis, level) for basis in BASES]
        return pd.concat(pieces, ignore_index=True)[COLUMNS]

    def _basis_table(self, basis: str, level: float) -> pd.DataFrame:
        told = [measures(paths[basis], self.book) for paths in (self.point, self.parameter, self.total)]
        months = (pd.Timestamp(self.book.start), *self.months)
        frames = []
        for reach in (len(months), len(self.months)):  # flows have no row at the start
            keys = [key for key, point in told[0].items() if point.shape[-1] == reach]
            expected, inner, outer = (np.stack([one[key] for key in keys]) for one in told)
            columns = {"expected": expected[:, 0], **_limits(outer, level), **_limits(inner, level, "_parameter")}
            names = pd.DataFrame(keys, columns=["group", "measure"])
            table = names.loc[names.index.repeat(reach)].assign(
                month=np.tile(np.array(months[-reach:], dtype="datetime64[ns]"), len(keys)), basis=basis
            )
            frames.append(table.assign(**{name: values.ravel() for name, values in columns.items()}))
        return pd.concat(frames, ignore_index=True)

    def flow(self, name: str, basis: str = "balance", which: str = "point") -> Array:
        """A flow by draw, month and group, (D, H, G), of the `point`, `parameter` or `total` paths."""
        if name not in FLOWS or which not in ("point", "parameter", "total"):
            raise ParameterError(
                f"no flow '{name}' of '{which}'; there are {', '.join(FLOWS)} of point, parameter, total"
            )
        return np.asarray(getattr(self, which)[basis].flows[name])


def _limits(drawn: Array, level: float, ending: str = "") -> dict[str, Array]:
    """Lower and upper quantile over draws of (M, D, H)."""
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=1)
    return {f"lower{ending}": low, f"upper{ending}": high}


def project_book(book: Book, shifts: Shifts, months: int, seed: int = 0, kept: Kept | None = None) -> Projection:
    """The book for `months` ahead under log-odds by step; as many draws as the shifts have.

    `kept`: where something else than the economy takes cures away, as missing staff does. With all log-odds 0 the
    point path is statistics.flows.project() on the same rates. Raises ParameterError for a horizon beyond 36
    months or the shifts' own.
    """
    reach = min((len(values) for values in shifts.point.values()), default=LONGEST)
    if not 1 <= months <= min(reach, LONGEST):
        raise ParameterError(
            f"months is {months}; the models serve 1 to {LONGEST} months, and the scenario reaches {reach}"
        )
    point = {step: values[None] for step, values in shifts.point.items()}
    return Projection(
        book,
        months_ahead(book, months),
        run(book, point, months, kept=None if kept is None else kept.point),
        run(book, shifts.drawn, months, kept=None if kept is None else kept.parameter),
        chance_paths(book, shifts, months, seed, None if kept is None else kept.total),
        roll_rates(book, shifts.point, months, None if kept is None else kept.point[0]),
    )


def chance_paths(
    book: Book, shifts: Shifts, months: int, seed: int = 0, kept: Array | None = None
) -> dict[str, Paths]:
    """project_book()'s `total` alone: coefficients, months and accounts by chance."""
    random = np.random.default_rng(seed)
    noisy = shifts.noisy(random)
    return run(book, noisy, months, random, kept)


def months_ahead(book: Book, months: int) -> tuple[pd.Timestamp, ...]:
    """Month ends after the book's start."""
    return tuple(pd.Timestamp(shift_months(book.start, step)) for step in range(1, months + 1))


def scenario_shifts(
    satellites: Mapping[str, Satellite],
    drivers: pd.DataFrame,
    book: Book,
    months: int,
    draws: int = 300,
    seed: int = 0,
    coefficients: Mapping[str, Drawn] | None = None,
) -> Shifts:
    """Log-odds by step that the economy of `drivers` (history with the scenario after it) adds to the book's
    rates.

    0 is the mean economy of the months that the rates come from. `recovery` is left to projection.recovery. The
    same seed draws the same coefficients for each scenario, so that scenarios differ by their economy alone;
    `coefficients`: draw_steps() of the same draws and seed, where they are at hand already.
    """
    ahead = months_ahead(book, months)
    rolls = {step: one for step, one in satellites.items() if step != "recovery"}
    point = {step: one.shift(drivers, ahead, book.reference) for step, one in rolls.items()}
    coefficients = draw_steps(satellites, draws, seed) if coefficients is None else coefficients
    drawn = {step: one.shifts(drivers, ahead, book.reference) for step, one in coefficients.items()}
    tau, memory = ({step: getattr(one, name) for step, one in rolls.items()} for name in ("tau", "memory"))
    return Shifts(point, drawn, tau, memory)


def draw_steps(satellites: Mapping[str, Satellite], draws: int, seed: int) -> dict[str, Drawn]:
    """Coefficients of the steps that roll rates are made of, each drawn from a stream of its own, so that a step's
    draws are the same whichever others there are."""
    streams = list(CHAIN)
    return {
        step: draw_coefficients(one, draws, np.random.default_rng([seed, streams.index(step)]))
        for step, one in satellites.items()
        if step != "recovery"
    }


def month_noise(shape: tuple[int, ...], tau: float, memory: float, random: np.random.Generator) -> Array:
    """What months have of their own, (D, H): normal, standard deviation `tau`, each month keeping `memory` of the
    one before."""
    fresh = random.normal(0.0, tau, shape)
    if memory > 0:
        for month in range(1, shape[-1]):
            fresh[..., month] = memory * fresh[..., month - 1] + np.sqrt(1 - memory**2) * fresh[..., month]
    return fresh


def no_shifts(months: int, draws: int = 1) -> Shifts:
    """An economy that adds nothing."""
    return Shifts({"entry": np.zeros(months)}, {"entry": np.zeros((draws, months))}, {})


def roll_rates(book: Book, point: Mapping[str, Array], months: int, kept: Array | None = None) -> Array:
    """Accounts' roll rates of each month at the point estimates, (H, G, S, S), with the share `kept` (H,) of
    cures."""
    tilt = Tilt(book.accounts.shares, book.buckets)
    kinds = tilt.by_kind({step: values[:months] for step, values in point.items()} or {"entry": np.zeros(months)})
    return np.asarray(
        book.accounts.matrix * tilt.by_state(kinds if kept is None else tilt.keep_cures(kinds, kept))
    )


def measures(paths: Paths, book: Book) -> dict[tuple[str, str], Array]:
    """Each measure of projected paths by group and over all, (D, H + 1), flows (D, H)."""
    buckets, inside = book.buckets, len(book.buckets.labels)
    found: dict[tuple[str, str], Array] = {}
    for place, group in [*enumerate(book.groups), (None, ALL)]:
        held = paths.stock.sum(axis=2) if place is None else paths.stock[:, :, place]
        opened = held[..., :inside].sum(axis=-1)
        found |= {(group, f"stock:{name}"): held[..., i] for i, name in enumerate(buckets.labels)}
        found[group, "open"] = opened
        for days in (days for days in THRESHOLDS if days in buckets.edges):
            late = held[..., buckets.edges.index(days) + 1 : inside].sum(axis=-1)
            found[group, f"overdue_{days}"] = np.divide(late, opened, out=np.zeros_like(late), where=opened > 0)
        for name, flow in paths.flows.items():
            found[group, name] = flow.sum(axis=2) if place is None else flow[:, :, place]
    return found


def compare_scenarios(tables: Mapping[str, pd.DataFrame], order: Sequence[str] | None = None) -> pd.DataFrame:
    """Tables of several scenarios as one, with `scenario` in front."""
    names = list(order or tables)
    return pd.concat([tables[name].assign(scenario=name) for name in names], ignore_index=True)[
        ["scenario", *COLUMNS]
    ]
