"""The rules of an allocation as the parameter file declares them."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.core.parameters.segmentation import CapacityLimit, Treatments
from analysis.methods.segmentation.allocation.rules import (
    AllocationRules,
    Budget,
    Capacity,
    ContactLimit,
    Floor,
    Forbidden,
    MinimumSuccess,
)


def declared_rules(
    declared: Treatments, accounts: int, least: str, so_far: Mapping[str, float]
) -> AllocationRules:
    """Rules for so many accounts: what is declared for 1,000 accounts, in proportion.

    `least` names the treatment that does least (the control arm where doing nothing was never tried); floors that
    name no treatments count every other. `so_far` is the share of logged decisions that each treatment took: what
    they used, account for account, is the capacity where none is declared.

    Capacities left at their defaults pass over treatments that were never logged. Other
    names of treatments, columns and groups are checked when the rules meet the offers (`allocate`). Raises
    ParameterError for values out of range and protected attributes.
    """
    share = accounts / 1000
    capacities = tuple(
        Capacity(name, _available(limit, so_far) * share, limit.use, limit.unit)
        for name, limit in _limits(declared, so_far).items()
    )
    budget = None if declared.budget_per_1000 is None else Budget(declared.budget_per_1000 * share)
    limit = declared.contact_limit
    return AllocationRules(
        capacities=capacities,
        budget=budget,
        success=tuple(MinimumSuccess(name, rate) for name, rate in declared.minimum_success.items()),
        contacts=None if limit is None else ContactLimit(declared.contacts, limit),
        forbidden=tuple(Forbidden(f.treatment, f.column, f.value, f.reason) for f in declared.forbidden),
        nothing=least,
        floors=tuple(Floor(f.column, f.group, f.share, f.treatments) for f in declared.floors),
    )


def _limits(declared: Treatments, so_far: Mapping[str, float]) -> Mapping[str, CapacityLimit]:
    if declared.capacities != Treatments().capacities:
        return declared.capacities
    return {
        name: limit.model_copy(update={"use": {t: units for t, units in limit.use.items() if t in so_far}})
        for name, limit in declared.capacities.items()
    }


def _available(limit: CapacityLimit, so_far: Mapping[str, float]) -> float:
    """Units for 1,000 accounts."""
    if limit.per_1000 is not None:
        return limit.per_1000
    return 1000.0 * sum(share * limit.use.get(treatment, 0.0) for treatment, share in so_far.items())
