"""The first page: what must be known first, the quarter in a paragraph, and the headline numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from analysis.core.errors import ChapterError
from analysis.core.periods import Period
from analysis.core.portfolio import PortfolioInfo
from analysis.report.headlines import Change, Gate, Headline, read_headlines
from analysis.report.words import Words

MOST = 12
PAGE = "index"


def read_chapter_headlines(results: Path, chapters: Sequence[str]) -> dict[str, list[Headline]]:
    """`headline.json` of each chapter; raises ChapterError for one that is missing, unreadable or empty."""
    found = {chapter: read_headlines(results / chapter / "headline.json") for chapter in chapters}
    empty = [chapter for chapter, headlines in found.items() if not headlines]
    if empty:
        raise ChapterError(f"no headline number came from: {', '.join(empty)}. A chapter gives at least one.")
    return found


def read_gates(path: Path) -> list[Gate]:
    """Gates of the whole run, a list of {key, text}; none where the file is absent."""
    if not path.is_file():
        return []
    return [Gate(gate["key"], gate["text"]) for gate in json.loads(path.read_text(encoding="utf-8"))]


def choose_headlines(by_chapter: Mapping[str, Sequence[Headline]], most: int = MOST) -> list[Headline]:
    """The `most` headlines of highest priority, at least one of each chapter, highest first.

    Where priorities tie the earlier chapter comes first, so that the choice is the same on every run.
    """
    ranked = sorted(
        ((headline, order) for order, headlines in enumerate(by_chapter.values()) for headline in headlines),
        key=lambda entry: (-entry[0].priority, entry[1]),
    )
    firsts = {order: headline.key for headline, order in reversed(ranked)}
    must = [entry for entry in ranked if firsts[entry[1]] == entry[0].key]
    rest = [entry for entry in ranked if entry not in must]
    chosen = must + rest[: max(0, most - len(must))]
    return [headline for headline, order in ranked if (headline, order) in chosen]


def first_page(
    by_chapter: Mapping[str, Sequence[Headline]],
    gates: Sequence[Gate],
    *,
    info: PortfolioInfo,
    period: Period,
    summary: str,
    words: Words,
) -> str:
    """Markdown of the first page, in fenced divs whose classes both renderers know.

    `gates` are those of the whole run; those of every headline are added, shown on the page or not. Gates come
    before the prose, the prose before the numbers.
    """
    title = words.label("title", portfolio=info.title, period=period)
    cards = [_card(headline, words) for headline in choose_headlines(by_chapter)]
    parts = [
        f"# {title} {{#sec-first-page .unnumbered}}",
        _div("dateline", words.label("data_until", day=info.as_of_month, source=info.source)),
        _gates(gates, [h for headlines in by_chapter.values() for h in headlines], words),
        _div("lead", summary.strip()),
        f"## {words.label('numbers')} {{.unnumbered}}",
        _div("headlines", "\n\n".join(cards), colons=4),
    ]
    if info.notes:
        parts += [f"## {words.label('notes')} {{.unnumbered}}", "\n".join(f"- {note}" for note in info.notes)]
    return "\n\n".join(parts) + "\n"


def _div(name: str, text: str, colons: int = 3) -> str:
    return f"{':' * colons} {{.{name}}}\n{text}\n{':' * colons}"


def _span(name: str, text: str) -> str:
    return f"[{text}]{{.{name}}}"


def _mark(key: str, words: Words) -> str:
    return _span("gate-mark", words.name("gate", key))


def _gates(run_gates: Iterable[Gate], headlines: Iterable[Headline], words: Words) -> str:
    items = [f"- {_mark(gate.key, words)} {gate.text}" for gate in run_gates]
    items += [f"- {_mark(gate.key, words)} **{h.label}.** {gate.text}" for h in headlines for gate in h.gates]
    if not items:
        return _div("all-clear", words.label("no_gates"))
    lead = f"**{words.label('gates')}.** {words.label('gates_lead')}"
    return _div("gates", f"{lead}\n\n" + "\n".join(dict.fromkeys(items)))


def _card(headline: Headline, words: Words) -> str:
    """One headline number: label and marks, value, interval, two changes, and what it was counted from."""
    marks = "".join(f" {_mark(key, words)}" for key in dict.fromkeys(gate.key for gate in headline.gates))
    lines = [
        _span("headline-label", headline.label) + marks,
        _value(headline, words),
        _interval(headline, words),
        _change(headline, headline.on_previous, "previous", words),
        _change(headline, headline.on_year_ago, "year_ago", words),
        _span("headline-source", _source(headline, words)),
    ]
    return _div("headline", "\n\n".join(line for line in lines if line))


def _value(headline: Headline, words: Words) -> str:
    """The number large, its unit beside it: `8.5 %`, `CNY 1.23 bn`, `12.4 days`."""
    numbers, value = words.numbers, headline.value
    if value is None:
        return _span("headline-value", numbers.missing)
    if headline.unit == "fraction":
        return _span("headline-value", numbers.pct(value).removesuffix("%")) + _span("headline-unit", "%")
    if headline.unit == "currency":
        parts = numbers.money(value).removeprefix(numbers.currency).split()
        before = _span("headline-unit", numbers.currency) + " " if numbers.currency else ""
        after = "".join(f" {_span('headline-unit', word)}" for word in parts[1:])
        return before + _span("headline-value", parts[0]) + after
    amount = numbers.unit(value, headline.unit)
    unit = "" if headline.unit == "count" else " " + _span("headline-unit", words.label(f"unit.{headline.unit}"))
    return _span("headline-value", amount) + unit


def _interval(headline: Headline, words: Words) -> str:
    if headline.lower is None or headline.upper is None:
        return ""
    lower, upper = (words.numbers.unit(bound, headline.unit) for bound in (headline.lower, headline.upper))
    range_ = words.label("interval_range", lower=lower, upper=upper)
    return _span("headline-interval", f"{words.label('measure.interval')} {range_}")


def _change(headline: Headline, change: Change | None, when: str, words: Words) -> str:
    if change is None:
        return _span("headline-change", words.label(f"no_{when}"))
    said = _verdict(headline, change, words)
    verdict = f", {_span('verdict', said)}" if said else ""
    amount = _span("amount", _difference(change.difference, headline.unit, words))
    return _span("headline-change", f"{amount} {words.label(f'on_{when}')}{verdict}")


def _difference(difference: float, unit: str, words: Words) -> str:
    """A change with its sign: rates in percentage points, the rest in its own unit."""
    numbers = words.numbers
    if unit == "fraction":
        return numbers.points(difference, signed=True)
    sign = "+" if difference > 0 else numbers.minus if difference < 0 else ""
    return sign + numbers.unit(abs(difference), unit)


def _verdict(headline: Headline, change: Change, words: Words) -> str:
    """Better or worse in a word; a change that chance can explain is called so."""
    if change.difference == 0:
        return words.label("unchanged")
    if change.certain is False:
        return words.label("by_chance")
    if change.good is None:
        return ""
    return words.label("better" if change.good else "worse")


def _source(headline: Headline, words: Words) -> str:
    parts = []
    if headline.numerator is not None and headline.denominator is not None:
        say = words.numbers.money if _counts_money(headline) else words.numbers.count
        parts.append(
            words.label("share_of", numerator=say(headline.numerator), denominator=say(headline.denominator))
        )
    parts.append(words.label("as_of", day=headline.as_of))
    return "; ".join(parts)


def _counts_money(headline: Headline) -> bool:
    """Whether numerator and denominator are amounts: said by the key, or seen from cents."""
    named = headline.unit == "currency" or "balance" in headline.key or "amount" in headline.key
    return named or not all(float(n or 0).is_integer() for n in (headline.numerator, headline.denominator))
