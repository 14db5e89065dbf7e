"""Spells of delinquency: their cause, whether they can cure, and their end."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from analysis.core.states import PRODUCTS
from analysis.data.simulate.behaviour import DISTRESS_STAYS_AFTER_CURE
from analysis.data.simulate.parameters import CAUSES, SEGMENT_EDGES, SEGMENTS, NeverCure
from analysis.data.simulate.state import HORIZONS, Log, State, Trial, World
from analysis.data.simulate.tally import Tally

NEEDS = ("unemployment", "illness", "legal_dispute")


def segment_of(score: np.ndarray) -> np.ndarray:
    """Segment of treatment effects: 0 high, 1 middle, 2 low risk."""
    return np.searchsorted(np.array(SEGMENT_EDGES), score, side="right")


def due_date(state: State, who: np.ndarray, t: int, world: World) -> np.ndarray:
    """Day number on which this month's payment of `who` falls due."""
    return world.clock.starts[t] + state.accounts.due_day[who] - 1


def never_log_odds(state: State, who: np.ndarray, world: World) -> np.ndarray:
    """Log-odds that a spell beginning now can never cure."""
    n: NeverCure = world.parameters.never
    customer, a = state.accounts.customer[who], state.accounts
    return (
        np.array(list(n.base.values()))[a.product[who]]
        + np.array(world.parameters.cause.never)[state.cause[who]]
        + n.debt_ratio * (state.customers.debt_ratio[customer] - 0.35)
        + n.income_volatility * (state.customers.income_volatility[customer] - 0.25)
        + n.lost_contact * state.dead[customer]
        + n.score * (a.score[who] - 650) / 50
        + n.spells * np.minimum(state.spells[who] - 1, 5)
        + world.parameters.hardness.never_frailty * a.difficulty[who]
    )


def begin(
    state: State, who: np.ndarray, t: int, world: World, rng: np.random.Generator, spell: int, tally: Tally | None
) -> None:
    """Start spells: cause and never-cure are drawn here, last work is forgotten."""
    cause = world.parameters.cause
    shares = np.where(
        (state.distressed[who] > 0)[:, None], np.array(cause.shares_in_distress), np.array(cause.shares)
    )
    state.cause[who] = (rng.random(len(who))[:, None] > np.cumsum(shares, axis=1)[:, :2]).sum(axis=1)
    state.missed[who], state.entered[who], state.spell_month[who] = 1, t, 0
    state.spells[who] += 1
    state.spell[who] = spell + np.arange(len(who))
    chance = expit(never_log_odds(state, who, world))
    state.never[who] = rng.random(len(who)) < chance
    state.relief[who], state.placed[who], state.agency[who] = False, False, 0
    if tally is not None:
        product, segment = state.accounts.product[who], segment_of(state.accounts.score[who])
        cells = (product, state.cause[who], segment)
        tally.count("never", (len(PRODUCTS), len(CAUSES), len(SEGMENTS)), cells, chance, state.never[who])


def disclose_needs(
    state: State, who: np.ndarray, t: int, world: World, rng: np.random.Generator, attributes: Log
) -> None:
    """Some of those whose spell began in distress tell why; some also fall behind with other lenders."""
    hit = who[state.distressed[who] > 0]
    for name, share, values in (
        ("need", world.parameters.distress.disclosed, len(NEEDS)),
        ("bureau_delinquencies", 0.25, 0),
    ):
        told = hit[rng.random(len(hit)) < share]
        if len(told):
            day = due_date(state, told, t, world) + rng.integers(1, 20, len(told))
            kind = rng.integers(0, values, len(told)) if values else state.spells[told]
            code = 0 if name == "need" else 1
            attributes.add(account=told, name=code, known=np.minimum(day, world.clock.ends[t]), value=kind)


def cure(state: State, who: np.ndarray, rng: np.random.Generator) -> None:
    """Back to current: the clock of re-default starts, distress ends for most."""
    state.missed[who], state.since_cure[who] = 0, 0
    stays = rng.random(len(who)) < DISTRESS_STAYS_AFTER_CURE
    state.distressed[who] = np.where(stays, state.distressed[who], 0)


def end(state: State, who: np.ndarray, day: np.ndarray, ends: Log, world: World, tally: Tally | None) -> None:
    """Note the last day of spells, and hand the trials that ran in them to the tally."""
    if len(who):
        ends.add(spell=state.spell[who], day=day)
        flush(state, state.trial, who, "trial", world, tally)
        flush(state, state.flow, who, "flow", world, tally)
        state.spell[who] = -1


def flush(state: State, trial: Trial, who: np.ndarray, name: str, world: World, tally: Tally | None) -> None:
    """Add finished trial units to the tally by kind, segment and horizon, then clear them.

    A unit counts for a horizon only if the months written reach that far beyond its start.
    """
    who = who[trial.kind[who] >= 0]
    if len(who) and tally is not None:
        segment = segment_of(state.accounts.score[who])
        arms = trial.effects.shape[1]
        last = world.clock.total - 1
        for h, months in enumerate(HORIZONS):
            unit = trial.start[who] + months <= last
            cells = (trial.kind[who][unit], segment[unit], trial.arm[who][unit])
            values = [trial.cured[who][unit, a, h] for a in range(arms)]
            tally.count(f"{name}_{months}", (4, len(SEGMENTS), arms), cells, *values, trial.factual[who][unit, h])
    clear(trial, who)


def clear(trial: Trial, who: np.ndarray) -> None:
    trial.kind[who], trial.arm[who] = -1, -1
    trial.weight[who], trial.cured[who], trial.factual[who] = 1.0, 0.0, 0.0
