"""A middling allocation that tests share."""

from __future__ import annotations

import pytest
from allocation_cases import random_offers

from analysis.methods.segmentation.allocation import Offers


@pytest.fixture(scope="session")
def offers_2000() -> Offers:
    return random_offers(2_000, 3)
