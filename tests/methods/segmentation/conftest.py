"""A scorecard, the accounts that it was fitted to, and others."""

from __future__ import annotations

import pytest
from scorecard_samples import Sample, draw

from analysis.methods.segmentation.scorecard.card import Scorecard, fit_scorecard


@pytest.fixture(scope="session")
def training() -> Sample:
    return draw(6000, 1)


@pytest.fixture(scope="session")
def unseen() -> Sample:
    return draw(6000, 2)


@pytest.fixture(scope="session")
def card(training: Sample) -> Scorecard:
    return fit_scorecard(training.features, training.event)
