"""Features, outcomes and decisions are the same on DuckDB and on Spark, and whatever order a panel comes in."""

import pandas as pd
import pytest

from analysis.core.parameters.cases import Value
from analysis.core.periods import shift_months
from analysis.core.spells import SpellRules
from analysis.data.panel.account_features import delinquent_at, features_at, groups_at
from analysis.data.panel.account_outcomes import attribute_outcomes, outcomes_after
from analysis.data.panel.decision_flows import decision_flows
from analysis.data.panel.decisions import decisions, decisions_together, experiments
from analysis.data.portfolio import open_portfolio
from analysis.data.simulate import simulate

RULES = SpellRules(entry_days=30, probation={"card": 2}, restructured_months=5)


def rows_of(portfolio, most=200_000):
    return delinquent_at(portfolio, [shift_months(portfolio.as_of, -back) for back in (0, 5, 9)], most=most)


MEASURES = {
    "delinquent_at": lambda p: rows_of(p, most=40),
    "features_at": lambda p: features_at(p, rows_of(p), history=2),
    "groups_at": lambda p: groups_at(p, rows_of(p)),
    "outcomes_after": lambda p: outcomes_after(p, rows_of(p), (2, 4), RULES),
    "attribute_outcomes": lambda p: attribute_outcomes(p, rows_of(p), "need"),
    "experiments": experiments,
    "decisions": lambda p: decisions(p, "flow_policy", rules=RULES),
    "decisions_together": lambda p: decisions_together(p, {"flow_policy": 2, "robot_vs_agent": 3}, ["agent"], 3),
    "decision_flows": lambda p: decision_flows(p, decisions(p, "flow_policy"), 6, Value(), {"sms": 2.0}, 9.0),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("engines") / "simulated"
    simulate(where, accounts=250, seed=11, months=14)
    return where


@pytest.mark.slow
@pytest.mark.parametrize("measure", MEASURES)
def test_duckdb_and_spark_tell_the_same_of_accounts(folder, on_spark, measure):
    embedded, cluster = MEASURES[measure](open_portfolio(folder)), MEASURES[measure](on_spark)
    assert len(embedded) > 0
    pd.testing.assert_frame_equal(cluster, embedded, check_dtype=False, rtol=1e-12)


def test_the_order_of_the_file_does_not_matter(folder):
    shuffled = folder.parent / "shuffled"
    shuffled.mkdir()
    for file in folder.iterdir():
        (shuffled / file.name).write_bytes(file.read_bytes())
    for name in ("months", "contacts", "treatments", "attributes"):
        table = pd.read_parquet(folder / f"{name}.parquet").sample(frac=1.0, random_state=2)
        table.to_parquet(shuffled / f"{name}.parquet", index=False)
    for name in ("features_at", "outcomes_after", "decisions", "decision_flows"):
        one, other = (MEASURES[name](open_portfolio(where)) for where in (folder, shuffled))
        pd.testing.assert_frame_equal(one, other, check_dtype=False, rtol=1e-12, obj=name)
