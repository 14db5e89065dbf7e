"""What the chapter of case studies must not tell: single accounts, their holders, and those who work them."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from chapter_runs import Left

KEYS = {
    "accounts": ["account_id", "customer_id"],
    "treatments": ["treatment_id"],
    "contacts": ["contact_id", "contact_point_id", "agent_id"],
    "complaints": ["complaint_id"],
}
COUNTED = {
    "experiments": ["units", "units_control"],
    "experiment_segments": ["units", "units_control"],
    "experiment_naive": ["units", "units_control"],
    "experiment_checks": ["units", "decisions"],
    "experiment_overlap": ["units"],
    "value": ["units", "units_control"],
    "quasi_experiments": ["treated", "untreated"],
    "quasi_bins": ["units"],
    "league": ["cases", "clusters"],
    "programme_kpis": ["units"],
}
"""Tables whose rows may be withheld, and their columns that count accounts, decisions or customers."""
EVENTS = {
    "experiments": [("had", "units"), ("had_control", "units_control")],
    "experiment_segments": [("had", "units"), ("had_control", "units_control")],
    "quasi_bins": [("events", "units")],
    "programme_kpis": [("events", "units")],
}
KEPT = {"horizon", "primary", "lead", "number", "side", "score", "months"}
"""Numbers that are no measurement."""


@pytest.fixture(params=["cases", "small"])
def left(request: pytest.FixtureRequest) -> Left:
    """3,000 accounts, and 1,200, of which more has to be withheld."""
    if request.param == "cases":
        found: Left = request.getfixturevalue("cases")
        return found
    return request.getfixturevalue("cases_seen_then")[1]


def shown(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[~frame["suppressed"].astype(bool)]


def one_or_two(counts: pd.Series) -> pd.Series:
    return counts.astype(float).between(0.5, 2.5)


def test_results_hold_no_account_no_customer_and_no_agent(cases: Left, demo: Path) -> None:
    known = set()
    for table, columns in KEYS.items():
        people = pq.read_table(demo / f"{table}.parquet", columns=columns).to_pandas()
        known |= set(pd.unique(people.to_numpy().ravel())) - {None}
    assert len(known) > 10_000
    for name, frame in cases.tables.items():
        assert not [column for column in frame.columns if column.endswith("_id")], name
        for column in frame.select_dtypes(["object", "string", "category"]):
            assert not known & set(frame[column].astype(str)), f"{name}.{column}"
    assert not known & set(re.findall(r"\w+", cases.texts))


@pytest.mark.parametrize("name", COUNTED)
def test_no_small_cell_is_shown(left: Left, name: str) -> None:
    if name in left.tables:
        rows = shown(left.table(name))
        for column in COUNTED[name]:
            assert not rows[column].astype(float).between(0.5, 9.5).any(), column


@pytest.mark.parametrize("name", EVENTS)
def test_no_few_events_and_no_few_without_are_shown(left: Left, name: str) -> None:
    rows = shown(left.table(name)) if name in left.tables else pd.DataFrame()
    for events, units in EVENTS[name] if len(rows) else []:
        assert not one_or_two(rows[events]).any(), events
        assert not one_or_two(rows[units].astype(float) - rows[events].astype(float)).any(), events


@pytest.mark.parametrize("name", COUNTED)
def test_withheld_rows_tell_nothing(left: Left, name: str) -> None:
    if name in left.tables:
        frame = left.table(name)
        numbers = frame[frame["suppressed"].astype(bool)].drop(columns=list(KEPT & set(frame.columns)))
        numbers = numbers.select_dtypes("number")
        assert numbers.isna().all(axis=None), numbers.columns[numbers.notna().any()].tolist()


def test_quarters_of_a_measure_are_not_withheld_alone(left: Left) -> None:
    table = left.table("programme_kpis")
    hidden = table["suppressed"].astype(bool).groupby(table["kpi"]).agg(["sum", "size"])
    assert not ((hidden["sum"] == 1) & (hidden["size"] > 1)).any()


def test_what_is_measured_elsewhere_gives_no_withheld_value_away(cases: Left) -> None:
    main = cases.table("value").set_index(["experiment", "arm", "horizon"])["suppressed"].astype(bool)
    otherwise = cases.table("value_alternatives").set_index(["experiment", "arm", "horizon"])
    assert set(otherwise.index) <= set(main.index[~main])


def test_looks_at_an_experiment_are_ten_customers_apart(cases: Left) -> None:
    looks = cases.table("experiment_looks").sort_values("look")
    assert (looks.groupby(["experiment", "arm"])["clusters"].diff().dropna() >= 10).all()


def test_no_sentence_counts_fewer_than_three(left: Left) -> None:
    assert not re.search(
        r"\b[12] (accounts?|decisions?|complaints?|calls?|customers?) (was|were|is|are|had|have)\b", left.prose
    )
