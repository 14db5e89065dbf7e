"""The run record: what a run was made from, what it did, and what came out of it."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis import __version__
from analysis.core.contract import TABLES
from analysis.core.parameters import RunParameters
from analysis.core.portfolio import FILE
from analysis.pipeline.hashes import FileHashes, hash_of
from analysis.pipeline.places import Places, portfolio_folder
from analysis.pipeline.state import NOT_IN_NUMBERS

DISTRIBUTION = "arrears-lab"
CODE = ("src", "notebooks", "params", "reports", "pyproject.toml")
"""What of the working tree can change a report."""


def now() -> str:
    """This moment, UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def begin_record(
    places: Places, params: RunParameters, code: Mapping[str, Any], inputs: Mapping[str, Any]
) -> dict[str, Any]:
    """Record of a run that begins now; `code` holds the hashes of the package and of each notebook."""
    started, packages = now(), package_versions()
    code = code_version(places.root) | dict(code)
    made_from = hash_of([params_hash(params), code, inputs, packages, started])
    return {
        "run_id": f"{re.sub('[-:]', '', started)}-{made_from[:6]}",
        "status": "running",
        "portfolio": places.portfolio,
        "period": str(places.period),
        "started": started,
        "ended": None,
        "code": code,
        "parameters": parameters_as_written(places, params),
        "parameters_hash": params_hash(params),
        "inputs": dict(inputs),
        "python": platform.python_version(),
        "packages": packages,
        "chapters": {},
        "renderer": None,
        "outputs": {},
    }


def parameters_as_written(places: Places, params: RunParameters) -> dict[str, Any]:
    """Resolved parameters, with the portfolio's path as the record and `params.yml` write it."""
    return params.model_dump(mode="json") | {"portfolio": places.relative(portfolio_folder(places.root, params))}


def params_hash(params: RunParameters) -> str:
    """Hash of all parameters that can change a number."""
    dump = params.model_dump(mode="json")
    return hash_of({key: value for key, value in dump.items() if key not in NOT_IN_NUMBERS})


def code_version(root: Path) -> dict[str, Any]:
    """Package version, and where the project is a git checkout its commit and whether files differ from it."""
    version: dict[str, Any] = {"version": __version__, "commit": None, "dirty": None}
    top = _git(root, "rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() != root:
        return version
    changes = _git(root, "status", "--porcelain", "--", *CODE)
    return version | {"commit": _git(root, "rev-parse", "HEAD"), "dirty": bool(changes)}


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def read_inputs(folder: Path, hashes: FileHashes) -> dict[str, dict[str, Any]]:
    """Hash and row count of each table, and hashes of the files beside them."""
    import pyarrow.parquet as pq

    inputs: dict[str, dict[str, Any]] = {}
    for name in TABLES:
        path = folder / f"{name}.parquet"
        if path.is_file():
            inputs[name] = {"hash": hashes.of(path), "rows": _rows(pq, path)}
    for name in (FILE, "truth.json"):
        if (folder / name).is_file():
            inputs[name] = {"hash": hashes.of(folder / name)}
    return inputs


def _rows(pq: Any, path: Path) -> int | None:
    """Rows by the file's own footer; None for a file that is no Parquet file, which the check will name."""
    import pyarrow as pa

    try:
        return int(pq.read_metadata(path).num_rows)
    except pa.ArrowInvalid:
        return None


def package_versions() -> dict[str, str]:
    """Versions of the packages that the project depends on."""
    try:
        needed = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return {}
    names = {re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0] for line in needed if "extra ==" not in line}
    return {name: version for name in sorted(names) if (version := _version(name))}


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
