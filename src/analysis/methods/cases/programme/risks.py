"""The risk register: how likely, how bad, and the two multiplied."""

from __future__ import annotations

import pandas as pd

from analysis.core.programme import Programme, Risk, Target


def risk_register(plan: Programme) -> pd.DataFrame:
    """Risks by expected harm, the largest first.

    Columns: risk, title, probability, worst_kpi, impact (largest relative harm to a measure, 0.1 for 10%),
    delay_months, expected_harm (probability × impact), expected_delay (probability × months), response. An impact
    for the better is no harm and counts as 0. Probabilities and impacts are opinions of those who wrote the plan.
    """
    better = {target.kpi: target for target in plan.targets}
    rows = []
    for risk in plan.risks:
        kpi, impact = _worst(risk, better)
        rows.append(
            {
                "risk": risk.name,
                "title": risk.title,
                "probability": risk.probability,
                "worst_kpi": kpi,
                "impact": impact,
                "delay_months": risk.delay_months,
                "expected_harm": risk.probability * impact,
                "expected_delay": risk.probability * risk.delay_months,
                "response": risk.response,
            }
        )
    table = pd.DataFrame(rows)
    if table.empty:
        return table
    return table.sort_values(
        ["expected_harm", "expected_delay"], ascending=False, kind="stable", ignore_index=True
    )


def _worst(risk: Risk, targets: dict[str, Target]) -> tuple[str, float]:
    harms = {name: change if targets[name].better == "lower" else -change for name, change in risk.impact.items()}
    worst = max(harms, key=lambda name: harms[name], default="")
    return (worst, max(harms[worst], 0.0)) if worst else ("", 0.0)
