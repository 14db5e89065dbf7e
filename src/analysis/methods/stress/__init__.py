"""Stress: one scenario through the whole chain: losses, provisions, recoveries, workload and staff.

Losses: `one_factor` and `basel_capital` (closed forms), `loss_distribution` (Monte Carlo on cells), and the pieces
of an expected credit loss: `staging`, `exposure_at_default`, `loss_given_default`, `expected_credit_loss`,
`ecl_movement`. Capacity: `erlang` (queues), `capacity` (workload, staff, and what missing staff does to cures).

Scenarios: `scenario_macro` and `scenario_path` (history, and what continues it), `plausibility`. Satellites: from
`satellite_cells` over `satellite_months`, `satellite_bounds` and `satellite_regression` to `satellite`, drawn in
`satellite_draws`, all steps at once in `satellite_set`, judged in `satellite_backtest`. `projection` moves a
`projection_book` by them; `reverse_stress` and `reverse_tornado` ask what breaks it, `reverse_intervals` how sure
that is; `history` tests the approach on the past.

`scenario_facts`, `credit_model` (with `credit_cells`, `default_curves`, `loss_curves`, `loss_rates` and
`score_risk`), `loss_tables`, `projection_summary`, `capacity_loop`, `net_loss`, `earlier` and `recovery_claim`
join these pieces for the chapter.
"""

from analysis.methods.stress import (
    capacity,
    capacity_loop,
    credit_cells,
    credit_model,
    earlier,
    ecl_movement,
    expected_credit_loss,
    history,
    history_checks,
    loss_cells,
    loss_contributions,
    loss_curves,
    loss_distribution,
    loss_rates,
    loss_tables,
    net_loss,
    plausibility,
    projection,
    projection_book,
    projection_recovery,
    projection_summary,
    provision,
    recovery_claim,
    reverse_intervals,
    reverse_stress,
    reverse_tornado,
    satellite,
    satellite_backtest,
    satellite_cells,
    satellite_drivers,
    satellite_set,
    satellite_then,
    scenario_facts,
    scenario_macro,
    scenario_path,
    score_risk,
    staffing,
    staging,
)

__all__ = [
    "capacity",
    "capacity_loop",
    "credit_cells",
    "credit_model",
    "earlier",
    "ecl_movement",
    "expected_credit_loss",
    "history",
    "history_checks",
    "loss_cells",
    "loss_contributions",
    "loss_curves",
    "loss_distribution",
    "loss_rates",
    "loss_tables",
    "net_loss",
    "plausibility",
    "projection",
    "projection_book",
    "projection_recovery",
    "projection_summary",
    "provision",
    "recovery_claim",
    "reverse_intervals",
    "reverse_stress",
    "reverse_tornado",
    "satellite",
    "satellite_backtest",
    "satellite_cells",
    "satellite_drivers",
    "satellite_set",
    "satellite_then",
    "scenario_facts",
    "scenario_macro",
    "scenario_path",
    "score_risk",
    "staffing",
    "staging",
]
