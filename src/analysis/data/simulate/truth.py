"""`truth.json`: what the portfolio was drawn from, and what that came to."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from analysis.core.states import PRODUCTS
from analysis.data.simulate.behaviour import adoption_month
from analysis.data.simulate.clock import EPOCH
from analysis.data.simulate.panel import REDEFAULT_DAYS, REDEFAULT_MONTHS, SUSTAINED_MONTHS
from analysis.data.simulate.parameters import BROKEN, CAUSES, REGIONS, SEGMENT_EDGES, SEGMENTS
from analysis.data.simulate.parameters_work import AGENCIES, CHANNELS, HOURS
from analysis.data.simulate.state import HORIZONS, World
from analysis.data.simulate.tally import Tally
from analysis.data.simulate.treatments import ARMS, EXPERIMENTS, UNITS

ELASTICITY_UNITS = {
    "unemployment": "log-odds per percentage point of unemployment_rate, two months before",
    "gdp": "log-odds per percentage point of gdp_yoy, two months before",
    "industry": "log-odds per 10% yearly change (logarithm) of the customer's industry index, a month before",
    "house_price": "log-odds per 10 points of house_price_yoy, a month before; mortgages",
}


def truth(world: World, tally: Tally, seed: int, accounts: int) -> dict[str, Any]:
    """Everything a chapter can hold its estimates to, as plain numbers."""
    p, sums = world.parameters, tally.sums
    return {
        "variant": p.variant,
        "seed": seed,
        "accounts": accounts,
        "broken_assumptions": list(BROKEN[p.variant]),
        "hazard_form": "monthly probability = 1 / (1 + exp(-log-odds)); effects in the parameters are log-odds",
        "segments": {"names": list(SEGMENTS), "origination_score_edges": list(SEGMENT_EDGES)},
        "entry": entry(world, sums["entry"]),
        "never_cure": never_cure(sums["never"]),
        "cure": cure(sums["cure"], sums["cure_by_month"]),
        "contact_effect": contact_effect(sums["contacted"]),
        "redefault": redefault(world, sums["redefault"]),
        "relapse": relapse(world, sums["relapse"]),
        "elasticities": elasticities(world),
        "experiments": experiments(world, sums),
        "contact_response": response(sums["response"]),
        "repair": repair(world, sums.get("repair", np.zeros(3))),
        "recovery": recovery(sums["recovery"]),
        "agents": {f"G{i + 1:04d}": round(float(s), 4) for i, s in enumerate(world.skill)},
        "agent_agency": {f"G{i + 1:04d}": AGENCIES[a] for i, a in enumerate(world.agent_agency)},
        "agencies": dict(zip(AGENCIES, p.strategies.agency_effect, strict=True)),
        "parameters": asdict(p),
    }


def share(part: float, whole: float) -> float | None:
    return round(float(part / whole), 6) if whole else None


def entry(world: World, sums: np.ndarray) -> dict[str, Any]:
    """Monthly probability that a current account with a payment due misses it, and what happened."""
    ends = world.clock.ends[world.clock.burn_in :]
    by_month = sums.sum(axis=1)
    return {
        "by_product": {
            name: {"hazard": share(cell[1], cell[0]), "realised": share(cell[2], cell[0])}
            for name, cell in zip(PRODUCTS, sums.sum(axis=0), strict=True)
        },
        "by_month": {
            str(np.datetime64(EPOCH) + int(end)): {
                "hazard": share(cell[1], cell[0]),
                "realised": share(cell[2], cell[0]),
            }
            for end, cell in zip(ends, by_month, strict=True)
        },
    }


def never_cure(sums: np.ndarray) -> dict[str, Any]:
    """Spells that can never cure: of all, by product, cause and segment. `expected` averages the probabilities."""

    def told(cell: np.ndarray) -> dict[str, Any]:
        return {"spells": int(cell[0]), "share": share(cell[2], cell[0]), "expected": share(cell[1], cell[0])}

    by_axis = {
        "product": (PRODUCTS, sums.sum(axis=(1, 2))),
        "cause": (CAUSES, sums.sum(axis=(0, 2))),
        "segment": (SEGMENTS, sums.sum(axis=(0, 1))),
    }
    tables = {
        f"by_{k}": {n: told(c) for n, c in zip(names, cells, strict=True)} for k, (names, cells) in by_axis.items()
    }
    return {"all": told(sums.sum(axis=(0, 1, 2))), **tables}


def cure(by_bucket: np.ndarray, by_month: np.ndarray) -> dict[str, Any]:
    """Monthly cure: of all at risk, and of those who can cure, by missed payments and by month of the spell."""

    def told(cell: np.ndarray) -> dict[str, Any]:
        at_risk, can, expected, cured = cell
        return {
            "at_risk": int(at_risk),
            "hazard": share(expected, at_risk),
            "hazard_of_those_who_can": share(expected, can),
            "realised": share(cured, at_risk),
        }

    buckets = by_bucket.sum(axis=0)
    return {
        "by_missed_payments": {str(m + 1): told(cell) for m, cell in enumerate(buckets)},
        "by_product_and_missed_payments": {
            name: {str(m + 1): told(cell) for m, cell in enumerate(by_bucket[i])}
            for i, name in enumerate(PRODUCTS)
        },
        "by_month_of_spell": {str(k + 1): told(cell) for k, cell in enumerate(by_month)},
    }


def contact_effect(sums: np.ndarray) -> dict[str, Any]:
    """What right-party contact adds to next month's log-odds of cure, with promise and skill, of those who can."""
    spoken, effect, promised = sums[0]
    return {
        "account_months": int(spoken),
        "mean_log_odds": share(effect, spoken),
        "promised": share(promised, spoken),
    }


def redefault(world: World, sums: np.ndarray) -> dict[str, Any]:
    """Sustained cures that were late again, as it happened; by the month that made them sustained."""
    ends = world.clock.ends[world.clock.burn_in :]
    told = {
        str(np.datetime64(EPOCH) + int(end)): {"cures": int(row[0]), "again": int(row[1])}
        for end, row in zip(ends, sums, strict=True)
        if row[0]
    }
    return {
        "sustained_months": SUSTAINED_MONTHS,
        "days_past_due": REDEFAULT_DAYS,
        "within_months": REDEFAULT_MONTHS,
        "cures": int(sums[:, 0].sum()),
        "share": share(sums[:, 1].sum(), sums[:, 0].sum()),
        "by_month": told,
    }


def relapse(world: World, sums: np.ndarray) -> dict[str, Any]:
    """Monthly probability of missing a payment by months current since a cure, 1 for the month of the cure itself.

    By month, as the economy moves it. `at_risk` counts all current accounts, those without a payment due too.
    """
    ends = world.clock.ends[world.clock.burn_in :]

    def told(cells: np.ndarray) -> dict[str, Any]:
        return {
            str(j + 1): {"at_risk": int(c[0]), "hazard": share(c[1], c[0]), "realised": share(c[2], c[0])}
            for j, c in enumerate(cells)
        }

    months = {str(np.datetime64(EPOCH) + int(end)): told(cells) for end, cells in zip(ends, sums, strict=True)}
    return {"by_months_current": told(sums.sum(axis=0)), "by_month": months}


def elasticities(world: World) -> dict[str, Any]:
    e, c, r, k = (getattr(world.parameters, name) for name in ("entry", "cure", "roll", "claims"))
    return {
        "units": ELASTICITY_UNITS,
        "entry": {n: getattr(e, n) for n in ELASTICITY_UNITS},
        "cure": {n: getattr(c, n) for n in ("unemployment", "gdp", "industry")},
        "stay_or_roll_back": {"unemployment": r.unemployment},
        "early_charge_off": {"unemployment": r.early_unemployment},
        "payment_after_charge_off": {"unemployment": k.unemployment, "inflation": k.inflation},
    }


def experiments(world: World, sums: dict[str, np.ndarray]) -> dict[str, Any]:
    """Arms, assignment, log-odds by segment, and the cure that each arm brings within 1, 3 and 6 months.

    `cured` averages, over the units followed that long, each unit's own probability under that arm; `effect` is
    the difference of the last arm against the first. `realised` is what the arms drawn came to.
    """
    s = world.parameters.strategies
    told: dict[str, Any] = {}
    for kind, name in enumerate(EXPERIMENTS[:4]):
        told[name] = design(name) | {"log_odds": log_odds(world, name), "probability": s.probability.get(name)}
        told[name] |= {"outcomes": outcomes(sums, "trial", kind, ARMS[kind])}
    told["priority_cutoff"]["cutoff"] = s.cutoff
    last = world.clock.total - 1
    adopted = {r: int(t) for r, t in zip(REGIONS, adoption_month(world), strict=True) if t <= last}
    told["digital_desk"] = design("digital_desk") | {
        "log_odds": {"full": s.rollout_effect, "months_to_full": 3},
        "adopted_in_month_ending": {
            r: str(np.datetime64(EPOCH) + int(world.clock.ends[t])) for r, t in adopted.items()
        },
    }
    told["flow_policy"] = design("flow_policy") | {
        "log_odds": {
            n: dict(zip(s.flow_arms, row, strict=True)) for n, row in zip(SEGMENTS, s.flow_effects, strict=True)
        },
        "outcomes": outcomes(sums, "flow", 0, s.flow_arms),
    }
    return told


def design(name: str) -> dict[str, Any]:
    index = EXPERIMENTS.index(name)
    randomised = name not in ("priority_cutoff", "digital_desk")
    return {"unit": UNITS[index], "arms": list(ARMS[index]), "randomised": randomised}


def log_odds(world: World, name: str) -> dict[str, Any]:
    s = world.parameters.strategies
    if name == "early_contact":
        per_day = world.parameters.cure.delay
        difference = per_day * (np.mean(s.early_days) - np.mean(s.late_days))
        return {"per_day": per_day, "mean_difference": round(float(difference), 6)}
    effects = {"robot_vs_agent": s.agent, "script_wording": s.script, "priority_cutoff": s.priority}[name]
    return dict(zip(SEGMENTS, effects, strict=True))


def outcomes(sums: dict[str, np.ndarray], stem: str, kind: int, arms: tuple[str, ...]) -> dict[str, Any]:
    """Cure within each horizon, of all units and by segment."""
    told = {}
    for months in HORIZONS:
        cells = sums.get(f"{stem}_{months}")
        if cells is None:
            continue
        by_segment = cells[kind]
        rows = {"all": by_segment.sum(axis=0), **dict(zip(SEGMENTS, by_segment, strict=True))}
        told[f"cured_within_{months}"] = {name: arm_values(cell, arms) for name, cell in rows.items()}
    return told


def arm_values(cell: np.ndarray, arms: tuple[str, ...]) -> dict[str, Any]:
    """`cell` is arm drawn × (units, expected cures under each arm, realised cures)."""
    units, expected = cell[:, 0].sum(), cell[:, 1:-1].sum(axis=0)
    cured = {arm: share(value, units) for arm, value in zip(arms, expected, strict=False)}
    realised = {arm: share(row[-1], row[0]) for arm, row in zip(arms, cell, strict=False)}
    effect = share(expected[len(arms) - 1] - expected[0], units)
    return {"units": int(units), "cured": cured, "effect": effect, "realised": realised}


def response(sums: np.ndarray) -> dict[str, Any]:
    """Mean probability of right-party contact for attempts that could reach the customer."""

    def table(axes: tuple[int, ...], names: tuple) -> dict[str, Any]:
        cells = sums.sum(axis=axes)
        return {str(n): share(c[1], c[0]) for n, c in zip(names, cells, strict=True)}

    calls = sums[1:3].sum(axis=(0, 1))
    rural, urban = (sums[:, i].sum(axis=(1, 2)) for i in (0, 1))
    return {
        "by_channel": table((1, 2, 3), CHANNELS),
        "calls_by_hour_and_weekday": {
            str(hour): [share(c[1], c[0]) for c in calls[i]] for i, hour in enumerate(HOURS)
        },
        "weekday_order": "Monday to Sunday",
        "urban_by_channel": {n: share(c[1], c[0]) for n, c in zip(CHANNELS, urban, strict=True)},
        "rural_by_channel": {n: share(c[1], c[0]) for n, c in zip(CHANNELS, rural, strict=True)},
    }


def repair(world: World, sums: np.ndarray) -> dict[str, Any]:
    c, (months, inside, outside) = world.parameters.contact, sums
    return {
        "unit": "probability a month that a customer known to be lost is found again",
        "internal": c.repair_internal,
        "external": c.repair_external,
        "realised": {
            "customer_months": int(months),
            "internal": share(inside, months),
            "external": share(outside, months),
        },
    }


def recovery(sums: np.ndarray) -> dict[str, Any]:
    """Cash within 24 months of charge-off ÷ charged-off balance, claims with all 24 months in the tables."""
    total = sums.sum(axis=0)
    by = {name: share(cell[1], cell[0]) for name, cell in zip(PRODUCTS, sums, strict=True)}
    return {"within_24_months": share(total[1], total[0]), "by_product": by, "claims": round(float(total[0]), 2)}
