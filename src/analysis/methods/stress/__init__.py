"""Stress: one scenario through the whole chain: losses, provisions, recoveries, workload and staff.

Losses: `one_factor` and `basel_capital` (closed forms), `loss_distribution` (Monte Carlo on cells), and the pieces
of an expected credit loss: `staging`, `exposure_at_default`, `loss_given_default`, `expected_credit_loss`,
`ecl_movement`. Capacity: `erlang` (queues), `capacity` (workload, staff, and what missing staff does to cures).

Scenarios: `scenario_macro` and `scenario_path` (history, and what continues it), `plausibility`. Satellites: from
`satellite_cells` over `satellite_months` and `satellite_regression` to `satellite`, all steps at once in
`satellite_set`, judged in `satellite_backtest`. `projection` moves a `projection_book` by them; `reverse_stress`
and `reverse_tornado` ask what breaks it; `history` tests the approach on the past.
"""
