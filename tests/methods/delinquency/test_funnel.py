"""The funnel's rates."""

import pandas as pd
import pytest

from analysis.methods.delinquency.funnel import STEPS, funnel


def counts(**changes) -> pd.DataFrame:
    row = {
        "channel": "sms",
        "recorded": 100,
        "reached": 40,
        "right_party": 30,
        "promises": 12,
        "due": 10,
        "kept": 4,
    }
    row |= changes
    for step, (top, bottom) in STEPS.items():
        # One attempt a customer: squares are the counts themselves.
        row |= {f"{step}_nn": row[top], f"{step}_nd": row[top], f"{step}_dd": row[bottom]}
        row[f"{step}_clusters"] = row[bottom]
    return pd.DataFrame([row])


def test_each_step_is_held_against_the_one_before_and_kept_against_promises_due():
    found = funnel(counts()).set_index("step")
    assert found["rate"].to_dict() == pytest.approx(
        {"reached": 0.4, "right_party": 0.75, "promise": 0.4, "kept": 0.4}
    )
    assert found.loc["kept", ["numerator", "denominator"]].tolist() == [4, 10]
    assert list(funnel(counts())["step"]) == list(STEPS)


def test_where_every_customer_has_one_attempt_the_interval_is_near_wilsons():
    found = funnel(counts()).set_index("step").loc["reached"]
    assert found[["rate_lower", "rate_upper"]].tolist() == pytest.approx(
        [0.3094, 0.4980], abs=0.003
    )  # Wilson 40/100


def test_attempts_of_few_customers_say_less():
    one = funnel(counts()).set_index("step").loc["reached"]
    frame = counts()
    frame = frame.assign(reached_nn=400, reached_nd=400, reached_dd=1000, reached_clusters=10)
    ten = funnel(frame).set_index("step").loc["reached"]
    assert ten["rate_upper"] - ten["rate_lower"] > 2 * (one["rate_upper"] - one["rate_lower"])


def test_a_step_that_nothing_reached_has_no_rows():
    assert "kept" not in set(funnel(counts(due=0, kept=0))["step"])


def test_rows_are_kept_apart_by_what_they_were_counted_by():
    both = pd.concat([counts().assign(agency="a"), counts(reached=10).assign(agency="b")], ignore_index=True)
    found = funnel(both, ["channel", "agency"])
    assert found[found["step"] == "reached"].set_index("agency")["rate"].to_dict() == {"a": 0.4, "b": 0.1}


def test_the_portfolio_as_a_whole_needs_no_column():
    assert len(funnel(counts().drop(columns="channel"), by=())) == 4
