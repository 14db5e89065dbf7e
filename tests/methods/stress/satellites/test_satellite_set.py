"""All satellites of a portfolio: fitted, assumed or left out, and held against the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import IdentificationWarning
from analysis.core.states import Buckets
from analysis.methods.stress.satellites.cells import step_cells
from analysis.methods.stress.satellites.drivers import driver_series, lagged
from analysis.methods.stress.satellites.satellite import Published
from analysis.methods.stress.satellites.steps import (
    elasticities_against_truth,
    fit_satellites,
    months_alone,
    satellite_table,
    weak_prior,
)

Panel = tuple[pd.DataFrame, pd.DataFrame]
Names = Mapping[str, Sequence[str]]
NAMES = {"entry": ("unemployment", "gdp"), "cure": ("unemployment",)}


@pytest.fixture(scope="module")
def cells(panel: Panel) -> pd.DataFrame:
    return step_cells(panel[1], Buckets((1, 30, 60, 90)))


def table_of(cells: pd.DataFrame, history: pd.DataFrame, names: Names, **choices: Any) -> pd.DataFrame:
    drivers = driver_series(history)
    used = fit_satellites(cells, drivers, names, **choices)
    return satellite_table(used, months_alone(used, cells, drivers))


def sparse(cells: pd.DataFrame) -> pd.DataFrame:
    """A fiftieth of the accounts."""
    few = cells.assign(at_risk=np.ceil(cells["at_risk"] / 50), events=np.round(cells["events"] / 50))
    return few.assign(at_risk=few[["at_risk", "events"]].max(axis=1))


def test_each_step_has_its_satellite(cells: pd.DataFrame, history: pd.DataFrame) -> None:
    table = table_of(cells, history, NAMES)
    assert table[["step", "driver"]].to_numpy().tolist() == [
        ["entry", "unemployment"], ["entry", "gdp"], ["cure", "unemployment"]
    ]  # fmt: skip
    assert (table["months"] == 30).all() and (table["source"] == "fitted").all()


def test_an_economy_that_does_nothing_is_found_to_do_nothing(cells: pd.DataFrame, history: pd.DataFrame) -> None:
    table = table_of(cells, history, NAMES)
    assert (table["lower"] < 0).all() and (table["upper"] > 0).all()


def test_limits_are_of_months_alone_whatever_is_demanded_of_signs_or_thought_before(
    cells: pd.DataFrame, history: pd.DataFrame
) -> None:
    few = sparse(cells)
    plain = table_of(few, history, NAMES, signs=False)
    helped = table_of(few, history, NAMES, **weak_prior(NAMES, 0.1))
    told = ["alone", "se", "lower", "upper"]
    pd.testing.assert_frame_equal(plain[told], helped[told])
    assert plain["elasticity"].to_numpy() == pytest.approx(plain["alone"].to_numpy())
    assert (helped["elasticity"].abs() < helped["alone"].abs()).all()
    assert plain["alone"].between(plain["lower"], plain["upper"]).all()


def test_months_that_speak_against_a_sign_are_told(cells: pd.DataFrame, history: pd.DataFrame) -> None:
    drivers = driver_series(history)
    turned = drivers.assign(unemployment=-drivers["unemployment"])
    entry, ends = cells[cells["step"] == "entry"], sorted(cells["month"].unique())
    n = entry["at_risk"] + 1000
    moved = 0.3 * (lagged(turned, ends, {"unemployment": 2})[:, 0] + drivers["unemployment"].mean())
    share = 1 / (1 + np.exp(3.0 - entry["month"].map(dict(zip(ends, moved, strict=True)))))
    upside_down = entry.assign(at_risk=n, events=n * share)
    used = fit_satellites(upside_down, drivers, {"entry": ("unemployment",)})
    row = satellite_table(used, months_alone(used, upside_down, drivers)).iloc[0]
    assert row["against"] and row["elasticity"] == 0.0 and row["bounded"] == pytest.approx(1.0)
    assert row["alone"] == pytest.approx(-0.3, abs=0.01) and row["lower"] < -0.3 < row["upper"] < 0


def test_what_months_cannot_tell_alone_is_left_blank(cells: pd.DataFrame, history: pd.DataFrame) -> None:
    drivers = driver_series(history).assign(gdp=lambda table: 2 * table["unemployment"])
    used = fit_satellites(cells, drivers, NAMES, **weak_prior(NAMES, 0.3))
    alone = months_alone(used, cells, drivers)
    assert list(used) == ["entry", "cure"] and list(alone) == ["cure"]
    table = satellite_table(used, alone).set_index("step")
    assert table.loc["entry", ["alone", "lower", "upper"]].isna().all(axis=None)
    assert table.loc["entry", "elasticity"].notna().all() and table.loc[["cure"], "lower"].notna().all()
    judged = elasticities_against_truth(table.reset_index(), {"elasticities": {"entry": {}, "cure": {}}})
    assert judged["step"].tolist() == ["cure"]


def test_a_weak_prior_draws_in_what_few_events_tell(cells: pd.DataFrame, history: pd.DataFrame) -> None:
    few, drivers = sparse(cells), driver_series(history)
    free, drawn = (
        pd.concat(
            one.summary()
            for one in fit_satellites(few, drivers, NAMES, signs=False, **weak_prior(NAMES, width)).values()
        )
        for width in (None, 0.1)
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
    drivers = driver_series(history)
    row = satellite_table(found, months_alone(found, short, drivers)).iloc[0]
    assert (row["months"], row["source"], row["alone"], row["se"]) == (0, "assumption", 0.2, pytest.approx(0.1))


def test_drivers_that_the_economy_lacks_are_left_out(cells: pd.DataFrame, history: pd.DataFrame) -> None:
    poor = driver_series(history[["unemployment_rate"]])
    assert fit_satellites(cells, poor, NAMES)["entry"].drivers == ("unemployment",)
    with pytest.warns(IdentificationWarning, match="'cure' .* none of its drivers"):
        assert fit_satellites(cells, poor, {"cure": ("gdp",)}) == {}
    assert satellite_table({}, {}).empty


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
