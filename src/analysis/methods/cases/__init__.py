"""Case studies: which published claims survive an audit of their own figures, and which strategies worked.

- `claims`: audits printed figures, and sets them beside what was measured
- `experiments`: treatments drawn by lot: effects, power, looks at a running one, lifetime value
- `quasi_experiments`: treatments not drawn by lot, a module a design
- `design_guide`: which of these designs an assignment bears, run and judged
- `policies`: what another policy would have brought, from logged decisions
- `league`: agencies, agents, scripts and channels on equal cases
- `programme`: plans against their targets
- `truth_summary`: how often all of these hold what a simulated portfolio was drawn from
"""

from analysis.methods.cases import (
    claims,
    design_guide,
    experiments,
    league,
    policies,
    programme,
    quasi_experiments,
    truth_summary,
)

__all__ = [
    "claims",
    "design_guide",
    "experiments",
    "league",
    "policies",
    "programme",
    "quasi_experiments",
    "truth_summary",
]
