"""A macro history of one's own: everything that is wrong with it is told at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analysis.core.errors import InputError
from analysis.core.macro import read_macro


def refused(tmp_path: Path, text: str) -> list[str]:
    """Numbered faults of a file with that text."""
    file = tmp_path / "macro.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"macro\.csv: macro history that cannot be used\.") as error:
        read_macro(file)
    return re.findall(r"^ +\d+\. (.*)$", str(error.value), flags=re.MULTILINE)


def test_faults_of_columns_months_and_values_are_told_at_once(tmp_path: Path) -> None:
    text = "month,unemployment,gdp_yoy,cpi_yoy\n2025-01,0.05,3,0.02\n2025-03,0.05,0.01,two\n"
    found = refused(tmp_path, text)
    assert [one.split(";")[0] for one in found] == [
        "column 'unemployment' is not of the macro table",
        "1 months are left out (2025-02)",
        "gdp_yoy in 2025-01 is 3",
        "cpi_yoy in 2025-03 is 'two', not a number",
    ]


def test_months_that_cannot_be_read_are_named_with_the_file(tmp_path: Path) -> None:
    (found,) = refused(tmp_path, "month,gdp_yoy\nJan 2025,0.01\n2025-02,0.01\n")
    assert found.startswith("'Jan 2025' is not a month; write YYYY-MM")


def test_a_file_without_a_month_or_without_its_column_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, "month,gdp_yoy\n") == ["no month"]
    assert refused(tmp_path, "date,gdp_yoy\n2025-01,0.01\n")[0] == "no column 'month'; it has date, gdp_yoy"


def test_what_is_no_table_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "macro.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"macro\.csv is not a CSV with a header: 'utf-8' codec"):
        read_macro(tmp_path / "macro.csv")
