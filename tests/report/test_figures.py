"""Every chart says its finding, stays on its sheet, and survives small frames."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

from analysis.report import figures, theme
from analysis.report.figures import scales
from analysis.report.figures.canvas import text_width, wrap
from analysis.report.figures.labels import spread
from analysis.report.figures.roll_matrix import roll_matrix
from analysis.report.numbers import Numbers

TEXTS = {"title": "Cards drove the rise", "subtitle": "30+ rate, percent of balance, to December 2025"}
STATES = ("current", "1–29", "30–59", "charged_off")
NAMES = {"current": "Current", "charged_off": "Charged off"}


def matrix() -> pd.DataFrame:
    rates = np.array([[0.9, 0.1, 0.0, 0.0], [0.3, 0.2, 0.5, 0.0], [0.1, 0.1, 0.2, 0.6]])
    rows = [(STATES[i], STATES[j], rates[i, j]) for i in range(3) for j in range(4)]
    frame = pd.DataFrame(rows, columns=["from_state", "to_state", "rate"])
    return frame.assign(change=0.012, certain=frame["from_state"] == "1–29", accounts=1234)


def curves() -> pd.DataFrame:
    rows = [(f"2025Q{q}", m, 0.01 * q * m) for q in (1, 2, 3, 4) for m in range(13 - 3 * q)]
    frame = pd.DataFrame(rows, columns=["cohort", "months_on_book", "rate"])
    return frame.assign(rate_lower=frame["rate"] * 0.9, rate_upper=frame["rate"] * 1.1)


def forecast() -> pd.DataFrame:
    months = pd.date_range("2024-07-31", "2026-12-31", freq="ME")
    kinds = ["observed"] * 18 + ["forecast"] * 12
    frame = pd.DataFrame({"month": months, "kind": kinds, "value": np.linspace(0.05, 0.07, 30)})
    earlier = frame.iloc[6:18].assign(kind="earlier")
    both = pd.concat([frame, earlier], ignore_index=True)
    return both.assign(lower=both["value"] - 0.002, upper=both["value"] + 0.002)


def hours() -> pd.DataFrame:
    rows = [(day, hour, 0.01 * (hour + day)) for day in range(7) for hour in range(8, 22)]
    return pd.DataFrame(rows, columns=["weekday", "hour", "rate"])


def steps() -> pd.DataFrame:
    rows = [(c, s, n) for c in ("Agent", "App") for s, n in (("Attempts", 900), ("Contact", 300), ("Promise", 30))]
    return pd.DataFrame(rows, columns=["channel", "stage", "count"])


def changes() -> pd.DataFrame:
    rows = [
        ("Q3 2025", 0.05, "total"),
        ("Mix", 0.004, "effect"),
        ("Rate", -0.001, "effect"),
        ("Q4 2025", 0.053, "total"),
    ]
    return pd.DataFrame(rows, columns=["label", "value", "kind"])


def staff() -> pd.DataFrame:
    sizes, apart = [40, 90, 200, 410, 800, 900], [0.08, -0.05, 0.01, -0.02, 0.05, -0.045]
    names = [f"Agent {n}" for n in range(1, 7)]
    return pd.DataFrame({"name": names, "size": sizes, "estimate": apart, "beyond": [False] * 4 + [True] * 2})


def limits() -> pd.DataFrame:
    sizes = np.geomspace(40, 900, 30)
    pairs = [(level, size, k / size**0.5) for level, k in ((0.95, 1.0), (0.998, 1.6)) for size in sizes]
    frame = pd.DataFrame(pairs, columns=["level", "size", "upper"])
    return frame.assign(lower=-frame["upper"])


Case = tuple[Callable[..., Figure], Callable[[pd.DataFrame], pd.DataFrame], dict[str, Any]]


def last(rates: pd.DataFrame) -> pd.DataFrame:
    return rates[rates["month"] == rates["month"].max()]


CASES: dict[str, Case] = {
    "series": (figures.series, lambda r: r, {"group": "product", "y_label": "30+ rate"}),
    "one series": (figures.series, lambda r: r[r["product"] == "Mortgages"], {}),
    "small multiples": (figures.small_multiples, lambda r: r, {"panel": "product"}),
    "panels": (
        figures.panels,
        lambda r: pd.concat([r.assign(kind="balance"), r.assign(kind="accounts", rate=r["rate"] / 10)]),
        {"panel": "kind", "group": "product", "highlight": ["Mortgages"], "y": "rate"},
    ),
    "panels of grouped lines": (
        figures.panels,
        lambda r: pd.concat(
            [
                r.assign(kind="Share of the balance that was owed at the end of the month", role="others"),
                r.assign(kind="accounts", role="named above"),
            ]
        ),
        {"panel": "kind", "group": "role", "line": "product", "highlight": ["named above"], "y": "rate"},
    ),
    "bars": (
        figures.bars,
        last,
        {"label": "product", "reference": 0.05, "reference_label": "all", "x_label": "rate"},
    ),
    "dots": (figures.dots, last, {"label": "product", "names": ("a year ago", "now"), "margin": "denominator"}),
    "roll matrix": (
        figures.roll_matrix,
        lambda r: matrix(),
        {"states": STATES, "names": NAMES, "change": "change", "certain": "certain", "margin": "accounts"},
    ),
    "vintages": (figures.vintages, lambda r: curves(), {"x_label": "months on book"}),
    "fan": (figures.fan, lambda r: forecast(), {"names": {"observed": "observed", "forecast": "forecast"}}),
    "heat": (figures.heat, lambda r: hours(), {"row": "weekday", "column": "hour"}),
    "funnel": (figures.funnel, lambda r: steps(), {"group": "channel", "of_previous": "of the step before"}),
    "one funnel": (figures.funnel, lambda r: steps().head(3), {"of_previous": "of the step before"}),
    "control limits": (
        figures.control_limits,
        lambda r: staff(),
        {"limits": limits(), "label": "name", "x_label": "conversations"},
    ),
    "bridge": (figures.bridge, lambda r: changes(), {}),
}


def texts(fig: Figure) -> list[str]:
    return [t.get_text() for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]


@pytest.fixture(params=list(CASES))
def case(request: pytest.FixtureRequest, rates: pd.DataFrame) -> tuple[Callable[..., Figure], pd.DataFrame]:
    draw, prepare, options = CASES[request.param]
    return lambda frame, **more: draw(frame, **{**TEXTS, **options, **more}), prepare(rates)


def test_title_and_subtitle_are_in_the_picture(case: tuple[Callable[..., Figure], pd.DataFrame]) -> None:
    draw, frame = case
    written = " ".join(texts(draw(frame)))
    assert TEXTS["title"] in written
    assert TEXTS["subtitle"] in written


def boxes(fig: Figure) -> list[tuple[str, Bbox]]:
    """Where each text stands once drawn, in inches."""
    canvas = FigureCanvasAgg(fig)
    theme.themed(canvas.draw)()
    renderer = canvas.get_renderer()
    drawn = [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip() and _shown(t)]
    return [
        # of an annotation the text alone, without its leader
        (t.get_text(), Text.get_window_extent(t, renderer).transformed(fig.dpi_scale_trans.inverted()))
        for t in drawn
    ]


def _shown(text: Text) -> bool:
    """Labels of an axis that is off, or of a tick that another one stands in for, are not drawn."""
    axes = text.axes
    if axes is None or text not in [*axes.xaxis.findobj(Text), *axes.yaxis.findobj(Text)]:
        return True
    drawn = [t.label1 for axis in (axes.xaxis, axes.yaxis) for t in axis._update_ticks()]
    return bool(axes.axison) and text in [*drawn, axes.xaxis.label, axes.yaxis.label]


def test_the_head_that_a_narrow_screen_cuts_off_holds_title_and_subtitle_and_nothing_else(
    case: tuple[Callable[..., Figure], pd.DataFrame],
) -> None:
    draw, frame = case
    fig: Any = draw(frame)
    cut = fig.get_figheight() - fig.head * fig.get_figwidth()
    above = {text for text, box in boxes(fig) if box.y1 > cut + 0.01}
    assert above == set(TEXTS.values()) == {fig.finding, fig.measure}
    assert all(box.y0 > cut for text, box in boxes(fig) if text in above)


LONG = "A finding that needs more than one line to be told in full, as many of them do in this report"


def test_nothing_is_written_beyond_the_sheet(case: tuple[Callable[..., Figure], pd.DataFrame]) -> None:
    draw, frame = case
    fig = draw(frame, title=LONG, note="A note below.")
    for text, box in boxes(fig):
        assert box.x0 >= -0.03 and box.x1 <= fig.get_figwidth() + 0.03, text
        assert box.y0 >= -0.03 and box.y1 <= fig.get_figheight() + 0.03, text


def test_no_two_texts_overlap(case: tuple[Callable[..., Figure], pd.DataFrame]) -> None:
    draw, frame = case
    # a text's box has room above and below its letters, which may be shared
    small = [
        (text, Bbox.from_extents(b.x0, b.y0 + 0.04, b.x1, b.y1 - 0.04))
        for text, b in boxes(draw(frame, title=LONG))
    ]
    for (one, a), (other, b) in itertools.combinations(small, 2):
        assert not a.overlaps(b), (one, other)


def stopping(ends: dict[str, int], months: int = 12) -> pd.DataFrame:
    """Curves close to each other that rise to about three quarters; each goes on for so many months."""
    rows = [
        (name, month, 0.76 * (1 - 0.6**month) + 0.02 * place)
        for place, (name, last) in enumerate(ends.items())
        for month in range(1, min(last, months) + 1)
    ]
    return pd.DataFrame(rows, columns=["product", "month", "rate"])


def segments(fig: Figure) -> np.ndarray:
    """Lines as drawn, in inches: x, y, x, y."""
    parts = []
    for line in [line for axes in fig.axes for line in axes.lines]:
        points = line.get_transform().transform(line.get_xydata().astype(float)) / fig.dpi
        parts.append(np.hstack([points[:-1], points[1:]]))
    joined = np.vstack(parts)
    return joined[np.isfinite(joined).all(axis=1)]


def crossed(fig: Figure, box: Bbox) -> int:
    """Points of lines, one every few thousandths of an inch, that lie within a box."""
    share = np.linspace(0, 1, 500)[:, None, None]
    ends = segments(fig)
    along = ends[:, :2] * (1 - share) + ends[:, 2:] * share
    return int(((along > box.min) & (along < box.max)).all(axis=2).sum())


STOPPING = {
    "lines among others": {
        "Mortgages": 4,
        "Car loans": 6,
        "Small-business loans": 7,
        "Cards": 12,
        "Cash loans": 12,
    },
    "at the left edge": {"Mortgages": 1, "Car loans": 2, "Cards": 12, "Cash loans": 12},
    "shortly before the right edge": {"Mortgages": 11, "Car loans": 11, "Cards": 12, "Cash loans": 12},
    "many at once": {f"Loans of branch {n}": 6 for n in range(8)} | {f"Cards {n}": 12 for n in range(4)},
    "one after the other": {f"Quarter {n}": n for n in range(1, 13)},
}


@pytest.mark.parametrize("ends", STOPPING.values(), ids=STOPPING)
def test_the_label_of_a_line_that_stops_early_lies_on_no_line_and_no_label(ends: dict[str, int]) -> None:
    fig = figures.series(stopping(ends), group="product", x_label="Months", **TEXTS)
    labelled = [(text, box) for text, box in boxes(fig) if text.startswith(tuple(ends)) and "%" in text]
    assert len(labelled) == len(ends)
    for text, box in labelled:
        assert crossed(fig, Bbox.from_extents(box.x0, box.y0 + 0.03, box.x1, box.y1 - 0.03)) == 0, text
        assert box.x0 >= 0 and box.x1 <= fig.get_figwidth() + 0.03, text
    for (one, a), (other, b) in itertools.combinations(labelled, 2):
        assert min(a.y1, b.y1) - max(a.y0, b.y0) < 0.04 or not a.overlaps(b), (one, other)


def test_cohorts_that_end_inside_the_chart_are_named_on_no_line() -> None:
    ends = {f"2025Q{n}": 13 - 3 * n for n in (1, 2, 3, 4)}
    rows = stopping(ends).rename(columns={"product": "cohort", "month": "months_on_book"})
    fig = figures.vintages(rows, x_label="months on book", **TEXTS)
    for text, box in boxes(fig):
        if text in ends:
            assert crossed(fig, Bbox.from_extents(box.x0, box.y0 + 0.03, box.x1, box.y1 - 0.03)) == 0, text


def test_a_label_apart_from_the_end_of_its_line_is_joined_to_it() -> None:
    fig = figures.series(stopping(STOPPING["lines among others"]), group="product", **TEXTS)
    boxes(fig)
    for text in fig.axes[0].texts:
        assert isinstance(text, Annotation)
        end = fig.axes[0].transData.transform(text.xy) / fig.dpi
        box = Text.get_window_extent(text).transformed(fig.dpi_scale_trans.inverted())
        apart = np.hypot(*np.maximum(np.maximum(box.min - end, end - box.max), 0))
        assert text.arrow_patch is not None or apart < 0.2, text.get_text()


def test_a_plot_without_room_has_its_labels_in_a_wider_margin() -> None:
    noise = np.tile([0.0, 1.0], 120)
    full = pd.DataFrame({"product": "All accounts", "month": np.linspace(1, 12, 240), "rate": noise})
    early = stopping({"Mortgages of the largest branch": 5})
    fig = figures.series(pd.concat([full, early], ignore_index=True), group="product", **TEXTS)
    right = fig.axes[0].get_position().x1 * fig.get_figwidth()
    box = next(box for text, box in boxes(fig) if text.startswith("Mortgages"))
    assert right < box.x0 + 0.03 and box.x1 <= fig.get_figwidth() + 0.03


def test_a_frame_without_rows_says_so(case: tuple[Callable[..., Figure], pd.DataFrame]) -> None:
    draw, frame = case
    assert "nothing to show" in texts(draw(frame.iloc[:0]))


def test_one_row_can_be_drawn(case: tuple[Callable[..., Figure], pd.DataFrame]) -> None:
    draw, frame = case
    assert theme.to_svg(draw(frame.iloc[:1])).startswith("<svg")


def test_a_frame_of_missing_values_can_be_drawn(case: tuple[Callable[..., Figure], pd.DataFrame]) -> None:
    draw, frame = case
    blank = frame.copy()
    for column in set(blank.select_dtypes("number").columns) - {"months_on_book", "weekday", "hour"}:
        blank[column] = np.nan
    assert theme.to_svg(draw(blank)).startswith("<svg")


def test_zeros_can_be_drawn(case: tuple[Callable[..., Figure], pd.DataFrame]) -> None:
    draw, frame = case
    zero = frame.copy()
    for column in set(zero.select_dtypes("number").columns) - {"months_on_book", "weekday", "hour"}:
        zero[column] = 0
    assert theme.to_svg(draw(zero)).startswith("<svg")


def test_a_figure_stays_under_the_size_of_a_page(case: tuple[Callable[..., Figure], pd.DataFrame]) -> None:
    draw, frame = case
    fig = draw(frame)
    assert fig.get_figwidth() == theme.TEXT_WIDTH
    assert len(theme.to_svg(fig)) < 300_000


def test_lines_are_labelled_with_name_and_last_value(rates: pd.DataFrame) -> None:
    written = texts(figures.series(rates, group="product", **TEXTS))
    assert {"Credit cards 9.8%", "Instalment loans 6.3%", "Mortgages 2.8%"} <= set(written)


def test_the_highest_group_is_in_the_accent_colour(rates: pd.DataFrame) -> None:
    fig = figures.series(rates, group="product", **TEXTS)
    colours = {t.get_text(): t.get_color() for t in fig.findobj(Text)}
    assert colours["Credit cards 9.8%"] == theme.ACCENT
    assert colours["Mortgages 2.8%"] == theme.MUTED


def test_a_suppressed_row_shows_a_word_and_no_bar(rates: pd.DataFrame) -> None:
    frame = last(rates).assign(suppressed=[False, True, False])
    frame.loc[frame["suppressed"], ["rate", "rate_lower", "rate_upper"]] = np.nan
    fig = figures.bars(frame, label="product", **TEXTS)
    assert "n<10" in texts(fig)
    assert len(fig.axes[0].patches) == 2


def test_bars_begin_at_zero(rates: pd.DataFrame) -> None:
    fig = figures.bars(
        last(rates).assign(rate=[0.5, 0.51, 0.52]), label="product", lower=None, upper=None, **TEXTS
    )
    assert fig.axes[0].get_xlim()[0] == 0


def test_totals_of_a_cut_bridge_are_points_not_bars() -> None:
    fig = figures.bridge(changes(), **TEXTS)
    assert fig.axes[0].get_xlim()[0] > 0
    assert len(fig.axes[0].patches) == 2
    whole = figures.bridge(changes().assign(value=[0.05, 0.04, -0.01, 0.08]), **TEXTS)
    assert whole.axes[0].get_xlim()[0] == 0
    assert len(whole.axes[0].patches) == 4


def test_the_steps_of_a_bridge_lead_from_total_to_total() -> None:
    ends = [patch.get_x() + patch.get_width() for patch in figures.bridge(changes(), **TEXTS).axes[0].patches]
    assert ends == pytest.approx([0.054, 0.053])


def test_a_roll_matrix_marks_only_changes_beyond_chance() -> None:
    fig = roll_matrix(matrix(), states=STATES, names=NAMES, change="change", certain="certain", **TEXTS)
    assert sum(t.startswith("▲1.2") for t in texts(fig)) == 4


def test_a_roll_matrix_shades_by_share() -> None:
    fig = roll_matrix(matrix(), states=STATES, names=NAMES, **TEXTS)
    shades = [theme.luminance(_hex(p.get_facecolor())) for p in fig.axes[0].patches if p.get_fill()]
    rates = matrix()["rate"].tolist()
    assert shades[rates.index(0.9)] == min(shades)
    assert len({s for s, r in zip(shades, rates, strict=True) if r == 0}) == 1


def _hex(colour: Any) -> str:
    return "#" + "".join(f"{round(c * 255):02x}" for c in colour[:3])


def test_hidden_cells_of_a_heat_map_are_hatched() -> None:
    frame = hours().assign(suppressed=False)
    frame.loc[3, "suppressed"], frame.loc[3, "rate"] = True, np.nan
    fig = figures.heat(frame, row="hour", column="weekday", **TEXTS)
    assert sum(bool(p.get_hatch()) for p in fig.axes[0].patches) == 1
    assert "n<10" in texts(fig)


def test_a_funnel_tells_the_share_of_the_step_before() -> None:
    written = texts(figures.funnel(steps(), group="channel", of_previous="of the step before", **TEXTS))
    assert written.count("33.3%") == 2
    assert written.count("10.0%") == 2


def test_a_forecast_begins_where_the_observed_ends() -> None:
    fig = figures.fan(forecast(), names={}, **TEXTS)
    by_colour = {line.get_color(): line.get_xydata() for line in fig.axes[0].lines if len(line.get_xydata()) > 2}
    assert by_colour[theme.ACCENT][0] == pytest.approx(by_colour[theme.INK][-1])


def test_the_newest_cohort_with_three_months_is_highlighted() -> None:
    fig = figures.vintages(curves(), x_label="months on book", **TEXTS)
    colours = {t.get_text(): t.get_color() for t in fig.findobj(Text)}
    assert colours["2025Q3"] == theme.ACCENT
    assert colours["2025Q4"] != theme.ACCENT


@given(
    st.lists(st.tuples(st.floats(0, 3), st.floats(0.1, 0.4)), min_size=1, max_size=9).filter(
        lambda labels: sum(height for _, height in labels) <= 3
    )
)
def test_labels_do_not_overlap_and_stay_inside(labels: list[tuple[float, float]]) -> None:
    centres, heights = [c for c, _ in labels], [h for _, h in labels]
    placed = spread(centres, heights, 0.0, 3.0)
    order = np.argsort(placed)
    for below, above in itertools.pairwise(order):
        assert placed[above] - placed[below] >= (heights[above] + heights[below]) / 2 - 1e-6
    assert all(h / 2 - 1e-6 <= p <= 3 - h / 2 + 1e-6 for p, h in zip(placed, heights, strict=True))


def test_labels_that_do_not_collide_stay_where_they_are() -> None:
    assert spread([0.5, 2.0, 1.2], [0.2, 0.2, 0.2], 0, 3).tolist() == pytest.approx([0.5, 2.0, 1.2])


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
def test_an_axis_holds_its_values_and_few_ticks(low: float, span: float) -> None:
    scale = scales.scale(low, low + span)
    assert scale.low <= low + 1e-6 * (abs(low) + span)
    assert scale.high >= low + span
    assert 2 <= len(scale.ticks) <= 9


@pytest.mark.parametrize(
    ("ticks", "unit", "written"),
    [
        ([0.0, 0.05, 0.1], "fraction", ["0%", "5%", "10%"]),
        ([0.0, 0.025, 0.05], "fraction", ["0.0%", "2.5%", "5.0%"]),
        ([-0.01, 0.0, 0.01], "points", ["−1", "0", "+1"]),
        ([0.0, 5e8, 1e9], "currency", ["0.0", "0.5 bn", "1.0 bn"]),
        ([0.0, 1000.0], "count", ["0", "1,000"]),
    ],
)
def test_ticks_are_written_in_their_unit(ticks: list[float], unit: str, written: list[str]) -> None:
    assert scales.tick_texts(ticks, unit, Numbers()) == written


@pytest.mark.parametrize(
    ("values", "unit", "written"),
    [
        ([0.0445, 0.0421, 0.051], "fraction", ["4.5%", "4.2%", "5.1%"]),
        ([0.0085, 0.0231, 0.0], "fraction", ["0.85%", "2.31%", "0.00%"]),
        ([0.7652, 0.2146, 0.0069], "fraction", ["76.5%", "21.5%", "0.7%"]),
        ([620_000.0, 1_020_000.0], "currency", ["CNY 0.62 million", "CNY 1.02 million"]),
        ([9.8e6, 12.34e6], "currency", ["CNY 9.8 million", "CNY 12.3 million"]),
        ([0.0004, -0.0121], "points", ["+0.04", "−1.21"]),
        ([12.0, 1_234.0], "count", ["12", "1,234"]),
    ],
)
def test_values_of_one_figure_have_the_same_decimals_and_scale(
    values: list[float], unit: str, written: list[str]
) -> None:
    assert scales.value_texts(values, unit, Numbers(currency="CNY")) == written


def test_end_labels_and_headings_of_panels_have_the_same_decimals() -> None:
    months = pd.to_datetime(["2025-11-30", "2025-12-31"] * 2)
    frame = pd.DataFrame({"month": months, "name": ["a", "a", "b", "b"], "rate": [0.01, 0.0085, 0.02, 0.0231]})
    line = texts(figures.series(frame, group="name", **TEXTS))
    assert {"a 0.85%", "b 2.31%"} <= set(line)
    assert {"0.85%", "2.31%"} <= set(texts(figures.small_multiples(frame, panel="name", **TEXTS)))


def test_text_is_measured_as_it_is_drawn() -> None:
    fig = Figure(figsize=(6, 1), dpi=100)
    canvas = FigureCanvasAgg(fig)
    theme.register_fonts()
    text = fig.text(0, 0.5, "Small-business loans 5.2%", size=20, family=theme.SANS)
    drawn = text.get_window_extent(canvas.get_renderer()).width / 100
    assert text_width("Small-business loans 5.2%", 20) == pytest.approx(drawn, rel=0.05)


def test_wrapped_lines_fit_and_lose_no_word() -> None:
    words = "Balance 30 or more days past due as a share of open balance"
    lines = wrap(words, 10, 1.5)
    assert " ".join(lines) == words
    assert all(text_width(line, 10) <= 1.5 for line in lines)
