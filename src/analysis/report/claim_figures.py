"""A claim's figures in words: what a document prints, and what was worked out from it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import pandas as pd

from analysis.core.claims import Claim
from analysis.report.words import Words

ELSEWHERE = ("agree", "inside", "evidence")
"""Checks against what is printed in another place, where nothing is worked out."""

CAME = ("outcome",)
"""Checks against what came, which is told beside what was worked out."""

MOST = 5
"""Figures of one claim that are told; more are saved."""


def printed(claim: Claim, words: Words) -> str:
    """Figures of a claim as it prints them, in the language of the report: `35% → 52%`, `+25%`, `12% a year`."""
    told = list(_printed(claim, words))
    return "; ".join(told) if told else words.label(f"claim.{claim.direction}") if claim.direction else ""


def held_against(findings: pd.DataFrame, reason: str, claims: Mapping[str, Claim], words: Words) -> str:
    """What a verdict's reason rests on, of the findings (`audit`) on one claim; may be empty.

    What was worked out by the check that gave the reason, or what the claims print that it is held against.
    """
    given = findings[findings["reason"] == reason]
    others = [name for text in given["against"].unique() for name in str(text).split(", ") if name in claims]
    if given["check"].isin(ELSEWHERE).all() and 0 < len(others) <= 2:
        return words.label("claim.elsewhere", text="; ".join(printed(claims[name], words) for name in others))
    text = _recomputed(findings[findings["check"].isin(given["check"])], words)
    if given["check"].isin(CAME).all() and len(others) == 1:
        came = claims[others[0]]
        return words.label("claim.came", text=text, scope=came.scope, figures=printed(came, words))
    return text


def _recomputed(findings: pd.DataFrame, words: Words) -> str:
    there = findings.dropna(subset=["recomputed"]).drop_duplicates(["recomputed", "unit"])
    told = []
    for value, unit, item in there.head(MOST)[["recomputed", "unit", "item"]].to_numpy().tolist():
        text = figure(value, unit, words)
        told.append(text if not item or item.isdigit() or item == unit else f"{text} ({item})")
    more = len(there) - len(told)
    return "; ".join([*told, words.label("claim.more", number=more)] if more else told)


def figure(value: float, unit: str, words: Words) -> str:
    """A number with its unit, to three figures: `53%`, `18.9% a year`, `60 bn CNY`."""
    known = ("percent", "points", "times", "hours", "days", "weeks", "months", "years", "year")
    if unit == "percent a year":
        return words.label("claim.percent_a_year", value=plain(value, words))
    if unit in known:
        return words.label(f"claim.{unit}", value=f"{value:.0f}" if unit == "year" else plain(value, words))
    if len(unit) == 3 and unit.isupper():
        size, word = words.numbers.scale([value])
        return " ".join(part for part in (plain(value / size, words), word, unit) if part)
    return plain(value, words)


def plain(value: float, words: Words) -> str:
    """Three figures, without zeros at the end."""
    places = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    rounded = round(value, places)
    short = next(n for n in range(places + 1) if round(rounded, n) == rounded)
    return words.numbers.number(rounded, short)


def _printed(claim: Claim, words: Words) -> Iterator[str]:
    unit = claim.currency or claim.unit
    if claim.formula:
        yield ", ".join(plain(value, words) for value in claim.formula.gives)
    if claim.before and claim.after:
        later = _bound(claim.bound, _range(claim.after, unit, words), words)
        yield f"{_range(claim.before, unit, words)} → {later}"
    for level in (claim.value, None if claim.before else claim.after):
        if level:
            yield _bound(claim.bound, _range(level, unit, words), words)
    if claim.values:
        yield ", ".join(figure(value, unit, words) for value in claim.values)
    if claim.change:
        yield _change(claim, words)
    if claim.growth:
        yield _bound(claim.growth.bound, _range(claim.growth.value, "percent a year", words), words)
    if claim.timing:
        lead, window = claim.timing.lead, claim.timing.window
        yield words.label(
            "claim.timing",
            lead=figure(lead.value, lead.unit, words),
            window=figure(window.value, window.unit, words),
        )


def _change(claim: Claim, words: Words) -> str:
    assert claim.change is not None
    low, high = claim.change.value
    text = _range((abs(low), abs(high)) if low >= 0 else (abs(high), abs(low)), claim.change.unit, words)
    if claim.change.unit != "times":
        text = (words.numbers.minus if low < 0 else "+") + text
    return _bound(claim.change.bound, text, words)


def _range(level: tuple[float, float], unit: str, words: Words) -> str:
    low, high = level
    if low == high:
        return figure(low, unit, words)
    return (
        f"{plain(low, words)}–{figure(high, unit, words)}" if abs(high) < 10_000 else _both(low, high, unit, words)
    )


def _both(low: float, high: float, unit: str, words: Words) -> str:
    return f"{figure(low, unit, words)} – {figure(high, unit, words)}"


def _bound(bound: str, text: str, words: Words) -> str:
    return text if bound == "exactly" else words.label(f"claim.{bound}", text=text)
