"""Facts of accounts as groups."""

import pytest
from contact_portfolio import account, make_portfolio, path

from analysis.core.errors import InputError, ParameterError
from analysis.data.panel.covariates import band_labels, covariates, quantile_edges
from analysis.data.panel.parts import Part


@pytest.fixture
def portfolio(tmp_path):
    ratios = [0.1, 0.25, 0.3, 0.4, None]
    accounts = [
        account(f"A{i}", debt_ratio=ratio, urban=None if i else True, region="north", monthly_income=100.0)
        for i, ratio in enumerate(ratios)
    ]
    months = [row for i in range(5) for row in path(f"A{i}", "2024-01", [0])]
    return make_portfolio(tmp_path, "2024-01", accounts=accounts, months=months)


def test_a_band_starts_at_its_edge_and_what_is_missing_is_unknown(portfolio):
    found = covariates(Part(portfolio), ["debt_ratio"], {"debt_ratio": [0.25, 0.4]}).execute()
    groups = found.sort_values("account_id")["debt_ratio"].tolist()
    assert groups == ["below 0.25", "0.25 to under 0.4", "0.25 to under 0.4", "0.4 or more", "unknown"]
    assert set(groups) - {"unknown"} == set(band_labels([0.25, 0.4]))


def test_true_or_false_becomes_text(portfolio):
    found = covariates(Part(portfolio), ["urban", "region"]).execute()
    assert sorted(found["urban"]) == ["true", *["unknown"] * 4]


def test_a_part_holds_its_own_accounts_alone(portfolio):
    found = covariates(Part(portfolio, lowest="A1", below="A3"), []).execute()
    assert sorted(found["account_id"]) == ["A1", "A2"]


def test_quantile_edges_cut_into_groups_of_like_size(portfolio):
    assert quantile_edges(portfolio, ["debt_ratio"], 2) == {"debt_ratio": [0.275]}


def test_a_constant_column_has_no_edges(portfolio):
    assert quantile_edges(portfolio, ["monthly_income"]) == {}


@pytest.mark.parametrize(
    ("by", "bands", "error", "told"),
    [
        (["shoe_size"], None, InputError, "accounts has no column 'shoe_size'"),
        (["debt_ratio"], None, ParameterError, "accounts.debt_ratio holds numbers; give the edges"),
        (["debt_ratio"], {"debt_ratio": [0.4, 0.2]}, ParameterError, "give edges that rise"),
        (["debt_ratio"], {"debt_ratio": []}, ParameterError, "give edges that rise"),
        (["region"], {"region": [1.0]}, ParameterError, "accounts.region holds no numbers"),
    ],
)
def test_what_cannot_be_grouped_is_refused_by_name(portfolio, by, bands, error, told):
    with pytest.raises(error, match=told):
        covariates(Part(portfolio), by, bands)
