"""An import leaves a whole portfolio or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.core.errors import ContractError, InputError
from analysis.data.sources.landing import existing_files, landing, refuse_unmapped


def test_an_existing_folder_is_refused_unless_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with (
        pytest.raises(InputError, match=r"there exists already; choose another folder"),
        landing(tmp_path / "there"),
    ):
        pass


def test_a_folder_that_is_no_portfolio_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear sir")
    with pytest.raises(InputError, match=r"is not a portfolio, so it is not replaced"), landing(tmp_path, True):
        pass
    assert (tmp_path / "letters.txt").is_file()


def test_a_broken_portfolio_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "portfolio.yml").write_text("name: old\n")
    with (
        pytest.raises(ContractError, match=r"required table is missing"),
        landing(tmp_path / "old", True) as folder,
    ):
        (folder / "portfolio.yml").write_text("name: new\n")
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old" / "portfolio.yml").read_text() == "name: old\n"


def test_an_interrupted_import_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), landing(tmp_path / "new") as folder:
        (folder / "portfolio.yml").write_text("name: new\n")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_missing_files_are_all_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such file: .*a\.csv, .*b\.csv"):
        existing_files([tmp_path / "a.csv", tmp_path / "b.csv"])


def test_codes_are_listed_with_the_most_frequent_first() -> None:
    with pytest.raises(InputError, match=r"(?s)  1\. zip = 'B' in 1,200 rows\n  2\. zip = 'A' in 1 row\nMap them"):
        refuse_unmapped("there", {"zip": {"A": 1, "B": 1200}, "state": {}}, "Map them.")
