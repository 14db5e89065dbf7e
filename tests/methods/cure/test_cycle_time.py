"""Cycle times against lifelines, and against spells drawn with known hazards."""

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter

from analysis.core.errors import ParameterError
from analysis.methods.cure.competing.cumulative_incidence import cumulative_incidence, time_in_state
from analysis.methods.cure.cycle_time import cycle_time, verdict

NOW, BEFORE = ["2025Q1", "2025Q2"], ["2024Q1", "2024Q2"]


def draw(seed, size=1500, cure=(0.4, 0.4), other=0.1, follow=14):
    """Spells as cells of one each: cured and charged off at constant hazards, late entry, open at `follow`."""
    random = np.random.default_rng(seed)
    frames = []
    for quarters, hazard in zip((BEFORE, NOW), cure, strict=True):
        time = random.geometric(hazard + other, size)
        exits = np.where(random.random(size) < hazard / (hazard + other), "cured", "charged_off")
        entry = np.where(random.random(size) < 0.2, random.integers(1, 3, size), 0)
        end = np.minimum(time, random.integers(follow - 3, follow, size))
        frame = {"entry": entry, "duration": end, "exit": np.where(time > end, "open", exits)}
        labels = {"began_quarter": random.choice(quarters, size), "fold": random.integers(32, size=size)}
        frames.append(pd.DataFrame({**frame, **labels, "spells": 1, "product": "card"}))
    cells = pd.concat(frames, ignore_index=True)
    return cells[cells["duration"] > cells["entry"]].reset_index(drop=True)


@pytest.fixture(scope="module")
def cells():
    return draw(1)


def row(table, kind, value="all"):
    return table[(table["exit"] == kind) & (table["value"] == value)].iloc[0]


def test_the_mean_to_any_exit_is_the_area_under_lifelines_curve(cells):
    found = row(cycle_time(cells, NOW, BEFORE, 8), "any")
    now = cells[cells["began_quarter"].isin(NOW)]
    fitter = KaplanMeierFitter().fit(now["duration"], now["exit"] != "open", entry=now["entry"])
    curve = fitter.survival_function_at_times(range(8)).to_numpy()
    assert found["mean"] == pytest.approx(curve.sum())
    assert found["share"] == pytest.approx(1 - fitter.survival_function_at_times(8).iloc[0])
    assert found["median"] == fitter.median_survival_time_


def test_curves_are_the_packages_aalen_johansen(cells):
    now = cells[cells["began_quarter"].isin(NOW)]
    curves = cumulative_incidence(now, "duration", "exit", "entry", "spells")
    found = row(cycle_time(cells, NOW, BEFORE, 8), "cured")
    cured = curves[(curves["exit"] == "cured") & (curves["time"] <= 8)]["share"].iloc[-1]
    assert found["share"] == pytest.approx(cured)
    lost = time_in_state(curves, 8)["cured"]
    assert found["mean"] == pytest.approx((8 * cured - lost) / cured)


def test_weighted_cells_are_repeated_rows(cells):
    keys = ["began_quarter", "entry", "duration", "exit", "fold", "product"]
    grouped = cells.groupby(keys)["spells"].sum().reset_index()
    pd.testing.assert_frame_equal(cycle_time(grouped, NOW, BEFORE), cycle_time(cells, NOW, BEFORE))


def test_limits_of_a_change_cover_the_known_one_about_as_often_as_they_say():
    hazards = np.array([0.5, 0.6])
    months = np.arange(8)
    known = [((1 - hazard) ** months).sum() for hazard in hazards]
    hits = []
    for seed in range(80):
        found = row(cycle_time(draw(seed, 400, cure=(0.4, 0.5)), NOW, BEFORE, 8), "any")
        hits.append(found["change_lower"] <= known[1] / known[0] - 1 <= found["change_upper"])
    assert 0.88 <= np.mean(hits) <= 1.0


def test_difference_and_change_say_the_same(cells):
    table = cycle_time(cells, NOW, BEFORE, 8, by=["product"])
    assert table["difference"].to_numpy() == pytest.approx((table["mean"] - table["mean_before"]).to_numpy())
    assert table["change"].to_numpy() == pytest.approx((table["mean"] / table["mean_before"] - 1).to_numpy())


def test_a_horizon_not_yet_reached_is_cut_to_what_both_were_followed(cells):
    short = cells.copy()
    now = short["began_quarter"].isin(NOW)
    late = now & (short["duration"] > 4)
    short.loc[late, ["duration", "exit"]] = [4, "open"]
    table = cycle_time(short[short["duration"] > short["entry"]], NOW, BEFORE, 12)
    assert set(table["horizon"]) == {4}


def test_a_fall_well_beyond_the_target_meets_it():
    found = row(cycle_time(draw(3, cure=(0.2, 0.8)), NOW, BEFORE, 10, target=-0.2), "any")
    assert found["verdict"] == "met"
    assert found["target"] == -0.2


@pytest.mark.parametrize(
    ("lower", "upper", "said"), [(-0.4, -0.2, "met"), (-0.19, 0.1, "missed"), (-0.2, 0.0, "open")]
)
def test_verdicts_follow_the_interval(lower, upper, said):
    assert verdict(lower, upper, -0.2) == said


@pytest.mark.parametrize(
    ("spoil", "quarters", "message"),
    [
        (lambda c: c.drop(columns="began_quarter"), NOW, "lack began_quarter"),
        (lambda c: c, ["2030Q1"], "no spell began in 2030Q1"),
    ],
)
def test_unusable_input_is_refused_by_name(cells, spoil, quarters, message):
    with pytest.raises(ParameterError, match=message):
        cycle_time(spoil(cells), quarters, BEFORE)


def test_a_target_that_is_no_change_is_refused(cells):
    with pytest.raises(ParameterError, match="target is -20; it is a relative change"):
        cycle_time(cells, NOW, BEFORE, target=-20)
