"""Engines: where a portfolio's tables are aggregated.

`duckdb://` is embedded and works out of core (`duckdb://?memory_limit=1GB&threads=2` bounds it);
`spark://local[*]` or `spark://host:7077` runs the same Ibis expressions on Spark.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import ibis

from analysis.core.errors import InputError, ParameterError

Engine = Any
"""An Ibis backend (`ibis.backends.BaseBackend`); Ibis types its backends loosely."""

JAVA_NEEDED = 17
"""Spark 4 runs on Java 17 or later (Spark documentation, "Downloading", release 4.0)."""


@lru_cache(maxsize=4)
def connect(engine: str = "duckdb://") -> Engine:
    """Ibis backend for an engine's address; the same address gives the same connection in a process.

    Raises ParameterError for an unknown scheme or option, InputError where Spark's Java is missing.
    """
    scheme = engine.split("://", 1)[0]
    if scheme == "duckdb" and "://" in engine:
        return _connect_duckdb(engine)
    if scheme == "spark" and "://" in engine:
        return _connect_spark(engine)
    raise ParameterError(f"engine '{engine}' is unknown; write duckdb://, spark://local[*] or spark://host:7077")


def _connect_duckdb(engine: str) -> Engine:
    options = dict(parse_qsl(urlsplit(engine).query))
    unknown = sorted(set(options) - {"memory_limit", "threads"})
    if unknown:
        raise ParameterError(f"engine '{engine}': unknown option {unknown[0]}; known are memory_limit, threads")
    # Files are read in their own order, which the panel relies on (`panel.months.in_file_order`).
    settings: dict[str, Any] = {"preserve_insertion_order": True}
    # Spilled blocks belong with the system's temporary files, never in the folder a person works in.
    settings["temp_directory"] = str(Path(tempfile.gettempdir()) / "arrears-duckdb")
    return ibis.duckdb.connect(**settings, **options)


def _connect_spark(engine: str) -> Engine:
    require_java()
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise InputError("engine spark:// needs PySpark: pip install 'arrears-lab[spark]'") from None
    address = engine.removeprefix("spark://")
    local = address.startswith("local")
    builder = SparkSession.builder.appName("arrears").master(address if local else engine)
    builder = builder.config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC")
    if local:
        # A laptop's tables need no more partitions than it has cores, and nothing listens beyond loopback.
        builder = builder.config("spark.sql.shuffle.partitions", "8").config("spark.driver.host", "127.0.0.1")
        builder = builder.config("spark.driver.bindAddress", "127.0.0.1")
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return ibis.pyspark.connect(session)


def require_java() -> Path:
    """Path of a Java runtime that Spark can use, looked for in JAVA_HOME, then on PATH.

    Raises InputError where there is none, or where it is older than Java 17.
    """
    home = os.environ.get("JAVA_HOME")
    candidate = Path(home, "bin", "java") if home else None
    java = candidate if candidate and candidate.is_file() else shutil.which("java")
    if java is None:
        raise InputError(
            f"engine spark:// needs Java {JAVA_NEEDED} or later, and none was found in JAVA_HOME or on PATH. "
            "Install a Java runtime, or use the embedded engine duckdb://"
        )
    banner = subprocess.run(
        [str(java), "-version"], capture_output=True, text=True, check=False, timeout=60
    ).stderr
    version = re.search(r'version "(\d+)', banner)
    if version is None or int(version[1]) < JAVA_NEEDED:
        found = version[1] if version else "an unreadable version"
        raise InputError(f"engine spark:// needs Java {JAVA_NEEDED} or later; {java} is {found}")
    return Path(java)
