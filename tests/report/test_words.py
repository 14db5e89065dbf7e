"""Sentences are filled with computed values, and fail loudly where one is missing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from analysis.core.errors import ChapterError, ParameterError
from analysis.core.states import PRODUCTS, STATUSES
from analysis.report.headlines import Change
from analysis.report.words import FOLDER, Words

DAY = date(2025, 12, 31)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the English words with a chapter of its own."""
    english = tmp_path / "en"
    english.mkdir()
    (english / "common.yml").write_text(
        (FOLDER / "en" / "common.yml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    chapter = {
        "findings": {
            "rates": "The 30+ rate {{ difference | change_to(certain) }} {{ rate | pct }}\nin {{ end | month }}.",
            "maybe": "{% if rate is known %}{{ rate | pct }}{% else %}not known{% endif %}",
        },
        "headlines": {"rate": "30+ rate"},
        "labels": {"product": {"card": "Cards of this chapter"}},
        "cells": {"lead": "First line\n\nSecond {{ n | count }}"},
    }
    (english / "delinquency.yml").write_text(yaml.safe_dump(chapter), encoding="utf-8")
    return tmp_path


@pytest.fixture
def words(folder: Path) -> Words:
    return Words("en", "delinquency", currency="CNY", folder=folder)


def fill(words: Words, template: str, **values: object) -> str:
    return words._environment.from_string(template).render(values)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ 0.0231 | pct }}", "2.3%"),
        ("{{ 0.0231 | pct(2) }}", "2.31%"),
        ("{{ 0.0042 | pct }}", "0.42%"),
        ("{{ 0 | pct }}", "0.0%"),
        ("{{ none | pct }}", "—"),
        ("{{ -0.0123 | points }}", "1.2 points"),
        ("{{ 0.01 | points(0) }}", "1 point"),
        ("{{ -0.0123 | signed_points }}", "−1.2 points"),
        ("{{ 0.0123 | signed_points }}", "+1.2 points"),
        ("{{ 1234567890 | money }}", "CNY 1.23 bn"),
        ("{{ 45600000 | money }}", "CNY 45.6 million"),
        ("{{ 999999 | money }}", "CNY 1.00 million"),
        ("{{ 950 | money }}", "CNY 950"),
        ("{{ -2500 | money }}", "CNY −2.50 thousand"),
        ("{{ 12345 | count }}", "12,345"),
        ("{{ day | month }}", "December 2025"),
        ("{{ '2025-02' | month }}", "February 2025"),
        ("{{ day | day }}", "31 December 2025"),
        ("{{ '2025Q4' | quarter }}", "Q4 2025"),
        ("{{ day | quarter(long=True) }}", "the fourth quarter of 2025"),
        ("{{ 1 | days }} {{ 12 | days }} {{ 2.5 | days(1) }}", "1 day 12 days 2.5 days"),
        ("{{ 2 | ordinal }} {{ 11 | ordinal }} {{ 22 | ordinal }}", "second 11th 22nd"),
        ("{{ ['a', 'b', 'c'] | listed }}", "a, b and c"),
        ("{{ ['a', 'b'] | listed }}{{ ['a'] | listed }}{{ [] | listed }}", "a and ba"),
        ("{{ 0.0231 | interval(0.021, 0.0254) }}", "2.3% (2.1–2.5)"),
        ("{{ -0.01 | interval(-0.02, 0.0) }}", "−1.0% (−2.0 to 0.0)"),
        ("{{ 1 | plural('account', 'accounts') }}", "1 account"),
        ("{{ 2345 | plural('account', 'accounts') }}", "2,345 accounts"),
        ("{{ 'card' | name('product') }}", "Cards of this chapter"),
        ("{{ 'north_east' | name('region') | sentence }}", "North east"),
    ],
)
def test_filters_print_numbers_as_the_reader_expects(words: Words, template: str, text: str) -> None:
    assert fill(words, template, day=DAY) == text


@pytest.mark.parametrize(
    ("difference", "certain", "text"),
    [
        (0.01, True, "rose to"),
        (-0.01, None, "fell to"),
        (0.0, True, "was unchanged at"),
        (0.01, False, "moved by no more than chance can explain, to"),
    ],
)
def test_a_change_that_chance_can_explain_is_not_called_a_rise(
    words: Words, difference: float, certain: bool | None, text: str
) -> None:
    assert fill(words, "{{ d | change_to(c) }}", d=difference, c=certain) == text
    change = Change(difference, None, certain, None)
    assert fill(words, "{{ d | change_to }}", d=change) == text


def test_a_sentence_comes_on_one_line(words: Words) -> None:
    assert words.say("rates", difference=0.01, certain=True, rate=0.05, end=DAY) == (
        "The 30+ rate rose to 5.0% in December 2025."
    )


def test_a_missing_value_names_key_and_value(words: Words) -> None:
    with pytest.raises(
        ChapterError, match=r"delinquency.yml: findings.rates: 'rate' is undefined; values given: "
    ):
        words.say("rates", difference=0.01, certain=True, end=DAY)


def test_a_missing_key_names_the_nearest(words: Words) -> None:
    with pytest.raises(ChapterError, match="findings has no 'rate'; did you mean 'rates'"):
        words.say("rate")


def test_a_template_can_ask_whether_a_value_is_known(words: Words) -> None:
    assert (
        words.say("maybe", rate=None) == words.say("maybe", rate=float("nan")) == words.say("maybe") == "not known"
    )
    assert words.say("maybe", rate=0.5) == "50.0%"


def test_a_chapters_label_wins_over_the_common_one(words: Words) -> None:
    assert words.label("product.card") == "Cards of this chapter"
    assert words.label("product.mortgage") == "Mortgages"


def test_a_cell_keeps_its_paragraphs(words: Words) -> None:
    assert words.cell("lead", n=1000) == "First line\n\nSecond 1,000"
    assert words.cell("another") is None
    assert words.cells == ("lead",)


def test_a_missing_language_lists_those_that_are_there() -> None:
    with pytest.raises(ParameterError, match=r"language 'xx' is not available; it can be .*en"):
        Words("xx", "common")


def test_a_missing_chapter_lists_those_that_are_there(folder: Path) -> None:
    with pytest.raises(
        ChapterError, match=r"words of chapter 'cures' are missing.*there are: common, delinquency"
    ):
        Words("en", "cures", folder=folder)


def test_an_unknown_section_is_refused(folder: Path) -> None:
    (folder / "en" / "cure.yml").write_text("finding: {a: b}\n", encoding="utf-8")
    with pytest.raises(ChapterError, match="unknown section 'finding'; it can have findings"):
        Words("en", "cure", folder=folder)


def test_every_product_and_status_of_the_contract_has_a_word() -> None:
    words = Words("en", "common")
    for kind, values in (("product", PRODUCTS), ("state", STATUSES)):
        for value in values:
            assert words.label(f"{kind}.{value}")


def test_every_chapters_words_can_be_read() -> None:
    for path in FOLDER.glob("*/*.yml"):
        words = Words(path.parent.name, path.stem)
        for section, texts in words._texts.items():
            for key, text in texts.items():
                assert words._environment.parse(text), f"{path.name}: {section}.{key}"


def test_all_languages_have_the_same_keys() -> None:
    english = set(Words("en", "common")._texts["labels"])
    for language in FOLDER.iterdir():
        if (language / "common.yml").is_file():
            assert set(Words(language.name, "common")._texts["labels"]) == english
