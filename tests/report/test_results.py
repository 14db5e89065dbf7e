"""Results are tidy, anonymous, written whole, and the same bytes for the same content."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis.core.errors import ChapterError
from analysis.report.headlines import Headline
from analysis.report.results import IDENTIFIERS, Results


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame({"from_state": ["current", "1–29"], "accounts": [10, 20], "rate": [0.1, None]})


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results(tmp_path, "delinquency")


def test_what_was_saved_is_loaded(results: Results, frame: pd.DataFrame) -> None:
    results.save("roll_rates", frame)
    path = results.path("roll_rates")
    assert path == results.work / "results" / "delinquency" / "roll_rates.parquet"
    pd.testing.assert_frame_equal(results.load("roll_rates"), frame)
    pd.testing.assert_frame_equal(Results(results.work, "cure").load_from("delinquency", "roll_rates"), frame)


def test_the_same_content_gives_the_same_bytes(results: Results, frame: pd.DataFrame) -> None:
    results.save("a", frame)
    first = results.path("a").read_bytes()
    frame.attrs["made"] = "now"
    results.save("b", frame.copy())
    assert results.path("b").read_bytes() == first


def test_a_filtered_frame_is_saved_without_its_index(results: Results, frame: pd.DataFrame) -> None:
    results.save("part", frame[frame["accounts"] > 10])
    saved = results.path("part")
    assert pq.read_table(saved).column_names == list(frame.columns)


def test_account_level_tables_stay_out_of_the_results(results: Results) -> None:
    scores = pd.DataFrame({"account_id": ["A1"], "score": [0.5]})
    results.save("scores", scores, account_level=True)
    path = results.path("scores", account_level=True)
    assert path.is_relative_to(results.work / "accounts")
    assert not (results.work / "results").exists()
    pd.testing.assert_frame_equal(results.load("scores", account_level=True), scores)


@pytest.mark.parametrize("column", sorted(IDENTIFIERS))
def test_no_result_names_a_person_or_an_account(results: Results, column: str) -> None:
    with pytest.raises(ChapterError, match=f"column '{column}' singles out a person.*account_level=True"):
        results.save("scores", pd.DataFrame({column: ["A1"]}))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([1, 2], "a list came; save a pandas DataFrame"),
        (pd.DataFrame({1: [1]}), "column name 1 is not text"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "column 'a' comes more than once"),
        (pd.DataFrame({"a": [1]}).set_index("a"), r"index \['a'\] would be lost; call reset_index"),
        (pd.DataFrame({"a": [object()]}), "result 'x' of chapter 'delinquency'.*cannot be written"),
    ],
)
def test_a_frame_that_is_not_tidy_is_refused(results: Results, wrong: pd.DataFrame, message: str) -> None:
    with pytest.raises(ChapterError, match=message):
        results.save("x", wrong)


def test_a_failed_write_leaves_the_old_table_and_no_rest(
    results: Results, frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    results.save("roll_rates", frame)
    path = results.path("roll_rates")

    def full(table: object, where: Path, **_: object) -> None:
        Path(where).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(OSError, match="No space left"):
        results.save("roll_rates", frame.assign(rate=1.0))
    monkeypatch.undo()
    assert [p.name for p in path.parent.iterdir()] == ["roll_rates.parquet"]
    pd.testing.assert_frame_equal(results.load("roll_rates"), frame)


def test_a_missing_result_says_what_to_run(results: Results, frame: pd.DataFrame) -> None:
    results.save("vintages", frame)
    with pytest.raises(ChapterError) as error:
        Results(results.work, "cure").load_from("delinquency", "spells")
    for part in (
        "'spells' of chapter 'delinquency'",
        "chapter 'cure' reads it",
        "It has saved: vintages",
        "`arrears run delinquency`",
    ):
        assert part in str(error.value)


def test_a_name_is_a_plain_word(results: Results, frame: pd.DataFrame) -> None:
    with pytest.raises(ChapterError, match=r"'\.\./x' cannot name a result"):
        results.save("../x", frame)


def test_headlines_are_found_by_the_first_page(results: Results) -> None:
    one = Headline("rate", "30+ rate", 0.05, "fraction", date(2025, 12, 31))
    results.headline([one])
    assert Results(results.work, "cure").load_headlines("delinquency") == [one]
    with pytest.raises(ChapterError, match="'headline' of chapter 'cure' is missing"):
        Results(results.work, "cure").load_headlines()
