"""Log-likelihood of the mixture cure model, with exact gradient and Hessian, summed over blocks of rows.

With p a row's probability that the event ever comes, f and S density and survival of the waiting time:

    cured at t           log p + log f(t)
    censored at t        log(1 − p + p S(t))
    known never          log(1 − p)
    entered late at a    each of the above minus log(1 − p + p S(a))

A late row is in the data only because nothing happened before a, so all three kinds are conditioned on that,
known-never rows too: the never-curing are over-represented among those still delinquent at a.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.methods.cure.mixture.latency import Latency
from analysis.methods.cure.mixture.link import Link, log_sum
from analysis.methods.cure.mixture.sample import CENSORED, CURED, Sample
from analysis.statistics.newton import Evaluation

Array = npt.NDArray[np.float64]

BLOCK = 8192
"""Rows worked on at a time: small enough for the processor's cache, large enough to hide Python."""


class Wait(NamedTuple):
    """Derivatives of a block's log-likelihood in (μ, ancillary), named and shaped as in `Curve`."""

    mu: Array
    anc: Array
    mu_mu: Array
    mu_anc: Array
    anc_anc: Array


class Mixed(NamedTuple):
    """What only a mixture has: derivatives across η, and a part Σ mix · own own' of the ancillary Hessian."""

    eta_mu: Array
    eta_anc: Array
    mix: Array
    own: Array


class Terms(NamedTuple):
    """A block's log-likelihood with its derivatives; no `wait` where it says nothing of timing."""

    value: Array
    eta: Array
    eta_eta: Array
    wait: Wait | None = None
    mixed: Mixed | None = None


@dataclass(frozen=True)
class Layout:
    """Where each part lies in the parameter vector: p incidence, q location, m ancillary."""

    p: int
    q: int
    m: int

    @property
    def size(self) -> int:
        return self.p + self.q + self.m

    @property
    def parts(self) -> tuple[slice, slice, slice]:
        return slice(0, self.p), slice(self.p, self.p + self.q), slice(self.p + self.q, self.size)


def mixture_terms(link: Link, family: Latency, eta: Array, mu: Array, anc: Array, clock: Array) -> Terms:
    """log(1 − p + p S(t)) for each row: the log probability that nothing has happened by t."""
    yes, no = link.log_yes(eta), link.log_no(eta)
    wait = family.log_survival(mu, anc, clock)
    later = yes.value + wait.value
    value = log_sum(later, no.value)
    share = np.exp(later - value)
    rest = 1.0 - share
    mix, gap = share * rest, yes.slope - no.slope
    tilt = mix * gap
    own = Wait(
        mu=share * wait.mu,
        anc=share[:, None] * wait.anc,
        mu_mu=share * wait.mu_mu + mix * wait.mu * wait.mu,
        mu_anc=share[:, None] * wait.mu_anc + (mix * wait.mu)[:, None] * wait.anc,
        anc_anc=share[:, None] * wait.anc_anc,
    )
    return Terms(
        value,
        eta=rest * no.slope + share * yes.slope,
        eta_eta=rest * no.bend + share * yes.bend + tilt * gap,
        wait=own,
        mixed=Mixed(tilt * wait.mu, tilt[:, None] * wait.anc, mix, wait.anc),
    )


class Block(NamedTuple):
    """Some rows with their terms, which enter with `sign`."""

    rows: slice | npt.NDArray[np.int64]
    terms: Terms
    sign: float


class Likelihood:
    """The log-likelihood of a sample, as a function of the parameter vector (incidence, location, ancillary)."""

    def __init__(self, sample: Sample, link: Link, family: Latency) -> None:
        self.sample, self.link, self.family = sample.by_event(), link, family
        self.layout = Layout(sample.x.shape[1], sample.z.shape[1], len(family.ancillary))
        times = self.sample.times
        self.clock = family.clock(times.time)
        self._slices = list(slices(times.event))
        self.late = None if times.entry is None else family.clock(np.where(times.entry > 0, times.entry, 1.0))

    def __call__(self, theta: Array) -> Evaluation:
        """Value, gradient and Hessian at `theta`, shape (P,)."""
        size = self.layout.size
        total, gradient, hessian = 0.0, np.zeros(size), np.zeros((size, size))
        with np.errstate(over="ignore", invalid="ignore"):
            for block in self._blocks(theta):
                value, slope, bend = self._sums(block)
                total, gradient, hessian = total + value, gradient + slope, hessian + bend
        lower = np.tril_indices(size, -1)
        hessian[lower] = hessian.T[lower]
        return Evaluation(total, gradient, hessian)

    def scores(self, theta: Array) -> Iterator[tuple[slice | npt.NDArray[np.int64], Array]]:
        """Row scores without weights, block by block: the rows and their (rows, P) gradients.

        A late row appears in two blocks, once for its exit and once for its entry; its score is their sum.
        """
        for rows, terms, sign in self._blocks(theta):
            x, z = self._designs(rows)
            score = np.zeros((len(x), self.layout.size))
            incidence, location, ancillary = self.layout.parts
            score[:, incidence] = terms.eta[:, None] * x
            if terms.wait is not None:
                score[:, location] = terms.wait.mu[:, None] * z
                score[:, ancillary] = terms.wait.anc
            yield rows, sign * score

    def _designs(self, rows: slice | npt.NDArray[np.int64]) -> tuple[Array, Array]:
        x = self.sample.x[rows]
        return x, x if self.sample.z is self.sample.x else self.sample.z[rows]

    def _blocks(self, theta: Array) -> Iterator[Block]:
        """Blocks of exits with sign +1, each followed by its late entries with sign −1."""
        beta, gamma, anc = (theta[part] for part in self.layout.parts)
        times = self.sample.times
        for rows in self._slices:
            x, z = self._designs(rows)
            eta, mu = x @ beta, z @ gamma
            yield Block(rows, self._exit(int(times.event[rows.start]), rows, eta, mu, anc), 1.0)
            if times.entry is None or self.late is None:
                continue
            late = np.flatnonzero(times.entry[rows] > 0)
            if late.size:
                index = rows.start + late
                before = mixture_terms(self.link, self.family, eta[late], mu[late], anc, self.late[index])
                yield Block(index, before, -1.0)

    def _exit(self, event: int, rows: slice, eta: Array, mu: Array, anc: Array) -> Terms:
        clock = self.clock[rows]
        if event == CENSORED:
            return mixture_terms(self.link, self.family, eta, mu, anc, clock)
        if event == CURED:
            yes, wait = self.link.log_yes(eta), self.family.log_density(mu, anc, clock)
            timing = Wait(wait.mu, wait.anc, wait.mu_mu, wait.mu_anc, wait.anc_anc)
            return Terms(yes.value + wait.value, yes.slope, yes.bend, timing)
        no = self.link.log_no(eta)
        return Terms(no.value, no.slope, no.bend)

    def _sums(self, block: Block) -> tuple[float, Array, Array]:
        """Weighted sums over a block; of the Hessian only the upper triangle is filled."""
        rows, terms, sign = block
        x, z = self._designs(rows)
        weight = sign * self.sample.times.weight[rows]
        incidence, location, ancillary = self.layout.parts
        gradient = np.zeros(self.layout.size)
        hessian = np.zeros((self.layout.size, self.layout.size))
        gradient[incidence] = (weight * terms.eta) @ x
        hessian[incidence, incidence] = _cross(x, weight * terms.eta_eta, x)
        if terms.wait is not None:
            wait = terms.wait
            gradient[location] = (weight * wait.mu) @ z
            gradient[ancillary] = weight @ wait.anc
            hessian[location, location] = _cross(z, weight * wait.mu_mu, z)
            hessian[location, ancillary] = z.T @ (weight[:, None] * wait.mu_anc)
            hessian[ancillary, ancillary] = np.diag(weight @ wait.anc_anc)
        if terms.mixed is not None:
            mixed = terms.mixed
            hessian[incidence, location] = _cross(x, weight * mixed.eta_mu, z)
            hessian[incidence, ancillary] = x.T @ (weight[:, None] * mixed.eta_anc)
            hessian[ancillary, ancillary] += _cross(mixed.own, weight * mixed.mix, mixed.own)
        return float(weight @ terms.value), gradient, hessian


def slices(kind: npt.NDArray[Any], size: int = BLOCK) -> Iterator[slice]:
    """Blocks of at most `size` rows that hold one kind of row each; `kind` is sorted."""
    bounds = [0, *(np.flatnonzero(np.diff(kind)) + 1), kind.size]
    for low, high in pairwise(bounds):
        for start in range(int(low), int(high), size):
            yield slice(start, min(start + size, int(high)))


def _cross(left: Array, weight: Array, right: Array) -> Array:
    return left.T @ (weight[:, None] * right)
