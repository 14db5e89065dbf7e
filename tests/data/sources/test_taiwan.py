"""The Taiwanese card clients arrive as their source documents them, and give the known counts of transitions."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from analysis.core.errors import InputError
from analysis.core.portfolio import RecordedOutcome, read_portfolio_info
from analysis.data.check import check_portfolio
from analysis.data.portfolio import open_portfolio
from analysis.data.sources.taiwan import COLUMNS, import_taiwan, read_clients

REAL = Path(__file__).parents[4] / "shared" / "data" / "taiwan_card_clients.csv"

HEADER = (
    "ID,LIMIT_BAL,SEX,EDUCATION,MARRIAGE,AGE,PAY_0,PAY_2,PAY_3,PAY_4,PAY_5,PAY_6,"
    "BILL_AMT1,BILL_AMT2,BILL_AMT3,BILL_AMT4,BILL_AMT5,BILL_AMT6,"
    "PAY_AMT1,PAY_AMT2,PAY_AMT3,PAY_AMT4,PAY_AMT5,PAY_AMT6,default.payment.next.month"
)
CLIENTS = [
    [1, 20000, 2, 2, 1, 24, 2, 2, -1, -1, -2, -2, 3913, 3102, 689, 0, 0, -50, 0, 689, 0, 0, 0, 7, 1],
    [2, 90000, 1, 5, 0, 57, 1, 0, 0, 3, 8, 0, 100, 200, 300, 400, 500, 600, 11, 12, 13, 14, 15, 16, 0],
]


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "clients.csv"
    path.write_text("\n".join([HEADER, *(",".join(map(str, client)) for client in CLIENTS)]) + "\n")
    return path


def spoil(path: Path, client: int, column: str, value: object) -> None:
    frame = pd.read_csv(path, dtype=object)
    frame.loc[client, column] = value
    frame.to_csv(path, index=False)


def test_each_month_takes_its_own_columns(csv: Path, tmp_path: Path) -> None:
    import_taiwan([csv], tmp_path / "taiwan")
    months = pd.read_parquet(tmp_path / "taiwan" / "months.parquet")
    second = months[months.account_id == "00002"]
    assert list(second.month) == [
        date(2005, 4, 30),
        date(2005, 5, 31),
        date(2005, 6, 30),
        date(2005, 7, 31),
        date(2005, 8, 31),
        date(2005, 9, 30),
    ]
    assert list(second.days_past_due) == [0, 240, 90, 0, 0, 30]
    assert list(second.balance) == [600, 500, 400, 300, 200, 100]
    assert list(second.amount_paid) == [16, 15, 14, 13, 12, 11]
    assert set(second.status) == {"open"}


def test_a_credit_balance_is_zero_and_kept_as_an_attribute(csv: Path, tmp_path: Path) -> None:
    import_taiwan([csv], tmp_path / "taiwan")
    months = pd.read_parquet(tmp_path / "taiwan" / "months.parquet")
    attributes = pd.read_parquet(tmp_path / "taiwan" / "attributes.parquet")
    assert months.balance.min() == 0
    bill = attributes[attributes.name == "bill_amount"]
    assert bill[["account_id", "known_at", "value"]].values.tolist() == [["00001", date(2005, 4, 30), "-50"]]


def test_codes_and_the_default_are_known_when_they_were(csv: Path, tmp_path: Path) -> None:
    import_taiwan([csv], tmp_path / "taiwan")
    attributes = pd.read_parquet(tmp_path / "taiwan" / "attributes.parquet")
    first = attributes[attributes.account_id == "00001"].sort_values("known_at")
    assert list(first[first.name == "pay_code"].value) == ["-2", "-2", "-1", "-1", "2", "2"]
    default = first[first.name == "default_next_month"]
    assert default[["known_at", "value"]].values.tolist() == [[date(2005, 10, 31), "1"]]


def test_the_default_is_invisible_in_september(csv: Path, tmp_path: Path) -> None:
    import_taiwan([csv], tmp_path / "taiwan")
    names = open_portfolio(tmp_path / "taiwan").table("attributes").name.to_pandas()
    assert set(names) == {"pay_code", "bill_amount"}


def test_codes_that_the_source_does_not_explain_are_counted(csv: Path, tmp_path: Path) -> None:
    report = import_taiwan([csv], tmp_path / "taiwan")
    accounts = pd.read_parquet(tmp_path / "taiwan" / "accounts.parquet").set_index("account_id")
    assert accounts.loc["00002", ["education", "marital_status"]].tolist() == ["unknown", "unknown"]
    assert "EDUCATION codes that the source does not explain: 5 in 1 → unknown." in report.notes
    assert "MARRIAGE codes that the source does not explain: 0 in 1 → unknown." in report.notes


def test_the_portfolio_says_what_a_reader_must_know(csv: Path, tmp_path: Path) -> None:
    import_taiwan([csv], tmp_path / "taiwan")
    info = read_portfolio_info(tmp_path / "taiwan")
    assert (info.currency, info.simulated, info.as_of_month) == ("TWD", False, date(2005, 9, 30))
    assert info.breaks == [date(2005, 9, 30)]
    assert info.outcome == RecordedOutcome(attribute="default_next_month", known_by=date(2005, 10, 31))
    assert "CC BY 4.0" in info.source
    assert any("never pool the step from August to September" in note for note in info.notes)
    assert check_portfolio(tmp_path / "taiwan") == ()


def test_unmapped_codes_are_all_listed_and_nothing_is_written(csv: Path, tmp_path: Path) -> None:
    spoil(csv, 0, "EDUCATION", 7)
    spoil(csv, 1, "SEX", 3)
    spoil(csv, 1, "PAY_3", 12)
    with pytest.raises(InputError) as caught:
        import_taiwan([csv], tmp_path / "taiwan")
    text = str(caught.value)
    for line in ("1. SEX = '3' in 1 row", "2. EDUCATION = '7' in 1 row", "3. PAY_3 = '12' in 1 row"):
        assert line in text
    assert not (tmp_path / "taiwan").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["clients.csv"]


def test_a_code_may_be_given_a_meaning(csv: Path, tmp_path: Path) -> None:
    spoil(csv, 0, "EDUCATION", 7)
    import_taiwan([csv], tmp_path / "taiwan", codes={"EDUCATION": {7: "other"}})
    accounts = pd.read_parquet(tmp_path / "taiwan" / "accounts.parquet")
    assert accounts.education.tolist() == ["other", "unknown"]


@pytest.mark.parametrize("header_rows", [1, 2])
def test_the_workbook_reads_like_the_csv(csv: Path, tmp_path: Path, header_rows: int) -> None:
    names = [*COLUMNS[:-1], "default payment next month"]
    codes = ["", *(f"X{i}" for i in range(1, 24)), "Y"]
    rows = [codes, names, *CLIENTS] if header_rows == 2 else [["ID", *codes[1:]], *CLIENTS]
    pd.DataFrame(rows).to_excel(tmp_path / "clients.xlsx", header=False, index=False)
    pd.testing.assert_frame_equal(read_clients(tmp_path / "clients.xlsx"), read_clients(csv))


def test_a_missing_column_is_named(csv: Path, tmp_path: Path) -> None:
    pd.read_csv(csv).drop(columns=["PAY_6", "AGE"]).to_csv(csv, index=False)
    with pytest.raises(InputError, match=r"lacks AGE, PAY_6; it has ID, LIMIT_BAL"):
        import_taiwan([csv], tmp_path / "taiwan")


def test_a_value_that_is_no_number_is_named_by_row(csv: Path, tmp_path: Path) -> None:
    spoil(csv, 1, "BILL_AMT3", "n/a")
    with pytest.raises(InputError, match=r"1 rows hold something else than whole numbers \(rows 2\)"):
        import_taiwan([csv], tmp_path / "taiwan")


def test_a_file_that_is_no_workbook_is_named(tmp_path: Path) -> None:
    (tmp_path / "clients.xls").write_text("no workbook")
    with pytest.raises(InputError, match=r"clients\.xls cannot be read"):
        import_taiwan([tmp_path / "clients.xls"], tmp_path / "taiwan")


def test_a_repeated_client_breaks_the_contract_and_nothing_is_written(csv: Path, tmp_path: Path) -> None:
    spoil(csv, 1, "ID", 1)
    with pytest.raises(InputError, match=r"key \(account_id\) must be unique"):
        import_taiwan([csv], tmp_path / "taiwan")
    assert not (tmp_path / "taiwan").exists()


@pytest.mark.skipif(not REAL.is_file(), reason="../shared/data/taiwan_card_clients.csv is not there")
def test_the_real_clients_give_the_known_transitions(tmp_path: Path) -> None:
    """Counts of the four steps April → August by {not past due, 1–2 months, 3+ months}, from the raw file."""
    report = import_taiwan([REAL], tmp_path / "taiwan")
    assert dict(report.rows) == {"accounts": 30_000, "months": 180_000, "attributes": 213_932}
    months = open_portfolio(tmp_path / "taiwan", date(2005, 8, 31)).table("months")
    state = (months.days_past_due >= 1).cast("int64") + (months.days_past_due >= 90).cast("int64")
    here = months.select("account_id", step=months.month.month(), state=state)
    after = here.view()
    pairs = here.join(after, [here.account_id == after.account_id, here.step + 1 == after.step])
    counts = pairs.group_by(["state", "state_right"]).aggregate(n=pairs.count()).to_pandas()
    table = counts.pivot_table(index="state", columns="state_right", values="n", fill_value=0).astype(int)
    assert table.values.tolist() == [[100988, 5242, 0], [3738, 7879, 759], [145, 444, 805]]
