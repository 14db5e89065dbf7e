"""Exposure at default, and loss given default from cures and recoveries."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import ParameterError
from analysis.methods.stress.credit.exposure_at_default import (
    amortised_balance,
    behavioural_life,
    drawn_and_undrawn,
)
from analysis.methods.stress.credit.loss_given_default import (
    lgd_in_default,
)


def test_undrawn_limit_is_converted_and_an_exceeded_one_adds_nothing() -> None:
    assert drawn_and_undrawn([400.0, 1200.0], 1000.0, 0.5).tolist() == [700.0, 1200.0]


def test_level_instalments_leave_the_textbook_balance() -> None:
    # 1,000 over 12 months at 12% nominal: payment 1000·0.01/(1 − 1.01⁻¹²) = 88.84879.
    owed, path = 1000.0, []
    for _ in range(12):
        path.append(owed)
        owed = owed * 1.01 - 88.84879
    found = amortised_balance(1000.0, 0.12, 12, 15)
    assert found[:12] == pytest.approx(path, abs=1e-3)
    assert found[12:].tolist() == [0.0, 0.0, 0.0]


def test_amortisation_equals_an_independent_implementation() -> None:
    other = pytest.importorskip("creditriskengine.models.ead.ead_model")
    after_payment = other.amortising_balance_schedule(5000.0, 0.09, 24, periods_per_year=12)
    assert amortised_balance(5000.0, 0.09, 24, 25)[1:] == pytest.approx(after_payment, abs=1e-6)


def test_without_interest_the_balance_falls_in_a_line_and_without_months_it_is_due_at_once() -> None:
    assert amortised_balance(900.0, 0.0, 3, 4) == pytest.approx([900.0, 600.0, 300.0, 0.0])
    assert amortised_balance([900.0, 100.0], [0.0, 0.2], 0, 3).tolist() == [[900.0, 0, 0], [100.0, 0, 0]]


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1e6), st.floats(0, 1.0), st.integers(1, 400))
def test_an_amortising_balance_only_falls(balance: float, rate: float, left: int) -> None:
    path = amortised_balance(balance, rate, left, 420)
    assert path[0] == pytest.approx(balance)
    assert (np.diff(path) <= 1e-6 * max(balance, 1.0)).all() and path[-1] == 0


def test_behavioural_life_is_when_the_share_has_closed() -> None:
    # 0.98^149 = 0.0493 is the first below 5%.
    assert behavioural_life([0.02, 0.0, 1.0]).tolist() == [149, 360, 1]


# By hand: 30% cure at a loss of 2%; the rest pay 20% and 10% of the claim one and two years after charge-off, at
# 25% cost, charge-off half a year after default, rate 21%: worth 0.15/1.21 + 0.075/1.4641 = 0.175193, ÷ √1.21 =
# 0.159266; LGD 0.3·0.02 + 0.7·(1 − 0.159266) = 0.594514.
RECOVERED = np.zeros(24)
RECOVERED[11], RECOVERED[23] = 0.20, 0.10


def test_loss_given_default_equals_the_one_worked_by_hand() -> None:
    assert float(lgd_in_default([0.3] * 6, RECOVERED, 0.21, 0.25, 0.02)[0]) == pytest.approx(0.594514, abs=1e-6)


def test_loss_given_default_serves_segments_at_once() -> None:
    cured, recovered = np.array([[0.3] * 6, [0.0] * 6]), np.stack([RECOVERED, 2 * RECOVERED])
    found = lgd_in_default(cured, recovered, [0.21, 0.0], 0.25, 0.02)[:, 0]
    assert found == pytest.approx([0.594514, 1 - 0.6 * 0.75], abs=1e-6)


def test_loss_given_default_rises_as_curers_leave_up_to_that_of_a_charge_off() -> None:
    curve = [0.1, 0.2, 0.25, 0.28, 0.3, 0.3]
    path = lgd_in_default(curve, RECOVERED, 0.21, 0.25, 0.02)
    assert path[0] == pytest.approx(0.594514, abs=1e-6)
    assert path[-1] == pytest.approx(1 - 0.175193, abs=1e-6)
    flat = lgd_in_default(curve, RECOVERED, 0.0, 0.25, 0.02)
    assert (np.diff(flat) >= 0).all() and flat[-1] > flat[0]
    # After two months: (0.3 − 0.2)/0.8 of those left still cure.
    assert flat[2] == pytest.approx(0.125 * 0.02 + 0.875 * (1 - 0.225))


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1), st.lists(st.floats(0, 0.04), min_size=1, max_size=25), st.floats(0, 0.5), st.floats(0, 1))
def test_loss_given_default_lies_within_zero_and_one_and_falls_with_cures(
    cured: float, recovered: list[float], rate: float, cost: float
) -> None:
    found, none = (float(lgd_in_default([c], recovered, rate, cost)[0]) for c in (cured, 0.0))
    assert 0 <= found <= none <= 1


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lgd_in_default([0.3], [0.5, 0.6]), ParameterError, "not the cumulative share"),
        (lambda: lgd_in_default([30], [0.5]), ParameterError, "cure_curve has 30.0"),
        (lambda: lgd_in_default([0.3, 0.2], [0.1]), ParameterError, "cure_curve falls; pass the cumulative share"),
        (lambda: lgd_in_default([0.3], [0.5], -1.0), ParameterError, "annual_rate must lie above -1"),
        (
            lambda: drawn_and_undrawn(-1, 1, 0.5),
            ParameterError,
            "balance holds a value that is missing or below 0",
        ),
        (lambda: amortised_balance(1, 12, 3, 3), ParameterError, "annual_rate must be a fraction"),
        (lambda: behavioural_life(0.1, 95), ParameterError, "share is 95"),
    ],
)
def test_what_cannot_be_taken_is_named_with_its_mend(call: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()  # type: ignore[operator]
