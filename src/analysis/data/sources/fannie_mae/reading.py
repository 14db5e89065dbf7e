"""One pass over the files: from pipe-delimited texts to two typed tables, loans and their months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from analysis.core.errors import InputError
from analysis.data.sources.expressions import literal
from analysis.data.sources.fannie_mae.codes import (
    ASSISTANCE,
    CHANNELS,
    ENDINGS,
    NO_ASSISTANCE,
    UNKNOWN_DELINQUENCY,
)
from analysis.data.sources.fannie_mae.layout import (
    DELIMITER,
    MONTHLY,
    ORIGINATION,
    POSITIONS,
    Layout,
    layout_of,
)
from analysis.data.store import Engine

NUMBERS = (
    *("original_rate", "current_rate", "original_upb", "current_upb", "removal_upb", "loan_age", "original_term"),
    *("original_ltv", "debt_to_income", "credit_score", "forgiven"),
    *("foreclosure_costs", "preservation_costs", "recovery_costs", "holding_expenses", "holding_taxes"),
    *("sales_proceeds", "enhancement_proceeds", "make_whole_proceeds", "other_proceeds"),
)
DATES = ("period", "origination_date", "foreclosure_date", "disposition_date")
DATE_FORMATS = "['%m%Y', '%m/%Y', '%m/%d/%Y']"

Choices = Mapping[str, Mapping[str, str]]


def sort_files(files: Sequence[Path]) -> dict[Layout, dict[int, list[Path]]]:
    """Files by layout and number of fields; raises InputError unless they are combined files, or pairs."""
    sorted_files: dict[Layout, dict[int, list[Path]]] = {}
    for file in files:
        layout, fields = layout_of(file)
        sorted_files.setdefault(layout, {}).setdefault(fields, []).append(file)
    kinds = set(sorted_files)
    if kinds not in ({"combined"}, {"acquisition", "performance"}):
        raise InputError(
            f"fannie_mae: files of layout {', '.join(sorted(kinds))} came; give combined files alone, or "
            "acquisition and performance files together"
        )
    return sorted_files


def land_raw(engine: Engine, files: Sequence[Path], folder: Path) -> None:
    """Read the files once and make the views `loans` (one row a loan) and `performance` (one row a month)."""
    found = sort_files(files)
    try:
        for layout, by_fields in found.items():
            parts = " UNION ALL BY NAME ".join(
                _select(layout, fields, paths) for fields, paths in by_fields.items()
            )
            path = folder / f"{layout}.parquet"
            engine.con.execute(f"COPY ({parts}) TO {literal(path)} (FORMAT parquet)")
            engine.con.execute(f"CREATE VIEW {layout} AS SELECT * FROM read_parquet({literal(path)})")
    except duckdb.Error as error:
        raise InputError(f"fannie_mae: the files cannot be read: {' '.join(str(error).split())[:400]}") from None
    if "combined" in found:
        firsts = ", ".join(f"arg_min({name}, period) AS {name}" for name in ORIGINATION)
        engine.con.execute(f"CREATE VIEW loans AS SELECT loan_id, {firsts} FROM combined GROUP BY loan_id")
        other = ", ".join(ORIGINATION)
        engine.con.execute(f"CREATE VIEW performance AS SELECT * EXCLUDE ({other}) FROM combined")
    else:
        engine.con.execute("CREATE VIEW loans AS SELECT * FROM acquisition")


def _select(layout: Layout, fields: int, paths: list[Path]) -> str:
    """Typed columns of files with the same number of fields; a layout's missing columns are NULL."""
    positions = POSITIONS[layout]
    columns = ", ".join(f"'f{n}': 'VARCHAR'" for n in range(1, fields + 1))
    listed = ", ".join(literal(path) for path in paths)
    options = f"delim = '{DELIMITER}', header = false, quote = '', escape = '', auto_detect = false"
    wanted = {"combined": ("loan_id", *ORIGINATION, *MONTHLY), "acquisition": ("loan_id", *ORIGINATION)}
    names = wanted.get(layout, ("loan_id", *MONTHLY))
    values = [_typed(name, f"f{positions[name]}" if name in positions else "NULL") for name in names]
    raw = [
        f"f{positions[name]} AS raw_{name}" for name in names if name in positions and name in (*NUMBERS, *DATES)
    ]
    return f"SELECT {', '.join(values + raw)} FROM read_csv([{listed}], {options}, columns = {{{columns}}})"


def _typed(name: str, field: str) -> str:
    text = f"nullif(trim({field}), '')"
    if name in NUMBERS:
        return f"TRY_CAST({text} AS DOUBLE) AS {name}"
    if name in DATES:
        return f"CAST(try_strptime({text}, {DATE_FORMATS}) AS DATE) AS {name}"
    if name == "zero_balance_code":
        return f"CASE WHEN length({text}) = 1 THEN '0' || {text} ELSE {text} END AS {name}"
    return f"CAST({text} AS VARCHAR) AS {name}"


def unmapped_codes(engine: Engine, codes: Choices, unknown_delinquency: str) -> dict[str, dict[str, int]]:
    """Codes and texts without a meaning, with the rows that hold them, by field."""
    found: dict[str, dict[str, int]] = {}
    known = {
        "channel": ("loans", (*CHANNELS, *codes.get("channel", {}))),
        "zero_balance_code": ("performance", (*ENDINGS, *codes.get("zero_balance_code", {}))),
        "assistance": ("performance", (*ASSISTANCE, *NO_ASSISTANCE, *codes.get("assistance", {}))),
        "modified": ("performance", ("Y", "N")),
    }
    for field, (view, values) in known.items():
        listed = ", ".join(literal(value) for value in values)
        found[field] = _count(engine, view, field, f"{field} NOT IN ({listed})")
    unknown = ", ".join(literal(value) for value in UNKNOWN_DELINQUENCY)
    wrong = f"NOT regexp_full_match(delinquency, '[0-9]+') AND delinquency NOT IN ({unknown})"
    if unknown_delinquency == "refuse":
        wrong = f"(zero_balance_code IS NULL AND (delinquency IS NULL OR delinquency IN ({unknown}))) OR ({wrong})"
    found["delinquency"] = _count(engine, "performance", "delinquency", wrong)
    origination = "combined" if _has(engine, "combined", "loan_id") else "acquisition"
    for field in (*NUMBERS, *DATES):
        view = origination if field in ORIGINATION else "performance"
        if _has(engine, view, f"raw_{field}"):
            lost = f"nullif(trim(raw_{field}), '') IS NOT NULL AND {field} IS NULL"
            found[field] = _count(engine, view, f"raw_{field}", lost)
    return found


def _has(engine: Engine, view: str, column: str) -> bool:
    query = "SELECT count(*) FROM information_schema.columns WHERE table_name = ? AND column_name = ?"
    return bool(engine.con.execute(query, [view, column]).fetchone()[0])


def _count(engine: Engine, view: str, column: str, where: str) -> dict[str, int]:
    query = f"SELECT coalesce({column}, '(empty)'), count(*) FROM {view} WHERE {where} GROUP BY 1"
    return dict(engine.con.execute(query).fetchall())
