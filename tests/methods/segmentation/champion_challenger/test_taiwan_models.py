"""Default in October 2005 of 30,000 card clients, from the contract's columns without the protected ones."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import StratifiedKFold

from analysis.data.sources.taiwan import import_taiwan
from analysis.methods.segmentation.champion_challenger.challengers import fit_boosting, predict_held_out
from analysis.methods.segmentation.champion_challenger.champion import champion_table
from analysis.methods.segmentation.scorecard.card import fit_scorecard
from analysis.methods.segmentation.validation.performance import validate_model

TAIWAN = Path(__file__).parents[5] / "shared" / "data" / "taiwan_card_clients.csv"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not TAIWAN.is_file(), reason=f"the UCI card clients are not at {TAIWAN}"),
]

LAST = "'2005-09-30'::date"

# One row an account, from accounts (limit, age) and months (all up to September); lag 0 is September.
FEATURES = f"""
with months as (
    select *, datediff('month', month, {LAST}) as lag,
        lag(balance) over (partition by account_id order by month) as owed_before
    from '{{folder}}/months.parquet' where month <= {LAST}
)
select account_id, any_value(credit_limit) as credit_limit, any_value(age) as age,
    max(days_past_due) filter (lag = 0) as days_past_due, max(days_past_due) filter (lag = 1) as days_past_due_1,
    max(days_past_due) filter (lag = 2) as days_past_due_2, max(days_past_due) as worst,
    max(days_past_due) filter (lag <= 2) as worst_3, avg(days_past_due) as mean_days_past_due,
    count(*) filter (days_past_due > 0) as months_late, count(*) filter (amount_paid = 0) as months_unpaid,
    max(utilisation) filter (lag = 0) as utilisation, max(utilisation) filter (lag = 1) as utilisation_1,
    avg(utilisation) as mean_utilisation, max(balance) filter (lag = 0) as balance,
    max(amount_paid) filter (lag = 0) as paid, max(amount_paid) filter (lag = 1) as paid_1,
    max(amount_paid) filter (lag = 2) as paid_2, min(amount_paid) as least_paid, avg(amount_paid) as mean_paid,
    sum(amount_paid) / any_value(credit_limit) as paid_of_limit,
    least(sum(amount_paid) filter (lag <= 2) / nullif(sum(owed_before) filter (lag <= 2), 0), 2) as paid_of_bills,
    max(balance - owed_before + amount_paid) filter (lag = 0) as spent,
    avg(balance - owed_before + amount_paid) as mean_spent
from months join '{{folder}}/accounts.parquet' using (account_id) group by account_id order by account_id
"""


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Features, default in October, and the part of a stratified 5-fold split."""
    folder = tmp_path_factory.mktemp("taiwan") / "taiwan"
    import_taiwan([TAIWAN], folder)
    features = duckdb.sql(FEATURES.format(folder=folder)).df().set_index("account_id")
    default = duckdb.sql(
        f"select account_id, value = '1' as event from '{folder}/attributes.parquet' "
        "where name = 'default_next_month' order by account_id"
    ).df()
    assert default.account_id.tolist() == features.index.tolist()
    event, part = default.event.to_numpy(dtype=int), np.empty(len(features), dtype=int)
    for number, (_, rows) in enumerate(StratifiedKFold(5, shuffle=True, random_state=0).split(features, event)):
        part[rows] = number
    return features, event, part


def test_the_base_rate_is_the_files(clients: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    features, event, _ = clients
    assert len(features) == 30_000 and event.sum() == 6636 and features.shape[1] == 23


def test_boosting_and_scorecard_rank_defaulters_as_well_as_is_known_of_these_data(
    clients: tuple[pd.DataFrame, np.ndarray, np.ndarray],
) -> None:
    features, event, part = clients
    found = {
        "boosting": predict_held_out(fit_boosting, features, event, part),
        "scorecard": predict_held_out(fit_scorecard, features, event, part),
    }
    fold = np.arange(event.size) % 32
    table = champion_table(found, event, fold, "scorecard", capacity=0.1).set_index(["model", "measure"])
    by_part = {
        name: np.mean([_auc(p[part == i], event[part == i]) for i in range(5)]) for name, p in found.items()
    }
    assert by_part["boosting"] >= 0.775 and by_part["scorecard"] >= 0.76, by_part
    assert table.loc[("boosting", "auc"), "verdict"] == "better"
    calibration = validate_model(found["scorecard"], event, fold).set_index("measure")
    assert calibration.loc["calibration_slope", "value"] == pytest.approx(1.0, abs=0.06)
    assert calibration.loc["expected_observed", "value"] == pytest.approx(1.0, abs=0.02)


def _auc(predicted: np.ndarray, event: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(event, predicted))
