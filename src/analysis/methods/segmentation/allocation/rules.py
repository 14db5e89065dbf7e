"""What an allocation must keep to: capacities, budget, success, contacts, compliance, floors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.core.errors import ParameterError
from analysis.methods.segmentation.allocation.names import refuse_protected

NOTHING = "nothing"
"""The treatment of leaving an account alone."""


@dataclass(frozen=True)
class Capacity:
    """So many units of one channel: agent hours, robot minutes, letters.

    `use` gives the units that one account takes under each treatment that draws on the channel; a treatment may
    draw on several channels, and one left out uses none.
    """

    name: str
    available: float
    use: Mapping[str, float] = field(hash=False)
    unit: str = "unit"

    def __post_init__(self) -> None:
        _amount(f"capacity '{self.name}': available", self.available)
        for treatment, units in self.use.items():
            _amount(f"capacity '{self.name}': use of '{treatment}'", units)


@dataclass(frozen=True)
class Budget:
    """Most that the chosen treatments may cost together, in currency.

    `cost` gives a cost per account by treatment; left out, the cost of each account and treatment in the offers is
    taken. The budget limits spending only: values already have the cost taken off.
    """

    available: float
    cost: Mapping[str, float] | None = field(default=None, hash=False)

    def __post_init__(self) -> None:
        _amount("budget: available", self.available)
        for treatment, money in (self.cost or {}).items():
            _amount(f"budget: cost of '{treatment}'", money)


@dataclass(frozen=True)
class MinimumSuccess:
    """Expected successes over accounts placed: at least `rate` among those given to an agency (a treatment)."""

    treatment: str
    rate: float

    def __post_init__(self) -> None:
        _share(f"minimum success of '{self.treatment}'", self.rate)


@dataclass(frozen=True)
class ContactLimit:
    """Most contacts a customer may get in the period, over all of the customer's accounts.

    `contacts` gives whole numbers by treatment. `already` names a column of the accounts with contacts made before
    in the period, which count against the limit (the largest among a customer's accounts).
    """

    contacts: Mapping[str, int] = field(hash=False)
    limit: int
    already: str = ""

    def __post_init__(self) -> None:
        for name, count in {"limit": self.limit, **self.contacts}.items():
            if isinstance(count, bool) or not isinstance(count, int) or count < 0:
                raise ParameterError(f"contact limit: {name} is {count!r}; give a whole number, 0 or more")


@dataclass(frozen=True)
class Forbidden:
    """Compliance: accounts whose `column` equals `value` must not get `treatment`; `reason` says why."""

    treatment: str
    column: str
    value: object
    reason: str = ""

    def __post_init__(self) -> None:
        refuse_protected(f"forbidding '{self.treatment}'", self.column, "forbid by the circumstance itself")


@dataclass(frozen=True)
class Floor:
    """Fairness: at least `share` of the accounts whose `column` equals `group` get one of `treatments`.

    Without `treatments`, any but `nothing` counts. A floor makes the choice depend on the group, so a protected
    attribute (sex, education, marital status) is refused unless `basis` states the lawful basis.
    """

    column: str
    group: object
    share: float
    treatments: tuple[str, ...] = ()
    basis: str = ""

    def __post_init__(self) -> None:
        _share(f"floor for {self.label}", self.share)
        if not self.basis:
            refuse_protected(f"the floor for {self.label}", self.column, "state the lawful basis in `basis`")

    @property
    def label(self) -> str:
        return f"{self.column} {self.group}"


@dataclass(frozen=True)
class AllocationRules:
    """All that an allocation must keep to. Every account gets exactly one treatment; `nothing` names doing none.

    Raises ParameterError for values out of range, constraints that share a name, and protected attributes.
    """

    capacities: tuple[Capacity, ...] = ()
    budget: Budget | None = None
    success: tuple[MinimumSuccess, ...] = ()
    contacts: ContactLimit | None = None
    forbidden: tuple[Forbidden, ...] = ()
    floors: tuple[Floor, ...] = ()
    nothing: str = NOTHING

    def __post_init__(self) -> None:
        names = [capacity.name for capacity in self.capacities]
        names += [f"floor for {floor.label}" for floor in self.floors]
        names += [f"minimum success of '{one.treatment}'" for one in self.success]
        for name in names:
            if names.count(name) > 1:
                raise ParameterError(f"two constraints are called '{name}'; give each its own name")


def _amount(name: str, value: float) -> None:
    if not math.isfinite(value) or value < 0:
        raise ParameterError(f"{name} is {value!r}; give a finite number, 0 or more")


def _share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ParameterError(f"{name} is {value!r}; give a fraction from 0 to 1")
