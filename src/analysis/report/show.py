"""Showing figures, tables and prose in a notebook in the form from which the report is assembled."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis.core.errors import ChapterError
from analysis.report import tables, theme

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

LARGEST_SVG = 300_000
"""Bytes; a figure with more marks than that is shown as a picture of points."""

PNG_DPI = 220

_shown: dict[str, tuple[object, object]] = {}
"""Label → (cell, execution) that showed it last in this kernel."""


def figure(fig: Figure, label: str, caption: str, alt: str, title: str | None = None) -> None:
    """Show a figure; its finding is inside the picture, `caption` tells denominators, intervals and source.

    `alt` says in words what the picture shows. `title` is the finding for lists of figures; without it the title
    that the figure was drawn with. Raises ChapterError when the alt text or caption is empty, or the label does
    not start with `fig-` or is taken by another cell.
    """
    _check_label(label, "fig")
    _check_text(label, "alt text", alt)
    _check_text(label, "caption", caption)
    title = title or str(getattr(fig, "finding", ""))
    _check_text(label, "title", title)
    details = {
        "kind": "figure",
        "label": label,
        "caption": _line(caption),
        "alt": _line(alt),
        "title": _line(title),
    }
    if hasattr(fig, "head"):
        details |= {"measure": _line(fig.measure), "head": f"{fig.head:.4f}"}  # type: ignore[attr-defined]
    _publish(_picture(fig, details["title"]) | {"text/plain": details["alt"]}, details)


def table(
    frame: pd.DataFrame, label: str, caption: str, formats: Mapping[str, tables.Column], **options: Any
) -> None:
    """Show the columns named in `formats`, in that order; `options` go to `tables.lay_out`.

    Raises ChapterError when the caption is empty, the label does not start with `tbl-` or is taken by another
    cell, or the table does not fit an A4 page.
    """
    _check_label(label, "tbl")
    _check_text(label, "caption", caption)
    laid_out = tables.lay_out(frame, formats, label=label, **options)
    bundle = {"text/markdown": tables.to_markdown(laid_out), "text/html": tables.to_html(laid_out)}
    _publish(bundle, {"kind": "table", "label": label, "caption": _line(caption)})


def prose(text: str) -> None:
    """Show computed Markdown; it may refer to `@fig-…`, `@tbl-…` and `@sec-…`. Empty text shows nothing."""
    if text.strip():
        _publish({"text/markdown": text.strip()}, {"kind": "prose"})


def _picture(fig: Figure, title: str) -> dict[str, Any]:
    svg = theme.to_svg(fig, title)
    if len(svg.encode()) <= LARGEST_SVG:
        return {"image/svg+xml": svg}
    return {"image/png": base64.b64encode(theme.to_png(fig, PNG_DPI)).decode("ascii")}


def _publish(bundle: dict[str, Any], details: dict[str, str]) -> None:
    from IPython.display import publish_display_data

    publish_display_data(bundle, metadata={"arrears": details})


def _check_label(label: str, prefix: str) -> None:
    """A label is `fig-…` or `tbl-…`, and belongs to one cell; running that cell again is fine."""
    if not re.fullmatch(rf"{prefix}-[a-z0-9]+(-[a-z0-9]+)*", label):
        raise ChapterError(
            f"label '{label}': write {prefix}- and small letters, digits and hyphens, as in {prefix}-roll-rates"
        )
    cell, execution = _running()
    before = _shown.get(label)
    if before is not None and (before[0] != cell or before[1] == execution):
        raise ChapterError(f"label '{label}' is taken by another figure or table of this notebook; choose another")
    _shown[label] = (cell, execution)


def _running() -> tuple[object, object]:
    """The cell that runs now (its id where the front end tells it, else its source) and its execution count."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None:
        return None, None
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    cell = (parent.get("metadata") or {}).get("cellId") or shell.user_ns.get("_ih", [""])[-1]
    return cell, shell.execution_count


def _check_text(label: str, name: str, text: str) -> None:
    if not str(text).strip():
        raise ChapterError(
            f"'{label}' has no {name}; say in a sentence what a reader needs who cannot see the rest"
        )


def _line(text: str) -> str:
    """One line: line breaks in a template are for the writer's eyes."""
    return " ".join(str(text).split())
