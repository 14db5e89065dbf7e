"""What comparing accounts handled one way or the other by choice would have said, beside what the draw says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.methods.cases.experiments.contrast import contrast
from analysis.methods.cases.experiments.effects import p_value
from analysis.methods.cases.experiments.peeking import main_outcome
from analysis.methods.cases.experiments.study import Judged

FEWEST = 10
"""Clusters on each side of a comparison."""


def chosen_against_drawn(judged: Sequence[Judged], outside: pd.DataFrame) -> pd.DataFrame:
    """Difference among accounts whose handling somebody chose, beside the effect where a lot decided.

    `outside` are decisions that belong to no experiment (panel.decisions, `arm` their treatment), with the same
    outcome columns. A row for each experiment and treated arm that were also chosen without a draw, with ten
    clusters on each side: experiment, outcome, kind, arm, control, units, units_control, had, had_control,
    naive, naive_lower, naive_upper, drawn, drawn_lower, drawn_upper, selection (naive − drawn), selection_lower,
    selection_upper, p. Limits are by clusters; the last ones take the two groups of accounts for independent.

    The naive difference is no effect: who is given to whom hangs on how hard the case is. `selection` holds that,
    and also that other accounts may answer otherwise.
    """
    rows = [row for one in judged for row in _of(one, outside)]
    return pd.DataFrame(rows)


def _of(judged: Judged, outside: pd.DataFrame) -> list[dict[str, object]]:
    outcome = main_outcome(judged)
    if judged.fault is not None or outcome is None or outcome.column not in outside:
        return []
    asked, rows = judged.registered, []
    same = outside["horizon"] == asked.horizon if "horizon" in outside else np.ones(len(outside), dtype=bool)
    known = outside[same & outside[outcome.column].notna()]
    values = known[outcome.column].to_numpy(dtype=float)
    cluster = pd.factorize(known[asked.cluster], sort=True)[0]
    for arm in asked.treated:
        sides = [(known[asked.arm_col] == name).to_numpy() for name in (arm, asked.control)]
        if min((np.unique(cluster[side]).size for side in sides), default=0) < FEWEST:
            continue
        found = contrast(values, sides[0], sides[1], cluster, level=asked.level)
        units = [int(known.loc[side, asked.unit].nunique()) for side in sides]
        had = [float(values[side].sum()) if outcome.kind == "binary" else np.nan for side in sides]
        row: dict[str, object] = {"experiment": judged.name, "outcome": outcome.name, "kind": outcome.kind}
        row |= {"arm": arm, "control": asked.control, "units": units[0], "units_control": units[1]}
        row |= {"had": had[0], "had_control": had[1]}
        row |= {"naive": found.effect, "naive_lower": found.lower, "naive_upper": found.upper}
        lead = judged.effects[judged.effects["lead"] & (judged.effects["outcome"] == outcome.name)]
        drawn = lead[lead["arm"] == arm].iloc[0]
        rows.append(row | _against(drawn, found.effect, found.error, asked.level, found.clusters))
    return rows


def _against(drawn: pd.Series, naive: float, error: float, level: float, clusters: int) -> dict[str, object]:
    from scipy.special import stdtrit

    both = float(np.hypot(error, float(drawn["se"])))
    degrees = min(clusters, int(drawn["clusters"]))
    reach = float(stdtrit(degrees - 1, 0.5 + level / 2)) * both
    gap = naive - float(drawn["effect"])
    made: dict[str, object] = {"drawn": float(drawn["effect"])}
    made |= {"drawn_lower": float(drawn["lower"]), "drawn_upper": float(drawn["upper"])}
    made |= {"selection": gap, "selection_lower": gap - reach, "selection_upper": gap + reach}
    return made | {"p": p_value(gap, both, degrees)}
