"""Semiparametric latency: proportional hazards with a free baseline, fitted by EM.

Sy and Taylor (2000) Biometrics 56, Peng and Dear (2000) Biometrics 56. In the E-step a censored row is
susceptible with probability pS/(1 − p + pS), zero after the last event (the tail has to end somewhere). The
M-step is a fractional regression for the incidence, a Cox regression weighted by those probabilities (ties after
Breslow), and Breslow's baseline. EM crawls at the end, so the last steps are Newton's on the profile likelihood,
whose differenced score gives the errors too (Murphy and van der Vaart 2000 JASA 95; Xu, Baines and Wang 2014
Biostatistics 15).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.methods.cure.mixture.baseline import StepBaseline
from analysis.methods.cure.mixture.likelihood import Array, Layout, Likelihood
from analysis.methods.cure.mixture.link import Link
from analysis.methods.cure.mixture.sample import CURED, NEVER, Sample
from analysis.methods.cure.mixture.start import plateau
from analysis.statistics.newton import Evaluation, ascent, inverse_information

ROUNDS = 60
"""EM rounds before Newton takes over."""
BASELINE_ROUNDS = 5000
POLISH = 12


class CoxFit(NamedTuple):
    """The fit: incidence and latency coefficients, their variance, the baseline, and the log-likelihood."""

    theta: Array
    variance: Array
    baseline: StepBaseline
    log_likelihood: float
    converged: bool
    steps: int


class Profiled(NamedTuple):
    """The baseline that is best for given coefficients, with log-likelihood and its score there (P,)."""

    baseline: StepBaseline
    value: float
    score: Array


def fit_cox(sample: Sample, link: Link) -> CoxFit:
    """Fit by EM, then Newton on the profile likelihood."""
    problem = _Problem(sample, link)
    theta, baseline = _em(problem)
    at = problem.profile(theta, baseline)
    hessian = problem.differenced(theta, at)
    steps = ROUNDS
    for _ in range(POLISH):
        direction = ascent(Evaluation(at.value, at.score, hessian))
        if float(at.score @ direction) < 1e-8:
            break
        moved = _climb(problem, theta, at, direction)
        if moved is None:
            break
        theta, at, steps = *moved, steps + 1
        hessian = problem.differenced(theta, at)
    settled = float(at.score @ ascent(Evaluation(at.value, at.score, hessian))) < 1e-5
    variance = inverse_information(hessian)
    return CoxFit(theta, variance, at.baseline, at.value, settled, steps)


def _em(problem: _Problem) -> tuple[Array, StepBaseline]:
    theta, baseline = problem.start()
    for _ in range(ROUNDS):
        share = problem.share(theta, baseline)
        theta = theta + np.concatenate([problem.incidence_step(theta, share), problem.latency_step(theta, share)])
        baseline = problem.breslow(theta, share)
    return theta, baseline


def _climb(problem: _Problem, theta: Array, at: Profiled, direction: Array) -> tuple[Array, Profiled] | None:
    """First of the halved steps that raises the profile likelihood."""
    for halving in range(12):
        trial = theta + direction / 2.0**halving
        there = problem.profile(trial, at.baseline)
        if np.isfinite(there.value) and there.value >= at.value - 1e-9:
            return trial, there
    return None


class _Problem:
    """A sample sorted by time, with the sums that EM needs."""

    def __init__(self, sample: Sample, link: Link) -> None:
        self.sample, self.link = sample.take(np.argsort(sample.times.time, kind="stable")), link
        times = self.sample.times
        self.cured, self.open = times.event == CURED, times.event == 0
        self.steps, place = np.unique(times.time[self.cured], return_inverse=True)
        self.events = np.bincount(place, weights=times.weight[self.cured])
        self.first = np.searchsorted(times.time, self.steps, side="left")
        self.layout = Layout(self.sample.x.shape[1], self.sample.z.shape[1], 0)

    def start(self) -> tuple[Array, StepBaseline]:
        theta = np.zeros(self.layout.size)
        theta[0] = self.link.predictor(float(np.clip(plateau(self.sample.times), 0.05, 0.95)))
        return theta, self.breslow(theta, self.cured.astype(float))

    def split(self, theta: Array) -> tuple[Array, Array]:
        """Predictors η and ζ of each row."""
        incidence, location, _ = self.layout.parts
        return self.sample.x @ theta[incidence], self.sample.z @ theta[location]

    def share(self, theta: Array, baseline: StepBaseline) -> Array:
        """E-step: probability that a row is susceptible; 1 for events, 0 for known never."""
        eta, zeta = self.split(theta)
        yes, no = self.link.log_yes(eta).value, self.link.log_no(eta).value
        wait = yes - baseline.clock(self.sample.times.time) * np.exp(zeta)
        share = np.exp(wait - np.logaddexp(no, wait))
        return np.where(self.cured, 1.0, np.where(self.sample.times.event == NEVER, 0.0, share))

    def incidence_step(self, theta: Array, share: Array) -> Array:
        """Newton step of the regression of `share` on the incidence covariates."""
        eta, _ = self.split(theta)
        yes, no, x = self.link.log_yes(eta), self.link.log_no(eta), self.sample.x
        weight = self.sample.times.weight
        slope = weight * (share * yes.slope + (1.0 - share) * no.slope)
        bend = weight * (share * yes.bend + (1.0 - share) * no.bend)
        return ascent(Evaluation(0.0, slope @ x, x.T @ (bend[:, None] * x)))

    def latency_step(self, theta: Array, share: Array) -> Array:
        """Newton step of Cox's partial likelihood with rows weighted by `share`."""
        z, weight = self.sample.z, self.sample.times.weight
        if not z.shape[1]:
            return np.empty(0)
        _, zeta = self.split(theta)
        risk = weight * share * np.exp(zeta)
        total, mean = self._from_here(risk), self._from_here(risk[:, None] * z)
        mean = mean / total[:, None]
        hazard = StepBaseline(self.steps, np.cumsum(self.events / total)).clock(self.sample.times.time)
        spent = risk * np.where(self.sample.times.time > self.steps[-1], np.sum(self.events / total), hazard)
        gradient = (weight * self.cured) @ z - spent @ z
        hessian = mean.T @ (self.events[:, None] * mean) - z.T @ (spent[:, None] * z)
        return ascent(Evaluation(0.0, gradient, hessian))

    def breslow(self, theta: Array, share: Array) -> StepBaseline:
        _, zeta = self.split(theta)
        risk = self._from_here(self.sample.times.weight * share * np.exp(zeta))
        return StepBaseline(self.steps, np.cumsum(self.events / risk))

    def profile(self, theta: Array, baseline: StepBaseline) -> Profiled:
        """Best baseline for these coefficients (EM on the baseline alone), value and score there."""
        for _ in range(BASELINE_ROUNDS):
            better = self.breslow(theta, self.share(theta, baseline))
            change = np.abs(better.cumulative / baseline.cumulative - 1.0).max()
            baseline = better
            if change < 1e-11:
                break
        jumps = np.diff(baseline.cumulative, prepend=0.0)
        at = Likelihood(self.sample, self.link, baseline)(theta)
        return Profiled(baseline, at.value + float(self.events @ np.log(jumps)), at.gradient)

    def differenced(self, theta: Array, at: Profiled) -> Array:
        """Hessian of the profile likelihood, from central differences of its score."""
        curvature = np.abs(np.diag(Likelihood(self.sample, self.link, at.baseline)(theta).hessian))
        steps = 1e-2 / np.sqrt(np.maximum(curvature, 1e-8))
        columns = []
        for j, step in enumerate(steps):
            move = np.where(np.arange(theta.size) == j, step, 0.0)
            up, down = self.profile(theta + move, at.baseline), self.profile(theta - move, at.baseline)
            columns.append((up.score - down.score) / (2.0 * step))
        hessian = np.array(columns)
        return (hessian + hessian.T) / 2.0

    def _from_here(self, values: Array) -> Array:
        """Sums over the rows at risk at each event time."""
        total = np.cumsum(values[::-1], axis=0)[::-1]
        return total[self.first]
