"""What MixtureExits refuses by name, and where it warns that the data don't pin it down."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cure import ExitsTruth, ExitTruth, IdentificationWarning, MixtureExits, draw_exits

Draw = Callable[..., pd.DataFrame]


@pytest.fixture
def frame(exits: Draw) -> pd.DataFrame:
    found = exits(rows=300)
    return found.assign(weight=1.0, customer=np.arange(len(found)) // 2, region="north")


def spoilt_spells(frame: pd.DataFrame, column: str, value: object) -> pd.DataFrame:
    changed = frame.astype({column: object if isinstance(value, str) or column == "exit" else float})
    changed.loc[5, column] = value
    return changed


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (
            "months",
            0.0,
            r"column 'months', 1 row \(row 5: 0\): a duration must be above 0; count a first month as 1",
        ),
        ("months", np.nan, r"column 'months', 1 row \(row 5: nan\): must be a finite number"),
        ("months", "three", "column 'months' holds object values; it must be numeric"),
        ("exit", None, "column 'exit', 1 row .*write 'open' where there is no exit"),
        ("entry", 99.0, r"column 'entry', 1 row \(row 5: 99\): an entry must be from 0 to before exit"),
        ("entry", -1.0, "an entry must be from 0"),
        ("weight", 0.0, "a case weight must be above 0"),
        ("customer", np.nan, r"column 'customer', 1 row .*the cluster is missing"),
        ("x1", np.nan, r"incidence formula meets missing values in 1 of \d+ rows: 'x1' in 1 \(row 5\)"),
        ("x2", np.nan, r"latency formula meets missing values in 1 of \d+ rows: 'x2' in 1 \(row 5\)"),
    ],
)
def test_a_bad_spell_is_named_with_its_row(frame: pd.DataFrame, column: str, value: object, message: str) -> None:
    options = {"entry_col": "entry", "weights_col": "weight", "cluster_col": "customer"}
    with pytest.raises(InputError, match=message):
        MixtureExits().fit(spoilt_spells(frame, column, value), "months", "exit", "x1", "x2", **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.head(0), "has no rows"),
        (lambda f: f.assign(exit="open"), "holds no exit, only 'open'"),
        (lambda f: f.drop(columns="exit"), "column 'exit' is not in the data frame"),
        (lambda f: f.drop(columns="x1"), "reads x1, not in the data frame"),
        (lambda f: f.assign(x1=4.0), "x1 in the incidence formula is constant; leave it out"),
        (lambda f: f.assign(x1="card"), "x1 in the incidence formula is constant; leave it out"),
    ],
)
def test_a_frame_of_spells_that_cannot_be_fitted_is_refused(
    frame: pd.DataFrame, change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        MixtureExits().fit(change(frame), "months", "exit", "x1 + x2")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latency": "gamma"}, "latency 'gamma' is not known; choose one of weibull"),
        ({"latency": "cox"}, "latency 'cox' has no likelihood to mix over exits; choose one of weibull"),
        ({"latency": {"cured": "cox"}}, "latency 'cox' has no likelihood"),
        ({"alpha": 5}, "alpha is 5; it must lie between 0 and 1"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_before_any_data(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        MixtureExits(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latency": {"cured": "weibull"}}, "latency lacks charged_off, sold; name a latency for every exit"),
        (
            {"latency": {"cured": "weibull", "charged_off": "weibull", "sold": "weibull", "paid": "weibull"}},
            "latency names paid, which nobody takes; the exits are charged_off, cured, sold",
        ),
        ({"reference": "paid"}, "reference 'paid' is not among the classes charged_off, cured, sold$"),
        ({"reference": "never"}, "not among the classes .*; `never` needs never=True"),
        ({"breaks": [3, 6]}, "breaks belong to piecewise and discrete"),
        ({"latency": "piecewise", "breaks": {"paid": [3]}}, "breaks names paid, which nobody takes"),
        ({"latency": "piecewise", "breaks": [6, 3]}, "must be positive and rise"),
    ],
)
def test_a_choice_that_does_not_fit_the_exits_names_them(
    frame: pd.DataFrame, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        MixtureExits(**options).fit(frame, "months", "exit")


def test_a_piece_without_exits_names_the_exit(frame: pd.DataFrame) -> None:
    with pytest.raises(InputError, match=r"exit 'charged_off': no event falls into ln_hazard \(500, ∞\)"):
        MixtureExits("piecewise", breaks=[3, 500]).fit(frame, "months", "exit")


def test_breaks_may_differ_by_exit(frame: pd.DataFrame) -> None:
    latencies = {"cured": "piecewise", "charged_off": "weibull", "sold": "piecewise"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentificationWarning)
        model = MixtureExits(latencies, breaks={"cured": [2, 5]}).fit(frame, "months", "exit", entry_col="entry")
    names = list(model.params_["baseline"].loc["cured"].index)
    assert names == ["ln_hazard (0, 2]", "ln_hazard (2, 5]", "ln_hazard (5, ∞)"]


@pytest.mark.parametrize("column", ["months", "entry"])
def test_discrete_exits_take_whole_months_only(exits: Draw, column: str) -> None:
    frame = exits("discrete", rows=300)
    broken = frame.assign(**{column: frame[column] + (0.5 if column == "months" else 0.25)})
    with pytest.raises(InputError, match=rf"column '{column}' holds .*; latency 'discrete' takes whole months"):
        MixtureExits("discrete").fit(broken, "months", "exit", entry_col="entry")


def test_an_exit_called_never_is_refused_beside_the_class(frame: pd.DataFrame) -> None:
    renamed = frame.assign(exit=frame.exit.replace("sold", "never"))
    with pytest.raises(
        InputError, match="column 'exit' has an exit 'never', the name of never exiting; rename it"
    ):
        MixtureExits(never=True).fit(renamed, "months", "exit")


def test_a_single_exit_leaves_an_incidence_formula_nothing_to_tell_apart(frame: pd.DataFrame) -> None:
    cured = frame.assign(exit=np.where(frame.exit == "cured", "cured", "open"))
    with pytest.raises(ParameterError, match="all spells end in 'cured', so an incidence formula has nothing"):
        MixtureExits().fit(cured, "months", "exit", "x1")


LONG = ExitsTruth(
    {
        "charged_off": ExitTruth("weibull", (0.2, -0.5), (0.3,), (-4.0, 0.8)),
        "cured": ExitTruth("weibull", (0.5, 0.8), (0.2,), (-1.5, 0.2)),
    },
    never=True,
    follow_up=(25.0, 60.0),
)


def test_exits_with_long_follow_up_pass_in_silence() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", IdentificationWarning)
        model = MixtureExits(never=True).fit(draw_exits(LONG, 2000, seed=1), "months", "exit", "x1", "x1")
    assert model.converged_ and (model.tails_ < 0.01).all()


def warned(frame: pd.DataFrame, never: bool = True, formula: str = "x1", latency: str = "weibull") -> str:
    with pytest.warns(IdentificationWarning) as caught:
        MixtureExits(latency, never=never).fit(frame, "months", "exit", formula, formula)
    assert {w.filename for w in caught if w.category is IdentificationWarning} == {__file__}
    return " | ".join(str(w.message) for w in caught if w.category is IdentificationWarning)


def test_an_exit_seen_seldom_is_named_with_its_count() -> None:
    frame = draw_exits(LONG, 1500, seed=1)
    few = frame.index[frame.exit == "charged_off"][:8]
    rare = frame.assign(exit=np.where(frame.index.isin(few), "sold", frame.exit))
    assert "too few exits for the coefficients: 'sold' is seen 8 times for 5 (want 5 for each)" in warned(rare)


def test_a_weight_counts_towards_the_events_of_an_exit() -> None:
    frame = draw_exits(LONG, 1500, seed=1)
    few = frame.index[frame.exit == "charged_off"][:10]
    rare = frame.assign(exit=np.where(frame.index.isin(few), "sold", frame.exit), weight=10.0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        MixtureExits(never=True).fit(rare, "months", "exit", "x1", "x1", weights_col="weight")
    assert not any("too few exits" in str(w.message) for w in caught)


SHORT = ExitsTruth(dict(LONG.exits), never=True, follow_up=(2.0, 5.0))


def test_short_follow_up_names_the_exit_that_is_still_to_come() -> None:
    text = warned(draw_exits(SHORT, 3000, seed=1), never=False)
    assert "follow-up too short:" in text and "of 'charged_off'" in text
    assert "would come after the longest follow-up (4.99772)" in text


def test_never_beside_a_long_tail_is_said_to_be_one_with_it() -> None:
    # Charge-off comes late and follow-up ends early: of those still open, never and not yet look alike.
    text = warned(draw_exits(SHORT, 3000, seed=1))
    assert (
        "the class `never` is not separated from the long tail of 'charged_off': of those still open at 4.99772"
        in text
    )


def test_a_plateau_that_was_not_reached_is_called_that() -> None:
    truth = ExitsTruth(
        {"cured": ExitTruth("weibull", (0.5,), (), (-2.0, 0.0))}, never=True, follow_up=(14.0, 16.0)
    )
    frame = draw_exits(truth, 4000, seed=1)
    text = warned(frame.assign(months=np.ceil(frame.months)), formula="1")
    assert "follow-up too short for a plateau: the last exit is at 16 of 16" in text
    assert "Never exiting cannot be told from exiting later" in text


@pytest.mark.parametrize("part", ["incidence", "latency"])
def test_separation_of_an_exit_names_covariate_and_exit(part: str) -> None:
    frame = draw_exits(LONG, 1500, seed=1)
    group = np.arange(len(frame)) % 10 == 0
    exit_ = np.where(group & (frame.exit == "charged_off"), "cured", frame.exit)
    frame = frame.assign(insured=group.astype(float), exit=exit_)
    formulas = ("insured", "1") if part == "incidence" else ("1", "insured")
    with pytest.warns(IdentificationWarning) as caught:
        MixtureExits(never=True).fit(frame, "months", "exit", *formulas)
    assert any("separation: insured of 'charged_off' runs to infinity" in str(w.message) for w in caught)


def test_a_class_at_its_border_is_called_that() -> None:
    # Everybody leaves within three months: nobody is left for the class `never`.
    truth = ExitsTruth({"a": ExitTruth("weibull", (0.0,), (), (-1.0, 0.6))}, follow_up=(20.0, 30.0))
    text = warned(draw_exits(truth, 800, seed=1), formula="1")
    assert "a class is at its border: Intercept of 'a'" in text
