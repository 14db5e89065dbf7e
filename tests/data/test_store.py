"""Engines are found by their address, and what is missing is said."""

from pathlib import Path

import pytest

from analysis.core.errors import InputError, ParameterError
from analysis.data import store


@pytest.mark.parametrize("engine", ["duckdb", "postgres://x", "", "local"])
def test_an_unknown_engine_is_refused_with_the_known_ones(engine: str) -> None:
    with pytest.raises(ParameterError, match=r"write duckdb://, spark://local\[\*\] or spark://host:7077"):
        store.connect(engine)


def test_an_unknown_option_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ParameterError, match="unknown option memory; known are memory_limit, threads"):
        store.connect("duckdb://?memory=1GB")


def test_options_reach_the_engine() -> None:
    engine = store.connect("duckdb://?threads=1&memory_limit=300MB")
    assert engine.raw_sql("select current_setting('threads')").fetchone() == (1,)


def test_the_same_address_is_one_connection() -> None:
    assert store.connect("duckdb://") is store.connect("duckdb://")


def test_missing_java_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="none was found in JAVA_HOME or on PATH"):
        store.require_java()


def test_an_old_java_is_named_with_its_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(InputError, match=r"needs Java 17 or later; .* is 11"):
        store.require_java()
