import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.core.errors import ParameterError
from analysis.core.states import EXITS, STATUSES, Buckets


def test_the_default_ladder_is_the_trades() -> None:
    assert Buckets().labels == ("current", "1–29", "30–59", "60–89", "90–119", "120–149", "150–179", "180+")


@pytest.mark.parametrize(
    ("days", "label"),
    [(0, "current"), (1, "1–29"), (29, "1–29"), (30, "30–59"), (89, "60–89"), (90, "90–119"), (4000, "180+")],
)
def test_a_bucket_starts_on_its_first_day(days: int, label: str) -> None:
    assert Buckets().label(days) == label


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_more_days_never_mean_an_earlier_bucket(fewer: int, more: int) -> None:
    buckets = Buckets()
    fewer, more = sorted((fewer, more))
    assert buckets.labels.index(buckets.label(fewer)) <= buckets.labels.index(buckets.label(more))


def test_exits_are_every_status_but_open() -> None:
    assert set(STATUSES) - {"open"} == set(EXITS)


@pytest.mark.parametrize("edges", [(), (0, 30), (30, 60), (1, 60, 30), (1, 30, 30)])
def test_edges_that_do_not_rise_from_one_are_refused(edges: tuple[int, ...]) -> None:
    with pytest.raises(ParameterError, match="must start at 1 and rise"):
        Buckets(edges)
