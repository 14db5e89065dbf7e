"""Whether the provision that is recorded suffices for the loss that is expected."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.core.errors import ParameterError


def provision_adequacy(expected: pd.Series, provision: float) -> pd.DataFrame:
    """Recorded provision against expected credit loss, a row a scenario.

    `expected`: loss by scenario, in currency; `provision`: what is recorded at the same date, above 0. Columns
    scenario, ecl, provision, coverage (provision ÷ ecl; above 1 suffices), shortfall (ecl − provision where that
    is above 0), surplus. Raises ParameterError for a provision of 0 or less, or an expected loss that is missing.
    """
    if provision is None or not np.isfinite(provision) or provision < 0:
        raise ParameterError(
            f"provision is {provision!r}; give the amount on the books, in the portfolio's currency"
        )
    if provision == 0:
        raise ParameterError(
            "provision is 0: nothing is set aside, so every scenario exhausts it and coverage says nothing. Give "
            "the amount on the books, or leave provision out to skip the comparison"
        )
    losses = expected.astype(float)
    if not (losses >= 0).all():
        raise ParameterError("expected loss is missing or below 0 for a scenario; run it first")
    gap = losses - provision
    table = pd.DataFrame({"scenario": losses.index, "ecl": losses.to_numpy(), "provision": float(provision)})
    coverage = np.divide(provision, losses, out=np.full(len(losses), np.nan), where=losses.to_numpy() > 0)
    return table.assign(
        coverage=np.asarray(coverage),
        shortfall=np.maximum(gap.to_numpy(), 0.0),
        surplus=np.maximum(-gap.to_numpy(), 0.0),
    )
