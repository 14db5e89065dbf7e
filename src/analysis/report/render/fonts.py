"""The report's two families as small web fonts; Typst and the charts take the files as they are."""

from __future__ import annotations

from pathlib import Path

from analysis.report.theme import SANS, SERIF, font_file

FACES = (
    (SERIF, "Regular", 400, "normal"),
    (SERIF, "It", 400, "italic"),
    (SERIF, "Semibold", 600, "normal"),
    (SANS, "Regular", 400, "normal"),
    (SANS, "It", 400, "italic"),
    (SANS, "Semibold", 600, "normal"),
)
"""Family, style, weight and slant of each face the pages use."""

RANGES = ((0x20, 0x7E), (0xA0, 0x17F), (0x391, 0x3C9), (0x2010, 0x2044), (0x20A0, 0x20BF), (0x2190, 0x2193))
SYMBOLS = (0x2116, 0x2122, 0x2206, 0x2211, 0x2212, 0x221A, 0x221E, 0x2248, 0x2260, 0x2264, 0x2265, 0x25B2, 0x25BC)
"""Characters kept in the web fonts; others fall back to the reader's own fonts."""

STYLE_SHEET = "fonts.css"


def write_web_fonts(folder: Path) -> Path:
    """Write each face as WOFF, cut to the characters of European text, and the style sheet that names them.

    What is there already is kept, so that a repeated run is cheap. No timestamps: the same fonts give the same
    bytes. Returns the style sheet.
    """
    sheet = folder / STYLE_SHEET
    if sheet.is_file():
        return sheet
    folder.mkdir(parents=True, exist_ok=True)
    rules = []
    for family, style, weight, slant in FACES:
        name = f"{font_file(style, family).stem}.woff"
        _cut(font_file(style, family), folder / name)
        rules.append(
            f'@font-face {{ font-family: "{family}"; font-weight: {weight}; font-style: {slant}; '
            f'font-display: swap; src: url("{name}") format("woff"); }}'
        )
    sheet.write_text("\n".join(rules) + "\n", encoding="utf-8")
    return sheet


def _cut(source: Path, target: Path) -> None:
    from fontTools import subset

    options = subset.Options(flavor="woff", layout_features=["kern", "liga", "lnum", "tnum", "locl", "mark"])
    options.recalc_timestamp = False
    font = subset.load_font(str(source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[c for first, last in RANGES for c in range(first, last + 1)] + list(SYMBOLS))
    subsetter.subset(font)
    subset.save_font(font, str(target), options)
