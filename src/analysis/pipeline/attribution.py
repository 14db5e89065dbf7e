"""What the differences between two runs come from: data, code, packages or parameters, one changed at a time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.pipeline.compare import Difference, compare_results
from analysis.pipeline.state import NOT_IN_NUMBERS

Record = Mapping[str, Any]
SECONDS = 3600


@dataclass(frozen=True)
class Factors:
    """What differs between the making of two runs, each as `{name: (before, after)}`."""

    data: dict[str, tuple[Any, Any]]
    code: dict[str, tuple[Any, Any]]
    packages: dict[str, tuple[Any, Any]]
    parameters: dict[str, tuple[Any, Any]]

    @property
    def causes(self) -> list[str]:
        """Names of those that differ, parameters last."""
        return [name for name in ("data", "code", "packages", "parameters") if getattr(self, name)]


@dataclass(frozen=True)
class Step:
    """Differences that came when `causes` were changed and all else stayed."""

    causes: tuple[str, ...]
    differences: list[Difference]


@dataclass(frozen=True)
class Attribution:
    """Steps from the published results to the restated ones; `inseparable` says why causes share a step."""

    steps: list[Step]
    inseparable: str = ""

    def causes_of(self, difference: Difference) -> tuple[str, ...]:
        """Causes of the steps that touched a cell, or its row, column or table."""
        found = [
            c for step in self.steps if any(_touches(d, difference) for d in step.differences) for c in step.causes
        ]
        return tuple(dict.fromkeys(found))


def factors(before: Record, after: Record) -> Factors:
    """Compare two run records."""
    return Factors(
        data=_changes(_contents(before["inputs"]), _contents(after["inputs"])),
        code=_changes(_code(before), _code(after)),
        packages=_changes(before["packages"], after["packages"]),
        parameters=_parameters(before, after),
    )


def changed_tables(before: Record, after: Record) -> list[str]:
    """Input files whose content differs, with what happened to each."""
    words = {(True, False): "is gone", (False, True): "is new"}
    differing = _changes(_hashes(before), _hashes(after))
    return [
        f"{name} {words.get((old is not None, new is not None), 'has changed')}"
        for name, (old, new) in differing.items()
    ]


def attribute(
    root: Path, before: Record, published: Path, recorded: Path, restated: Path, found: Factors, params_file: Path
) -> Attribution:
    """Split the way from the published results to the restated ones into steps.

    `recorded` are results of today's tables and code with the recorded parameters (the restated ones themselves
    where no parameter was changed). The old code is run on today's tables where data and code both changed and git
    still has the commit; old tables are never to be had again.
    """
    first = [cause for cause in found.causes if cause != "parameters"]
    last = [Step(("parameters",), compare_results(recorded, restated))] if found.parameters else []
    if len(first) < 2 or "code" not in first:
        why = "the tables of then are not kept" if len(first) > 1 else ""
        return Attribution([Step(tuple(first), compare_results(published, recorded)), *last], why)
    with _scratch() as scratch:
        why = run_old_code(root, before, params_file, scratch)
        if why:
            return Attribution([Step(tuple(first), compare_results(published, recorded)), *last], why)
        rest = tuple(cause for cause in first if cause != "code")
        old = scratch / "results"
        steps = [Step(rest, compare_results(published, old)), Step(("code",), compare_results(old, recorded))]
        return Attribution([*steps, *last])


def run_old_code(root: Path, before: Record, params_file: Path, to: Path) -> str:
    """Run the recorded commit on today's tables and leave its results in `to/results`; returns why not, if not."""
    commit = before["code"].get("commit")
    if not commit:
        return "the run was not made from a git checkout"
    if before["code"].get("dirty"):
        return f"the run was made from files that differed from commit {commit[:10]}"
    tree = to / "code"
    if not _git(root, "worktree", "add", "--detach", "--quiet", str(tree), commit):
        return f"git does not have commit {commit[:10]} any more"
    try:
        return _run_tree(tree, before, params_file, to / "results")
    finally:
        _git(root, "worktree", "remove", "--force", str(tree))


def _run_tree(tree: Path, before: Record, params_file: Path, results: Path) -> str:
    command = [sys.executable, "-m", "analysis", "run", "--params", str(params_file)]
    environment = os.environ | {"PYTHONPATH": str(tree / "src")}
    done = subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return f"the code of then does not run on the tables of today ({last})"
    shutil.copytree(tree / "reports" / "work" / before["portfolio"] / before["period"] / "results", results)
    return ""


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="arrears-restate-") as folder:
        yield Path(folder)


def _git(root: Path, *arguments: str) -> bool:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False, timeout=SECONDS)
    return done.returncode == 0


def _touches(change: Difference, difference: Difference) -> bool:
    """Whether a step's difference concerns the cell: an empty key or column stands for all of them."""
    pairs = ((change.key, difference.key), (change.column, difference.column))
    return change.table == difference.table and all(not a or not b or a == b for a, b in pairs)


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = dict.fromkeys([*before, *after])
    return {n: (before.get(n), after.get(n)) for n in names if before.get(n) != after.get(n)}


def _hashes(inputs: Mapping[str, Any]) -> dict[str, str]:
    return {name: entry["hash"] for name, entry in inputs.items()}


def _contents(inputs: Mapping[str, Any]) -> dict[str, str]:
    """Hash and rows of each file, as the revisions page prints them."""
    return {
        name: entry["hash"] + (f" ({entry['rows']:,} rows)" if entry.get("rows") is not None else "")
        for name, entry in inputs.items()
    }


def _code(record: Record) -> dict[str, Any]:
    code = record["code"]
    return {"package": code["hash"]} | {f"notebook {name}": h for name, h in code["notebooks"].items()}


def _parameters(before: Record, after: Record) -> dict[str, tuple[Any, Any]]:
    """Parameters that were given another value; a key that only one of the two codes knows is the code's doing."""
    old, new = (_flat(record["parameters"]) for record in (before, after))
    common = [key for key in old if key in new and key not in NOT_IN_NUMBERS]
    return _changes({key: old[key] for key in common}, {key: new[key] for key in common})


def _flat(parameters: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in parameters.items():
        nested = isinstance(value, Mapping)
        flat |= _flat(value, f"{prefix}{key}.") if nested else {f"{prefix}{key}": value}
    return flat
