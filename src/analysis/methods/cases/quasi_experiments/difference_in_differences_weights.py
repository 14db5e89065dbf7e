"""Weights of the imputation estimator: effects as linear measures of the panel, known before any outcome is.

Unit and month effects are fitted on untreated cells alone; an effect is what treated cells differ from that fit
(Borusyak, Jaravel and Spiess 2024, Review of Economic Studies 91, 3253–3285; the same numbers as Gardner's two
stages). With a balanced panel, handing the adoption dates to other units only permutes the rows of the weights.
"""

from __future__ import annotations

import numpy as np

from analysis.methods.cases.quasi_experiments.difference_in_differences_panel import AdoptionPanel, Array


def overall_weights(panel: AdoptionPanel) -> Array:
    """(1, units, months): mean effect over treated cells."""
    return imputed_weights(panel, panel.treated[None].astype(float))


def lag_weights(panel: AdoptionPanel, lags: int) -> tuple[list[int], Array]:
    """Months since adoption up to `lags` that some unit reaches, and (measures, units, months)."""
    since, treated = panel.since, panel.treated
    there = [lag for lag in range(lags + 1) if ((since == lag) & treated).any()]
    cells = np.stack([((since == lag) & treated).astype(float) for lag in there])
    return there, imputed_weights(panel, cells)


def lead_weights(panel: AdoptionPanel, leads: int) -> tuple[list[int], Array]:
    """Months before adoption (−leads … −1) against all earlier ones, fitted on untreated cells alone."""
    since, untreated = panel.since, ~panel.treated
    there = [-lead for lead in range(leads, 0, -1) if ((since == -lead) & untreated).any()]
    dummies = np.stack([(since == lead).ravel().astype(float) for lead in there], axis=1)
    design = np.hstack([dummies, _two_way(panel)])[untreated.ravel()]
    inverse = np.linalg.pinv(design)[: len(there)]
    weights = np.zeros((len(there), panel.y.size))
    weights[:, untreated.ravel()] = inverse
    return there, weights.reshape(len(there), *panel.y.shape)


def two_way_effect(panel: AdoptionPanel) -> float:
    """The plain two-way fixed-effects coefficient: biased where effects grow with time since adoption.

    Goodman-Bacon 2021, Journal of Econometrics 225, 254–277. Shown beside the estimate, never instead of it.
    """
    design = np.hstack([panel.treated.ravel()[:, None].astype(float), _two_way(panel)])
    return float((np.linalg.pinv(design)[0] * panel.y.ravel()).sum())


def untreated_fit(panel: AdoptionPanel) -> Array:
    """(units, months): unit and month effects fitted on untreated cells alone, told for all."""
    design, untreated = _two_way(panel), ~panel.treated.ravel()
    effects = np.linalg.lstsq(design[untreated], panel.y.ravel()[untreated], rcond=None)[0]
    return np.asarray((design @ effects).reshape(panel.y.shape))


def imputed_weights(panel: AdoptionPanel, cells: Array) -> Array:
    """Weights of the mean, over the cells chosen, of outcome less its fit from the untreated cells."""
    untreated = ~panel.treated.ravel()
    design = _two_way(panel)
    wanted = cells.reshape(len(cells), -1) / cells.sum(axis=(1, 2))[:, None]
    fit = wanted @ design @ np.linalg.pinv(design[untreated])
    weights = wanted.copy()
    weights[:, untreated] -= fit
    return np.asarray(weights.reshape(cells.shape))


def _two_way(panel: AdoptionPanel) -> Array:
    units, months = panel.y.shape
    return np.hstack([np.kron(np.eye(units), np.ones((months, 1))), np.kron(np.ones((units, 1)), np.eye(months))])
