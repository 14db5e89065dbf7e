"""Spells for the cure tests: the published breast-cancer data, and draws from known models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from analysis.methods.cure import ExitsTruth, ExitTruth, Truth, draw_exits, draw_spells

SHARED = Path(__file__).parents[4] / "shared" / "data"

TRUTHS = {
    "weibull": Truth("weibull", (0.5, 0.8, -0.5), (0.4, -0.3), (-2.2, 0.2), late=0.4, resolved=0.2),
    "lognormal": Truth("lognormal", (0.5, 0.8, -0.5), (0.3, -0.2), (1.5, -0.3), late=0.4, resolved=0.2),
    "discrete": Truth(
        "discrete", (0.5, 0.8, -0.5), (0.4, -0.3), (-2.2, -1.6, -1.4, -1.7), (1, 3, 6), late=0.4, resolved=0.2
    ),
}


EXIT_TRUTHS = {
    "weibull": ExitsTruth(
        {
            "charged_off": ExitTruth("weibull", (0.0, 0.0, 0.0), (-0.2, 0.3), (-5.0, 0.7)),
            "cured": ExitTruth("weibull", (0.8, 0.8, -0.5), (0.4, -0.3), (-2.0, 0.1)),
            "sold": ExitTruth("weibull", (-0.4, 0.4, 0.5), (0.3, 0.2), (-3.5, 0.4)),
        },
        late=0.4,
    ),
    "discrete": ExitsTruth(
        {
            "charged_off": ExitTruth("discrete", (0.2, -0.5, 0.4), (-0.2, 0.3), (-4.0, -2.0, -1.0), (3, 6)),
            "cured": ExitTruth("discrete", (1.0, 0.8, -0.5), (0.4, -0.3), (-1.6, -1.4, -1.2), (3, 6)),
        },
        never=True,
        late=0.4,
    ),
}


@pytest.fixture(scope="session")
def bc() -> pd.DataFrame:
    """German Breast Cancer Study as in R's flexsurv: rectime (days), censrec (1 event).

    Where the file is not at hand, from lifelines, which ships the same 686 rows under other names.
    """
    path = SHARED / "bc.csv"
    if path.is_file():
        return pd.read_csv(path)
    from lifelines.datasets import load_gbsg2

    return load_gbsg2().rename(columns={"time": "rectime", "cens": "censrec"})


@pytest.fixture(scope="session")
def truths() -> dict[str, Truth]:
    return TRUTHS


@pytest.fixture(scope="session")
def spells() -> Callable[..., pd.DataFrame]:
    """Spells of one of the truths: months in whole numbers, entry and event as the model takes them."""

    def draw(name: str = "weibull", rows: int = 600, seed: int = 3, whole: bool = True) -> pd.DataFrame:
        frame = draw_spells(TRUTHS[name], rows, seed)
        if whole:
            frame = frame.assign(months=frame.months.round().clip(lower=1), entry=frame.entry.round())
        return frame[frame.months > frame.entry].reset_index(drop=True)

    return draw


@pytest.fixture(scope="session")
def exit_truths() -> dict[str, ExitsTruth]:
    return EXIT_TRUTHS


@pytest.fixture(scope="session")
def exits() -> Callable[..., pd.DataFrame]:
    """Spells of one of the exit truths: columns months, exit, entry, x1, x2."""

    def draw(name: str = "weibull", rows: int = 700, seed: int = 3) -> pd.DataFrame:
        return draw_exits(EXIT_TRUTHS[name], rows, seed)

    return draw
