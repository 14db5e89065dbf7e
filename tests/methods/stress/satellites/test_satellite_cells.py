"""Steps that roll rates are taken apart into, and recoveries by calendar month."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import InputError
from analysis.core.states import Buckets
from analysis.methods.stress.satellites.cells import CHAIN, kind_matrix, recovery_rows, step_cells

BUCKETS = Buckets((1, 30, 60))
STEPS = [
    ("current", "current", 90), ("current", "1–29", 6), ("current", "charged_off", 1), ("current", "paid_off", 3),
    ("30–59", "current", 10), ("30–59", "1–29", 4), ("30–59", "30–59", 6), ("30–59", "60+", 15),
    ("30–59", "charged_off", 5), ("30–59", "sold", 2), ("charged_off", "charged_off", 7),
]  # fmt: skip


def rolls(broken: bool = False) -> pd.DataFrame:
    table = pd.DataFrame(STEPS, columns=["from_state", "to_state", "accounts"])
    return table.assign(dimension="product", value="card", month=pd.Timestamp("2025-01-31"), broken=broken)


@pytest.mark.parametrize(
    ("step", "at_risk", "events"), [("entry", 97, 7), ("cure", 40, 10), ("better", 30, 4), ("stay", 26, 6)]
)
def test_each_step_counts_those_the_steps_before_left_over(step: str, at_risk: int, events: int) -> None:
    cells = step_cells(rolls(), BUCKETS).set_index("step").loc[[step]]
    assert (cells["at_risk"].sum(), cells["events"].sum()) == (at_risk, events)


def test_charge_off_is_counted_among_those_that_got_worse_current_or_overdue() -> None:
    cells = step_cells(rolls(), BUCKETS).set_index(["step", "segment"]).loc["charge_off"]
    assert cells.loc["card · 30–59", ["at_risk", "events"]].tolist() == [20, 5]
    assert cells.loc["card · current", ["at_risk", "events"]].tolist() == [7, 1]


def test_the_steps_together_give_the_roll_rates_back() -> None:
    cells = step_cells(rolls(), BUCKETS).set_index(["step", "segment"])
    rate = {step: cells.loc[(step, "card · 30–59")] for step in ("cure", "better", "stay", "charge_off")}
    h = {step: row["events"] / row["at_risk"] for step, row in rate.items()}
    onward = (1 - h["cure"]) * (1 - h["better"]) * (1 - h["stay"])
    assert onward * h["charge_off"] * 40 == pytest.approx(5)
    assert onward * (1 - h["charge_off"]) * 40 == pytest.approx(15)


def test_rows_of_exits_and_broken_steps_are_left_out() -> None:
    assert not step_cells(rolls(), BUCKETS)["segment"].str.contains("charged_off").any()
    assert len(step_cells(rolls(broken=True), BUCKETS)) == 0
    with pytest.raises(InputError, match=r"no steps by 'region' .* the table has product"):
        step_cells(rolls(), BUCKETS, "region")


def test_every_step_between_states_has_a_kind() -> None:
    kinds = kind_matrix(BUCKETS)
    inside = len(BUCKETS.labels)
    assert (kinds[:inside] != "").all() and (kinds[inside:] == "").all()
    assert set(kinds[1]) == {"current", "stay", "worse", "charged_off", "left"}
    assert set(CHAIN) == {"entry", "cure", "better", "stay", "charge_off"}


def recovery_cells() -> pd.DataFrame:
    rows = [
        ("2025-01-31", 0, 3, 1.0, 1000.0, 0.0), ("2025-01-31", 1, 3, 0.0, 0.0, 50.0),
        ("2025-01-31", 3, 3, 0.0, 0.0, 20.0), ("2025-03-31", 0, 1, 1.0, 500.0, 0.0),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["month", "since", "followed", "claims", "charged_off", "paid"])
    return table.assign(month=pd.to_datetime(table["month"]), product="card", fold=0)


def test_recoveries_are_laid_on_the_calendar_with_claims_that_paid_nothing_at_risk_too() -> None:
    rows = recovery_rows(recovery_cells()).groupby("month")[["at_risk", "events"]].sum()
    assert rows.index.tolist() == [pd.Timestamp(day) for day in ("2025-02-28", "2025-03-31", "2025-04-30")]
    assert rows["at_risk"].tolist() == [1000.0, 1000.0, 1500.0]
    assert rows["events"].tolist() == [50.0, 0.0, 20.0]


def test_no_claim_is_at_risk_beyond_the_horizon_or_what_was_followed() -> None:
    assert recovery_rows(recovery_cells(), horizon=2)["at_risk"].sum() == 1000.0 * 2 + 500.0
    assert np.isfinite(recovery_rows(recovery_cells())["events"]).all()
