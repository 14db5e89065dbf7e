"""No few attempts can be told from a funnel, whose steps hand their counts on."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.report.suppression import suppress_steps, withhold_counts

STEPS = {
    "reached": ("reached", "recorded"),
    "right_party": ("right_party", "reached"),
    "promise": ("promises", "right_party"),
    "kept": ("kept", "due"),
}
COUNTS = ["recorded", "reached", "right_party", "promises", "due", "kept"]


def counts_of(*rows: list[int]) -> pd.DataFrame:
    """Counts of channels, from attempts to kept promises."""
    return pd.DataFrame(rows, columns=COUNTS).assign(channel=[f"channel {i}" for i in range(len(rows))])


def rates_of(counts: pd.DataFrame) -> pd.DataFrame:
    parts = [
        counts[["channel"]].assign(step=step, step_order=i, numerator=counts[top], denominator=counts[bottom])
        for i, (step, (top, bottom)) in enumerate(STEPS.items())
    ]
    rates = pd.concat(parts, ignore_index=True)
    return rates.assign(rate=rates["numerator"] / rates["denominator"].where(rates["denominator"] > 0))


def suppressed(counts: pd.DataFrame) -> pd.DataFrame:
    return suppress_steps(rates_of(counts), withhold_counts(counts, STEPS, ["channel"]), STEPS, ["channel"])


def of_first(out: pd.DataFrame) -> dict[str, bool]:
    rows = out[out["channel"] == "channel 0"]
    return dict(zip(rows["step"], rows["suppressed"], strict=True))


BUSY = [5000, 2000, 1500, 700, 600, 300]


def test_a_count_withheld_by_one_step_is_not_told_by_the_next() -> None:
    # All but two of those reached were spoken to: the step is withheld, and so is the one held against it.
    out = suppressed(counts_of([500, 200, 198, 90, 80, 40], BUSY, BUSY))
    assert of_first(out) == {"reached": False, "right_party": True, "promise": True, "kept": False}


def test_promises_not_due_yet_are_a_difference_too() -> None:
    out = suppressed(counts_of([500, 200, 150, 90, 89, 40], BUSY, BUSY))
    assert of_first(out) == {"reached": False, "right_party": False, "promise": False, "kept": True}


def test_counts_of_another_channel_protect_one_that_is_withheld() -> None:
    counts = withhold_counts(
        counts_of([500, 200, 198, 90, 80, 40], [900, 400, 300, 90, 80, 40], BUSY), STEPS, ["channel"]
    )
    assert counts["right_party"].isna().tolist() == [True, True, False]
    assert counts["recorded"].notna().all()


def test_a_step_held_against_few_is_a_small_cell() -> None:
    out = suppressed(counts_of([500, 200, 9, 4, 4, 0], BUSY, BUSY)).set_index(["channel", "step"])
    assert out.loc[("channel 0", "promise"), "suppressed_because"] == "small_cell"
    assert out.loc[("channel 0", "promise"), ["numerator", "denominator", "rate"]].isna().all()


def test_a_busy_funnel_is_shown_whole() -> None:
    assert not suppressed(counts_of(BUSY, BUSY))["suppressed"].any()


falls = st.lists(st.one_of(st.integers(0, 3), st.integers(0, 40)), min_size=6, max_size=6)


@settings(max_examples=120, deadline=None)
@given(st.lists(falls, min_size=1, max_size=4))
def test_no_two_counts_shown_of_a_channel_differ_by_few(channels: list[list[int]]) -> None:
    rows = [[sum(fall[place:]) for place in range(6)] for fall in channels]
    out = suppressed(counts_of(*rows))
    for channel, row in zip(counts_of(*rows)["channel"], rows, strict=True):
        shown = out[(out["channel"] == channel) & ~out["suppressed"]]
        told = sorted({*shown["numerator"], *shown["denominator"], 0})
        assert not any(0 < b - a < 3 for a, b in pairwise(told)), row
