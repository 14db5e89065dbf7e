"""The look: one serif for text, one sans for charts, tables and headings, one accent colour and greys.

The constants here serve the charts, the style sheet and the PDF alike. Colours are hexadecimal sRGB; marks have a
contrast of at least 3:1 against the paper and text of at least 4.5:1 (WCAG 2.2, 1.4.3 and 1.4.11).
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import cache, wraps
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from analysis.core.errors import ArrearsError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SERIF, SANS = "Source Serif Pro", "Source Sans Pro"

PAPER = "#ffffff"
INK = "#1f2428"
"""Text, titles and the numbers of charts."""
MUTED = "#5a626b"
"""Subtitles, axis labels, captions, and labels of what is greyed."""
GREY = "#878e96"
"""Marks that are there for comparison."""
HAIRLINE = "#d9dcdf"
"""Rules and grids, which carry no information."""
SHADOW = "#c3c8cd"
"""Lines that stand behind as context and are named elsewhere."""
WASH = "#f3f5f6"
"""Backgrounds of asides and empty cells."""
ACCENT = "#0f5579"
"""The one colour: what a chart is about, links, rules beside headlines."""
ACCENT_BAND = "#c9dce7"
"""Interval around the accent."""
SECOND = "#b4531a"
"""Only where two things are compared, and for gates."""
SECOND_BAND = "#f1d8c6"
GREY_BAND = "#e2e5e8"

SHADES = ("#f1f6f9", "#c9dce7", "#8db6cd", "#4a86a8", "#0f5579", "#07344c")
"""Light to dark, for shaded tables: one hue, so that it reads without colour."""

TEXT_WIDTH = 6.3
"""Width of the text column on A4, and of every figure, in inches."""

PRINT_POINTS = {
    "body": 10.5,
    "small": 8.5,
    "table": 8.5,
    "caption": 9,
    "h1": 22,
    "h2": 15,
    "h3": 11.5,
    "headline": 22,
}
SCREEN_PIXELS = {"body": 18, "small": 14, "table": 15, "caption": 15, "h1": 38, "h2": 26, "h3": 20, "headline": 36}
MEASURE = "68ch"
"""Width of a text line on screen."""

TITLE_SIZE, TEXT_SIZE, SMALL_SIZE = 13.5, 10.5, 9.5
"""Points, in charts as printed at TEXT_WIDTH; on a phone of 390 pixels the smallest is still seven pixels."""

SMALLEST_SIZE = 8.0
"""Points, for second lines inside cells."""

SVG_SALT = "arrears-lab"

RC: dict[str, Any] = {
    "font.family": [SANS],
    "font.size": TEXT_SIZE,
    "text.color": INK,
    "axes.edgecolor": GREY,
    "axes.labelcolor": MUTED,
    "axes.labelsize": SMALL_SIZE,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "axes.grid": False,
    "axes.unicode_minus": True,
    "grid.color": HAIRLINE,
    "grid.linewidth": 0.7,
    "xtick.labelsize": SMALL_SIZE,
    "ytick.labelsize": SMALL_SIZE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "xtick.major.width": 0.7,
    "lines.solid_capstyle": "round",
    "hatch.color": GREY,
    "hatch.linewidth": 0.5,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    # glyphs as outlines: a picture looks the same on a machine without the fonts
    "svg.fonttype": "path",
    "svg.hashsalt": SVG_SALT,
    "path.simplify": True,
}

P = ParamSpec("P")
R = TypeVar("R")


def font_folders() -> list[Path]:
    """Folders with the TTF files of both families, for matplotlib, the site and the PDF; raises ArrearsError."""
    return [_font_folder("font_source_sans_pro"), _font_folder("font_source_serif_pro")]


def _font_folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        name = package.replace("_", "-")
        raise ArrearsError(f"the fonts of the report are missing; install them with `pip install {name}`")
    return Path(spec.origin).parent / "files"


def font_file(style: str, family: str = SANS) -> Path:
    """TTF file of a style such as `Regular`, `It`, `Semibold` or `Bold`."""
    folder = font_folders()[0 if family == SANS else 1]
    return folder / f"{family.replace(' ', '')}-{style}.ttf"


@cache
def register_fonts() -> None:
    """Make the chart fonts known to matplotlib; once is enough."""
    from matplotlib import font_manager

    for style in ("Regular", "It", "Semibold", "Bold"):
        font_manager.fontManager.addfont(font_file(style))


def themed(draw: Callable[P, R]) -> Callable[P, R]:
    """Draw under the theme without touching the settings of whoever calls."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> R:
        import matplotlib as mpl

        register_fonts()
        with mpl.rc_context(RC):  # type: ignore[arg-type]
            return draw(*args, **kwargs)

    return drawn


@themed
def to_svg(fig: Figure, title: str = "") -> str:
    """SVG text of a figure, the same bytes for the same figure.

    `title` is what a screen reader says first; without it the finding that the figure was drawn with.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    file = io.BytesIO()
    metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
    title = title or str(getattr(fig, "finding", ""))
    if title:
        metadata["Title"] = title  # type: ignore[assignment]
    FigureCanvasSVG(fig).print_svg(file, metadata=metadata)
    return _compact(file.getvalue().decode("utf-8"))


@themed
def to_png(fig: Figure, dpi: int) -> bytes:
    """PNG bytes of a figure, without the name of the program that wrote them."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    file = io.BytesIO()
    before = fig.dpi
    fig.set_dpi(dpi)
    try:
        FigureCanvasAgg(fig).print_png(file, metadata={"Software": None})
    finally:
        fig.set_dpi(before)
    return file.getvalue()


def _compact(svg: str) -> str:
    """Shorter by a third: coordinates of paths to a hundredth, no comments, no second copy of the title."""
    svg = re.sub(r'(?<= d=")[^"]+', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), svg)
    svg = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*\n\s*", "\n", svg)
    return svg[svg.index("<svg") :]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, definition of contrast ratio)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance of a hexadecimal sRGB colour (WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def text_on(colour: str) -> str:
    """Ink, or paper, or black where neither has a contrast of 4.5:1 on a shade."""
    best = max((INK, PAPER), key=lambda ink: contrast(ink, colour))
    return best if contrast(best, colour) >= 4.5 else max(("#000000", PAPER), key=lambda i: contrast(i, colour))


def shade(share: float) -> str:
    """Colour of the shaded tables for a share of the darkest, 0 to 1."""
    place = min(max(share, 0.0), 1.0) * (len(SHADES) - 1)
    low = min(int(place), len(SHADES) - 2)
    mix = place - low
    pairs = zip(_channels(SHADES[low]), _channels(SHADES[low + 1]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * mix):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
