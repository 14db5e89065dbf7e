"""Net losses of economies told month by month: each on its own path, not by what it comes to at a few months."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.periods import shift_months
from analysis.methods.stress.projection.book import Book, without_new_business
from analysis.methods.stress.projection.recovery import RecoveryCurve
from analysis.methods.stress.reverse.net_loss import net_loss, net_loss_by_chance
from analysis.methods.stress.satellites.draws import Drawn, draw_coefficients
from analysis.methods.stress.satellites.drivers import driver_series
from analysis.methods.stress.satellites.satellite import Satellite
from analysis.methods.stress.scenarios.plausibility import Plausibility

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PathLoss:
    """Net loss (net_loss.net_loss) of a book over the `months` after its start, under monthly paths that continue
    `history`."""

    book: Book
    satellites: Mapping[str, Satellite]
    curve: RecoveryCurve
    history: pd.DataFrame
    months: int

    @property
    def ahead(self) -> list[pd.Timestamp]:
        """Month ends over which losses are added up."""
        return [pd.Timestamp(shift_months(self.book.start, step)) for step in range(1, self.months + 1)]

    def drivers(self, path: pd.DataFrame) -> pd.DataFrame:
        return driver_series(pd.concat([self.history, path]))

    def shifts(self, path: pd.DataFrame) -> dict[str, Array]:
        """Log-odds by step at the point estimates, (1, H)."""
        drivers = self.drivers(path)
        return {
            step: one.shift(drivers, self.ahead, self.book.reference)[None]
            for step, one in self.satellites.items()
        }

    def expected(self, path: pd.DataFrame, new_business: bool = False) -> float:
        """Of today's book alone, or with business lent as in the basis months on top."""
        book = self.book if new_business else without_new_business(self.book)
        return float(net_loss(book, self.shifts(path), self.curve, self.months)[0])

    def drawn(self, path: pd.DataFrame, coefficients: Mapping[str, Drawn], seed: int = 0) -> tuple[Array, Array]:
        """Of today's book a draw, (D,): by the elasticities alone, and with the chance of months and accounts."""
        drivers, book = self.drivers(path), without_new_business(self.book)
        shifts = {step: one.shifts(drivers, self.ahead, self.book.reference) for step, one in coefficients.items()}
        return (
            net_loss(book, shifts, self.curve, self.months),
            net_loss_by_chance(book, shifts, self.curve, self.satellites, seed),
        )


def draw_all(satellites: Mapping[str, Satellite], draws: int, seed: int) -> dict[str, Drawn]:
    """Coefficients of every satellite, each drawn from a stream of its own."""
    return {
        step: draw_coefficients(one, draws, np.random.default_rng([seed, number]))
        for number, (step, one) in enumerate(satellites.items())
    }


def loss_limits(expected: Array, by_chance: Array, level: float) -> dict[str, float]:
    """lower, upper (everything) and lower_parameter, upper_parameter (elasticities alone) of PathLoss.drawn()."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    found: dict[str, float] = {}
    for drawn, ending in ((by_chance, ""), (expected, "_parameter")):
        low, high = np.quantile(drawn, tails)
        found |= {f"lower{ending}": float(low), f"upper{ending}": float(high)}
    # Chance cannot take away from what elasticities leave open; a few hundred draws may say so.
    found["lower"] = min(found["lower"], found["lower_parameter"])
    found["upper"] = max(found["upper"], found["upper_parameter"])
    return found


def path_losses(
    loss: PathLoss, paths: Mapping[str, pd.DataFrame], judged: Plausibility, draws: int, level: float, seed: int
) -> pd.DataFrame:
    """One row a path: scenario, net_loss, with_new (new business on top), lower, upper, lower_parameter,
    upper_parameter (of net_loss), distance and quantile by `judged`.

    Each is priced on its own months, so that a trough between the anchors of `judged` counts.
    """
    coefficients, rows = draw_all(loss.satellites, draws, seed), []
    for name, path in paths.items():
        distance = judged.distance(path)
        told = {"scenario": name, "net_loss": loss.expected(path), "with_new": loss.expected(path, True)}
        limits = loss_limits(*loss.drawn(path, coefficients, seed), level)
        rows.append(told | limits | {"distance": distance, "quantile": judged.quantile(distance)})
    return pd.DataFrame(rows)
