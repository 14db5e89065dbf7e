"""The delinquency chapter on 30,000 real clients, against their known counts."""

from __future__ import annotations

from chapter_runs import Left, numbers_of

from analysis.core.states import Buckets


def test_the_golden_counts_of_the_taiwanese_clients(taiwan_window: Left) -> None:
    rolled = numbers_of(taiwan_window, "roll_rates", period="2005-04–2005-08")
    counts = rolled.pivot_table(index="from_state", columns="to_state", values="accounts", observed=True)
    states = list(Buckets((1, 90)).labels)
    assert counts.loc[states, states].to_numpy(dtype=int).tolist() == [
        [100988, 5242, 0], [3738, 7879, 759], [145, 444, 805]
    ]  # fmt: skip
    assert counts.drop(columns=states).to_numpy().sum() == 0


def test_the_golden_counts_are_not_suppressed(taiwan_window: Left) -> None:
    rolled = numbers_of(taiwan_window, "roll_rates", period="2005-04–2005-08")
    assert not rolled["suppressed"].any()
    assert rolled["accounts"].sum() == 4 * 30_000


def test_the_step_into_the_break_is_in_no_pooled_quarter(taiwan_quarter: Left) -> None:
    rolled = numbers_of(taiwan_quarter, "roll_rates", period="2005Q3")
    assert rolled.drop_duplicates("from_state")["from_accounts"].sum() <= 2 * 30_000
    current = rolled[rolled["from_state"] == "current"]["from_accounts"].iloc[0]
    assert current == taiwan_quarter.headlines["entry"].denominator == 52_277


def test_the_step_into_the_break_is_shown_apart(taiwan_quarter: Left) -> None:
    assert "tbl-delinquency-apart" in taiwan_quarter.labels
    apart = taiwan_quarter.markdown("tbl-delinquency-apart")
    assert "| September 2005 | Current | Current | 22,735 |" in apart
    assert "no rate of this chapter pools them" in taiwan_quarter.prose


def test_levels_are_not_compared_across_the_break(taiwan_quarter: Left) -> None:
    for key in ("overdue_30", "npl", "overdue_1"):
        headline = taiwan_quarter.headlines[key]
        assert (headline.previous, headline.year_ago) == (None, None)
    assert "something was recorded differently from September 2005 on" in taiwan_quarter.prose
    assert taiwan_quarter.table("delinquency")["period"].unique().tolist() == ["2005Q3"]


def test_what_the_data_cannot_fill_is_named(taiwan_quarter: Left) -> None:
    left_out = taiwan_quarter.left_out
    assert left_out["vintages"] == ["accounts.opened_on"]
    assert left_out["risk-map"] == ["accounts.region", "accounts.industry"]
    assert {"reach", "funnel", "hours", "first-contact"} <= set(left_out)
    for section, missing in left_out.items():
        assert f"{{#sec-delinquency-{section}}}" in taiwan_quarter.prose
        assert all(f"`{name}`" in taiwan_quarter.prose for name in missing)


def test_a_measure_that_is_not_recorded_has_no_rate(taiwan_quarter: Left) -> None:
    assert "No charge-off is recorded" in taiwan_quarter.prose
    assert "written_off" not in set(taiwan_quarter.table("flows")["measure"])
    assert "written_off" not in taiwan_quarter.headlines
