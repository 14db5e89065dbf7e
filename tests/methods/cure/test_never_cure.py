"""The never-cure fraction from cells of spells: known truth, both readings, and who is at the extremes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cure.never_cure import (
    CUT_SHORT,
    OTHER,
    PROVEN,
    as_events,
    coefficients,
    common_levels,
    fit_spells,
    never_cure,
    pooled,
    profiles,
)

HAZARD = 0.35


def drawn(rows: int, seed: int, never: float = 0.3, charge_off: int = 24, follow: int = 36) -> pd.DataFrame:
    """Spells of which a share never cures; charge-off at a fixed age, follow-up to a fixed month."""
    rng = np.random.default_rng(seed)
    wait = np.where(rng.random(rows) < never, 999, rng.geometric(HAZARD, rows))
    end = np.minimum(charge_off, follow)
    cured = wait <= end
    lost = "charged_off" if charge_off <= follow else "open"
    return pd.DataFrame(
        {
            "entry": 0,
            "duration": np.where(cured, wait, end),
            "exit": np.where(cured, "cured", lost),
            "fold": rng.integers(0, 32, rows),
            "spells": 1,
        }
    )


def test_where_charge_off_comes_late_both_readings_find_the_truth() -> None:
    table = never_cure(drawn(4000, 1)).set_index("reading")
    for reading in (PROVEN, CUT_SHORT):
        assert table.loc[reading, "rate_lower"] < 0.3 < table.loc[reading, "rate_upper"]
        assert table.loc[reading, "rate"] == pytest.approx(0.3, abs=0.02)


def test_where_charge_off_comes_early_the_proven_share_is_too_high_and_the_other_is_not_to_be_told() -> None:
    table = never_cure(drawn(20_000, 2, charge_off=3)).set_index("reading")
    unseen = 0.3 + 0.7 * (1 - HAZARD) ** 3
    assert table.loc[PROVEN, "rate"] == pytest.approx(unseen, abs=0.01)
    assert not table.loc[CUT_SHORT, "sufficient"]


def test_a_plateau_that_is_not_reached_is_said_to_be_missing() -> None:
    short = drawn(3000, 3, never=0.0, charge_off=99, follow=2)
    long = drawn(3000, 3, charge_off=99, follow=36)
    assert not never_cure(short)["sufficient"].any()
    assert never_cure(long).set_index("reading").loc[CUT_SHORT, "sufficient"]


def test_while_most_spells_are_open_even_the_upper_bound_is_not_to_be_told() -> None:
    table = never_cure(drawn(3000, 3, never=0.3, charge_off=99, follow=2)).set_index("reading")
    assert table.loc[PROVEN, "open"] == pytest.approx(0.3 + 0.7 * (1 - HAZARD) ** 2, abs=0.03)
    assert not table.loc[PROVEN, "sufficient"]
    assert never_cure(drawn(3000, 3, charge_off=12)).set_index("reading").loc[PROVEN, "sufficient"]


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    held = []
    for seed in range(80):
        row = never_cure(drawn(400, 500 + seed)).set_index("reading").loc[PROVEN]
        held.append(row["rate_lower"] <= 0.3 <= row["rate_upper"])
    assert 0.88 <= np.mean(held) <= 1.0


def test_groups_too_small_or_never_cured_are_left_out() -> None:
    cells = pd.concat(
        [
            drawn(500, 4).assign(product="card"),
            drawn(50, 5).assign(product="auto"),
            drawn(500, 6, never=1.0).assign(product="sme"),
        ]
    )
    assert set(never_cure(cells, ["product"])["product"]) == {"card"}


def test_weighted_cells_give_the_fit_of_single_rows() -> None:
    rows = drawn(800, 7).assign(product=np.where(np.arange(800) % 2, "card", "auto"))
    keys = [name for name in rows if name != "spells"]
    cells = rows.groupby(keys, as_index=False)["spells"].sum()
    one, other = (fit_spells(frame, ["product"]).model for frame in (rows, cells))
    assert one.log_likelihood_ == pytest.approx(other.log_likelihood_, rel=1e-9)
    np.testing.assert_allclose(one.params_, other.params_, atol=1e-6)


def test_the_extremes_are_made_up_of_the_group_that_never_cures() -> None:
    hard, easy = drawn(2000, 8, never=0.6).assign(product="hard"), drawn(8000, 9, never=0.1).assign(product="easy")
    cells = pd.concat([hard, easy]).assign(region="north")
    model = fit_spells(cells, ["product", "region"]).model
    table = profiles(model, cells, ["product"], share=0.1).set_index("value")
    assert table.loc["hard", "overall"] == pytest.approx(0.2)
    assert table.loc["hard", "highest"] == pytest.approx(1.0) and table.loc["hard", "lift"] == pytest.approx(5.0)
    assert table.loc["hard", "lowest"] == 0.0


def test_paid_off_accounts_are_not_counted_as_never_cured() -> None:
    cells = pd.DataFrame({"exit": ["cured", "paid_off", "open", "charged_off", "sold", "litigation"]})
    assert as_events(cells, PROVEN)["event"].tolist() == [1, 0, 0, 2, 2, 2]
    assert as_events(cells, CUT_SHORT)["event"].tolist() == [1, 0, 0, 0, 0, 0]


def test_an_unknown_reading_is_refused() -> None:
    with pytest.raises(ParameterError, match="reading 'censored' is unknown; it can be proven, cut_short"):
        as_events(pd.DataFrame({"exit": ["cured"]}), "censored")


def test_an_impossible_share_is_refused() -> None:
    cells = drawn(300, 10).assign(product="card")
    with pytest.raises(InputError, match=r"share is 0\.8; it must lie above 0 and up to 0\.5"):
        profiles(fit_spells(cells).model, cells, ["product"], share=0.8)


def regions() -> pd.DataFrame:
    """Weighted cells of a common, a middling and a rare region; the rare one in two cells."""
    return pd.DataFrame(
        {
            "region": ["north", "south", "west", "west"],
            "urban": ["true", "true", "false", "false"],
            "spells": [150, 20, 6, 4],
        }
    )


def test_a_value_is_common_by_its_spells_and_not_by_its_cells() -> None:
    assert common_levels(regions(), ["region"], 100) == {"region": frozenset({"north"})}
    assert common_levels(regions(), ["region"], 10) == {"region": frozenset({"north", "south", "west"})}
    assert common_levels(regions(), ["region", "urban"], 1000)["urban"] == frozenset()


def test_a_single_rare_value_keeps_its_name() -> None:
    assert common_levels(regions(), ["region", "urban"], 20) == {
        "region": frozenset({"north", "south", "west"}),
        "urban": frozenset({"true", "false"}),
    }


def test_rare_values_become_other_and_no_spell_is_lost() -> None:
    table = pooled(regions(), common_levels(regions(), ["region"], 100))
    assert table["region"].tolist() == ["north", OTHER, OTHER, OTHER]
    assert table["spells"].sum() == regions()["spells"].sum()
    assert table["urban"].tolist() == regions()["urban"].tolist()


def test_values_met_later_are_other_too() -> None:
    levels = common_levels(regions(), ["region"], 20)
    later = pd.DataFrame({"region": ["south", "east"], "account_id": ["a", "b"]})
    assert pooled(later, levels)["region"].tolist() == ["south", OTHER]


def test_pooling_twice_changes_nothing_more() -> None:
    levels = common_levels(regions(), ["region"], 100)
    once = pooled(regions(), levels)
    pd.testing.assert_frame_equal(pooled(once, levels), once)


def test_no_covariate_leaves_the_cells_alone() -> None:
    assert common_levels(regions(), [], 10) == {}
    pd.testing.assert_frame_equal(pooled(regions(), {}), regions())


def test_coefficients_are_the_models_and_good_is_above_zero() -> None:
    hard, easy = (
        drawn(3000, 11, never=0.5).assign(product="hard"),
        drawn(3000, 12, never=0.2).assign(product="easy"),
    )
    model = fit_spells(pd.concat([hard, easy]), ["product"]).model
    table = coefficients(model)
    assert list(table) == ["part", "covariate", "coef", "se", "lower", "upper"]
    assert set(table["part"]) == {"incidence", "latency", "baseline"}
    assert ((table["lower"] < table["coef"]) & (table["coef"] < table["upper"])).all() and (table["se"] > 0).all()
    row = table.set_index(["part", "covariate"]).loc["incidence"].loc["C(product)[T.hard]"]
    # Log-odds of ever curing: those of 0.5 less those of 0.8.
    assert row["lower"] < -np.log(4) < row["upper"] < 0
    np.testing.assert_array_equal(table["coef"], model.params_)


def test_a_covariate_with_one_value_is_left_out_of_the_model() -> None:
    model = fit_spells(drawn(500, 13).assign(product="card"), ["product"]).model
    assert coefficients(model).query("part == 'incidence'")["covariate"].tolist() == ["Intercept"]


def test_follow_up_too_short_is_warned_of_in_words() -> None:
    fit = fit_spells(drawn(2000, 14, never=0.0, charge_off=99, follow=2))
    assert not fit.sufficient
    assert any("follow-up too short for a plateau" in text for text in fit.warnings)


def test_spells_without_a_cure_are_refused() -> None:
    with pytest.raises(InputError, match="nobody cured, so nothing can be said of cure"):
        fit_spells(drawn(300, 15, never=1.0))


def test_an_empty_table_has_the_kinds_of_a_full_one() -> None:
    full, empty = (never_cure(drawn(500, 16).assign(product="card"), ["product"], least=n) for n in (200, 9999))
    assert len(full) == 2 and len(empty) == 0
    kinds = full.dtypes.drop(["product", "reading"])
    assert empty.dtypes[kinds.index].to_dict() == kinds.to_dict()
