"""Late delay bands are pooled until they can be compared."""

import pandas as pd

from analysis.methods.delinquency.first_contact import pool_late_bands

BANDS = ["0–3", "4–7", "8–14", "15–30", "none by day 30"]


def cells(*spells: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"months": 1, "delay_band": BANDS, "delay_order": range(5), "fold": 0, "spells": spells, "cured": 0}
    )


def test_nearly_empty_late_bands_are_put_together() -> None:
    pooled = pool_late_bands(cells(900, 500, 95, 4, 2), least=100)
    assert pooled.groupby("delay_band", sort=False)["spells"].sum().to_dict() == {
        "0–3": 900,
        "4–7": 500,
        "8 or later": 101,
    }
    assert sorted(pooled["delay_order"].unique()) == [0, 1, 2]


def test_bands_that_hold_enough_stay_as_they_are() -> None:
    full = cells(900, 500, 200, 150, 100)
    pd.testing.assert_frame_equal(pool_late_bands(full, least=100), full)


def test_too_few_spells_in_all_are_one_band() -> None:
    assert pool_late_bands(cells(5, 4, 3, 2, 1), least=100)["delay_band"].unique().tolist() == ["0 or later"]
