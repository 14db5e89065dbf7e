"""Rules of an allocation as the parameter file declares them."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.core.errors import InputError, ParameterError
from analysis.core.parameters.segmentation import CapacityLimit, FloorLimit, ForbiddenTreatment, Treatments
from analysis.methods.segmentation.allocation import allocate, declared_rules, offers_from_table

SO_FAR = {"robot": 0.5, "agent": 0.3, "agent_plan": 0.2}
HOURS = {"agent_hours": CapacityLimit(per_1000=100.0, unit="hours", use={"agent": 1.0})}


def offered(accounts: int = 20) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Agents bring more than robots with everybody; half of the accounts are in town."""
    ids = [f"A{i:02d}" for i in range(accounts)]
    parts = [
        pd.DataFrame({"account_id": ids, "treatment": name, "recovery": worth, "success": 0.3, "cost": cost})
        for name, worth, cost in (("robot", 10.0, 0.1), ("agent", 30.0, 5.0))
    ]
    about = pd.DataFrame({"account_id": ids, "customer_id": ids, "urban": [str(i % 2) for i in range(accounts)]})
    return pd.concat(parts, ignore_index=True), about


def allocated(declared: Treatments, so_far: dict[str, float] | None = None) -> pd.Series:
    offers, about = offered()
    table = offers_from_table(offers, about)
    return allocate(
        table, declared_rules(declared, len(about), "robot", so_far or {"robot": 0.5, "agent": 0.5})
    ).treatment


def test_what_is_declared_for_a_thousand_accounts_is_taken_in_proportion() -> None:
    rules = declared_rules(Treatments(capacities=HOURS, budget_per_1000=500.0), 200, "robot", SO_FAR)
    (hours,) = rules.capacities
    assert (hours.name, hours.available, hours.unit) == ("agent_hours", pytest.approx(20.0), "hours")
    assert rules.budget is not None and rules.budget.available == pytest.approx(100.0)


def test_an_undeclared_capacity_is_what_logged_decisions_used() -> None:
    (hours,) = declared_rules(Treatments(), 500, "robot", SO_FAR).capacities
    # 500 × (.3 × .9 + .2 × 1.2) hours.
    assert hours.available == pytest.approx(500 * (0.3 * 0.9 + 0.2 * 1.2))


def test_defaults_pass_over_treatments_never_logged() -> None:
    (hours,) = declared_rules(Treatments(), 500, "robot", {"robot": 0.5, "agent": 0.5}).capacities
    assert dict(hours.use) == {"agent": 0.9}
    assert set(allocated(Treatments())) <= {"robot", "agent"}


def test_a_capacity_is_kept() -> None:
    chosen = allocated(Treatments(capacities={"hours": CapacityLimit(per_1000=250.0, use={"agent": 1.0})}))
    assert (chosen == "agent").sum() == 5


def test_a_budget_is_kept() -> None:
    # 20 accounts have 20 to spend; a robot costs .1, an agent 5.
    chosen = allocated(Treatments(capacities={}, budget_per_1000=1000.0))
    assert (chosen == "agent").sum() == 3


def test_a_floor_is_kept_and_limits_what_others_get() -> None:
    floor = FloorLimit(column="urban", group="1", share=0.4, treatments=("agent",))
    hours = {"hours": CapacityLimit(per_1000=200.0, use={"agent": 1.0})}
    chosen = allocated(Treatments(capacities=hours, floors=(floor,)))
    assert (chosen[1::2] == "agent").sum() == 4 and (chosen == "agent").sum() == 4


def test_a_floor_above_capacity_is_told_with_how_much_is_missing() -> None:
    floor = FloorLimit(column="urban", group="1", share=0.6, treatments=("agent",))
    hours = {"hours": CapacityLimit(per_1000=200.0, unit="hours", use={"agent": 1.0})}
    with pytest.raises(
        InputError, match=r"cannot hold together.*\n- floor for urban 1: .*short by 2 accounts\n.*hours"
    ):
        allocated(Treatments(capacities=hours, floors=(floor,)))


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (
            Treatments(capacities={"hours": CapacityLimit(per_1000=9.0, use={"agnet": 1.0})}),
            r"capacity 'hours' names the treatment 'agnet', which is unknown; did you mean 'agent'\?",
        ),
        (Treatments(minimum_success={"robott": 0.2}), "'robott', which is unknown; did you mean 'robot'"),
        (
            Treatments(floors=(FloorLimit(column="urbn", group="1", share=0.1, treatments=("agent",)),)),
            "'urbn', which is unknown; did you mean 'urban'",
        ),
        (
            Treatments(forbidden=(ForbiddenTreatment(treatment="agnt", column="urban", value="1"),)),
            "'agnt', which is unknown; did you mean 'agent'",
        ),
    ],
)
def test_misspelt_names_are_refused_with_the_nearest(declared: Treatments, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        allocated(declared)


def test_a_floor_finds_a_group_that_is_held_as_a_number() -> None:
    offers, about = offered()
    floor = FloorLimit(column="urban", group="1", share=1.0, treatments=("robot",))
    rules = declared_rules(Treatments(capacities={}, floors=(floor,)), len(about), "robot", SO_FAR)
    chosen = allocate(offers_from_table(offers, about.astype({"urban": float})), rules).treatment
    assert (chosen[1::2] == "robot").all() and (chosen[0::2] == "agent").all()


def test_a_forbidden_treatment_is_given_to_nobody_it_is_forbidden_for() -> None:
    ban = ForbiddenTreatment(treatment="agent", column="urban", value="1", reason="told by the regulator")
    chosen = allocated(Treatments(capacities={}, forbidden=(ban,)))
    assert (chosen[1::2] == "robot").all() and (chosen[0::2] == "agent").all()
