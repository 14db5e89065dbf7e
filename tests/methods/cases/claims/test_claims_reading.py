"""A claim file that cannot be used is refused, with what came, what is allowed and the nearest right name."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from claim_files import CLAIMS, EXAMPLE, ROOT, example, shipped, write
from hypothesis import given
from hypothesis import strategies as st

from analysis.core.claims import Claim, Relation, claim_schema, load_claims, numbers_in, resolution
from analysis.core.claims.entry import Design, LevelUnit
from analysis.core.claims.expression import evaluate, names_in
from analysis.core.errors import ParameterError
from analysis.methods.cases.claims.audit import verdicts
from analysis.methods.cases.claims.reasons import REASONS
from analysis.methods.cases.claims.support import support

Change = Callable[[dict[str, Any]], None]


def rename(place: list[Any], old: str, new: str) -> Change:
    def change(content: Any) -> None:
        for key in place:
            content = content[key]
        content[new] = content.pop(old)

    return change


def put(place: list[Any], key: str, value: object) -> Change:
    def change(content: Any) -> None:
        for step in place:
            content = content[step]
        content[key] = value

    return change


def drop(place: list[Any], key: str) -> Change:
    def change(content: Any) -> None:
        for step in place:
            content = content[step]
        del content[key]

    return change


WRONG: dict[str, tuple[Change, str]] = {
    "field": (
        rename(["claims", 0], "before", "befor"),
        r"claim 'reminders-cure-rate' \(number 1\): field 'befor' is unknown; .*field is 'before'",
    ),
    "unit": (
        put(["claims", 1], "unit", "percents"),
        r"'unit': value 'percents' is unknown; .*is 'percent'; allowed are percent, times, count, score",
    ),
    "unit-of-change": (
        put(["claims", 2, "change"], "unit", "pts"),
        r"'change.unit': value 'pts' is unknown; .*; allowed are percent, points, times",
    ),
    "field-within": (
        rename(["claims", 1, "sample"], "control", "controls"),
        r"in 'sample' field 'controls' is unknown; the nearest known field is 'control'; allowed are treated",
    ),
    "a-verdict": (put(["claims", 0], "verdict", "holds"), r"field 'verdict' is unknown"),
    "a-recomputed-number": (put(["claims", 0], "recomputed", 25), r"field 'recomputed' is unknown"),
    "not-printed": (
        put(["claims", 0], "after", 26),
        r"'after' is 26, which is not among the figures printed: 20%, 25%",
    ),
    "range": (put(["claims", 3], "value", [97, 90]), r"'value' is \[97, 90\]: a range is \[low, high\]"),
    "word-for-number": (put(["claims", 3], "value", "high"), r"'value' is 'high': give a number, or a range"),
    "required": (drop(["claims", 0], "design"), r"'design' is required"),
    "currency": (drop(["claims", 6], "currency"), r"'currency' is required where the unit is money"),
    "design": (put(["claims", 0], "design", "pilot"), r"'pilot' is unknown; .*allowed are none, before_after"),
    "identifier": (put(["claims", 0], "id", "Cure Rate"), r"'id' is 'Cure Rate'"),
    "twice": (
        put(["claims", 0], "id", "reminders-cost"),
        r"claim 'reminders-cost' is there 2 times; an id is used once",
    ),
    "kind": (put(["relations", 0], "kind", "base"), r"'base' is unknown; .*'base_rate'; allowed are same, order"),
    "reference": (
        put(["relations", 0], "accuracy", "reminders-acuracy.value"),
        r"claim 'reminders-acuracy' is unknown; the nearest known claim is 'reminders-accuracy'",
    ),
    "figure": (
        put(["relations", 0], "accuracy", "reminders-accuracy.valu"),
        r"figure 'valu' is unknown; the nearest known figure is 'value'; allowed are value, before",
    ),
    "figure-not-there": (
        put(["relations", 0], "accuracy", "reminders-accuracy.after"),
        r"claim 'reminders-accuracy' has no after",
    ),
    "series-for-a-figure": (
        lambda content: [
            put(["claims", 3], "values", [97])(content),
            put(["relations", 0], "accuracy", "reminders-accuracy.values")(content),
        ],
        r"'reminders-accuracy.values' is a series; name one of it, for example 'reminders-accuracy.values.1'",
    ),
    "element": (
        put(["relations", 0], "accuracy", "reminders-accuracy.values.3"),
        r"claim 'reminders-accuracy' has no values number 3",
    ),
    "expression": (
        put(["relations", 2], "expression", "cured / acounts"),
        r"'cured / acounts' uses acounts; the inputs are ",
    ),
    "call": (
        put(["relations", 2], "expression", "open(cured) / accounts"),
        r"only numbers, names, .* and parentheses are allowed",
    ),
    "two-tests": (put(["relations", 2], "neutral", 1), r"equals, neutral are given; a relation has one test"),
    "untraceable": (
        lambda content: content["document"].update(source=""),
        "give 'source', the name of the file, or 'citation'",
    ),
    "no-document": (lambda content: content.pop("document"), r"its file has no 'document'"),
    "nothing-said": (
        lambda content: [content["claims"][3].pop("value"), content["relations"].clear()],
        r"no figure: give value, values, before",
    ),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_used_is_refused_with_the_mend(change: Change, message: str, tmp_path: Path) -> None:
    path = write(tmp_path / "deck.yml", change)
    with pytest.raises(ParameterError, match=message) as caught:
        load_claims(path)
    assert str(path) in str(caught.value)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        content["claims"][0]["unit"] = "share"
        content["claims"][1]["colour"] = "red"

    with pytest.raises(ParameterError) as caught:
        load_claims(write(tmp_path / "deck.yml", change))
    assert "  1. claim 'reminders-cure-rate'" in str(caught.value)
    assert "  2. claim 'reminders-promises'" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [("claims: [", "is not valid YAML"), ("- a\n- b\n", "must hold fields and values, not list")],
)
def test_a_file_that_is_no_claim_file_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "deck.yml"
    path.write_text(text)
    with pytest.raises(ParameterError, match=message):
        load_claims(path)


def test_a_file_or_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"claim file .*nowhere.yml does not exist"):
        load_claims(tmp_path / "nowhere.yml")
    with pytest.raises(ParameterError, match="holds no claim file"):
        load_claims(tmp_path)


def test_relations_need_what_they_compare(tmp_path: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        says = {"says": "claims that lack something"}
        content["relations"] += [
            {"id": "way", "kind": "agree", "claims": ["reminders-cost", "reminders-accuracy"], **says},
            {
                "id": "came",
                "kind": "outcome",
                "forecast": "reminders-cost",
                "observed": "reminders-accuracy",
                **says,
            },
        ]

    with pytest.raises(ParameterError) as caught:
        load_claims(write(tmp_path / "deck.yml", change))
    assert "claim 'reminders-accuracy' has no 'direction', up or down, to compare" in str(caught.value)
    assert "claim 'reminders-cost' has no 'change' in times" in str(caught.value)
    assert "claim 'reminders-accuracy' needs 'before' and 'after'" in str(caught.value)


def test_no_claim_has_a_place_for_a_verdict_or_a_recomputed_number() -> None:
    fields = set(Claim.model_fields)
    assert not fields & {"verdict", "reason", "recomputed", "expected", "correct"}


def test_printed_tokens_are_short_figures_not_sentences() -> None:
    tokens = [token for claim in shipped().claims.values() for token in claim.printed]
    assert max(map(len, tokens)) <= 25


def test_the_schema_that_is_shipped_is_that_of_the_code() -> None:
    assert json.loads((CLAIMS / "schema.json").read_text(encoding="utf-8")) == json.loads(
        json.dumps(claim_schema())
    )


@pytest.mark.parametrize("path", sorted([*CLAIMS.glob("*.yml"), *EXAMPLE.glob("*.yml")]), ids=lambda p: p.stem)
def test_every_shipped_file_passes_the_schema(path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), claim_schema())


def test_the_schema_refuses_what_the_reader_refuses() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    content = yaml.safe_load((EXAMPLE / "vendor-deck.yml").read_text(encoding="utf-8"))
    content["claims"][0]["unit"] = "percents"
    with pytest.raises(jsonschema.ValidationError, match="percents"):
        jsonschema.validate(content, claim_schema())


@pytest.mark.parametrize(
    ("token", "value", "step"),
    [
        ("约15%", 15.0, 1.0),
        ("8.5%", 8.5, 0.1),
        ("52.0", 52.0, 0.1),
        ("1200億美元", 1.2e11, 1e8),
        ("5-10万元", 50_000.0, 10_000.0),
        ("50万亿", 5e13, 1e12),
        ("2,400", 2400.0, 1.0),
        ("三倍以上", 3.0, 1.0),
        ("EUR 1.5 bn", 1.5e9, 1e8),
        ("3 months", 3.0, 1.0),
        ("20％~30％", 30.0, 1.0),
    ],
)
def test_a_printed_number_is_read_with_its_scale_and_its_last_digit(token: str, value: float, step: float) -> None:
    assert resolution(value, [token]) == pytest.approx(step)


def test_months_are_not_millions() -> None:
    assert set(numbers_in("3 months")) == {3.0}


@given(st.floats(0.1, 1e6).map(lambda x: round(x, 2)))
def test_what_is_printed_is_found_again(number: float) -> None:
    assert resolution(number, [f"{number:,.2f}%"]) == pytest.approx(0.01)


@given(st.floats(-100, 100), st.floats(-100, 100), st.floats(1, 100))
def test_an_expression_is_worked_out_as_python_would(a: float, b: float, c: float) -> None:
    assert evaluate("(a - b) / c * 2 + -a ** 2", {"a": a, "b": b, "c": c}) == (a - b) / c * 2 + -(a**2)


@pytest.mark.parametrize("text", ["a / b", "c ** 0.5", "9.0 ** 9 ** 9"])
def test_an_expression_without_a_value_gives_none(text: str) -> None:
    assert math.isnan(evaluate(text, {"a": 1, "b": 0, "c": -1}))


@pytest.mark.parametrize("text", ["__import__('os')", "a.b", "a[0]", "lambda: 1", "a if b else c", "'x'", "a <"])
def test_an_expression_is_arithmetic_and_nothing_else(text: str) -> None:
    with pytest.raises(ValueError, match=r"arithmetic|only numbers"):
        names_in(text)


def test_the_guide_names_every_field_relation_and_reason() -> None:
    text = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
    kinds = [get_args(model.model_fields["kind"].annotation)[0] for model in get_args(get_args(Relation)[0])]
    names = [*Claim.model_fields, *kinds, *REASONS, *get_args(LevelUnit), *get_args(Design)]
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []


def test_the_guide_shows_what_comes_out_for_the_example() -> None:
    text = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
    for row in verdicts(example()).itertuples():
        assert f"| {row.claim} | {row.verdict} | {row.reason} | {row.readings}".rstrip() in text


def test_the_sizes_in_the_guide_are_those_of_the_example() -> None:
    text = " ".join((ROOT / "docs" / "claims.md").read_text(encoding="utf-8").split())
    rows = support(example()).set_index("claim")
    assert f"{rows.loc['reminders-cure-rate', 'per_arm']:,.0f} accounts each" in text
    assert f"{rows.loc['reminders-promises', 'per_arm']:,.0f} accounts an arm" in text
    assert f"in {rows.loc['reminders-promises', 'power_at_sample'] * 100:.0f} of 100 such tests" in text
