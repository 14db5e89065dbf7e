"""The mixture over exits: by which exit a spell will end, if it ends at all, and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cure.competing import exit_checks, exit_predict
from analysis.methods.cure.competing.exit_latencies import check_times, exit_latencies, find_exit_latency
from analysis.methods.cure.competing.exit_likelihood import ExitLikelihood, ExitSample
from analysis.methods.cure.competing.exit_model import NEVER, ExitModel, reference_place
from analysis.methods.cure.competing.exit_predictions import ExitPredictions
from analysis.methods.cure.competing.exit_start import fit as fit_likelihood
from analysis.methods.cure.competing.exits import Exits, read_exits
from analysis.methods.cure.mixture.checks import Coefficient, warn_of_no_convergence
from analysis.methods.cure.mixture.estimates import Estimates, bounds
from analysis.methods.cure.mixture.follow_up import sufficient_follow_up
from analysis.methods.cure.mixture.inference import row_scores, sandwich
from analysis.methods.cure.mixture.sample import Times, clusters
from analysis.statistics.design import INTERCEPT, Design
from analysis.statistics.newton import inverse_information
from analysis.statistics.summary import printed

INDEX_NAMES = ("part", "exit", "covariate")


class MixtureExits(ExitPredictions, Estimates):
    """Mixture over competing exits, with covariates, in lifelines' manner.

    A spell is bound for exit j with probability π_j(x), a multinomial logit, and once bound for it waits a time
    with survival S_j(t | z). The chance of having left by j at t is π_j (1 − S_j(t)), that of being still open
    π_0 + Σ π_j S_j(t), where π_0, the share that never leaves, is there with `never=True` only. A positive
    incidence coefficient makes its exit more likely *against the reference*.

    One row a spell; `exit` names how it ended, `open` where it was still running at `months`. Here the spells are
    drawn from a known model, 30% of them first seen at a later `entry`:

    >>> from analysis.methods.cure import ExitsTruth, ExitTruth, MixtureExits, draw_exits
    >>> charged_off = ExitTruth("weibull", incidence=(0.0, 0.0), latency=(0.3,), baseline=(-5.0, 0.7))
    >>> cured = ExitTruth("lognormal", incidence=(0.6, 0.8), latency=(0.2,), baseline=(1.2, -0.4))
    >>> truth = ExitsTruth({"charged_off": charged_off, "cured": cured}, late=0.3)
    >>> spells = draw_exits(truth, 3000, seed=1)
    >>> spells[["months", "entry", "exit", "x1"]].head(3).round(2)
       months  entry         exit    x1
    0    7.36    0.0  charged_off  0.35
    1    2.18    0.0        cured  0.82
    2    1.56    0.0        cured  0.33
    >>> model = MixtureExits({"charged_off": "weibull", "cured": "lognormal"}, reference="charged_off")
    >>> model = model.fit(spells, "months", "exit", "x1", "x1", entry_col="entry")
    >>> model.summary[["coef", "se(coef)"]].round(2)
                                     coef  se(coef)
    part      exit        covariate
    incidence cured       Intercept  0.66      0.04
                          x1         0.86      0.05
    latency   charged_off x1         0.29      0.04
              cured       x1         0.19      0.02
    baseline  charged_off ln_lambda -4.87      0.14
                          ln_gamma   0.68      0.03
              cured       mu         1.17      0.02
                          ln_sigma  -0.40      0.02
    >>> model.predict_exit_probabilities(spells.head(2)).round(3)
    exit  charged_off  cured
    0           0.277  0.723
    1           0.203  0.797
    >>> model.predict_cumulative_incidence(spells.head(2), [3, 6, 12], "cured").round(3)
              0      1
    time
    3.0   0.304  0.295
    6.0   0.578  0.605
    12.0  0.701  0.765

    Parameters
    ----------
    latency
        One name for all exits, or a mapping exit → name: weibull, gompertz, lognormal, loglogistic, piecewise or
        discrete, parametrized as in `MixtureCure` (a positive latency coefficient speeds the exit, but delays it
        for lognormal and loglogistic). All exits on one clock should be discrete, or none.
    never
        Whether some never exit by any door. Without it every spell ends in the long run, and those still open are
        shared out among the exits by their latencies.
    reference
        The class whose incidence coefficients are zero: an exit, or `never`. By default `never` where there is
        one, else the exit seen most often; name it where models are to be compared.
    breaks
        Ends of the pieces for `piecewise` and `discrete`, for all such exits or as a mapping exit → ends; by
        default from each exit's own times.
    alpha
        Intervals have level 1 − alpha.

    After `fit`: `params_` (Series by (part, exit, covariate), parts incidence, latency, baseline),
    `variance_matrix_`, `standard_errors_`, `summary`, `log_likelihood_`, `AIC_`, `BIC_`, `converged_`,
    `exit_probabilities_` (average over the rows by class: estimate, lower, upper), `events_` (weight by exit),
    `tails_` (share of each exit that the model puts after the longest follow-up).

    Source: Larson and Dinse (1985) Applied Statistics 34, 201–211.
    """

    def __init__(
        self,
        latency: str | Mapping[object, str] = "weibull",
        never: bool = False,
        reference: object = None,
        breaks: Sequence[float] | Mapping[object, Sequence[float]] | None = None,
        alpha: float = 0.05,
    ) -> None:
        if not 0 < alpha < 1:
            raise ParameterError(f"alpha is {alpha}; it must lie between 0 and 1, for example 0.05")
        for name in [latency] if isinstance(latency, str) else latency.values():
            find_exit_latency(name)
        self.latency, self.never, self.reference = latency, never, reference
        self.breaks, self.alpha = breaks, alpha

    def fit(
        self,
        df: pd.DataFrame,
        duration_col: str,
        exit_col: str,
        incidence_formula: str = "1",
        latency_formula: str = "1",
        entry_col: str | None = None,
        weights_col: str | None = None,
        cluster_col: str | None = None,
        robust: bool = False,
        still_open: object = "open",
    ) -> MixtureExits:
        """Fit by maximum likelihood.

        `exit_col` names the exit of each row, `still_open` where there was none by `duration_col`. `entry_col` is
        the time at which a row came under observation (0: from its start). `weights_col` are case weights: w
        means w such rows. `cluster_col` gives cluster-robust errors, `robust` robust ones.

        Raises InputError for data that cannot be used, ParameterError for a formula or option that cannot;
        warns (IdentificationWarning) where the data don't pin the model down.
        """
        exits = read_exits(df, duration_col, exit_col, entry_col, weights_col, still_open)
        model = self._model(exits, exit_col)
        check_times(model.families, exits, duration_col, str(entry_col))
        cluster = None if cluster_col is None else clusters(df, cluster_col)
        self._incidence = Design(incidence_formula, "incidence")
        same = Design(latency_formula, "latency").formula == self._incidence.formula
        self._timing = self._incidence if same else Design(latency_formula, "latency")
        x = self._incidence.learn(df)
        sample = ExitSample(exits, cluster, x, x if same else self._timing.learn(df)).by_exit()
        for design in (self._incidence, self._timing):
            design.refuse_single_valued()
        model = replace(model, p=x.shape[1], q=sample.z.shape[1]).adapted(exits)
        if len(model.classes) == 1 and model.p > 1:
            raise ParameterError(
                f"all spells end in '{model.exits[0]}', so an incidence formula has nothing to tell apart; "
                "use never=True, or leave it at '1'"
            )
        self._names = (duration_col, exit_col)
        self._solve(sample, model, robust)
        self._describe(sample)
        self._warn(sample)
        return self

    def _model(self, exits: Exits, column: str) -> ExitModel:
        """The model's classes; the designs' columns are not known yet."""
        if self.never and NEVER in exits.names:
            raise InputError(f"column '{column}' has an exit '{NEVER}', the name of never exiting; rename it")
        families = exit_latencies(self.latency, self.breaks, exits.names)
        classes = (*exits.names, NEVER) if self.never else exits.names
        place = reference_place(self.reference, classes, exits.total())
        return ExitModel(exits.names, families, self.never, place, 1, 1)

    def _solve(self, sample: ExitSample, model: ExitModel, robust: bool) -> None:
        likelihood = ExitLikelihood(sample, model)
        best = fit_likelihood(likelihood)
        variance = inverse_information(best.at.hessian)
        clustered = sample.cluster is not None
        if robust or clustered:
            scores = row_scores(likelihood.scores(best.theta), sample.rows, model.size)
            variance = sandwich(scores, sample.exits.weight, sample.cluster, variance)
        self._errors = "cluster-robust" if clustered else "robust" if robust else "from the Hessian"
        self.log_likelihood_, self.converged_, self.steps_ = best.at.value, best.converged, best.steps
        self.fitted_ = exit_predict.FittedExits(best.theta, variance, model, float(sample.exits.time.max()))
        names, order = model.index(self._incidence.names, self._timing.names)
        index = pd.MultiIndex.from_tuples(names, names=INDEX_NAMES)
        self.params_ = pd.Series(best.theta[order], index=index, name="coef")
        self.variance_matrix_ = pd.DataFrame(variance[np.ix_(order, order)], index=index, columns=index)
        self.standard_errors_ = pd.Series(np.sqrt(np.diag(variance))[order], index=index, name="se")

    def _describe(self, sample: ExitSample) -> None:
        """Facts of the fit."""
        model, exits = self.fitted_.model, sample.exits
        self.rows_, self.weight_ = sample.rows, float(exits.weight.sum())
        self.events_ = pd.Series(exits.total(), index=pd.Index(model.exits, name="exit"), name="events")
        self._average = exit_predict.averages(self.fitted_, sample)
        classes = pd.Index(model.classes, name="exit")
        found = {n: [e.probability(z)[0] for e in self._average.classes] for n, z in bounds(self.alpha).items()}
        self.exit_probabilities_ = pd.DataFrame(found, index=classes)
        mass = self._average.mass[: len(model.exits)]
        self.tails_ = pd.Series(self._average.later / np.maximum(mass, 1e-300), self.events_.index, name="tail")

    def _warn(self, sample: ExitSample) -> None:
        """Say where the data don't pin the model down."""
        model, exits = self.fitted_.model, sample.exits
        if not self.converged_:
            warn_of_no_convergence(self.steps_)
        sizes = {name: model.columns(j, True).size for j, name in enumerate(model.exits)}
        exit_checks.warn_of_few_exits(self.events_.to_dict(), sizes)
        exit_checks.warn_of_exit_runaways(list(self._doubts(sample)))
        if model.never:
            event = (exits.exit >= 0).astype(np.int8)
            follow_up = sufficient_follow_up(Times(exits.time, event, None, exits.weight, None))
            slow = dict(zip(model.exits, self._average.later, strict=True))
            tail = float(self._average.later.sum() / self._average.mass[:-1].sum())
            exit_checks.warn_of_slow_never(float(self._average.mass[-1]), slow, replace(follow_up, tail=tail))
        exit_checks.warn_of_unseen_tails(self.tails_.to_dict(), self.fitted_.horizon)

    def _doubts(self, sample: ExitSample) -> Iterator[exit_checks.Doubt]:
        """The coefficients with the columns they belong to and the rows of their exit."""
        columns = {("incidence", n): column for n, column in zip(self._incidence.names, sample.x.T, strict=True)}
        columns |= {("latency", n): column for n, column in zip(self._timing.names, sample.z.T, strict=True)}
        took = {name: sample.exits.exit == j for j, name in enumerate(self.fitted_.model.exits)}
        took[NEVER] = sample.exits.exit < 0
        for key, value, error in zip(self.params_.index, self.params_, self.standard_errors_, strict=True):
            part, exit_, name = key
            column = None if name == INTERCEPT else columns.get((part, name))
            yield exit_checks.Doubt(
                exit_, Coefficient(part, name, float(value), float(error), column), took[exit_]
            )

    def print_summary(self, decimals: int = 2) -> None:
        """Print the model, its data and its coefficients."""
        model = self.fitted_.model
        facts = {
            "duration col": f"'{self._names[0]}'",
            "exit col": f"'{self._names[1]}'",
            "reference": f"'{model.classes[model.reference]}'",
            "number of observations": f"{self.weight_:g}",
            "number still open": f"{self.weight_ - self.events_.sum():g}",
            **{f"number of '{name}'": f"{count:g}" for name, count in self.events_.items()},
            "log-likelihood": f"{self.log_likelihood_:.4f}",
            **{f"latency of '{e}'": f.formula for e, f in zip(model.exits, model.families, strict=True)},
            "standard errors": self._errors,
        }
        shares = [
            f"{row.Index} = {row.estimate:.4f} ({row.lower:.4f} to {row.upper:.4f})"
            for row in self.exit_probabilities_.itertuples()
        ]
        shares += [f"after {self.fitted_.horizon:g}: {tail:.1%} of '{name}'" for name, tail in self.tails_.items()]
        notes = [f"AIC = {self.AIC_:.2f}, BIC = {self.BIC_:.2f}", "average exit probabilities:", *shares]
        title = f"<MixtureExits: {', '.join(map(str, model.classes))}>"
        print(printed(title, facts, self.summary, decimals, notes))
