"""The report's two families as web fonts; Typst and the charts take the files as they are."""

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

STYLE_SHEET = "fonts.css"


def write_web_fonts(folder: Path) -> Path:
    """Write each face as WOFF (about 100 kB) and the style sheet that names them; returns the style sheet.

    The same fonts give the same bytes.
    """
    from fontTools.ttLib import TTFont

    folder.mkdir(parents=True, exist_ok=True)
    rules = []
    for family, style, weight, slant in FACES:
        source = font_file(style, family)
        font = TTFont(source, recalcTimestamp=False)
        font.flavor = "woff"
        font.save(folder / f"{source.stem}.woff")
        rules.append(
            f'@font-face {{ font-family: "{family}"; font-weight: {weight}; font-style: {slant}; '
            f'font-display: swap; src: url("{source.stem}.woff") format("woff"); }}'
        )
    sheet = folder / STYLE_SHEET
    sheet.write_text("\n".join(rules) + "\n", encoding="utf-8")
    return sheet
