"""YAML files that people write, and what is told of those that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.core.errors import ParameterError
from analysis.core.yaml_files import files_of, read_each, read_keys


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"title: caf\xe9", r"own\.yml is not UTF-8 text \(unexpected end of data\); save it as UTF-8"),
        (b"start: 2025-13-01", r"own\.yml is not valid YAML: month must be in 1\.\.12"),
        (b"name: [", r"(?s)own\.yml is not valid YAML: .*line 1, column 8"),
        (b"- a", r"own\.yml must hold keys and values, not list"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_fault(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "own.yml").write_bytes(content)
    with pytest.raises(ParameterError, match=message):
        read_keys(tmp_path / "own.yml", "scenario")


def test_a_file_that_is_missing_and_a_folder_in_its_place_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"programme file .*gone\.yml does not exist; mend its name"):
        read_keys(tmp_path / "gone.yml", "programme")
    with pytest.raises(ParameterError, match=r"programme file .* is a folder; name a file in it"):
        read_keys(tmp_path, "programme")


def test_a_folder_that_is_missing_and_an_empty_one_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"claim folder .*gone does not exist; mend its name"):
        files_of(tmp_path / "gone", "claim")
    with pytest.raises(ParameterError, match=r"holds no claim file \(\*\.yml\)"):
        files_of(tmp_path, "claim")


def test_all_files_that_cannot_be_read_are_told_at_once(tmp_path: Path) -> None:
    for name, text in (("a.yml", "- a"), ("b.yml", "key: 1"), ("c.yml", "name: [")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError, match=r"(?s)a\.yml must hold .*\n.*c\.yml is not valid YAML") as error:
        read_each(files_of(tmp_path, "claim"), lambda file: read_keys(file, "claim"))
    assert "b.yml" not in str(error.value)
