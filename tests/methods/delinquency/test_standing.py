"""Rates side by side, and groups against the whole."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.delinquency.standing import (
    cohort_pair,
    highest,
    latest,
    ranges,
    side_by_side,
    without_withheld,
)

RATE = ["rate", "rate_lower", "rate_upper"]


def rows(*found: tuple[object, ...], columns: str) -> pd.DataFrame:
    return pd.DataFrame(list(found), columns=columns.split())


def groups(*found: tuple[object, ...]) -> pd.DataFrame:
    return rows(*found, columns="dimension value rate rate_lower rate_upper")


def curve(**cohorts: dict[int, float]) -> pd.DataFrame:
    """Curves of cohorts by age, each rate with limits half a point to each side."""
    found = [(name, since, rate) for name, ages in cohorts.items() for since, rate in ages.items()]
    frame = rows(*found, columns="cohort since rate")
    return frame.assign(rate_lower=frame["rate"] - 0.005, rate_upper=frame["rate"] + 0.005)


def aged(months: int, rate: float) -> dict[int, float]:
    return {since: rate * since / months for since in range(months + 1)}


RATES = rows(
    ("all", "all", "now", "overdue_30", "balance", 0.05),
    ("all", "all", "before", "overdue_30", "balance", 0.04),
    ("product", "card", "now", "overdue_30", "balance", 0.09),
    ("all", "all", "now", "overdue_90", "balance", 0.02),
    columns="dimension value period measure basis rate",
)
CHANGES = rows(
    ("all", "all", "now", "before", "overdue_30", "balance", 0.04, 0.01, 0.002, 0.018, True),
    ("all", "all", "now", "year_ago", "overdue_30", "balance", 0.06, -0.01, -0.03, 0.01, False),
    columns="dimension value period before measure basis rate_before change change_lower change_upper certain",
)


def test_each_rate_stands_beside_its_two_changes() -> None:
    table = side_by_side(RATES, CHANGES, "now", "before", "year_ago")
    assert table["measure"].tolist() == ["overdue_30", "overdue_90"]
    first = table.iloc[0]
    assert (first["rate"], first["rate_before"], first["rate_year_ago"]) == (0.05, 0.04, 0.06)
    assert (first["change"], first["change_year"]) == (0.01, -0.01)
    assert (first["change_lower_year"], first["change_upper_year"]) == (-0.03, 0.01)
    assert (first["certain"], first["certain_year"]) == (True, False)


def test_a_rate_without_an_earlier_one_stays_with_its_changes_missing() -> None:
    second = side_by_side(RATES, CHANGES, "now", "before", "year_ago").iloc[1]
    assert second["rate"] == 0.02
    assert second[["rate_before", "rate_year_ago", "change", "change_year"]].isna().all()


@pytest.mark.parametrize(
    ("withheld", "left"), [("now", []), ("before", ["year_ago"]), ("other", ["before", "year_ago"])]
)
def test_a_change_from_or_to_a_withheld_rate_is_withheld(withheld: str, left: list[str]) -> None:
    marks = RATES.assign(suppressed=False).query("measure == 'overdue_30' and dimension == 'all'")
    marks = pd.concat([marks, marks.head(1).assign(period="other")], ignore_index=True)
    marks["suppressed"] = marks["period"] == withheld
    assert without_withheld(CHANGES, marks)["before"].tolist() == left


def test_where_nothing_changed_yet_the_columns_are_there_all_the_same() -> None:
    found = without_withheld(CHANGES.iloc[:0], RATES.assign(suppressed=False))
    assert found.empty
    assert list(found.columns) == list(CHANGES.columns)


def test_the_widest_range_of_rates_comes_first() -> None:
    found = ranges(
        groups(
            ("all", "all", 0.05, 0.05, 0.05),
            ("product", "card", 0.08, 0.07, 0.09),
            ("product", "auto", 0.04, 0.03, 0.05),
            ("region", "north", 0.09, 0.08, 0.10),
            ("region", "south", 0.02, 0.015, 0.025),
        )
    )
    assert found["dimension"].tolist() == ["region", "product"]
    assert found.loc[0, ["low_value", "high_value"]].tolist() == ["south", "north"]
    assert found.loc[1, ["low", "high"]].tolist() == [0.04, 0.08]


def test_groups_withheld_or_too_uncertain_make_no_range() -> None:
    found = ranges(
        groups(
            ("product", "card", 0.08, 0.07, 0.09),
            ("product", "auto", np.nan, np.nan, np.nan),
            ("region", "north", 0.09, 0.08, 0.10),
            ("region", "south", 0.02, 0.001, 0.03),
        )
    )
    assert found.empty
    assert list(found.columns) == ["dimension", "low", "low_value", "high", "high_value"]


def test_of_groups_above_the_whole_the_surest_is_named() -> None:
    found = highest(groups(("r", "tiny", 0.30, 0.06, 0.70), ("r", "large", 0.12, 0.10, 0.14)), whole=0.05)
    assert found is not None
    assert (found["value"], found["distinct"]) == ("large", True)


def test_the_highest_group_is_not_distinct_where_chance_reaches_the_whole() -> None:
    found = highest(groups(("r", "a", 0.08, 0.04, 0.15), ("r", "b", 0.03, 0.01, 0.05)), whole=0.05)
    assert found is not None
    assert (found["value"], found["distinct"]) == ("a", False)


def test_nothing_is_highest_among_withheld_groups() -> None:
    assert highest(groups(("r", "a", np.nan, np.nan, np.nan)), whole=0.05) is None


def test_a_whole_that_is_unknown_makes_no_group_distinct() -> None:
    found = highest(groups(("r", "a", 0.08, 0.07, 0.09)), whole=np.nan)
    assert found is not None
    assert not found["distinct"]


def test_the_latest_known_rate_of_each_measure_is_shown() -> None:
    found = latest(
        rows(
            ("all", "all", "2025Q4", "cure", "accounts", 0.40),
            ("all", "all", "2025Q3", "cure", "accounts", 0.35),
            ("all", "all", "2025Q4", "redefault", "accounts", np.nan),
            ("all", "all", "2024Q4", "redefault", "accounts", 0.20),
            ("all", "all", "2026Q1", "cure", "accounts", 0.99),
            ("product", "card", "2025Q4", "cure", "accounts", 0.60),
            columns="dimension value period measure basis rate",
        ),
        "2025Q4",
    )
    assert found.set_index("measure")[["period", "rate"]].to_dict("index") == {
        "cure": {"period": "2025Q4", "rate": 0.40},
        "redefault": {"period": "2024Q4", "rate": 0.20},
    }


def test_a_cohort_is_held_against_that_of_a_year_before_at_the_same_age() -> None:
    found = cohort_pair(curve(**{"2024Q1": aged(15, 0.30), "2024Q2": aged(12, 0.24), "2025Q2": aged(6, 0.09)}))
    assert found is not None
    assert (found["newest"], found["oldest"], found["age"]) == ("2025Q2", "2024Q2", 6)
    assert found["newer"] == pytest.approx(0.09)
    assert found["older"] == pytest.approx(0.12)
    assert found["certain"] is True


def test_cohorts_that_chance_can_make_equal_are_not_called_different() -> None:
    found = cohort_pair(curve(**{"2024Q2": aged(12, 0.20), "2025Q2": aged(6, 0.104)}))
    assert found is not None
    assert found["certain"] is False


def test_a_cohort_followed_for_too_short_a_time_is_not_the_young_one() -> None:
    found = cohort_pair(curve(**{"2024Q1": aged(15, 0.3), "2025Q1": aged(8, 0.1), "2025Q3": aged(2, 0.01)}))
    assert found is not None
    assert found["newest"] == "2025Q1"


def test_without_a_cohort_of_a_year_before_the_oldest_stands_in() -> None:
    found = cohort_pair(curve(**{"2024Q3": aged(12, 0.2), "2024Q4": aged(9, 0.2), "2025Q2": aged(6, 0.1)}))
    assert found is not None
    assert found["oldest"] == "2024Q3"


def test_a_cohort_whose_rate_at_that_age_is_withheld_is_passed_over() -> None:
    gap = {since: rate for since, rate in aged(12, 0.2).items() if since != 6}
    found = cohort_pair(curve(**{"2024Q1": aged(15, 0.3), "2024Q2": gap, "2025Q2": aged(6, 0.1)}))
    assert found is not None
    assert found["oldest"] == "2024Q1"


@pytest.mark.parametrize(
    "cohorts", [{}, {"2025Q2": aged(6, 0.1)}, {"2024Q2": {0: 0.0, 1: 0.1}, "2025Q2": {2: 0.1}}]
)
def test_there_is_no_pair_without_two_cohorts_of_one_age(cohorts: dict[str, dict[int, float]]) -> None:
    assert cohort_pair(curve(**cohorts)) is None


@given(
    st.dictionaries(
        st.sampled_from([f"{year}Q{quarter}" for year in (2023, 2024, 2025) for quarter in (1, 2, 3, 4)]),
        st.sets(st.integers(0, 18), min_size=1),
        max_size=6,
    )
)
def test_a_pair_is_always_of_two_cohorts_seen_at_that_age(cohorts: dict[str, set[int]]) -> None:
    frame = curve(**{name: {age: 0.01 * age for age in ages} for name, ages in cohorts.items()})
    found = cohort_pair(frame)
    if found is not None:
        assert found["oldest"] < found["newest"]
        assert found["age"] in cohorts[str(found["newest"])] & cohorts[str(found["oldest"])]
