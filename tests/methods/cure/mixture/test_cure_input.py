"""Bad input is refused by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cure import MixtureCure

Draw = Callable[..., pd.DataFrame]


@pytest.fixture
def frame(spells: Draw) -> pd.DataFrame:
    return spells(rows=200).assign(weight=1.0, customer=lambda f: np.arange(len(f)) // 2, region="north")


def spoilt(frame: pd.DataFrame, column: str, value: object) -> pd.DataFrame:
    """The frame with one value of a column replaced, in row 5."""
    changed = frame.astype({column: object if isinstance(value, str) else float})
    changed.loc[5, column] = value
    return changed


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("months", -2.0, r"column 'months', 1 row \(row 5: -2\): a duration must be above 0"),
        ("months", 0.0, r"row 5: 0\): a duration must be above 0; count a first month as 1"),
        ("months", np.nan, r"column 'months', 1 row \(row 5: nan\): must be a finite number"),
        ("months", np.inf, "must be a finite number"),
        ("months", "three", "column 'months' holds object values; it must be numeric"),
        ("event", 3.0, r"column 'event', 1 row \(row 5: 3\): must be 1 \(cured\), 0 \(censored\) or 2"),
        ("entry", 99.0, r"column 'entry', 1 row \(row 5: 99\): entry is at or after exit"),
        ("entry", -1.0, "an entry must be 0 or later"),
        ("weight", 0.0, "a case weight must be above 0"),
        ("customer", np.nan, r"column 'customer', 1 row .*the cluster is missing"),
        ("x1", np.nan, r"incidence formula meets missing values in 1 of \d+ rows: 'x1' in 1 \(row 5\)"),
        ("x2", np.nan, r"latency formula meets missing values in 1 of \d+ rows: 'x2' in 1 \(row 5\)"),
        ("x1", np.inf, "the incidence formula gives infinite or missing values in x1"),
    ],
)
def test_a_bad_value_is_named_with_its_row(frame: pd.DataFrame, column: str, value: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        MixtureCure().fit(
            spoilt(frame, column, value),
            "months",
            "event",
            "x1",
            "x2",
            entry_col="entry",
            weights_col="weight",
            cluster_col="customer",
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.head(0), "has no rows"),
        (lambda f: f.assign(event=0), "holds no event"),
        (lambda f: f.drop(columns="months"), "column 'months' is not in the data frame"),
        (lambda f: f.drop(columns="x1"), "reads x1, not in the data frame"),
        (lambda f: f.assign(x1=4.0), "x1 in the incidence formula is constant; leave it out"),
        (lambda f: f.assign(x1="card"), "x1 in the incidence formula is constant; leave it out"),
        (lambda f: f.assign(x2=2020 + 3 * f.x1), "x2 in the incidence formula follows from the other columns"),
    ],
)
def test_a_frame_that_cannot_be_fitted_is_refused(
    frame: pd.DataFrame, change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        MixtureCure().fit(change(frame), "months", "event", "x1 + x2")


def test_all_columns_with_missing_values_are_listed(frame: pd.DataFrame) -> None:
    broken = spoilt(spoilt(frame, "x1", np.nan), "x2", np.nan)
    with pytest.raises(InputError, match=r"'x1' in 1 \(row 5\); 'x2' in 1 \(row 5\)"):
        MixtureCure().fit(broken, "months", "event", "x1 + x2")


def test_missing_values_inside_a_call_are_found(frame: pd.DataFrame) -> None:
    with pytest.raises(InputError, match=r"'x1' in 1 \(row 5\)"):
        MixtureCure().fit(spoilt(frame, "x1", np.nan), "months", "event", "bs(x1, df=4)")


def test_a_value_that_a_formula_cannot_take_is_named(frame: pd.DataFrame) -> None:
    with pytest.raises(InputError, match=r"infinite or missing values in np.log\(x1\)"):
        MixtureCure().fit(frame, "months", "event", "np.log(x1)")


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("0 + x1", "drops the intercept"),
        ("months ~ x1", "has a left side"),
        ("x1 + (", "cannot be read"),
    ],
)
def test_a_formula_that_cannot_be_used_is_refused(frame: pd.DataFrame, formula: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        MixtureCure().fit(frame, "months", "event", formula)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latency": "gamma"}, "latency 'gamma' is not known; choose one of weibull"),
        ({"link": "log"}, "link 'log' is not known; choose one of logit, probit, cloglog"),
        ({"latency": "weibull", "breaks": [3]}, "breaks belong to piecewise and discrete"),
        ({"latency": "piecewise", "breaks": [3, 2]}, "must be positive and rise"),
        ({"alpha": 5}, "alpha is 5; it must lie between 0 and 1"),
    ],
)
def test_an_unknown_choice_names_the_known_ones(options: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        MixtureCure(**options)  # type: ignore[arg-type]


def test_one_cluster_is_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="holds one cluster"):
        MixtureCure().fit(frame, "months", "event", cluster_col="region")


def test_discrete_time_takes_whole_months_only(frame: pd.DataFrame) -> None:
    with pytest.raises(InputError, match=r"column 'months' holds 2.5; latency 'discrete' takes whole months"):
        MixtureCure("discrete").fit(frame.assign(months=2.5), "months", "event")


def test_a_piece_without_events_is_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(InputError, match=r"no event falls into ln_hazard \(500, ∞\)"):
        MixtureCure("piecewise", breaks=[3, 500]).fit(frame, "months", "event")
