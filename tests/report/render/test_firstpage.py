from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from editions import SUMMARY, YEAR_END, cure_headlines, delinquency_headlines, make_info

from analysis.core.errors import ChapterError
from analysis.core.periods import Period
from analysis.report.headlines import Gate, Headline
from analysis.report.render.firstpage import MOST, choose_headlines, first_page, read_chapter_headlines, read_gates
from analysis.report.words import Words

WORDS = Words("en", "frame", "CNY")


def page(headlines: list[Headline], gates: tuple[Gate, ...] = (), **info: object) -> str:
    return first_page(
        {"delinquency": headlines},
        gates,
        info=make_info(**info),
        period=Period.parse("2025Q4"),
        summary=SUMMARY,
        words=WORDS,
    )


def rate(value: float = 0.08, **changes: object) -> Headline:
    made = Headline("r", "Rate", value, "fraction", YEAR_END, value - 0.001, value + 0.001, 8, 100)
    return replace(made, **changes)


def test_the_first_page_takes_the_highest_priorities():
    headlines = [replace(rate(), key=f"h{i}", priority=i) for i in range(20)]
    chosen = choose_headlines({"delinquency": headlines})
    assert [h.priority for h in chosen] == list(range(19, 19 - MOST, -1))


def test_every_chapter_has_at_least_one_headline():
    by_chapter = {"delinquency": [rate(priority=100 + i, key=f"d{i}") for i in range(15)]}
    by_chapter |= {"cure": [rate(priority=1, key="c1"), rate(priority=2, key="c2")]}
    chosen = choose_headlines(by_chapter)
    assert len(chosen) == MOST
    assert [h.key for h in chosen if h.key.startswith("c")] == ["c2"]


def test_gates_come_before_the_prose_and_the_prose_before_the_numbers():
    text = page(delinquency_headlines(), (Gate("failed_check", "Cash differs."),))
    places = [text.index(part) for part in ("Cash differs", "Arrears rose for", "The quarter in numbers")]
    assert places == sorted(places)


def test_a_failed_gate_is_a_word_beside_its_number_and_a_reason_above():
    text = page([rate(gates=(Gate("stale_data", "Nothing since November."),))])
    assert "[Rate]{.headline-label} [stale data]{.gate-mark}" in text
    assert "- [stale data]{.gate-mark} **Rate.** Nothing since November." in text


def test_a_gate_of_a_number_that_is_not_shown_is_still_listed():
    headlines = [rate(priority=10, key=f"h{i}") for i in range(MOST)]
    headlines.append(rate(key="last", label="Last", gates=(Gate("small_cell", "Six accounts."),)))
    assert "**Last.** Six accounts." in page(headlines)


def test_a_run_without_failed_checks_says_so():
    assert "Every check of this run passed." in page([rate()])


@pytest.mark.parametrize(
    ("headline", "shown"),
    [
        (rate(0.0851), "[8.5]{.headline-value}[%]{.headline-unit}"),
        (rate(0.0051), "[0.51]{.headline-value}[%]{.headline-unit}"),
        (Headline("n", "N", 48210, "count", YEAR_END), "[48,210]{.headline-value}\n"),
        (Headline("d", "D", 4.25, "days", YEAR_END), "[4.2]{.headline-value} [days]{.headline-unit}"),
        (
            Headline("m", "M", 1.234e9, "currency", YEAR_END),
            "[CNY]{.headline-unit} [1.23]{.headline-value} [bn]{.headline-unit}",
        ),
        (Headline("x", "X", None, "fraction", YEAR_END), "[—]{.headline-value}\n"),
        (rate(0.08), "[95% interval 7.9% to 8.1%]{.headline-interval}"),
        (rate(0.08), "[8 of 100; as of 31 December 2025]{.headline-source}"),
        (rate(0.08, numerator=8e6, denominator=1e8, key="balance_30"), "[CNY 8.00 million of CNY 100 million;"),
    ],
)
def test_numbers_are_shown_with_their_unit(headline: Headline, shown: str):
    assert shown in page([headline])


@pytest.mark.parametrize(
    ("headline", "shown"),
    [
        (rate(previous=0.07, good_direction="down"), "[+1.0 point]{.amount} on the quarter, [worse]{.verdict}"),
        (rate(previous=0.07, good_direction="up"), "[+1.0 point]{.amount} on the quarter, [better]{.verdict}"),
        (rate(year_ago=0.1, good_direction="down"), "[−2.0 points]{.amount} on the year, [better]{.verdict}"),
        (rate(previous=0.0799, good_direction="down"), "on the quarter, [within chance]{.verdict}"),
        (rate(previous=0.08), "on the quarter, [unchanged]{.verdict}"),
        (rate(previous=0.07), "[[+1.0 point]{.amount} on the quarter]{.headline-change}"),
        (rate(), "[no figure for last year]{.headline-change}"),
    ],
)
def test_a_change_is_said_in_words_never_by_colour_alone(headline: Headline, shown: str):
    assert shown in page([headline])


def test_notes_on_the_portfolio_are_on_the_first_page():
    assert "- Dates are month ends." in page([rate()], notes=["Dates are month ends."])


def test_a_chapter_without_headlines_stops_the_report(tmp_path: Path):
    folder = tmp_path / "delinquency"
    folder.mkdir()
    with pytest.raises(ChapterError, match=r"headline\.json is missing"):
        read_chapter_headlines(tmp_path, ["delinquency"])
    (folder / "headline.json").write_text("[]")
    with pytest.raises(ChapterError, match="no headline number came from: delinquency"):
        read_chapter_headlines(tmp_path, ["delinquency"])


def test_a_run_without_a_gates_file_has_no_gates(tmp_path: Path):
    assert read_gates(tmp_path / "gates.json") == []


def test_both_chapters_fill_the_page(work: Path):
    found = read_chapter_headlines(work / "results", ["delinquency", "cure"])
    assert found == {"delinquency": delinquency_headlines(), "cure": cure_headlines()}
    assert found["cure"][0].as_of == date(2025, 12, 31)
