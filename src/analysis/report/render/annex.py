"""The technical annex: executed notebooks with their code as plain HTML, without scripts or outside addresses."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.core.errors import ChapterError
from analysis.report.render.labels import Label
from analysis.report.words import Words

if TYPE_CHECKING:
    from nbformat import NotebookNode

PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="../assets/fonts.css">
<link rel="stylesheet" href="../assets/report.css">
<style>
{style}
</style>
</head>
<body>
<nav><a href="../{back}.html">{name}</a></nav>
<main>
{body}
</main>
<footer>{colophon}</footer>
</body>
</html>
"""

STYLE = """body { margin: 0 auto; max-width: 62rem; padding: 1.2rem 2rem 3rem; }
nav, footer { font-family: var(--sans); font-size: var(--small); color: var(--muted); }
pre { font-size: 0.8125rem; line-height: 1.45; overflow-x: auto; margin: 0; padding: 0.6rem 0.9rem; }
.highlight { background: var(--wash); margin: 0.8rem 0; }
.prompt, .anchor-link { display: none; }
h1 { margin-top: 1.5rem; }
.output_subarea { overflow-x: auto; max-width: 100%; }
.output_subarea img { max-width: 100%; height: auto; }
.text_cell_render > p, .text_cell_render > ul { max-width: var(--measure); }"""

_REFERENCE = re.compile(r"(?<![\w.])@((?:fig|tbl|sec|eq)-\w+(?:-\w+)*)")
_BRACKETS = re.compile(r"\[(@[^\]\[]*)\](?!\()")
_ATTRIBUTES = re.compile(r"\s*\{[#.][^{}\n]*\}(?=\s*$)", re.MULTILINE)
_PAGE_LINK = re.compile(r"\]\(([\w-]+)\.qmd\)")
_SCRIPT = re.compile(r"<script\b.*?</script\s*>", re.DOTALL | re.IGNORECASE)
_HANDLER = re.compile(r"\s(?:on\w+|srcdoc)\s*=\s*(?:\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_IMAGE = re.compile(r"<img\b(?![^>]*\balt=)", re.IGNORECASE)


def write_annex(
    notebook: Path, to: Path, words: Words, colophon: str, labels: Mapping[str, Label] | None = None
) -> Path:
    """Write `to/NN_name.html` from an executed notebook; raises ChapterError when nbconvert cannot.

    Cell and notebook metadata (run times, paths) stay out; text of figures is kept as their alt text. `labels` say
    what references in the prose read.
    """
    import nbformat
    from nbconvert import HTMLExporter

    content = _plain(nbformat.read(notebook, as_version=4), labels or {})
    exporter = HTMLExporter(template_name="basic", exclude_anchor_links=True)
    try:
        body, _ = exporter.from_notebook_node(content)
    except (ValueError, KeyError, TypeError) as error:
        raise ChapterError(f"{notebook.name} cannot be written as HTML: {error}") from None
    back = notebook.stem.replace("_", "-")
    to.mkdir(parents=True, exist_ok=True)
    target = to / f"{notebook.stem}.html"
    title = f"{words.label('annex_list')}: {notebook.stem}"
    page = PAGE.format(
        language=words.language,
        title=html.escape(title),
        style=STYLE + "\n" + _colours(),
        back=back,
        name=html.escape(f"← {words.label('name')}"),
        body=_safe(body),
        colophon=html.escape(colophon),
    )
    target.write_text(page, encoding="utf-8")
    return target


def _plain(content: NotebookNode, labels: Mapping[str, Label]) -> NotebookNode:
    """The notebook without metadata, and without what only a live notebook can show."""
    content.metadata = {"language_info": {"name": "python", "pygments_lexer": "python"}}
    for cell in content.cells:
        cell.metadata = {}
        if cell.cell_type == "markdown":
            cell.source = _resolved(cell.source, labels)
        for output in cell.get("outputs", []):
            alt = output.get("metadata", {}).get("arrears", {}).get("alt", "")
            if "data" in output:
                output.data = _shown(output.data, alt)
                if "text/markdown" in output.data:
                    output.data["text/markdown"] = _resolved("".join(output.data["text/markdown"]), labels)
                output.metadata = {}
    return content


def _resolved(source: str, labels: Mapping[str, Label]) -> str:
    """Prose as the report reads: references by name, headings without their labels, links to pages."""
    source = _BRACKETS.sub(lambda match: match[1].replace(";", ","), source)
    source = _REFERENCE.sub(lambda match: labels[match[1]].text if match[1] in labels else match[0], source)
    return _PAGE_LINK.sub(r"](../\1.html)", _ATTRIBUTES.sub("", source))


def _shown(data: dict[str, str], alt: str) -> dict[str, str]:
    """One form of an output: a picture as an image with its alt text, a table as HTML, else text."""
    if "image/png" in data:
        return _picture("image/png", "".join(data["image/png"]).replace("\n", ""), alt)
    if "image/svg+xml" in data:
        # inline, the pictures of one page would share their ids
        text = base64.b64encode("".join(data["image/svg+xml"]).encode()).decode()
        return _picture("image/svg+xml", text, alt)
    for kind in ("text/html", "text/markdown", "text/plain"):
        if kind in data:
            return {kind: data[kind]}
    return {}


def _picture(kind: str, content: str, alt: str) -> dict[str, str]:
    return {"text/html": f'<img src="data:{kind};base64,{content}" alt="{html.escape(alt)}">'}


def _safe(body: str) -> str:
    """HTML without scripts and event handlers; an image without alt text is marked as decoration."""
    return _IMAGE.sub('<img alt=""', _HANDLER.sub("", _SCRIPT.sub("", body)))


def _colours() -> str:
    """Colours of the code, quiet enough to print."""
    from pygments.formatters import HtmlFormatter

    return HtmlFormatter(style="bw", nobackground=True).get_style_defs(".highlight")
