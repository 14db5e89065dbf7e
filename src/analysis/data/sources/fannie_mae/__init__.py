"""Fannie Mae's Single-Family Loan Performance Data: mortgages, month by month, in either of its file layouts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import ibis

from analysis.core.contract import TABLES
from analysis.core.errors import InputError
from analysis.core.periods import parse_month
from analysis.core.portfolio import PortfolioInfo, write_portfolio_info
from analysis.data.parquet import write_table
from analysis.data.sources.expressions import literal
from analysis.data.sources.fannie_mae import tables
from analysis.data.sources.fannie_mae.codes import DELINQUENCY_CHOICES
from analysis.data.sources.fannie_mae.reading import land_raw, unmapped_codes
from analysis.data.sources.fannie_mae.texts import FILLED, MEND, NOT_FILLED, NOTES, SOURCE, UNKNOWN_DELINQUENCY
from analysis.data.sources.landing import ImportReport, existing_files, landing, refuse_unmapped
from analysis.data.store import Engine

__all__ = ["NOT_FILLED", "import_fannie_mae"]


def import_fannie_mae(
    files: list[Path],
    to: Path,
    *,
    replace: bool = False,
    unknown_delinquency: str = "refuse",
    region: str = "state",
    codes: Mapping[str, Mapping[str, str]] | None = None,
) -> ImportReport:
    """Import combined files, or acquisition and performance files together, as one portfolio.

    `unknown_delinquency` says what months of unknown delinquency become: `refuse` lists them, `last_known` carries
    the last known one on, `current` takes them as not past due. `region` is `state` or `zip3`. `codes` gives a
    meaning to codes of channel, zero_balance_code or assistance that are not known here. The files are read once
    and streamed; what is read is kept beside `to` while it lasts. Raises InputError, ContractError.
    """
    files, codes = existing_files(files), codes or {}
    _refuse_choices(unknown_delinquency, region, codes)
    with _engine(to) as (engine, scratch):
        land_raw(engine, files, scratch)
        unmapped = unmapped_codes(engine, codes, unknown_delinquency)
        refuse_unmapped("fannie_mae", unmapped, MEND)
        _land_states(engine, codes, unknown_delinquency, scratch)
        with landing(to, replace) as folder:
            rows = _write(engine, codes, region, folder)
            info = _info(engine, (*NOTES, UNKNOWN_DELINQUENCY[unknown_delinquency]))
            write_portfolio_info(info, folder)
    return ImportReport("fannie_mae", to, tuple(map(str, files)), rows, FILLED, NOT_FILLED, tuple(info.notes))


def _refuse_choices(unknown_delinquency: str, region: str, codes: Mapping[str, Mapping[str, str]]) -> None:
    if unknown_delinquency not in DELINQUENCY_CHOICES:
        allowed = ", ".join(DELINQUENCY_CHOICES)
        raise InputError(f"fannie_mae: unknown_delinquency is '{unknown_delinquency}'; allowed are {allowed}")
    if region not in ("state", "zip3"):
        raise InputError(f"fannie_mae: region is '{region}'; allowed are state, zip3")
    unknown = sorted(set(codes) - {"channel", "zero_balance_code", "assistance"})
    if unknown:
        raise InputError(
            f"fannie_mae: codes for {', '.join(unknown)}; they can be given for channel, zero_balance_code, "
            "assistance"
        )


@contextmanager
def _engine(to: Path) -> Iterator[tuple[Engine, Path]]:
    """A connection and a scratch folder beside the target, where there is room for what is imported."""
    to.resolve().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{to.name}.reading-", dir=to.resolve().parent) as scratch:
        options = {"temp_directory": f"{scratch}/spill", "memory_limit": "2GB", "preserve_insertion_order": False}
        engine = ibis.duckdb.connect(**options)
        try:
            yield engine, Path(scratch)
        finally:
            engine.disconnect()


def _land_states(
    engine: Engine, codes: Mapping[str, Mapping[str, str]], unknown_delinquency: str, scratch: Path
) -> None:
    path = literal(scratch / "states.parquet")
    engine.con.execute(f"COPY ({tables.states(codes, unknown_delinquency)}) TO {path} (FORMAT parquet)")
    engine.con.execute(f"CREATE VIEW states AS SELECT * FROM read_parquet({path})")


def _write(engine: Engine, codes: Mapping[str, Mapping[str, str]], region: str, folder: Path) -> dict[str, int]:
    queries = {
        "accounts": tables.accounts(codes, region),
        "months": tables.months(),
        "treatments": tables.treatments(codes),
        "disposals": tables.disposals(codes),
    }
    rows = {}
    for name, query in queries.items():
        engine.con.execute(f"CREATE VIEW contract_{name} AS {query}")
        path = folder / f"{name}.parquet"
        rows[name] = write_table(engine.table(f"contract_{name}"), TABLES[name], path)
        if not rows[name]:
            path.unlink()
    return rows


def _info(engine: Engine, notes: tuple[str, ...]) -> PortfolioInfo:
    latest = engine.con.execute("SELECT max(month) FROM contract_months").fetchone()[0]
    if latest is None:
        raise InputError("fannie_mae: the files hold no month of any loan")
    return PortfolioInfo(
        name="fannie-mae",
        title="Fannie Mae single-family mortgages",
        currency="USD",
        source=SOURCE,
        simulated=False,
        as_of_month=parse_month(f"{latest:%Y-%m}"),
        notes=list(notes),
    )
