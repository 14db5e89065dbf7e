"""Fixtures of the report's tests."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from analysis.report import show

PRODUCTS = {"Credit cards": 0.07, "Instalment loans": 0.045, "Mortgages": 0.02}


@pytest.fixture
def rates() -> pd.DataFrame:
    """Monthly rates of three products with intervals, three years to December 2025."""
    months = pd.date_range("2023-01-31", "2025-12-31", freq="ME")
    rise = np.linspace(1.0, 1.4, len(months))
    parts = [
        pd.DataFrame(
            {
                "month": months,
                "product": name,
                "rate": base * rise,
                "rate_lower": base * rise * 0.95,
                "rate_upper": base * rise * 1.05,
                "previous": base * rise * 0.9,
                "denominator": 12_345,
            }
        )
        for name, base in PRODUCTS.items()
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[dict, dict]]]:
    """What was shown, as (mime bundle, details), with no labels taken before."""
    shown: list[tuple[dict, dict]] = []
    monkeypatch.setattr(show, "_publish", lambda bundle, details: shown.append((bundle, details)))
    monkeypatch.setattr(show, "_shown", {})
    yield shown
