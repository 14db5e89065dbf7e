"""The region × industry map."""

import pandas as pd

from analysis.methods.delinquency.risk_map import risk_map


def segments(*rows) -> pd.DataFrame:
    columns = ["region", "industry", "accounts", "accounts_overdue", "numerator", "denominator"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(
        nn=frame["numerator"] ** 2 / frame["accounts_overdue"].clip(lower=1),
        nd=frame["numerator"] * frame["denominator"] / frame["accounts"],
        dd=frame["denominator"] ** 2 / frame["accounts"],
        units=frame["accounts"],
        clusters=frame["accounts"],
    )


def test_cells_are_ranked_by_balance_rate_with_small_ones_marked_and_unranked():
    found = risk_map(
        segments(
            ("n", "retail", 100, 5, 500.0, 10_000.0),
            ("s", "retail", 100, 20, 2000.0, 10_000.0),
            ("s", "mining", 9, 9, 900.0, 900.0),
            ("n", "mining", 50, 2, 200.0, 5000.0),
            ("e", "mining", 50, 48, 4800.0, 5000.0),
        )
    )
    assert found[["region", "industry", "rate"]].head(2).to_numpy().tolist() == [
        ["s", "retail", 0.2],
        ["n", "retail", 0.05],
    ]
    assert found["rank"].tolist()[:2] == [1, 2]
    assert found["rank"].isna().sum() == 3
    assert set(found.loc[found["small"], "region"]) == {"s", "n", "e"}


def test_every_cell_carries_its_counts_and_an_interval_around_its_rate():
    found = risk_map(segments(("n", "retail", 100, 5, 500.0, 10_000.0))).iloc[0]
    assert (found["balance_overdue"], found["balance"]) == (500.0, 10_000.0)
    assert found["rate_lower"] < found["rate"] < found["rate_upper"]
