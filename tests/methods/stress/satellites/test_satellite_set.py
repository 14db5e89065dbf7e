"""All satellites of a portfolio: fitted, assumed or left out, and held against the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import IdentificationWarning
from analysis.core.states import Buckets
from analysis.methods.stress.satellites.cells import step_cells
from analysis.methods.stress.satellites.drivers import driver_series
from analysis.methods.stress.satellites.satellite import Published
from analysis.methods.stress.satellites.steps import (
    elasticities_against_truth,
    fit_satellites,
    satellite_table,
    weak_prior,
)

Panel = tuple[pd.DataFrame, pd.DataFrame]
NAMES = {"entry": ("unemployment", "gdp"), "cure": ("unemployment",)}


@pytest.fixture(scope="module")
def cells(panel: Panel) -> pd.DataFrame:
    return step_cells(panel[1], Buckets((1, 30, 60, 90)))


def test_each_step_has_its_satellite(cells: pd.DataFrame, history: pd.DataFrame) -> None:
    found = fit_satellites(cells, driver_series(history), NAMES)
    table = satellite_table(found)
    assert list(found) == ["entry", "cure"]
    assert table[["step", "driver"]].to_numpy().tolist() == [
        ["entry", "unemployment"], ["entry", "gdp"], ["cure", "unemployment"]
    ]  # fmt: skip
    assert (table["months"] == 30).all() and (table["source"] == "fitted").all()


def test_an_economy_that_does_nothing_is_found_to_do_nothing(cells: pd.DataFrame, history: pd.DataFrame) -> None:
    table = satellite_table(fit_satellites(cells, driver_series(history), NAMES, signs=False))
    assert (table["lower"] < 0).all() and (table["upper"] > 0).all()


def test_estimates_lie_within_their_limits(cells: pd.DataFrame, history: pd.DataFrame) -> None:
    table = satellite_table(fit_satellites(cells, driver_series(history), NAMES | {"stay": ("gdp",)}))
    assert table["elasticity"].between(table["lower"] - 1e-12, table["upper"] + 1e-12).all()


def test_a_weak_prior_draws_in_what_few_events_tell(cells: pd.DataFrame, history: pd.DataFrame) -> None:
    few = cells.assign(at_risk=np.ceil(cells["at_risk"] / 50), events=np.round(cells["events"] / 50))
    few["at_risk"] = few[["at_risk", "events"]].max(axis=1)
    free, drawn = (
        satellite_table(fit_satellites(few, driver_series(history), NAMES, signs=False, **weak_prior(NAMES, one)))
        for one in (None, 0.1)
    )
    assert (drawn["elasticity"].abs() < free["elasticity"].abs()).all()
    assert (drawn["se"] < free["se"]).all()
    assert weak_prior(NAMES, None) == {}


def test_short_histories_take_published_elasticities_or_warn(cells: pd.DataFrame, history: pd.DataFrame) -> None:
    short = cells[cells["month"] > cells["month"].max() - pd.DateOffset(months=12)]
    published = {"entry": {"unemployment": Published(0.2, 0.1)}}
    with pytest.warns(
        IdentificationWarning, match="'cure' does not answer to the economy here: 12 months of steps"
    ):
        found = fit_satellites(short, driver_series(history), NAMES, published)
    assert list(found) == ["entry"] and found["entry"].source == "assumption"
    assert satellite_table(found)["months"].tolist() == [0]


def test_drivers_that_the_economy_lacks_are_left_out(cells: pd.DataFrame, history: pd.DataFrame) -> None:
    poor = driver_series(history[["unemployment_rate"]])
    assert fit_satellites(cells, poor, NAMES)["entry"].drivers == ("unemployment",)
    with pytest.warns(IdentificationWarning, match="'cure' .* none of its drivers"):
        assert fit_satellites(cells, poor, {"cure": ("gdp",)}) == {}
    assert satellite_table({}).empty


def test_truth_stands_beside_each_elasticity() -> None:
    rows = [
        ("entry", "unemployment", 0.1, 0.3),
        ("stay", "unemployment", -0.4, -0.2),
        ("entry", "inflation", -0.1, 0.1),
        ("better", "unemployment", -0.3, 0.0),
    ]
    table = pd.DataFrame(rows, columns=["step", "driver", "lower", "upper"])
    truth = {"elasticities": {"entry": {"unemployment": 0.2}, "stay_or_roll_back": {"unemployment": -0.1}}}
    found = elasticities_against_truth(table, truth)
    assert found["truth"].tolist() == [0.2, -0.1, 0.0]
    assert found["covered"].tolist() == [True, False, True]
