"""Stress: one scenario through the whole chain: losses, provisions, recoveries, workload and staff.

Losses: `one_factor` and `basel_capital` (closed forms), `loss_distribution` (Monte Carlo on cells), and the pieces
of an expected credit loss: `staging`, `exposure_at_default`, `loss_given_default`, `expected_credit_loss`,
`ecl_movement`. Capacity: `erlang` (queues), `capacity` (workload, staff, and what missing staff does to cures).
"""
