"""The look can be read by everybody, on every machine."""

from __future__ import annotations

import itertools

import matplotlib as mpl
import pandas as pd
import pytest

from analysis.report import figures, theme


@pytest.mark.parametrize("colour", [theme.INK, theme.MUTED, theme.ACCENT, theme.SECOND])
@pytest.mark.parametrize("paper", [theme.PAPER, theme.WASH])
def test_text_has_a_contrast_of_four_and_a_half(colour: str, paper: str) -> None:
    assert theme.contrast(colour, paper) >= 4.5


@pytest.mark.parametrize("colour", [theme.GREY, theme.ACCENT, theme.SECOND])
def test_marks_have_a_contrast_of_three(colour: str) -> None:
    assert theme.contrast(colour, theme.PAPER) >= 3


def test_text_on_every_shade_has_a_contrast_of_four_and_a_half() -> None:
    for step in range(101):
        colour = theme.shade(step / 100)
        assert theme.contrast(theme.text_on(colour), colour) >= 4.5, colour


def test_shades_darken() -> None:
    light = [theme.luminance(theme.shade(step / 20)) for step in range(21)]
    assert all(a > b for a, b in itertools.pairwise(light))


# After Viénot, Brettel and Mollon (1999), Color Research and Application 24, 243–252, for linear sRGB
DICHROMATS = {
    "protan": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "deutan": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
}


@pytest.mark.parametrize("kind", list(DICHROMATS))
def test_accent_and_second_colour_differ_for_the_colour_blind(kind: str) -> None:
    def seen(colour: str) -> list[float]:
        linear = [((int(colour[i : i + 2], 16) / 255 + 0.055) / 1.055) ** 2.4 for i in (1, 3, 5)]
        return [sum(w * c for w, c in zip(row, linear, strict=True)) for row in DICHROMATS[kind]]

    distance = sum((a - b) ** 2 for a, b in zip(seen(theme.ACCENT), seen(theme.SECOND), strict=True)) ** 0.5
    assert distance > 0.1


def test_contrast_is_that_of_the_standard() -> None:
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_font_folders_hold_both_families() -> None:
    sans, serif = theme.font_folders()
    assert (sans / "SourceSansPro-Regular.ttf").is_file()
    assert (serif / "SourceSerifPro-Regular.ttf").is_file()
    assert theme.font_file("Semibold", theme.SERIF).is_file()


def test_drawing_leaves_the_settings_of_the_caller_alone(rates: pd.DataFrame) -> None:
    before = dict(mpl.rcParams)
    theme.to_svg(figures.series(rates, group="product", title="A", subtitle="B"))
    assert dict(mpl.rcParams) == before


def test_a_picture_does_not_depend_on_installed_fonts(rates: pd.DataFrame) -> None:
    svg = theme.to_svg(figures.series(rates, group="product", title="A", subtitle="B"))
    assert "<text" not in svg
    assert "SourceSansPro-Regular" in svg


def test_the_smallest_type_prints_at_eight_points() -> None:
    assert min(theme.SMALLEST_SIZE, theme.SMALL_SIZE, theme.TEXT_SIZE) >= 8
