"""The mixture cure model: who will have the event at all, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.cure.mixture import predict
from analysis.methods.cure.mixture.checks import (
    Coefficient,
    warn_of_no_convergence,
    warn_of_runaways,
    warn_of_short_follow_up,
)
from analysis.methods.cure.mixture.cox import CoxFit, fit_cox
from analysis.methods.cure.mixture.estimates import Estimates
from analysis.methods.cure.mixture.family import find_latency
from analysis.methods.cure.mixture.follow_up import FollowUp, sufficient_follow_up
from analysis.methods.cure.mixture.inference import row_scores, sandwich
from analysis.methods.cure.mixture.latency import Latency
from analysis.methods.cure.mixture.likelihood import Array, Layout, Likelihood
from analysis.methods.cure.mixture.link import find_link
from analysis.methods.cure.mixture.predictions import Predictions
from analysis.methods.cure.mixture.sample import CURED, NEVER, Sample, Times, read_times
from analysis.methods.cure.mixture.start import fit as fit_likelihood
from analysis.statistics.design import Design
from analysis.statistics.newton import inverse_information
from analysis.statistics.summary import printed

INDEX_NAMES = ("part", "covariate")


class MixtureCure(Predictions, Estimates):
    """Mixture cure regression in lifelines' manner.

    The *event* is cure. A row cures at all with probability p = link⁻¹(x'β) (the incidence), and if it does,
    after a wait with survival S(t | z) (the latency); the chance of no cure by t is 1 − p + p S(t | z). The
    share 1 − p *never cures* (in the statistics literature, confusingly, the "cured" or immune fraction). An
    incidence coefficient above zero means that the event is more likely to come.

    >>> model = MixtureCure(latency="weibull", link="logit")
    >>> model.fit(spells, "months", "event", "balance + C(product)", "balance", cluster_col="customer_id")
    >>> model.print_summary()
    >>> model.predict_cumulative_incidence(spells, [3, 6, 12], interval=True)

    Parameters
    ----------
    latency
        weibull      S(t) = exp(−λt^γ), λ = exp(ln_lambda + z'b), γ = exp(ln_gamma): proportional hazards
        gompertz     hazard exp(ln_rate + z'b + at), a = exp(ln_shape): proportional, rising hazards
        lognormal    log T = mu + z'b + exp(ln_sigma)·e, e normal: a positive b *delays* the event
        loglogistic  the same with e logistic
        piecewise    hazard exp(α_j + z'b), constant within pieces of time
        discrete     logit P(T = t | T ≥ t) = α_j + z'b in whole months: exp(b) is an odds ratio
        cox          hazard h₀(t)·exp(z'b), h₀ free (EM with Breslow's baseline, zero after the last event);
                     profile-likelihood errors; no delayed entry, no robust errors
    link
        logit, probit or cloglog
    breaks
        Ends of the pieces for `piecewise` and `discrete`, the last piece being open; by default from the event
        times (fifths of the events; single months while each holds 4% of the events).
    alpha
        Intervals have level 1 − alpha.

    After `fit`: `params_` (Series by (part, covariate), parts incidence, latency, baseline), `variance_matrix_`,
    `standard_errors_`, `summary`, `log_likelihood_`, `AIC_`, `BIC_`, `converged_`, `never_cure_` (average of 1 − p
    over the rows: estimate, lower, upper) and `follow_up_` (test of sufficient follow-up).

    Sources: Farewell (1982) Biometrics 38; Sy and Taylor (2000) Biometrics 56 for `cox`; Maller and Zhou (1996).
    """

    def __init__(
        self,
        latency: str = "weibull",
        link: str = "logit",
        breaks: Sequence[float] | None = None,
        alpha: float = 0.05,
    ) -> None:
        if not 0 < alpha < 1:
            raise ParameterError(f"alpha is {alpha}; it must lie between 0 and 1, for example 0.05")
        self.latency, self.link, self.breaks, self.alpha = latency, link, breaks, alpha
        self._family, self._link = find_latency(latency, breaks), find_link(link)

    def fit(
        self,
        df: pd.DataFrame,
        duration_col: str,
        event_col: str,
        incidence_formula: str = "1",
        latency_formula: str = "1",
        entry_col: str | None = None,
        weights_col: str | None = None,
        cluster_col: str | None = None,
        robust: bool = False,
    ) -> MixtureCure:
        """Fit by maximum likelihood.

        `event_col` holds 1 (cured), 0 (censored) or 2 (*known never*: charged off, sold). A known-never row says
        1 − p and nothing of timing, whatever its duration; that is right where being found out does not hang on
        anything but the answer itself (all accounts that reach the charge-off day, say, or an old cohort whose
        end is known). If charge-off cuts short waits that would have ended in cure, use competing exits instead.
        `entry_col` is the time at which a row came under observation (0: from its start). `weights_col` are case
        weights: w means w such rows. `cluster_col` gives cluster-robust errors, `robust` robust ones.

        Raises InputError for data that cannot be used, ParameterError for a formula or option that cannot;
        warns (IdentificationWarning) where the data don't pin the model down.
        """
        self._refuse_for_cox(entry_col, cluster_col, robust)
        times = read_times(df, duration_col, event_col, entry_col, weights_col, cluster_col)
        if self._family is not None:
            used = times.event != NEVER
            self._family.check(times.time[used], duration_col)
            if times.entry is not None:
                self._family.check(times.entry, str(entry_col))
        self._names = (duration_col, event_col)
        self._incidence = self._timing = Design(incidence_formula, "incidence")
        if latency_formula != incidence_formula:
            self._timing = Design(latency_formula, "latency")
        sample = self._sample(df, times)
        if self._family is None:
            self._fit_cox(sample)
        else:
            self._fit_family(sample, self._family, robust or cluster_col is not None, cluster_col is not None)
        self._describe(sample)
        return self

    def _refuse_for_cox(self, entry_col: str | None, cluster_col: str | None, robust: bool) -> None:
        if self._family is not None:
            return
        if entry_col is not None:
            raise ParameterError("latency 'cox' takes no delayed entry (entry_col); use 'piecewise' or 'discrete'")
        if cluster_col is not None or robust:
            raise ParameterError(
                "latency 'cox' gives profile-likelihood errors only (no cluster_col, no robust); use 'piecewise'"
            )

    def _sample(self, df: pd.DataFrame, times: Times) -> Sample:
        x = self._incidence.learn(df)
        levelled = self._family is not None and bool(self._family.intercept)
        z = x if self._timing is self._incidence else self._timing.learn(df)
        for design in (self._incidence, self._timing):
            design.refuse_single_valued()
        return Sample(times, x, z if levelled else z[:, 1:]).by_event()

    def _fit_family(self, sample: Sample, family: Latency, robust: bool, clustered: bool) -> None:
        cured = sample.times.event == CURED
        adapted = family.adapt(sample.times.time[cured], sample.times.weight[cured])
        likelihood = Likelihood(sample, self._link, adapted)
        best = fit_likelihood(likelihood)
        variance = inverse_information(best.at.hessian)
        if robust:
            scores = row_scores(likelihood.scores(best.theta), sample.rows, likelihood.layout.size)
            cluster = sample.times.cluster if clustered else None
            variance = sandwich(scores, sample.times.weight, cluster, variance)
        self._errors = "cluster-robust" if clustered else "robust" if robust else "from the Hessian"
        self.log_likelihood_, self.converged_, self.steps_ = best.at.value, best.converged, best.steps
        self._keep(best.theta, variance, adapted, likelihood.layout, sample)

    def _fit_cox(self, sample: Sample) -> None:
        best: CoxFit = fit_cox(sample, self._link)
        self._errors = "from the profile likelihood"
        self.log_likelihood_, self.converged_, self.steps_ = best.log_likelihood, best.converged, best.steps
        self.baseline_cumulative_hazard_ = best.baseline.series()
        layout = Layout(sample.x.shape[1], sample.z.shape[1], 0)
        self._keep(best.theta, best.variance, best.baseline, layout, sample)

    def _keep(self, theta: Array, variance: Array, family: Latency, layout: Layout, sample: Sample) -> None:
        horizon = float(sample.times.time[sample.times.event != NEVER].max())
        self.fitted_ = predict.Fitted(theta, variance, self._link, family, layout, horizon)
        index, order = self._index(family, layout)
        self.params_ = pd.Series(theta[order], index=index, name="coef")
        self.variance_matrix_ = pd.DataFrame(variance[np.ix_(order, order)], index=index, columns=index)
        errors = np.sqrt(np.diag(variance))[order]
        self.standard_errors_ = pd.Series(errors, index=index, name="se")

    def _index(self, family: Latency, layout: Layout) -> tuple[pd.MultiIndex, list[int]]:
        """Names of the parameters in the order incidence, latency, baseline, and their places in theta."""
        p, q = layout.p, layout.q
        level = bool(family.intercept)
        pairs = [("incidence", name) for name in self._incidence.names]
        pairs += [("latency", name) for name in self._timing.names[1:]]
        pairs += [("baseline", name) for name in ([family.intercept] if level else []) + list(family.ancillary)]
        order = [*range(p), *range(p + level, p + q), *([p] if level else []), *range(p + q, layout.size)]
        return pd.MultiIndex.from_tuples(pairs, names=INDEX_NAMES), order

    def _describe(self, sample: Sample) -> None:
        """Facts of the fit, and warnings where the data don't pin it down."""
        times, weight = sample.times, sample.times.weight
        self.rows_, self.weight_ = sample.rows, float(weight.sum())
        self.events_ = float(weight[times.event == CURED].sum())
        self.known_never_ = float(weight[times.event == NEVER].sum())
        rows = predict.Rows(sample.x, sample.z, np.zeros(sample.rows))
        follow_up = sufficient_follow_up(times)
        average = predict.average(self.fitted_, rows, weight, follow_up.last_time)
        never = {name: float(average.never.probability(z)[0]) for name, z in self._bounds().items()}
        self.never_cure_ = pd.Series(never, name="never-cure fraction")
        self.follow_up_: FollowUp = replace(follow_up, tail=average.after)
        if not self.converged_:
            warn_of_no_convergence(self.steps_)
        warn_of_runaways(self._coefficients(sample), sample.times.event == CURED)
        warn_of_short_follow_up(self.follow_up_)

    def _coefficients(self, sample: Sample) -> list[Coefficient]:
        """The coefficients with the columns they belong to, for the checks."""
        level = int(bool(self.fitted_.family.intercept))
        columns: list[Array | None] = [None, *sample.x.T[1:], *sample.z.T[level:]]
        columns += [None] * (self.params_.size - len(columns))
        parts, names = self.params_.index.get_level_values(0), self.params_.index.get_level_values(1)
        values = zip(parts, names, self.params_, self.standard_errors_, columns, strict=True)
        return [Coefficient(part, name, coef, error, column) for part, name, coef, error, column in values]

    def print_summary(self, decimals: int = 2) -> None:
        """Print the model, its data and its coefficients."""
        facts = {
            "duration col": f"'{self._names[0]}'",
            "event col": f"'{self._names[1]}' (1 cured, 0 censored, 2 known never)",
            "number of observations": f"{self.weight_:g}",
            "number of events observed": f"{self.events_:g}",
            "number known never": f"{self.known_never_:g}",
            "log-likelihood": f"{self.log_likelihood_:.4f}",
            "latency": self.fitted_.family.formula,
            "standard errors": self._errors,
        }
        notes = [
            f"AIC = {self.AIC_:.2f}, BIC = {self.BIC_:.2f}",
            "never-cure fraction = {estimate:.4f} ({lower:.4f} to {upper:.4f})".format(**self.never_cure_),
            f"follow-up: Maller–Zhou p = {self.follow_up_.p_value:.3g}, "
            f"{self.follow_up_.tail:.1%} of cures expected after {self.follow_up_.last_time:g}",
        ]
        title = f"<MixtureCure: latency {self.latency}, link {self.link}>"
        print(printed(title, facts, self.summary, decimals, notes))
