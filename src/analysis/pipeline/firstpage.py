"""What the first page needs of a run as a whole: its gates, and the quarter in a paragraph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from analysis.core.parameters import RunParameters
from analysis.report.headlines import Change, Gate, Headline
from analysis.report.words import Words

LEADING = 3
"""Headlines that the paragraph tells in full; the rest are summed up."""


def run_gates(
    params: RunParameters, last_month: date, of_chapters: Iterable[dict[str, Any]], words: Words
) -> list[Gate]:
    """Gates of the run: data that end before the period does, then what the chapters said of themselves."""
    end = params.quarter.end
    gates = []
    if (end - last_month).days > params.gates.stale_after_days:
        gates.append(Gate("stale_data", words.say("stale", month=last_month, days=(end - last_month).days)))
    elif last_month < end:
        there = sum(month <= last_month for month in params.quarter.months)
        gates.append(Gate("stale_data", words.say("incomplete", month=last_month, months=there)))
    return gates + [Gate(gate["key"], gate["text"]) for notes in of_chapters for gate in notes.get("gates", [])]


def summary(headlines: Sequence[Headline], left_out: int, words: Words) -> str:
    """The quarter in a paragraph, composed from the headlines of all chapters, most important first.

    True for any portfolio: a change is called one only where chance cannot explain it, and what has no earlier
    figure is not compared.
    """
    ranked = sorted((h for h in headlines if h.value is not None), key=lambda h: -h.priority)
    sentences = list(_leading(ranked[:1], words))
    sentences += [_next(headline, words) for headline in ranked[1:LEADING]]
    sentences += _movements(ranked, words)
    gated = sum(bool(headline.gates) for headline in ranked)
    if gated:
        sentences.append(words.say("gated", number=gated))
    if left_out:
        sentences.append(words.say("left_out", number=left_out))
    return " ".join(sentences)


def _leading(first: Sequence[Headline], words: Words) -> Iterator[str]:
    for headline in first:
        bounds = [headline.lower, headline.upper]
        lower, upper = (None if None in bounds else _value(bound, headline, words) for bound in bounds)
        value = _value(headline.value, headline, words)
        yield words.say("first", day=headline.as_of, label=headline.label, value=value, lower=lower, upper=upper)
        yield _compared(headline, words)


def _compared(headline: Headline, words: Words) -> str:
    """How the first headline stands against the quarter and the year before."""
    changes = [("on_previous", headline.on_previous), ("on_year_ago", headline.on_year_ago)]
    known = [(key, change) for key, change in changes if change is not None]
    if not known:
        return words.say("no_comparison")
    if len(known) == len(changes) and all(change.certain is False for _, change in known):
        return words.say("both_uncertain")
    parts: list[str] = []
    for key, change in known:
        moved = _moved(change, headline, words) if change.certain is not False and change.difference else ""
        parts.append(words.say(key, change=change, moved=moved))
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def _next(headline: Headline, words: Words) -> str:
    before = _value(headline.previous, headline, words) if headline.previous is not None else ""
    value = _value(headline.value, headline, words)
    return words.say("next", label=headline.label, value=value, before=before)


def _movements(headlines: Sequence[Headline], words: Words) -> list[str]:
    """Which numbers got better or worse for certain; that none did is only said where all could be judged."""
    changes = [(headline.label, headline.on_previous) for headline in headlines]
    better = [label for label, change in changes if change and change.certain and change.good is True]
    worse = [label for label, change in changes if change and change.certain and change.good is False]
    sentences = [words.say(key, labels=labels) for key, labels in (("worse", worse), ("better", better)) if labels]
    judged = bool(changes) and all(change is not None and change.certain is not None for _, change in changes)
    moved = any(change and change.certain for _, change in changes)
    return sentences or ([words.say("steady")] if judged and not moved else [])


def _moved(change: Change, headline: Headline, words: Words) -> str:
    size = abs(change.difference)
    return words.numbers.points(size) if headline.unit == "fraction" else _value(size, headline, words)


def _value(value: float | None, headline: Headline, words: Words) -> str:
    text = words.numbers.unit(value, headline.unit)
    timed = headline.unit in ("days", "months") and value is not None
    return f"{text} {words.label(f'unit.{headline.unit}')}" if timed else text
