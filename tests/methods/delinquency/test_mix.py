"""Mix and rate effects add up to the change, whatever appears or vanishes."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.core.errors import ParameterError
from analysis.methods.delinquency.mix import mix_and_rate, summary


def segments(**held):
    rows = [{"value": name, "numerator": n, "denominator": d} for name, (n, d) in held.items()]
    return pd.DataFrame(rows, columns=["value", "numerator", "denominator"])


def test_a_hand_worked_example():
    """Weights .5/.5 to .6/.4, rates .1/.3 to .1/.4: rate .45·.1, mix .1·.1 − .1·.35 with R̄ = .21 between."""
    effects = mix_and_rate(segments(a=(60, 600), b=(160, 400)), segments(a=(50, 500), b=(150, 500)))
    found = effects.set_index("value")
    assert found.loc["b", "rate_effect"] == pytest.approx(0.045)
    assert found.loc["a", "rate_effect"] == pytest.approx(0.0)
    assert found.loc["a", "mix_effect"] == pytest.approx(0.1 * (0.1 - 0.21))
    assert found.loc["b", "mix_effect"] == pytest.approx(-0.1 * (0.35 - 0.21))
    assert summary(effects)["change"] == pytest.approx(0.22 - 0.2)


def test_the_same_mix_leaves_only_rate_effects():
    effects = mix_and_rate(segments(a=(20, 100), b=(10, 100)), segments(a=(10, 50), b=(10, 50)))
    assert effects["mix_effect"].abs().max() == 0
    assert summary(effects)["rate_effect"] == pytest.approx(-0.05)


def test_a_segment_that_appears_or_vanishes_is_mix():
    effects = mix_and_rate(segments(old=(5, 100), new=(30, 100)), segments(old=(5, 100), gone=(1, 100)))
    rate = effects.set_index("value")["rate_effect"]
    assert rate["new"] == rate["gone"] == 0
    assert summary(effects)["change"] == pytest.approx(35 / 200 - 6 / 200)


cells = st.dictionaries(
    st.sampled_from("abcdefgh"),
    st.tuples(st.floats(0, 1), st.floats(0, 1e9).map(lambda d: round(d, 2))).map(lambda p: (p[0] * p[1], p[1])),
    min_size=1,
).filter(lambda held: sum(d for _, d in held.values()) > 1)


@given(cells, cells)
def test_the_effects_sum_to_the_change_of_the_whole_rate(now, before):
    total = summary(mix_and_rate(segments(**now), segments(**before)))["change"]
    rate = [sum(n for n, _ in held.values()) / sum(d for _, d in held.values()) for held in (now, before)]
    assert total == pytest.approx(rate[0] - rate[1], abs=1e-12)


@given(cells, cells)
def test_the_way_back_has_the_same_effects_with_the_sign_reversed(now, before):
    there, back = (summary(mix_and_rate(segments(**a), segments(**b))) for a, b in ((now, before), (before, now)))
    assert there["mix_effect"] == pytest.approx(-back["mix_effect"], abs=1e-12)
    assert there["rate_effect"] == pytest.approx(-back["rate_effect"], abs=1e-12)


def test_a_segment_listed_twice_is_refused():
    twice = pd.concat([segments(a=(1, 2)), segments(a=(1, 2))])
    with pytest.raises(ParameterError, match="now: segment 'a' is listed twice; pass one measure, basis"):
        mix_and_rate(twice, segments(a=(1, 2)))


def test_an_empty_period_is_refused():
    with pytest.raises(ParameterError, match="before: the denominators add up to nothing"):
        mix_and_rate(segments(a=(1, 2)), segments(a=(0, 0)))
