"""data/README.md is what the contract says."""

from __future__ import annotations

from pathlib import Path

import yaml

from analysis.core.contract import TABLES
from analysis.core.portfolio import PortfolioInfo
from analysis.data.dictionary import EXAMPLE, PORTFOLIO_MEANINGS, render

README = Path(__file__).parents[2] / "data" / "README.md"


def test_the_dictionary_is_generated_from_the_contract() -> None:
    assert README.read_text(encoding="utf-8") == render(), "python -m analysis.data.dictionary > data/README.md"


def test_every_column_is_described() -> None:
    text = render()
    for table in TABLES.values():
        section = text.split(f"## {table.name}\n")[1].split("\n## ")[0]
        for column in table.columns:
            name = f"**{column.name}**" if column.name in table.keys else column.name
            rows = [line for line in section.splitlines() if line.startswith(f"| {name} |")]
            assert len(rows) == 1 and column.meaning in rows[0], (table.name, column.name)


def test_every_key_of_the_portfolio_file_is_described() -> None:
    assert set(PORTFOLIO_MEANINGS) == set(PortfolioInfo.model_fields)


def test_the_example_of_a_portfolio_file_is_valid() -> None:
    content = yaml.safe_load(EXAMPLE.removeprefix("```yaml\n").removesuffix("```\n"))
    assert PortfolioInfo.model_validate(content).currency == "EUR"


def test_table_rows_have_as_many_cells_as_the_header() -> None:
    for line in render().splitlines():
        if line.startswith("| ") and "meaning" not in line:
            assert line.count("|") in (4, 8), line
