"""Discrete-time competing hazards with time-varying covariates, fitted on weighted person-period cells."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import IdentificationWarning, InputError, ParameterError
from analysis.statistics.hazard_cells import Counts, Points, exit_columns, merge, read_counts
from analysis.statistics.hazard_coding import coding_table, example
from analysis.statistics.hazard_predictions import HazardPredictions
from analysis.statistics.hazard_tables import read_coefficients, read_covariances, refuse_strangers
from analysis.statistics.multinomial import Designs, Multinomial, climb, cluster_robust, cluster_scores
from analysis.statistics.newton import Optimum, inverse_information
from analysis.statistics.summary import coefficient_table, printed

Array = npt.NDArray[np.float64]

EXITS = ("cured", "charged_off", "paid_off", "sold")
RUNAWAY, RUNAWAY_ERROR = 12.0, 5.0
"""Effect over a covariate's range, and its standard error, past which a coefficient is on its way to infinity."""


class MultinomialHazard(HazardPredictions):
    """Monthly hazards of competing exits, multinomial logit in their covariates.

    In each month an account at risk leaves by exit j with probability p_j, or stays with probability p_0:

        log(p_j / p_0) = x_j'β_j

    so exp(β) multiplies the odds of leaving by that exit against staying. With one exit this is the logistic
    regression of person-months. Covariates may change monthly (macro, contact last month), and time in the spell
    enters as one of them, for example `C(k_band)`. One row of the data is a *cell*: the number at risk in months
    that agree in all covariates, and how many of them left by each exit. Fitting cells is fitting their
    person-months one by one, exactly.

    >>> model = MultinomialHazard(exits=("cured", "charged_off"))
    >>> model.fit(cells, "at_risk", formula="C(k_band) + bucket + unemployment", cluster_col="fold")
    >>> model.print_summary()
    >>> model.predict_path(next_24_months, interval=True)

    Parameters
    ----------
    exits
        Names of the exits; staying is what remains.
    alpha
        Intervals have level 1 − alpha.

    After `fit`: `params_` (Series by (exit, covariate)), `variance_matrix_`, `standard_errors_`, `summary`,
    `log_likelihood_` (of the person-months, without penalty), `AIC_`, `BIC_`, `exits_` (those fitted), `at_risk_`
    (person-months), `events_` (by exit), `cells_`, `points_` (distinct covariate rows), `clusters_`, `degrees_`,
    `converged_`, `steps_`.

    Sources: Allison (1982) Sociological Methodology 13, 61–98; Tutz and Schmid (2016), Modeling Discrete
    Time-to-Event Data, chapter 8; cluster-robust errors after Liang and Zeger (1986) Biometrika 73.
    """

    def __init__(self, exits: Sequence[str] = EXITS, alpha: float = 0.05) -> None:
        if not 0 < alpha < 1:
            raise ParameterError(f"alpha is {alpha}; it must lie between 0 and 1, for example 0.05")
        if isinstance(exits, str) or not exits or len(set(exits)) < len(exits):
            raise ParameterError(f"exits is {exits!r}; give one or more different names")
        reserved = sorted({"stay", "open"} & set(exits))
        if reserved:
            raise ParameterError(f"'{reserved[0]}' means staying and cannot be an exit")
        self.exits, self.alpha = tuple(exits), alpha

    def fit(
        self,
        cells: pd.DataFrame,
        at_risk_col: str = "at_risk",
        exit_cols: Mapping[str, str] | Sequence[str] | None = None,
        formula: str = "1",
        formulas: Mapping[str, str] | None = None,
        cluster_col: str | None = None,
        ridge: float = 0.0,
    ) -> MultinomialHazard:
        """Fit by maximum likelihood (Newton's method).

        `exit_cols` names the columns that count each exit (by exit, or in their order; by default columns named
        like the exits). `formula` holds for every exit but those in `formulas`. An exit without events is left
        out with a warning. `cluster_col` gives cluster-robust errors: cells of one cluster may hang together, and
        intervals use Student's t with one degree less than clusters; for counts from the engine, `fold`, a random
        group of customers. Clusters hardly slow the fit, as cells are merged across them. `ridge` adds
        −½·ridge·Σ(s_k β_k)² over all coefficients but intercepts, s_k the covariate's standard deviation over
        person-months; errors then are those of the penalised curve (its inverse) and ignore the pull to zero.
        Terms that learn from the data, as bs(k, df=4), learn from distinct covariate rows: write knots out.

        Raises InputError for cells that cannot be used, ParameterError for arguments that cannot; warns
        (IdentificationWarning) of exits without events and of separation, by name.
        """
        if not (ridge >= 0 and math.isfinite(ridge)):
            raise ParameterError(f"ridge is {ridge}; it must be 0 or more")
        counts = read_counts(cells, at_risk_col, exit_columns(self.exits, exit_cols), cluster_col)
        self.exits_, counts = self._with_events(counts)
        self._designs = self._read_formulas(formula, formulas)
        points = merge(counts, self._variables(counts.frame))
        designs = self._learn(points.frame, counts.frame)
        penalty = ridge * _spread(designs, points.at_risk) if ridge else np.zeros(designs.size)
        likelihood = Multinomial(designs, points.at_risk, points.exits, penalty)
        best = climb(likelihood)
        self._coding = (points.frame, self._parts)
        self._describe(counts, points)
        self._keep(best, likelihood, counts, points)
        self._warn_of_fit(best, designs)
        return self

    def _with_events(self, counts: Counts) -> tuple[tuple[str, ...], Counts]:
        """Exits that happened, and the counts of these; warns of the others."""
        happened = counts.exits.sum(axis=0) > 0
        names = tuple(name for name, some in zip(self.exits, happened, strict=True) if some)
        if not names:
            raise InputError(f"none of the exits ({', '.join(self.exits)}) happened: there is no hazard to fit")
        if not happened.all():
            missing = ", ".join(name for name in self.exits if name not in names)
            _warn(f"no events of {missing}: left out of the fit, and predictions have no column for it")
        return names, replace(counts, exits=counts.exits[:, happened])

    def _variables(self, frame: pd.DataFrame) -> list[str]:
        """Columns that the formulas read; refuses those that are absent."""
        self._refuse_missing(frame.head(0))
        return sorted({name for design in self._parts for name in design.variables(frame)})

    def _learn(self, points: pd.DataFrame, cells: pd.DataFrame) -> Designs:
        try:
            arrays = {design: design.learn(points) for design in self._parts}
        except InputError:
            # Missing values are told by cell, not by merged row.
            self._refuse_missing(cells)
            raise
        return Designs([arrays[design] for design in self._designs.values()])

    def _refuse_missing(self, frame: pd.DataFrame) -> None:
        for design in self._parts:
            design.refuse_missing(frame)

    def _describe(self, counts: Counts, points: Points) -> None:
        self.at_risk_ = float(counts.at_risk.sum())
        self.events_ = pd.Series(counts.exits.sum(axis=0), index=pd.Index(self.exits_, name="exit"), name="events")
        self.cells_, self.points_, self.clusters_ = len(counts.frame), len(points.frame), counts.clusters
        self.degrees_ = math.inf if counts.clusters is None else counts.clusters - 1.0

    def _keep(self, best: Optimum, likelihood: Multinomial, counts: Counts, points: Points) -> None:
        variance = inverse_information(best.at.hessian)
        information = -best.at.hessian - np.diag(likelihood.penalty)
        self.log_likelihood_ = best.at.value + 0.5 * float(likelihood.penalty @ best.theta**2)
        # Without a penalty this is the number of coefficients.
        self.effective_parameters_ = float(np.trace(variance @ information))
        self.converged_, self.steps_ = best.converged, best.steps
        if counts.cluster is not None:
            cells = (points.place, counts.cluster, counts.at_risk, counts.exits)
            variance = cluster_robust(variance, cluster_scores(likelihood.designs, best.theta, *cells))
        index = self._index()
        self.params_ = pd.Series(best.theta, index=index, name="coef")
        self.variance_matrix_ = pd.DataFrame(variance, index=index, columns=index)
        self.standard_errors_ = pd.Series(np.sqrt(np.diag(variance)), index=index, name="se")

    def _warn_of_fit(self, best: Optimum, designs: Designs) -> None:
        spans = designs.spans()
        spans[[place.start for place in designs.slices]] = 1.0
        # Cluster-robust errors of a coefficient that runs away are small; the curve's are not.
        errors = np.sqrt(np.diag(inverse_information(best.at.hessian)))
        running = (np.abs(best.theta) * spans > RUNAWAY) & (errors * spans > RUNAWAY_ERROR)
        if running.any():
            names = ", ".join(f"{name} ({exit_})" for exit_, name in self.params_.index[running])
            _warn(
                f"separation: {names} runs to infinity, because some of its values have no such exit or nothing "
                "else. Merge categories, leave it out for that exit (formulas), or give a ridge."
            )
        elif not best.converged:
            _warn(f"the likelihood did not settle in {best.steps} steps; look for covariates that nearly repeat")

    @property
    def AIC_(self) -> float:
        """−2 log L + 2 P, P the number of coefficients (with a ridge, the effective number)."""
        return -2.0 * self.log_likelihood_ + 2.0 * self.effective_parameters_

    @property
    def BIC_(self) -> float:
        """−2 log L + P log n, n the person-months at risk."""
        return float(-2.0 * self.log_likelihood_ + self.effective_parameters_ * np.log(self.at_risk_))

    @property
    def summary(self) -> pd.DataFrame:
        """One row a coefficient, in lifelines' columns; with clusters, intervals and p values are Student's t."""
        return coefficient_table(self.params_, self.standard_errors_, self.alpha, self.degrees_)

    def print_summary(self, decimals: int = 2) -> None:
        """Print the model, its data and its coefficients."""
        errors = "from the Hessian" if self.clusters_ is None else f"robust to {self.clusters_:,} clusters"
        facts = {
            "months at risk": f"{self.at_risk_:,g} in {self.cells_:,} cells, {self.points_:,} distinct",
            "exits": ", ".join(f"{name} {count:,g}" for name, count in self.events_.items()),
            "log-likelihood": f"{self.log_likelihood_:.4f}",
            "standard errors": errors,
        }
        notes = [f"AIC = {self.AIC_:.2f}, BIC = {self.BIC_:.2f}"]
        print(printed("<MultinomialHazard: exits against staying>", facts, self.summary, decimals, notes))

    def coding(self) -> pd.DataFrame:
        """How the columns that formulas read are coded (variable, kind, level): see `from_coefficients`."""
        frame, parts = self._coding
        return coding_table(parts, frame)

    @classmethod
    def from_coefficients(
        cls,
        coefficients: pd.DataFrame,
        coding: pd.DataFrame,
        formula: str = "1",
        formulas: Mapping[str, str] | None = None,
        covariances: pd.DataFrame | None = None,
        degrees: float = math.inf,
        alpha: float = 0.05,
    ) -> MultinomialHazard:
        """A fitted hazard from saved tables: predictions equal those of the fit that saved them.

        `coefficients` is what `coefficients()` gave (exit, covariate, coef, and se for `summary`), `coding` what
        `coding()` gave, formulas as in `fit`. Intervals of predictions need `covariances()` too, and `degrees_`
        of the fit where it had clusters. The result predicts, but has no likelihood. Raises
        InputError where tables and formulas don't belong together.

        >>> saved = model.coefficients(), model.coding(), model.covariances()
        >>> MultinomialHazard.from_coefficients(saved[0], saved[1], "C(k_band) + bucket", covariances=saved[2])
        """
        params, errors = read_coefficients(coefficients)
        model = cls(tuple(params.index.get_level_values("exit").unique()), alpha)
        model.exits_, model.degrees_ = model.exits, degrees
        model._designs = model._read_formulas(formula, formulas)
        levels = example(coding)
        for design in model._parts:
            design.recode(levels)
        model._coding = (levels, model._parts)
        index = model._index()
        refuse_strangers(params.index, index)
        model.params_, model.standard_errors_ = params.reindex(index), errors.reindex(index)
        if covariances is not None:
            model.variance_matrix_ = read_covariances(covariances, index)
        return model


def _spread(designs: Designs, at_risk: Array) -> Array:
    """Variances of the covariates over person-months, (P,); 0 for intercepts."""
    weight = at_risk / at_risk.sum()
    parts = [weight @ (array - weight @ array) ** 2 for array in designs.arrays]
    for part in parts:
        part[0] = 0.0
    return np.concatenate(parts)


def _warn(message: str) -> None:
    """Warn the person who called `fit`."""
    warnings.warn(message, IdentificationWarning, stacklevel=4)
