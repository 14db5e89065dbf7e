"""Random allocations that tests share."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.methods.segmentation.allocation import (
    AllocationRules,
    Budget,
    Capacity,
    Offers,
    offers_from_wide,
)

TREATMENTS = ["nothing", "agent_call", "robot_call", "letter", "visit", "agency"]
COST = {"agent_call": 4.0, "robot_call": 0.3, "letter": 0.6, "visit": 20.0, "agency": 5.0}


def random_offers(accounts: int, seed: int) -> Offers:
    """Skewed values, each treatment worth something else to each account; nothing is worth 0."""
    rng = np.random.default_rng(seed)
    value = rng.gamma(2, 20, (accounts, 1)) * rng.random((accounts, len(TREATMENTS)))
    value[:, 0] = 0
    index = pd.Index([f"A{i}" for i in range(accounts)], name="account_id")
    table = pd.DataFrame(value, index=index, columns=TREATMENTS)
    region = pd.DataFrame({"region": rng.choice(["north", "south"], accounts, p=[0.2, 0.8])}, index=index)
    region["customer_id"] = [f"C{i // 2}" for i in range(accounts)]
    success = pd.DataFrame(rng.beta(2, 4, value.shape), index=index, columns=TREATMENTS)
    return offers_from_wide(table, region, success=success)


def five_capacities(accounts: int) -> AllocationRules:
    """Four channels and a budget, each scarce."""
    return AllocationRules(
        capacities=(
            Capacity("agent minutes", float(2 * accounts), {"agent_call": 12, "visit": 60}, "minute"),
            Capacity("robot minutes", float(accounts // 3), {"robot_call": 2}, "minute"),
            Capacity("letters", float(accounts // 10), {"letter": 1}, "letter"),
            Capacity("placements", float(accounts // 12), {"agency": 1}, "placement"),
        ),
        budget=Budget(float(accounts), COST),
    )
