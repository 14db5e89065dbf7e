"""An executed notebook as one chapter of Markdown with its figures: prose and outputs, never code."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.core.errors import ChapterError

SVG, PNG, MARKDOWN = "image/svg+xml", "image/png", "text/markdown"
SIMPLE_LABEL = re.compile(r"(fig|tbl)-[a-z0-9]+(-[a-z0-9]+)*")

_FOOTNOTE = re.compile(r"\[\^([^\]\s]+)\]")
_CALLOUT = re.compile(r"\.callout-(?:note|tip|important|warning|caution)\b")
_NOTE_TITLE = re.compile(
    r"^(:{3,} *\{[^}\n]*\.note\b[^}\n]*\} *\n)\s*#+ +(.*?) *(?:\{[^}\n]*\})? *$", re.MULTILINE
)
_SVG_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)


@dataclass
class Chapter:
    """One assembled chapter: `name` as in `10-delinquency`, its Markdown, and its figures by file name."""

    name: str
    text: str
    figures: dict[str, bytes] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """Write `NAME.qmd` and `figs/` into `folder`; the same chapter gives the same bytes."""
        (folder / "figs").mkdir(parents=True, exist_ok=True)
        for file, content in self.figures.items():
            (folder / "figs" / file).write_bytes(content)
        path = folder / f"{self.name}.qmd"
        path.write_text(self.text, encoding="utf-8")
        return path


def heading(text: str) -> str:
    """First heading of level one, without its attributes; empty where there is none."""
    match = re.search(r"^# +(.*?)\s*(?:\{[^{}]*\})?\s*$", text, re.MULTILINE)
    return match[1] if match else ""


def assemble(notebook: Path, replacements: Mapping[str, str] | None = None) -> Chapter:
    """Read an executed notebook (`NN_name.ipynb`) and keep what a reader is meant to see.

    Markdown cells are prose; `replacements` gives other text by cell id. Of the outputs only those count that
    carry `metadata["arrears"]` with `kind` figure, table or prose. Cells tagged `remove-cell` are left out whole.
    Raises ChapterError for a notebook that failed or was not executed, an output that breaks the protocol, or a
    chapter that doesn't begin with a level-one heading.
    """
    content = json.loads(notebook.read_text(encoding="utf-8"))
    chapter = Chapter(notebook.stem.replace("_", "-"), "")
    parts = [part for cell in content["cells"] for part in _cell(cell, chapter, replacements or {}, notebook.name)]
    text = "\n\n".join(part for part in parts if part)
    if not text.startswith("# "):
        raise ChapterError(
            f"{notebook.name}: the chapter begins with {text[:40]!r}; its first Markdown cell must begin with "
            "a heading such as '# Delinquency {#sec-delinquency}'"
        )
    chapter.text = _prefix_footnotes(_plain_notes(text), chapter.name) + "\n"
    return chapter


def _cell(cell: Any, chapter: Chapter, replacements: Mapping[str, str], file: str) -> Iterator[str]:
    if "remove-cell" in cell["metadata"].get("tags", []):
        return
    if cell["cell_type"] == "markdown":
        yield replacements.get(cell.get("id", ""), _joined(cell["source"])).strip()
    elif cell["cell_type"] == "code":
        for output in cell["outputs"]:
            yield _output(output, chapter, f"{file}, cell {cell.get('id', '?')}")


def _output(output: Any, chapter: Chapter, where: str) -> str:
    if output["output_type"] == "error":
        raise ChapterError(f"{where}: the notebook failed with {output['ename']}: {output['evalue']}")
    note = output.get("metadata", {}).get("arrears")
    if output["output_type"] != "display_data" or not note:
        return ""
    writers = {"figure": _figure, "table": _table, "prose": _prose}
    kind = note.get("kind")
    if kind not in writers:
        raise ChapterError(f"{where}: output kind {kind!r} is none of {', '.join(writers)}")
    return writers[kind](output["data"], note, chapter, where)


def _prose(data: Mapping[str, Any], note: Mapping[str, str], chapter: Chapter, where: str) -> str:
    return _joined(_needed(data, MARKDOWN, where)).strip()


def _table(data: Mapping[str, Any], note: Mapping[str, str], chapter: Chapter, where: str) -> str:
    label = _label(note, "tbl", where)
    rows = _joined(_needed(data, MARKDOWN, where)).strip()
    return f"{rows}\n\n: {_one_line(_needed(note, 'caption', where))} {{#{label}}}"


def _figure(data: Mapping[str, Any], note: Mapping[str, str], chapter: Chapter, where: str) -> str:
    label = _label(note, "fig", where)
    if SVG in data:
        file, picture = f"{label}.svg", _SVG_METADATA.sub("", _joined(data[SVG])).encode()
    else:
        file, picture = f"{label}.png", base64.b64decode(_joined(_needed(data, PNG, where)))
    chapter.figures[file] = picture
    alt = _one_line(_needed(note, "alt", where)).replace("\\", "\\\\").replace('"', '\\"')
    caption = _one_line(_needed(note, "caption", where))
    return _with_head(f'![{caption}](figs/{file}){{#{label} fig-alt="{alt}"}}', note)


def _with_head(image: str, note: Mapping[str, str]) -> str:
    """The finding and the measure as text too, which a narrow screen shows instead of those inside the picture.

    `--head` is their height in the picture, as a part of its width. The PDF knows nothing of it.
    """
    if "head" not in note:
        return image
    finding, measure = html.escape(note["title"]), html.escape(note.get("measure", ""))
    head = f'<p class="finding"><strong>{finding}</strong> {measure}</p>'
    opened = f'<div class="chart" style="--head: {float(note["head"])}">'
    return f"```{{=html}}\n{opened}\n{head}\n```\n\n{image}\n\n```{{=html}}\n</div>\n```"


def _needed(values: Mapping[str, Any], key: str, where: str) -> Any:
    if not values.get(key):
        raise ChapterError(f"{where}: the output lacks {key}; it has {', '.join(sorted(values)) or 'nothing'}")
    return values[key]


def _label(note: Mapping[str, str], kind: str, where: str) -> str:
    label = _needed(note, "label", where)
    if not SIMPLE_LABEL.fullmatch(label) or not label.startswith(f"{kind}-"):
        raise ChapterError(
            f"{where}: label {label!r} must be '{kind}-' and lower-case words joined by hyphens, "
            f"for example {kind}-delinquency-rates"
        )
    return label


def _joined(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _plain_notes(text: str) -> str:
    """Callouts as plain asides: Quarto fetches a package for them, and their titles would count as sections."""
    return _NOTE_TITLE.sub(r"\1**\2**\n", _CALLOUT.sub(".note", text))


def _prefix_footnotes(text: str, name: str) -> str:
    """Footnotes of two chapters may bear the same mark; in one document the last would silently win."""
    return _FOOTNOTE.sub(lambda match: f"[^{name}-{match[1]}]", text)
