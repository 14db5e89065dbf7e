"""Rules of a spell: what is refused, and how long a probation lasts."""

import pytest

from analysis.core.errors import ParameterError
from analysis.core.spells import SpellRules


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"entry_days": 0}, "entry_days is 0; it must be a whole number from 1"),
        ({"entry_days": 30.0}, "entry_days is 30.0; it must be a whole number"),
        ({"sustained_months": 0}, "sustained_months is 0.*1 takes every cure as it comes"),
        ({"sustained_months": True}, "sustained_months is True"),
        ({"probation": {"mortgages": 3}}, "'mortgages'; use card, instalment, cash_loan, mortgage"),
        (
            {"probation": {"mortgage": 99}},
            r"probation\['mortgage'\] is 99; it must be a whole number from 1 to 36",
        ),
        ({"restructured_months": 0}, "restructured_months is 0.*leave it out for none"),
    ],
)
def test_rules_that_make_no_sense_are_refused_by_name(given, told):
    with pytest.raises(ParameterError, match=told):
        SpellRules(**given)


def test_a_product_keeps_its_own_probation_and_relief_lengthens_it():
    rules = SpellRules(sustained_months=3, probation={"mortgage": 6, "card": 1}, restructured_months=4)
    assert rules.months_for("auto") == 3
    assert rules.months_for("card") == 1
    assert rules.months_for("card", restructured=True) == 4
    assert rules.months_for("mortgage", restructured=True) == 6


def test_the_longest_probation_is_that_of_the_products_there_are():
    rules = SpellRules(sustained_months=3, probation={"mortgage": 6}, restructured_months=12)
    assert rules.longest(["card"], restructured=False) == 3
    assert rules.longest(["card", "mortgage"], restructured=False) == 6
    assert rules.longest(["card"]) == 12


def test_equal_rules_are_the_same_key():
    one = SpellRules(probation={"card": 2, "auto": 1})
    other = SpellRules(probation={"auto": 1, "card": 2})
    assert one == other and hash(one) == hash(other) and repr(one) == repr(other)
