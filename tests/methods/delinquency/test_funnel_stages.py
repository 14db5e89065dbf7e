"""The funnel's picture: what each stage holds, and what a small one does not tell."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.delinquency.funnel import STAGES, response, stages


def counts(*rows: tuple[str, int, int, int, int, int]) -> pd.DataFrame:
    names = ["channel", "recorded", "right_party", "promises", "due", "kept"]
    return pd.DataFrame(list(rows), columns=names)


def shown(found: pd.DataFrame, channel: str) -> dict[str, float]:
    return found[(found["channel"] == channel) & found["count"].notna()].set_index("stage")["count"].to_dict()


def test_each_stage_of_a_channel_is_counted() -> None:
    found = stages(counts(("sms", 400, 200, 80, 60, 30)))
    assert shown(found, "sms") == {"attempts": 400, "right_party": 200, "promise": 80, "kept": 40}


def test_promises_not_due_yet_do_not_count_as_broken() -> None:
    all_due, half_due = counts(("sms", 400, 200, 80, 80, 40)), counts(("sms", 400, 200, 80, 40, 20))
    assert shown(stages(all_due), "sms")["kept"] == shown(stages(half_due), "sms")["kept"] == 40


def test_a_small_stage_is_missing_and_so_is_all_that_follows() -> None:
    # nine spoken to: the twenty promises (of several each) would tell of them as well
    found = stages(counts(("visit", 50, 9, 20, 20, 15)))
    assert shown(found, "visit") == {"attempts": 50}


def test_a_channel_without_a_promise_due_has_no_kept_stage() -> None:
    assert "kept" not in shown(stages(counts(("sms", 400, 200, 80, 0, 0))), "sms")


def test_the_most_used_channel_comes_first() -> None:
    found = stages(counts(("visit", 50, 20, 12, 12, 11), ("sms", 400, 200, 80, 60, 30)))
    assert found["channel"].drop_duplicates().tolist() == ["sms", "visit"]
    assert found["stage"].drop_duplicates().tolist() == list(STAGES)


@given(
    st.lists(st.tuples(*[st.integers(0, 60)] * 5), min_size=1, max_size=4),
    st.integers(1, 30),
)
def test_no_stage_below_the_minimum_is_shown(rows: list[tuple[int, int, int, int, int]], minimum: int) -> None:
    table = counts(*((f"c{i}", *row[:3], row[3], min(row[3], row[4])) for i, row in enumerate(rows)))
    found = stages(table, minimum)
    assert (found["count"].dropna() >= minimum).all()
    assert len(found) == len(STAGES) * len(rows)


def test_a_response_is_held_against_attempts_whose_outcome_is_recorded() -> None:
    table = counts(("sms", 400, 100, 80, 60, 30)).assign(
        response_nn=100, response_nd=100, response_dd=400, response_clusters=400
    )
    (row,) = response(table).to_dict("records")
    assert (row["numerator"], row["denominator"], row["rate"]) == (100, 400, 0.25)
    # one attempt a customer: Wilson's interval of 100 in 400 is 21.0 to 29.5
    assert row["rate_lower"] == pytest.approx(0.2100, abs=0.001)
    assert row["rate_upper"] == pytest.approx(0.2947, abs=0.001)
