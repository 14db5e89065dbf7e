"""Pandoc with the report's two filters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from analysis.report.render.processes import run

READER = "markdown"
FILTERS = (Path("report.lua"), Path(__file__).with_name("references.lua"))


def pandoc(folder: Path, sources: Sequence[str], target: Path, options: Iterable[str]) -> None:
    """Turn Markdown files of `folder` into `target`; raises RenderError with Pandoc's own words.

    The heap of Pandoc itself is bounded too, so that a filter that feeds on its own output ends early.
    """
    import pypandoc

    filters = [part for filter in FILTERS for part in ("--lua-filter", str(filter))]
    common = ["+RTS", "-M1500m", "-RTS", "--from", READER, "--metadata", "labels=labels.json"]
    command = [pypandoc.get_pandoc_path(), *common, *filters, *options, "--output", str(target), *sources]
    run(command, cwd=folder, seconds=60, megabytes=2048)
