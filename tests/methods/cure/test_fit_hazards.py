"""Monthly hazards of all exits as the chapter fits them: rare values, the charge-off rule, the economy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import InputError
from analysis.methods.cure.speed import CELL, fit_hazards, odds

CONTACT = 0.6
UNEMPLOYMENT = -0.2


def drawn(seed: int, months: int = 36, shock: float = 0.0, cells: int = 4) -> pd.DataFrame:
    """Months at risk with log-odds of a cure from contact and unemployment; charge-off by rule in one bucket."""
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2023-01-31", periods=months, freq="ME")
    rate = 4 + np.cumsum(rng.normal(0, 0.25, months))
    extra = rng.normal(0, shock, months)
    rows = []
    for month, unemployment, jump in zip(dates, rate, extra, strict=True):
        for contact in ("none", "right_party"):
            for state in ("1–29", "150–179"):
                for fold in range(cells * 8):
                    n = int(rng.integers(20, 40))
                    eta = -0.5 + CONTACT * (contact == "right_party") + UNEMPLOYMENT * (unemployment - 4) + jump
                    cured = rng.binomial(n, 1 / (1 + np.exp(-eta)))
                    gone = rng.binomial(n - cured, 0.8) if state == "150–179" else 0
                    rows.append((month, "2", state, "card", contact, fold, unemployment, n, cured, gone))
    names = ["month", "k", "state", "product", "contact_last_month", "fold", "unemployment"]
    frame = pd.DataFrame(rows, columns=[*names, "at_risk", "cured", "charged_off"])
    return frame.assign(paid_off=0, sold=0, litigation=0)


def test_the_effect_of_contact_is_found_against_months_without() -> None:
    table = odds(fit_hazards(drawn(1), ["product"], ["contact_last_month"]).coefficients)
    row = table[table["variable"] == "contact_last_month"].iloc[0]
    assert row["value"] == "right_party"
    assert row["odds_lower"] < np.exp(CONTACT) < row["odds_upper"]


def test_charge_off_follows_its_rule_by_product_and_bucket() -> None:
    found = fit_hazards(drawn(2), ["product"], ["contact_last_month"])
    names = set(found.coefficients.query("exit == 'charged_off'")["covariate"])
    assert any(CELL in name for name in names)
    hazards = found.model.predict_hazards(found.cells)
    early = hazards["charged_off"][(found.cells["state"] == "1–29").to_numpy()]
    assert early.max() < 0.001


def test_where_months_differ_the_economy_is_told_with_the_error_of_months() -> None:
    calm, stormy = (fit_hazards(drawn(3, shock=shock), [], ["contact_last_month"]) for shock in (0.0, 0.4))
    rows = [
        f.coefficients.query("exit == 'cured' and covariate == 'unemployment'").iloc[0] for f in (calm, stormy)
    ]
    assert rows[1]["se"] > 3 * rows[0]["se"]
    assert rows[1]["lower"] < UNEMPLOYMENT < rows[1]["upper"]
    own = stormy.model.standard_errors_["cured"]["unemployment"]
    assert rows[1]["se"] > 2 * own


def test_rare_values_are_pooled_and_a_single_one_keeps_its_name() -> None:
    frame = drawn(4, months=12)
    frame.loc[frame.index[:1], "contact_last_month"] = "attempted"
    alone = fit_hazards(frame, [], ["contact_last_month"]).cells["contact_last_month"]
    frame.loc[frame.index[1:2], "contact_last_month"] = "letter"
    frame.loc[frame.index[:2], "at_risk"] = 5
    frame.loc[frame.index[:2], ["cured", "charged_off"]] = [2, 0]
    pooled = fit_hazards(frame, [], ["contact_last_month"]).cells["contact_last_month"]
    assert "attempted" in set(alone) and set(pooled) == {"none", "right_party", "other"}


def test_without_a_cure_there_is_nothing_to_fit() -> None:
    frame = drawn(5, months=3).assign(cured=0, charged_off=0)
    with pytest.raises(InputError, match="none of the exits"):
        fit_hazards(frame, [], [])
