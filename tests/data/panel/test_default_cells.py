"""Defaults within a year by score at opening, counted by the engine and by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.core.states import Buckets
from analysis.data.panel.default_cells import default_cells, score_bands
from analysis.data.panel.exposures import exposures
from analysis.data.portfolio import Portfolio, open_portfolio
from analysis.data.simulate import simulate
from analysis.methods.stress.credit.score_risk import score_risk

END, STARTS = date(2025, 12, 31), [date(2024, 12, 31), date(2023, 12, 31)]
BUCKETS = Buckets((1, 30, 60, 90))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("default_cells") / "p"
    simulate(place, accounts=6_000, months=30, end=END, seed=5)
    return place


@pytest.fixture(scope="module")
def portfolio(folder: Path) -> Portfolio:
    return open_portfolio(folder, END)


def test_defaults_are_those_found_by_walking_through_each_account(folder: Path, portfolio: Portfolio) -> None:
    months = pd.read_parquet(folder / "months.parquet", columns=["account_id", "month", "days_past_due", "status"])
    number = pd.to_datetime(months["month"]).dt.to_period("M").astype("int64")
    months = months.assign(m=number)
    bad = (months["status"] == "charged_off") | ((months["status"] == "open") & (months["days_past_due"] >= 90))
    bad_months = months[bad].groupby("account_id")["m"].agg(list).to_dict()
    found = default_cells(portfolio, BUCKETS, STARTS).groupby("month")[["accounts", "defaults"]].sum()
    for start in STARTS:
        m = pd.Period(start, "M").ordinal
        held = months[(months["m"] == m) & (months["status"] == "open") & (months["days_past_due"] < 90)]
        lost = sum(any(m < n <= m + 12 for n in bad_months.get(one, ())) for one in held["account_id"])
        row = found.loc[pd.Timestamp(start)]
        assert (row["accounts"], row["defaults"]) == (len(held), lost) and lost > 100


def test_bands_are_fifths_of_the_scores_of_each_model_and_rise_with_them(
    folder: Path, portfolio: Portfolio
) -> None:
    accounts = pd.read_parquet(folder / "accounts.parquet").set_index("account_id")
    band = score_bands(portfolio).to_pandas().set_index("account_id")["score_band"].astype(int)
    joined = accounts.assign(band=band)
    shares = joined.groupby("origination_model")["band"].value_counts(normalize=True)
    assert shares.between(0.19, 0.21).all() and len(shares) == 15
    for _, rows in joined.groupby("origination_model"):
        ends = rows.groupby("band")["origination_score"].agg(["min", "max"]).to_numpy()
        assert (ends[1:, 0] > ends[:-1, 1]).all()


def test_riskier_bands_of_the_simulator_began_with_more_risk(portfolio: Portfolio) -> None:
    cells = default_cells(portfolio, BUCKETS, STARTS)
    ratios = score_risk(cells).ratios
    card = ratios["card"].xs("current", level="state")
    assert (np.diff(card.loc[["1", "2", "3", "4", "5"]]) < 0).all()
    # Arrears say more than the score at opening, so that fifths differ less among overdue accounts.
    late = ratios["card"].xs("1–29", level="state")
    assert late["1"] / late["5"] < card["1"] / card["5"]


def test_exposures_know_the_band_of_every_account(portfolio: Portfolio) -> None:
    band = score_bands(portfolio).to_pandas().set_index("account_id")["score_band"]
    held = exposures(portfolio, BUCKETS, END)
    pd.testing.assert_series_equal(held["score_band"], band.reindex(held.index), check_names=False)


def test_without_scores_there_is_one_band_and_no_difference(folder: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for path in folder.iterdir():
        if path.name != "accounts.parquet":
            (bare / path.name).symlink_to(path)
    accounts = pd.read_parquet(folder / "accounts.parquet").drop(
        columns=["origination_score", "origination_model"]
    )
    accounts.to_parquet(bare / "accounts.parquet", index=False)
    cells = default_cells(open_portfolio(bare, END), BUCKETS, STARTS)
    assert set(cells["score_band"]) == {"unknown"} and cells["defaults"].sum() > 100
    assert len(score_risk(cells).ratios) == 0


def test_a_score_that_is_missing_is_a_band_of_its_own(folder: Path, tmp_path: Path) -> None:
    some = tmp_path / "some"
    some.mkdir()
    for path in folder.iterdir():
        if path.name != "accounts.parquet":
            (some / path.name).symlink_to(path)
    accounts = pd.read_parquet(folder / "accounts.parquet")
    missing = accounts.index % 4 == 0
    accounts.assign(origination_score=accounts["origination_score"].mask(missing)).to_parquet(
        some / "accounts.parquet", index=False
    )
    shares = score_bands(open_portfolio(some, END)).to_pandas()["score_band"].value_counts(normalize=True)
    assert shares["unknown"] == pytest.approx(0.25) and shares.drop("unknown").between(0.14, 0.16).all()
