"""Decisions on overdue accounts: strategy, experiments, placement, relief.

Three experiments are randomised (`robot_vs_agent`, `script_wording`, `early_contact`), one assigns by a score
cut-off (`priority_cutoff`), one is rolled out region by region (`digital_desk`), and at the second missed payment
a logging policy draws among four ways to work with recorded probabilities (`flow_policy`). An account enters at
most one of the first four, in its first spell within the months written.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, softmax

from analysis.data.simulate.behaviour import adoption_month
from analysis.data.simulate.population import choose
from analysis.data.simulate.spells import due_date, segment_of
from analysis.data.simulate.state import OPEN, Log, State, World

EXPERIMENTS = (
    "robot_vs_agent",
    "script_wording",
    "early_contact",
    "priority_cutoff",
    "digital_desk",
    "flow_policy",
)
UNITS = ("account", "customer", "account", "account", "region", "account")
ARMS = (
    ("robot", "agent"),
    ("script_a", "script_b"),
    ("late", "early"),
    ("standard", "priority"),
    ("not_adopted", "adopted"),
    ("robot", "agent", "agent_plan", "robot_then_agent"),
)
KINDS = (
    "robot",
    "agent",
    "agent_plan",
    "robot_then_agent",
    "priority",
    "digital_desk",
    "placement",
    "extension",
    "deferral",
    "placement_after_charge_off",
    "standard_desk",
)
BLANK = np.nan
CUTOFF_NOISE = 12.0
"""standard deviation of the behaviour score about the origination score, points"""


def decide_at_entry(
    state: State, who: np.ndarray, t: int, world: World, rng: np.random.Generator, log: Log | None
) -> None:
    """Handling, wording and delay of spells that begin this month, by experiment or by strategy."""
    segment = segment_of(state.accounts.score[who])
    chance = agent_probability(state, who, segment, world)
    state.handled[who] = rng.random(len(who)) < chance
    slack = world.clock.ends[t] - due_date(state, who, t, world)
    delay = 1 + np.floor(rng.exponential(world.parameters.contact.delay_mean - 1, len(who)))
    state.delay[who] = np.minimum(delay, slack)
    state.delay_acting[who] = state.delay[who]
    state.script_b[who] = False
    state.trial.kind[who] = -1
    effect = np.array(world.parameters.strategies.agent)[segment]
    state.handling_effect[who] = effect * state.handled[who]
    stream = np.full(len(who), -1)
    if log is not None:
        stream = draw_streams(state, who, world, rng)
        enter_trials(state, who, segment, stream, t, world, rng, log)
        record_handling(state, who[stream < 0], chance[stream < 0], t, world, log)
        record_rollout(state, who, t, world, log)


def agent_probability(state: State, who: np.ndarray, segment: np.ndarray, world: World) -> np.ndarray:
    """Probability that agents handle a spell outside the experiments."""
    base, risky, size = world.parameters.strategies.handling
    odds = base + risky * (segment == 0) + size * np.log(np.maximum(state.balance[who], 100.0) / 10_000)
    return expit(odds + world.parameters.hardness.agent_confounding * hidden(state, who))


def hidden(state: State, who: np.ndarray) -> np.ndarray:
    """What an experienced agent senses and no table holds."""
    return state.accounts.difficulty[who] + 0.7 * state.never[who]


def draw_streams(state: State, who: np.ndarray, world: World, rng: np.random.Generator) -> np.ndarray:
    """Experiment (0–3) of each spell that is its account's first in the months written, or -1."""
    shares = np.array(list(world.parameters.strategies.streams.values()))
    stream = np.searchsorted(np.cumsum(shares), rng.random(len(who)), side="right")
    stream = np.where(state.used[who] | (stream == len(shares)), -1, stream)
    state.used[who] = True
    return stream


def enter_trials(
    state: State,
    who: np.ndarray,
    segment: np.ndarray,
    stream: np.ndarray,
    t: int,
    world: World,
    rng: np.random.Generator,
    log: Log,
) -> None:
    """Draw arms of the four experiments, set the effects of both, and write the decisions."""
    s, trial = world.parameters.strategies, state.trial
    draw, count = rng.random(len(who)), len(who)
    score = np.rint(state.accounts.score[who] + CUTOFF_NOISE * rng.standard_normal(count))
    early = rng.integers(s.early_days[0], s.early_days[1] + 1, count)
    late = rng.integers(s.late_days[0], s.late_days[1] + 1, count)
    treated = (
        draw < s.probability["robot_vs_agent"],
        state.customers.script[state.accounts.customer[who]],
        draw < s.probability["early_contact"],
        score < s.cutoff,
    )
    delayed = world.parameters.cure.delay
    effects = (
        (np.zeros(count), np.array(s.agent)[segment]),
        (np.zeros(count), np.array(s.script)[segment]),
        (delayed * late, delayed * early),
        (np.zeros(count), np.array(s.priority)[segment]),
    )
    for kind in range(4):
        here = np.flatnonzero(stream == kind)
        unit, arm = who[here], treated[kind][here].astype(np.int8)
        trial.kind[unit], trial.arm[unit], trial.start[unit] = kind, arm, t
        for a in (0, 1):
            trial.effects[unit, a] = effects[kind][a][here]
        apply_arm(state, unit, arm, kind, early[here], late[here])
        record_trial(state, unit, arm, kind, score[here], t, world, log)


def apply_arm(
    state: State, unit: np.ndarray, arm: np.ndarray, kind: int, early: np.ndarray, late: np.ndarray
) -> None:
    """What an arm changes in handling; its effect on cure is in the trial, so it is taken out elsewhere."""
    if kind == 0:
        state.handled[unit] = arm
        state.handling_effect[unit] = 0.0
    elif kind == 1:
        state.script_b[unit] = arm == 1
    elif kind == 2:
        state.delay[unit] = np.where(arm == 1, early, late)
        state.delay_acting[unit] = 0.0


def record_trial(
    state: State, unit: np.ndarray, arm: np.ndarray, kind: int, score: np.ndarray, t: int, world: World, log: Log
) -> None:
    s = world.parameters.strategies
    if not len(unit):
        return
    probability: np.ndarray | float = BLANK
    if kind < 3:
        p = s.probability[EXPERIMENTS[kind]]
        probability = np.where(arm == 1, p, 1 - p)
    treatment = np.where(state.handled[unit] == 1, 1, 0)
    if kind == 3:
        treatment = np.where(arm == 1, 4, treatment)
    write(
        log,
        state,
        unit,
        due_date(state, unit, t, world) + 1,
        treatment,
        experiment=kind,
        arm=arm,
        randomised=1 if kind < 3 else 0,
        probability=probability,
        score=score if kind == 3 else BLANK,
        cutoff=s.cutoff if kind == 3 else BLANK,
        cost=handling_cost(state, unit, world),
    )


def handling_cost(state: State, who: np.ndarray, world: World) -> np.ndarray:
    cost = world.parameters.strategies.cost
    return np.where(state.handled[who] == 1, cost["agent"], cost["robot"])


def record_handling(state: State, who: np.ndarray, chance: np.ndarray, t: int, world: World, log: Log) -> None:
    """Ordinary strategy: by probabilities that are recorded, except where they hang on what is hidden."""
    if not len(who):
        return
    agent = state.handled[who] == 1
    known = world.parameters.hardness.agent_confounding == 0
    probability = np.where(agent, chance, 1 - chance) if known else BLANK
    day, cost = due_date(state, who, t, world) + 1, handling_cost(state, who, world)
    write(log, state, who, day, agent.astype(int), probability=probability, randomised=0, cost=cost)


def record_rollout(state: State, who: np.ndarray, t: int, world: World, log: Log) -> None:
    if not len(who):
        return
    region = state.customers.region[state.accounts.customer[who]]
    adopted = t >= adoption_month(world)[region]
    day = due_date(state, who, t, world) + 1
    write(log, state, who, day, np.where(adopted, 5, 10), experiment=4, arm=adopted.astype(int), randomised=0)


def decide_flow(
    state: State, who: np.ndarray, t: int, world: World, rng: np.random.Generator, log: Log | None
) -> None:
    """At the second missed payment: draw an arm of the logging policy."""
    s, segment = world.parameters.strategies, segment_of(state.accounts.score[who])
    chance = softmax(np.array(s.flow_policy), axis=1)[segment]
    arm = (rng.random(len(who))[:, None] > np.cumsum(chance, axis=1)[:, :-1]).sum(axis=1)
    flow = state.flow
    flow.kind[who], flow.arm[who], flow.start[who] = 0 if log is not None else -1, arm, t
    flow.effects[who] = np.array(s.flow_effects)[segment]
    flow.weight[who], flow.cured[who], flow.factual[who] = 1.0, 0.0, 0.0
    state.handled[who] = arm != 0
    if log is not None and len(who):
        cost = np.array([s.cost[name] for name in s.flow_arms])[arm]
        day, drawn = due_date(state, who, t, world) + 1, chance[np.arange(len(who)), arm]
        write(log, state, who, day, arm, experiment=5, arm=arm, randomised=1, probability=drawn, cost=cost)


def place(
    state: State, who: np.ndarray, t: int, world: World, rng: np.random.Generator, log: Log | None, after: bool
) -> None:
    """Placement with an agency: at the third missed payment, and anew after charge-off."""
    s = world.parameters.strategies
    state.agency[who] = choose(rng, s.agency_share, len(who))
    state.placed[who], state.handled[who] = True, 1
    if log is not None and len(who):
        day = world.clock.ends[t] if after else due_date(state, who, t, world) + 2
        probability = np.array(s.agency_share)[state.agency[who]]
        day = np.broadcast_to(day, (len(who),))
        write(log, state, who, day, 9 if after else 6, agency=state.agency[who], probability=probability)


def grant_relief(
    state: State, who: np.ndarray, day: np.ndarray, t: int, world: World, rng: np.random.Generator, log: Log | None
) -> None:
    """Relief for those who told of hardship: deferral for cards and mortgages, extension for other loans."""
    s = world.parameters.strategies
    chosen = (rng.random(len(who)) < s.relief) & ~state.relief[who] & (state.status[who] == OPEN)
    who, day = who[chosen], day[chosen]
    state.relief[who] = True
    state.extension[who] = rng.choice([6, 12], len(who))
    if log is None or not len(who):
        return
    card = np.isin(state.accounts.product[who], (0, 3))
    write(
        log,
        state,
        who,
        np.minimum(day + 1, world.clock.ends[t]),
        np.where(card, 8, 7),
        deferral=np.where(card, 2.0, BLANK),
        extension=np.where(card, BLANK, state.extension[who]),
        rate_after=np.where(card, BLANK, np.round(state.rate[who] * s.relief_rate, 4)),
        cost=20.0,
    )


DEFAULTS = {
    "agency": -1,
    "experiment": -1,
    "arm": -1,
    "randomised": -1,
    "probability": BLANK,
    "score": BLANK,
    "cutoff": BLANK,
    "cost": BLANK,
    "deferral": BLANK,
    "extension": BLANK,
    "rate_after": BLANK,
    "forgiven": BLANK,
}


def write(
    log: Log,
    state: State,
    who: np.ndarray,
    day: np.ndarray,
    treatment: np.ndarray | int,
    **columns: np.ndarray | float | int,
) -> None:
    """Add decisions; the spell tells later when they ended."""
    values = DEFAULTS | columns
    log.add(account=who, day=day, treatment=treatment, spell=state.spell[who], **values)  # type: ignore[arg-type]
