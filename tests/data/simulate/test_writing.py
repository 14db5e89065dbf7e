"""One portfolio or none: targets, determinism, worker processes, failures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from analysis.core.contract import TABLES
from analysis.core.errors import InputError, ParameterError
from analysis.core.portfolio import read_portfolio_info
from analysis.data.simulate import portfolio as whole
from analysis.data.simulate import simulate, write


def content(folder: Path) -> dict[str, str]:
    """Hash of each table's values, whatever the file's layout."""
    hashes = {}
    for name in TABLES:
        table = pq.read_table(folder / f"{name}.parquet").combine_chunks()
        digest = hashlib.sha256()
        for column in table.columns:
            digest.update(str(column.to_pylist()).encode())
        hashes[name] = digest.hexdigest()
    return hashes


def test_the_same_seed_gives_the_same_tables(tmp_path: Path) -> None:
    for name in ("a", "b"):
        simulate(tmp_path / name, accounts=1_500, months=12, seed=5)
    assert content(tmp_path / "a") == content(tmp_path / "b")
    assert (tmp_path / "a" / "truth.json").read_bytes() == (tmp_path / "b" / "truth.json").read_bytes()


def test_another_seed_gives_other_tables_and_the_same_economy(tmp_path: Path) -> None:
    simulate(tmp_path / "a", accounts=300, months=6, seed=1)
    simulate(tmp_path / "b", accounts=300, months=6, seed=2)
    one, two = content(tmp_path / "a"), content(tmp_path / "b")
    assert one["macro"] == two["macro"]
    assert all(one[name] != two[name] for name in ("accounts", "months", "contacts"))


def test_worker_processes_do_not_change_the_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "BLOCK_ACCOUNTS", 150)
    simulate(tmp_path / "workers", accounts=700, months=4)
    monkeypatch.setattr(write, "IN_PROCESS", 100)
    simulate(tmp_path / "alone", accounts=700, months=4)
    assert content(tmp_path / "workers") == content(tmp_path / "alone")


def test_customers_do_not_straddle_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "BLOCK_ACCOUNTS", 100)
    simulate(tmp_path / "p", accounts=300, months=3)
    accounts = pq.read_table(tmp_path / "p" / "accounts.parquet", columns=["customer_id"])[
        "customer_id"
    ].to_pylist()
    blocks = [set(accounts[first : first + 100]) for first in (0, 100, 200)]
    assert not blocks[0] & blocks[1] and not blocks[1] & blocks[2]


@pytest.mark.parametrize("accounts", [1, 2, 17])
def test_a_handful_of_accounts_is_a_portfolio_too(tmp_path: Path, accounts: int) -> None:
    simulate(tmp_path / "p", accounts=accounts, months=4)
    assert pq.read_table(tmp_path / "p" / "accounts.parquet").num_rows == accounts


def test_a_folder_that_is_no_portfolio_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match=r"exists and is not a portfolio folder \(it has no portfolio.yml\)"):
        simulate(tmp_path, accounts=10, replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_portfolio_is_replaced_only_when_asked(tmp_path: Path) -> None:
    target = tmp_path / "p"
    simulate(target, accounts=10, months=2)
    with pytest.raises(InputError, match="already holds a portfolio; ask for it to be replaced"):
        simulate(target, accounts=20, months=2)
    simulate(target, accounts=20, months=2, replace=True)
    assert pq.read_table(target / "accounts.parquet").num_rows == 20
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_a_failure_leaves_the_old_portfolio_and_nothing_half_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "p"
    simulate(target, accounts=10, months=2)
    before = content(target)

    def breaks(*_: object) -> Iterator[object]:
        raise OSError(28, "No space left on device")
        yield

    monkeypatch.setattr(whole, "draw_all", breaks)
    with pytest.raises(OSError, match="No space left"):
        simulate(target, accounts=20, months=2, replace=True)
    assert content(target) == before
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_progress_is_told_block_by_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "BLOCK_ACCOUNTS", 10)
    seen: list[tuple[int, int]] = []
    simulate(tmp_path / "p", accounts=25, months=2, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"accounts": 0}, "accounts is 0; at least 1 is needed"),
        ({"months": 0}, "months is 0; allowed are 1 to 120"),
        ({"variant": "easy"}, "variant 'easy' is unknown; allowed are standard and hard"),
    ],
)
def test_wrong_arguments_are_named(tmp_path: Path, arguments: dict, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        simulate(tmp_path / "p", **arguments)
    assert not (tmp_path / "p").exists()


def test_the_portfolio_says_that_it_is_simulated(tmp_path: Path) -> None:
    simulate(tmp_path / "p", accounts=5, months=3, end=date(2024, 6, 30), name="mine", variant="hard")
    info = read_portfolio_info(tmp_path / "p")
    assert info.simulated and info.currency == "CNY" and info.name == "mine"
    assert info.as_of_month == date(2024, 6, 30)
    assert info.charge_off_after("card") == 180
    assert any("proportional odds" in note for note in info.notes)
