"""Latencies with a baseline in pieces of time: piecewise exponential, and monthly hazards in discrete time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cure.mixture.latency import Array, Curve, Latency
from analysis.methods.cure.mixture.link import Curve1, logistic, softplus

PIECES = 5
LEAST_SHARE = 0.04
"""A month stands alone in the default baseline where it holds at least this share of the events."""


class Pieces:
    """−log S(t) = Σ_j e_j(t) g(α_j + z'β), e_j(t) the time spent in piece j of (0, t].

    g is exp for the piecewise-exponential and log(1 + eˣ) for discrete time with logit hazards. In both the log
    density is α_j(t) + z'β + log S(t). The last piece has no end, so its hazard goes on for ever: the plateau
    is told from a slow tail by that hazard alone.
    """

    intercept = ""

    def __init__(self, name: str, cuts: Sequence[float] | None = None) -> None:
        self.name, self.discrete = name, name == "discrete"
        self.chosen = cuts is not None
        self.cuts = np.asarray([] if cuts is None else cuts, dtype=float)
        if (np.diff(self.cuts, prepend=0.0) <= 0).any():
            raise ParameterError(f"breaks {list(cuts or ())} must be positive and rise, for example [3, 6, 12]")
        self._rate: Callable[[Array], Curve1] = _log_odds_rate if self.discrete else _log_rate
        self.formula = (
            "logit P(T = t | T >= t) = alpha_j + z'b, j the piece that month t is in"
            if self.discrete
            else "hazard(t) = exp(alpha_j + z'b), j the piece that t is in"
        )

    @property
    def ancillary(self) -> tuple[str, ...]:
        label = "logit_hazard" if self.discrete else "ln_hazard"
        edges = [0.0, *self.cuts]
        spans = [_span(low, high, self.discrete) for low, high in zip(edges, [*self.cuts, np.inf], strict=True)]
        return tuple(f"{label} {span}" for span in spans)

    def adapt(self, time: Array, weight: Array) -> Latency:
        """Cut points from event times where none were chosen; refuses a chosen piece that holds no event."""
        if self.chosen:
            cuts = self.cuts
        else:
            cuts = _month_cuts(time, weight) if self.discrete else _quantile_cuts(time, weight)
        adapted = Pieces(self.name, list(cuts))
        counts = np.bincount(adapted._piece(time), weights=weight, minlength=len(cuts) + 1)
        if (counts == 0).any():
            names = [name for name, count in zip(adapted.ancillary, counts, strict=True) if count == 0]
            raise InputError(f"no event falls into {', '.join(names)}; merge these pieces with their neighbours")
        return adapted

    def check(self, time: Array, column: str) -> None:
        """Discrete time takes whole months only."""
        broken = time != np.floor(time)
        if self.discrete and broken.any():
            raise InputError(
                f"column '{column}' holds {time[broken][0]:g}; latency 'discrete' takes whole months (1, 2, …). "
                "Round up, or choose 'piecewise'."
            )

    def start(self, time: Array, weight: Array) -> tuple[float, Array]:
        exposure = weight @ self._exposure(time)
        counts = np.bincount(self._piece(time), weights=weight, minlength=exposure.size)
        hazard = np.clip(counts / exposure, 1e-8, None)
        return 0.0, np.log(hazard / (1.0 - np.minimum(hazard, 0.95))) if self.discrete else np.log(hazard)

    def clock(self, time: Array) -> Array:
        return np.floor(time) if self.discrete else time

    def log_density(self, mu: Array, anc: Array, clock: Array) -> Curve:
        curve, piece = self.log_survival(mu, anc, clock), self._piece(clock)
        gained = curve.anc
        gained[np.arange(clock.size), piece] += 1.0
        return curve._replace(value=curve.value + anc[piece] + mu, mu=curve.mu + 1.0, anc=gained)

    def log_survival(self, mu: Array, anc: Array, clock: Array) -> Curve:
        exposure = self._exposure(clock)
        rate = self._rate(mu[:, None] + anc)
        slope, bend = -exposure * rate.slope, -exposure * rate.bend
        value = -(exposure * rate.value).sum(axis=1)
        return Curve(value, slope.sum(axis=1), slope, bend.sum(axis=1), bend, bend)

    def _piece(self, time: Array) -> np.ndarray:
        return np.searchsorted(self.cuts, time, side="left")

    def _exposure(self, time: Array) -> Array:
        low = np.concatenate([[0.0], self.cuts])
        width = np.diff(low, append=np.inf)
        return np.clip(time[:, None] - low, 0.0, width)


def _log_rate(x: Array) -> Curve1:
    rate = np.exp(np.minimum(x, 300.0))
    return Curve1(rate, rate, rate)


def _log_odds_rate(x: Array) -> Curve1:
    hazard = logistic(x)
    return Curve1(softplus(x), hazard, hazard * (1.0 - hazard))


def _quantile_cuts(time: Array, weight: Array) -> Array:
    """Inner cut points that share the events out evenly, as far as ties allow."""
    order = np.argsort(time)
    share = np.cumsum(weight[order]) / weight.sum()
    wanted = np.arange(1, PIECES) / PIECES
    cuts = np.unique(time[order][np.searchsorted(share, wanted)])
    return cuts[cuts < time.max()]


def _month_cuts(time: Array, weight: Array) -> Array:
    """Ends of the pieces: a month alone where it has events enough, else merged with the months after it."""
    months, place = np.unique(time, return_inverse=True)
    share = np.bincount(place, weights=weight) / weight.sum()
    cuts, held, left = [], 0.0, 1.0
    for month, part in zip(months[:-1], share[:-1], strict=True):
        held, left = held + part, left - part
        if held >= LEAST_SHARE and left >= LEAST_SHARE:
            cuts.append(month)
            held = 0.0
    return np.asarray(cuts)


def _span(low: float, high: float, discrete: bool) -> str:
    if not discrete:
        return f"({low:g}, {high:g}]" if np.isfinite(high) else f"({low:g}, ∞)"
    if not np.isfinite(high):
        return f"month {low + 1:g}+"
    return f"month {high:g}" if high == low + 1 else f"months {low + 1:g}–{high:g}"
