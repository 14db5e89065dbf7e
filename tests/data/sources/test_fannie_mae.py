"""Fannie Mae's two generations of files, by position, become the same portfolio."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from analysis.core.errors import InputError
from analysis.core.portfolio import read_portfolio_info
from analysis.data.check import check_portfolio
from analysis.data.sources.fannie_mae import import_fannie_mae
from analysis.data.sources.fannie_mae.layout import ACQUISITION, COMBINED, PERFORMANCE

LOANS = {
    "100001": {"channel": "R", "original_rate": "6.125", "original_upb": "200000", "original_term": "360"},
    "100002": {"channel": "B", "original_rate": "5.5", "original_upb": "150000", "original_term": "180"},
    "100003": {"channel": "C", "original_rate": "4", "original_upb": "90000.00", "original_term": "360"},
}
for loan in LOANS.values():
    loan |= {"original_ltv": "80", "debt_to_income": "35", "credit_score": "712", "state": "TX", "zip3": "787"}

MONTHS = [
    ("100001", "2019-01", {"loan_age": "3", "current_upb": "", "delinquency": "0"}),
    ("100001", "2019-02", {"loan_age": "7", "current_upb": "198000.5", "delinquency": "1"}),
    ("100001", "2019-03", {"loan_age": "8", "current_upb": "198000.5", "delinquency": "0", "modified": "Y"}),
    ("100001", "2019-04", {"loan_age": "9", "current_upb": "197000", "delinquency": "0", "modified": "Y"}),
    ("100002", "2019-01", {"loan_age": "50", "current_upb": "120000", "delinquency": "5"}),
    (
        "100002",
        "2019-02",
        {
            "loan_age": "51",
            "current_upb": "120000",
            "delinquency": "6",
            "zero_balance_code": "09",
            "foreclosure_date": "2019-02",
            "disposition_date": "2019-04",
            "foreclosure_costs": "4000",
            "preservation_costs": "1000.5",
            "sales_proceeds": "90000",
            "enhancement_proceeds": "10000",
        },
    ),
    ("100003", "2019-01", {"loan_age": "100", "current_upb": "500", "delinquency": "0"}),
    ("100003", "2019-02", {"loan_age": "101", "current_upb": "", "delinquency": "0", "zero_balance_code": "01"}),
]
DATES = ("foreclosure_date", "disposition_date")


def line(positions: dict[str, int], fields: int, values: dict[str, str]) -> str:
    cells = [""] * fields
    for name, value in values.items():
        if name in positions:
            cells[positions[name] - 1] = value
    return "|".join(cells)


def combined(folder: Path, months: list | None = None, fields: int = 110) -> list[Path]:
    lines = []
    for loan, month, values in months or MONTHS:
        year, number = month.split("-")
        dated = {name: f"{v[5:]}{v[:4]}" if name in DATES else v for name, v in values.items()}
        delinquency = {"delinquency": values["delinquency"].rjust(2, "0")}
        origin = {"origination_date": "102018", **LOANS[loan]}
        row = {"loan_id": loan, "period": f"{number}{year}", **origin, **dated, **delinquency}
        lines.append(line(COMBINED, fields, {"modified": "N", **row}))
    (folder / "2018Q4.csv").write_text("\n".join(lines) + "\n")
    return [folder / "2018Q4.csv"]


def pair(folder: Path) -> list[Path]:
    acquisition = [
        line(ACQUISITION, 25, {"loan_id": loan, "origination_date": "10/2018", **values})
        for loan, values in LOANS.items()
    ]
    performance = []
    for loan, month, values in MONTHS:
        year, number = month.split("-")
        dated = {name: f"{v[5:]}/01/{v[:4]}" if name in DATES else v for name, v in values.items()}
        row = {"loan_id": loan, "period": f"{number}/01/{year}", "modified": "N", **dated}
        performance.append(line(PERFORMANCE, 31, row))
    (folder / "Acquisition_2018Q4.txt").write_text("\n".join(acquisition) + "\n")
    (folder / "Performance_2018Q4.txt").write_text("\n".join(performance) + "\n")
    return [folder / "Acquisition_2018Q4.txt", folder / "Performance_2018Q4.txt"]


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    return {path.stem: pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}


def test_both_layouts_give_the_same_portfolio(tmp_path: Path) -> None:
    import_fannie_mae(combined(tmp_path), tmp_path / "new")
    import_fannie_mae(pair(tmp_path), tmp_path / "old")
    new, old = tables(tmp_path / "new"), tables(tmp_path / "old")
    assert list(new) == list(old) == ["accounts", "disposals", "months", "treatments"]
    for name in new:
        pd.testing.assert_frame_equal(new[name], old[name])
    assert check_portfolio(tmp_path / "new") == ()


def test_origination_fields_keep_their_units(tmp_path: Path) -> None:
    import_fannie_mae(combined(tmp_path, fields=113), tmp_path / "out")
    first = tables(tmp_path / "out")["accounts"].iloc[0]
    assert (first.account_id, first["product"], first.opened_on) == ("100001", "mortgage", date(2018, 10, 1))
    assert first.annual_rate == pytest.approx(0.06125)
    assert first.debt_ratio == pytest.approx(0.35)
    assert first.collateral_value == pytest.approx(250_000)
    assert (first.origination_channel, first.origination_score, first.region) == ("retail", 712, "TX")
    assert read_portfolio_info(tmp_path / "out").as_of_month == date(2019, 4, 30)


def test_a_balance_not_published_in_the_first_months_is_the_original_one(tmp_path: Path) -> None:
    import_fannie_mae(combined(tmp_path), tmp_path / "out")
    months = tables(tmp_path / "out")["months"]
    first = months[months.account_id == "100001"]
    assert first.balance.tolist() == [200000, 198000.5, 198000.5, 197000]
    assert first.days_past_due.tolist() == [0, 30, 0, 0]
    assert first.month.tolist()[:2] == [date(2019, 1, 31), date(2019, 2, 28)]


def test_a_foreclosed_loan_is_a_claim_until_its_disposition(tmp_path: Path) -> None:
    import_fannie_mae(combined(tmp_path), tmp_path / "out")
    found = tables(tmp_path / "out")
    months = found["months"][found["months"].account_id == "100002"]
    assert months.status.tolist() == ["open", "charged_off", "charged_off", "charged_off"]
    assert months.month.tolist()[-2:] == [date(2019, 3, 31), date(2019, 4, 30)]
    assert months.balance.tolist() == [120000, 120000, 120000, 20000]
    assert months.charged_off_amount.tolist()[1] == 120000
    assert months.charged_off_amount.notna().sum() == 1
    assert months.amount_paid.tolist()[-1] == 100000
    assert months.amount_paid.notna().sum() == 1
    disposal = found["disposals"].iloc[0]
    assert (disposal.route, disposal.started_on, disposal.ended_on) == (
        "litigation",
        date(2019, 2, 1),
        date(2019, 4, 30),
    )
    assert (disposal.balance, disposal.proceeds, disposal.cost) == (120000, 100000, 5000.5)


def test_a_prepaid_loan_ends_owing_nothing(tmp_path: Path) -> None:
    import_fannie_mae(combined(tmp_path), tmp_path / "out")
    last = tables(tmp_path / "out")["months"].iloc[-1]
    assert (last.account_id, last.status, last.balance, last.days_past_due) == ("100003", "paid_off", 0, 0)


@pytest.mark.parametrize(
    ("code", "status", "route"),
    [
        ("02", "charged_off", "auction"),
        ("03", "charged_off", "settlement"),
        ("06", "sold", None),
        ("15", "sold", "sale"),
        ("16", "sold", "sale"),
        ("96", "closed", None),
    ],
)
def test_each_zero_balance_code_ends_a_loan_its_own_way(
    tmp_path: Path, code: str, status: str, route: str | None
) -> None:
    ended = (
        "100003",
        "2019-02",
        {"loan_age": "101", "current_upb": "", "delinquency": "4", "zero_balance_code": code},
    )
    import_fannie_mae(combined(tmp_path, [*MONTHS[:-1], ended]), tmp_path / "out")
    found = tables(tmp_path / "out")
    assert found["months"].iloc[-1].status == status
    disposals = found["disposals"].set_index("account_id").route
    assert disposals.get("100003") == route


def test_modification_and_assistance_are_treatments(tmp_path: Path) -> None:
    months = [(loan, month, dict(values)) for loan, month, values in MONTHS]
    for (_, _, values), status in zip(months[:4], ("F", "F", "7", "R"), strict=True):
        values["assistance"] = status
    months[2][2]["current_rate"] = "3.5"
    import_fannie_mae(combined(tmp_path, months), tmp_path / "out")
    treatments = tables(tmp_path / "out")["treatments"].set_index("treatment")
    forbearance = treatments.loc["forbearance"]
    assert (forbearance.started_on, forbearance.ended_on) == (date(2019, 1, 31), date(2019, 2, 28))
    assert pd.isna(treatments.loc["repayment plan"].ended_on)
    assert treatments.loc["modification"].started_on == date(2019, 3, 31)
    assert treatments.loc["modification"].rate_after == pytest.approx(0.035)


def test_unknown_delinquency_is_listed_unless_it_is_said_what_it_becomes(tmp_path: Path) -> None:
    months = [(loan, month, dict(values)) for loan, month, values in MONTHS]
    months[2][2]["delinquency"] = "XX"
    files = combined(tmp_path, months)
    with pytest.raises(
        InputError, match=r"(?s)1\. delinquency = 'XX' in 1 row\n.*unknown_delinquency becomes \(last_known"
    ):
        import_fannie_mae(files, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2018Q4.csv"]
    for choice, days in (("last_known", 30), ("current", 0)):
        report = import_fannie_mae(files, tmp_path / choice, unknown_delinquency=choice)
        assert tables(tmp_path / choice)["months"].days_past_due.tolist()[2] == days
        assert any("unknown delinquency" in note for note in report.notes)


def test_all_unmapped_codes_are_listed_and_nothing_is_written(tmp_path: Path) -> None:
    months = [(loan, month, dict(values)) for loan, month, values in MONTHS]
    months[-1][2]["zero_balance_code"] = "97"
    months[0][2].update({"modified": "Q", "delinquency": "A", "current_upb": "12k"})
    months[1][2]["assistance"] = "Z"
    with pytest.raises(InputError) as caught:
        import_fannie_mae(combined(tmp_path, months), tmp_path / "out")
    for text in (
        "zero_balance_code = '97' in 1 row",
        "modified = 'Q' in 1 row",
        "delinquency = '0A' in 1 row",
        "current_upb = '12k' in 1 row",
        "assistance = 'Z' in 1 row",
    ):
        assert text in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2018Q4.csv"]


def test_a_code_may_be_given_a_meaning(tmp_path: Path) -> None:
    months = [(loan, month, dict(values)) for loan, month, values in MONTHS]
    months[-1][2]["zero_balance_code"] = "97"
    import_fannie_mae(combined(tmp_path, months), tmp_path / "out", codes={"zero_balance_code": {"97": "sold"}})
    assert tables(tmp_path / "out")["months"].iloc[-1].status == "sold"


def test_a_file_of_another_layout_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("a|b|c\n")
    with pytest.raises(
        InputError, match=r"other\.txt has 3 fields in its first line; expected are pipe-delimited"
    ):
        import_fannie_mae([tmp_path / "other.txt"], tmp_path / "out")


def test_half_a_pair_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"files of layout performance came; give combined files alone, or"):
        import_fannie_mae(pair(tmp_path)[1:], tmp_path / "out")


def test_a_gap_in_the_reporting_breaks_the_contract(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"without a gap"):
        import_fannie_mae(combined(tmp_path, [MONTHS[0], *MONTHS[2:]]), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ({"unknown_delinquency": "drop"}, "allowed are refuse, last_known, current"),
        ({"region": "county"}, "allowed are state, zip3"),
        ({"codes": {"purpose": {"P": "x"}}}, "they can be given for channel, zero_balance_code, assistance"),
    ],
)
def test_a_wrong_choice_names_those_allowed(tmp_path: Path, option: dict, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        import_fannie_mae(combined(tmp_path), tmp_path / "out", **option)
