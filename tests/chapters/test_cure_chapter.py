"""What the cure chapter leaves, and that its numbers agree with each other and with the delinquency chapter's."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from chapter_runs import Left, numbers_of

from analysis.core.parameters.cure import CureParameters
from analysis.data import panel
from analysis.data.portfolio import open_portfolio

NOW = "2025Q4"
END = pd.Timestamp("2025-10-31")
"""Follow-up ends two months before the portfolio does: a cure counts after three months current."""

CURVE = {"exit", "months", "begun", "gone", "rate", "rate_lower", "rate_upper", "suppressed"}
COEFFICIENT = {"covariate", "coef", "se", "lower", "upper"}
SAVED = {
    "spells_summary": {"quarter", "exit", "spells", "ended", "suppressed"},
    "cure_curves": {"dimension", "value", *CURVE},
    "cure_model": {"part", *COEFFICIENT},
    "never_cure": {"product", "reading", "spells", "rate", "rate_lower", "rate_upper", "sufficient"},
    "exits": {"period", *CURVE},
    "hazards": {"exit", *COEFFICIENT},
    "hazard_coding": {"variable", "kind", "level"},
    "hazard_covariances": {"exit", "covariate", "exit_2", "covariate_2", "covariance"},
    "recovery_curve": {"dimension", "value", "since", "claims", "rate", "lower", "upper", "suppressed"},
    "state_forecast": {"cohort", "dimension", "value", "month", "group", "share", "share_lower", "share_upper"},
    "cure_forecast": {"dimension", "value", "measure", "basis", "expected", "lower", "upper"},
    "validation": {"model", "horizon", "metric", "estimate", "lower", "upper"},
}


@pytest.mark.parametrize("name", SAVED)
def test_the_results_that_others_build_on_are_there(cure: Left, name: str) -> None:
    frame = cure.table(name)
    assert len(frame) > 0
    assert set(frame.columns) >= SAVED[name]


def test_scores_stay_with_the_accounts(cure: Left, demo: Path) -> None:
    assert not {"scores", "hazard_cells"} & set(cure.tables)
    scores = pd.read_parquet(cure.work / "accounts" / "cure" / "scores.parquet")
    columns = ["account_id", "as_of", "cured_within_3", "cured_within_6", "cured_within_12", "expected_cash"]
    assert set(columns) <= set(scores.columns)
    assert scores["account_id"].is_unique and (scores["as_of"] == pd.Timestamp("2025-12-31")).all()
    months = pq.read_table(demo / "months.parquet", columns=["account_id", "month", "status", "days_past_due"])
    rows = months.to_pandas()
    last = rows[(rows["month"] == rows["month"].max()) & (rows["status"] == "open")]
    late = set(last.loc[last["days_past_due"] > 0, "account_id"])
    assert set(scores["account_id"]) >= late
    chances = scores[["cured_within_3", "cured_within_6", "cured_within_12"]].dropna().to_numpy()
    assert (np.diff(chances, axis=1) >= -1e-12).all() and chances.min() >= 0 and chances.max() <= 1


def test_nothing_is_left_out_where_all_tables_are_there(cure: Left) -> None:
    assert cure.left_out == {}
    assert set(cure.sections) >= {"exits", "curves", "never", "speed", "cycle", "chain", "recovery", "forecast"}
    assert set(cure.sections) >= {"validation", "fairness", "truth"}


def test_no_sentence_has_a_hole(cure: Left) -> None:
    assert not re.search(r"\b(nan|None|NaT|inf)\b|\{\{|—\s+(of|is|are|in)\b", cure.prose)
    assert not re.search(r"\b(nan|NaT)\b|\{\{", cure.texts)


def test_every_headline_has_its_value_in_its_interval_and_a_year_to_compare_with(cure: Left) -> None:
    assert {"not_cured", "cured", "cycle", "forecast"} <= set(cure.headlines)
    for headline in cure.headlines.values():
        assert headline.lower <= headline.value <= headline.upper, headline.key
        assert headline.previous is not None or headline.year_ago is not None, headline.key


def test_headlines_are_the_numbers_of_the_results(cure: Left) -> None:
    rows = numbers_of(cure, "exits", period=NOW).set_index(["exit", "months"])["rate"]
    months = int(re.search(r"within (\d+) months", cure.headlines["cured"].label).group(1))  # type: ignore[union-attr]
    for key in ("cured", "not_cured"):
        assert cure.headlines[key].value == rows[key, months]
        assert cure.headlines[key].as_of == END.date()
    ahead = numbers_of(cure, "cure_forecast", measure="back_to_current", basis="accounts", dimension="all")
    assert cure.headlines["forecast"].value == round(ahead["expected"].iloc[0])


@pytest.mark.parametrize(("name", "keys"), [("exits", ["period"]), ("cure_curves", ["dimension", "value"])])
def test_cured_lost_paid_off_and_open_add_up_to_one(cure: Left, name: str, keys: list[str]) -> None:
    parts = cure.table(name).query("exit in ('cured', 'paid_off', 'not_cured', 'open') and not suppressed")
    sums = parts.groupby([*keys, "months"])["rate"].agg(["sum", "size"])
    whole = sums.loc[sums["size"] == 4, "sum"]
    assert (sums["sum"] <= 1 + 1e-9).all()
    np.testing.assert_allclose(whole, 1.0)


@pytest.mark.parametrize(("name", "keys"), [("exits", ["period"]), ("cure_curves", ["dimension", "value"])])
def test_curves_of_exits_never_fall_and_lie_in_their_intervals(cure: Left, name: str, keys: list[str]) -> None:
    shown = cure.table(name).query("not suppressed").sort_values("months")
    assert (shown["rate_lower"] <= shown["rate"] + 1e-12).all()
    assert (shown["rate"] <= shown["rate_upper"] + 1e-12).all()
    exits = shown[shown["exit"] != "open"].groupby([*keys, "exit"])
    assert (exits["rate"].diff().dropna() >= -1e-12).all()
    assert (shown[shown["exit"] == "open"].groupby(keys)["rate"].diff().dropna() <= 1e-12).all()


def test_deeper_entries_begin_fewer_spells(cure: Left) -> None:
    entries = numbers_of(cure, "cure_curves", dimension="entry_days", exit="cured")
    begun = entries.groupby(entries["value"].astype(int))["begun"].max().sort_index()
    assert len(begun) > 2 and begun.is_monotonic_decreasing


def test_states_of_the_forecast_add_up_to_one(cure: Left) -> None:
    paths = cure.table("state_forecast").query("not group.str.startswith('ever_')")
    sums = paths.groupby(["cohort", "dimension", "value", "month"])["share"].sum()
    np.testing.assert_allclose(sums, 1.0, atol=1e-6)
    stock = paths.query("cohort == 'stock' and dimension == 'all'")
    assert stock["month"].nunique() == 25 and stock["month"].min() == pd.Timestamp("2025-12-31")
    assert (stock["share_lower"] <= stock["share"] + 1e-9).all()
    assert (stock["share"] <= stock["share_upper"] + 1e-9).all()


def test_the_proven_share_is_no_lower_than_that_of_an_end_of_watching(cure: Left) -> None:
    wide = cure.table("never_cure").pivot(index="product", columns="reading", values="rate")
    told = wide.dropna()
    assert (told["proven"] >= told["cut_short"] - 1e-9).all() and wide["proven"].notna().all()
    assert "all" in wide.index


def test_spells_of_the_summary_are_accounted_for(cure: Left) -> None:
    summary = cure.table("spells_summary")
    whole = summary[~summary.groupby("quarter")["suppressed"].transform("any")]
    ended = whole.groupby("quarter").agg(ended=("ended", "sum"), spells=("spells", "max"))
    assert (ended["ended"] == ended["spells"]).all()
    told = (
        summary.dropna(subset=["ended"]).groupby("quarter").agg(ended=("ended", "sum"), spells=("spells", "max"))
    )
    assert (told["ended"] <= told["spells"]).all()


def test_every_monthly_count_agrees_with_the_delinquency_chapters(cure: Left, standard: Left, demo: Path) -> None:
    assert cure.table("reconciliation")["agree"].all()
    rules, buckets = CureParameters().rules, CureParameters().buckets
    portfolio = open_portfolio(demo, date(2025, 12, 31))
    held = panel.spells.reconciliation(portfolio, rules, buckets).set_index(["measure", "month"])
    between = held[["spells_count", "litigation", "left_out", "within_spells", "outside"]].sum(axis=1)
    assert (between == held["delinquency_count"]).all()
    monthly = standard.table("flows_monthly").query("dimension == 'all' and basis == 'accounts'")
    names = {"entered": "entered", "cured": "cure", "sustained_cure": "sustained_cure"}
    compared = 0
    for ours, theirs in names.items():
        told = monthly[(monthly["measure"] == theirs) & ~monthly["suppressed"]].set_index("month")["numerator"]
        both = pd.concat([held.loc[ours, "delinquency_count"], told], axis=1, join="inner")
        assert (both.iloc[:, 0] == both.iloc[:, 1]).all(), ours
        compared += len(both)
    assert compared > 60


def test_charge_offs_agree_where_the_account_was_open(cure: Left, standard: Left, demo: Path) -> None:
    portfolio = open_portfolio(demo, date(2025, 12, 31))
    held = panel.spells.reconciliation(portfolio, CureParameters().rules, CureParameters().buckets)
    lost = held[held["measure"] == "charged_off"].set_index("month")["delinquency_count"]
    monthly = standard.table("flows_monthly").query("dimension == 'all' and basis == 'accounts'")
    told = monthly[(monthly["measure"] == "written_off") & ~monthly["suppressed"]].set_index("month")["numerator"]
    both = pd.concat([lost, told], axis=1, join="inner")
    assert len(both) > 12 and (both.iloc[:, 0] == both.iloc[:, 1]).all()


def test_months_at_risk_hold_the_cures_of_the_hazards(cure: Left) -> None:
    cells = pd.read_parquet(cure.work / "accounts" / "cure" / "hazard_cells.parquet")
    # Months on probation are kept for projections and not fitted.
    assert cells.loc[cells["state"] == "probation", "cured"].sum() == 0
    cells = cells[cells["state"] != "probation"]
    left = cells[["cured", "charged_off", "paid_off", "sold", "litigation"]].sum(axis=1)
    assert (left <= cells["at_risk"]).all()
    told = re.search(r"Over ([\d,]+) months at risk with ([\d,]+) cures", cure.prose)
    assert told is not None
    assert [int(n.replace(",", "")) for n in told.groups()] == [cells["at_risk"].sum(), cells["cured"].sum()]


def test_the_coverage_told_is_the_coverage_of_the_table(cure: Left) -> None:
    judged = cure.table("truth")
    months = judged[judged["measure"] == "cure_in_month"]
    held = (months["rate_lower"] <= months["truth"]) & (months["truth"] <= months["rate_upper"])
    assert (held == months["covered"].astype(bool)).all()
    assert f"{held.sum()} of {len(months)} intervals hold the truth" in cure.prose
    assert held.mean() >= 0.75
    bounds = judged[judged["measure"] == "never_proven"]
    assert (bounds["truth"] <= bounds["rate_upper"]).all()


def test_effects_are_held_against_what_cures_were_drawn_with(cure: Left) -> None:
    effects = cure.table("truth_effects").set_index(["measure", "covariate"])
    assert effects.loc["speed", "truth"].to_dict() == pytest.approx(
        {"unemployment": -0.12, "gdp": 0.02, "industry_growth": 0.1, "contact_last_month": 0.6}, abs=0.1
    )
    np.testing.assert_allclose(effects["bias"], effects["estimate"] - effects["truth"])
    held = (effects["lower"] <= effects["truth"]) & (effects["truth"] <= effects["upper"])
    assert (held == effects["covered"].astype(bool)).all()
    assert f"{held.sum()} of {len(effects)} intervals hold them" in cure.prose
    # The odds of all accounts still open lie nearer zero than those of the ones that can cure.
    assert (effects.loc["speed", "mixed"].abs() < effects.loc["speed", "truth"].abs()).all()


def test_chances_of_falling_back_are_held_against_the_truth(cure: Left) -> None:
    judged = cure.table("truth")
    relapses = judged[judged["measure"] == "relapse"]
    assert relapses["group"].tolist() == [str(j) for j in range(1, 13)]
    assert relapses["covered"].astype(bool).mean() >= 0.75
    assert (judged["measure"] == "redefault").sum() == 1


def test_no_account_is_expected_to_pay_more_than_it_owes(cure: Left) -> None:
    scores = pd.read_parquet(cure.work / "accounts" / "cure" / "scores.parquet")
    assert (scores["expected_cash"] <= scores["balance"] * (1 + 1e-9)).all() and (
        scores["expected_cash"] >= 0
    ).all()
    assert set(scores["basis"]) <= {"model", "product", "all"}
    on_probation = scores["state"] == "probation"
    assert ((scores["basis"] == "model") == ~on_probation).all()


def test_spoken_to_and_not_spoken_to_are_told_side_by_side(cure: Left) -> None:
    sides = numbers_of(cure, "first_month", value="all").set_index("work")
    assert set(sides.index) == {"spoken_to", "not_spoken_to"}
    assert (sides["rate_lower"] <= sides["rate"]).all() and (sides["rate"] <= sides["rate_upper"]).all()
    assert "drawn by lot" in cure.prose


def test_the_hard_variant_says_what_is_broken_and_what_misses(hard_cure: Left) -> None:
    assert "This variant breaks what the methods assume" in hard_cure.prose
    assert hard_cure.prose.count("no interval misses for it") + hard_cure.prose.count("; missed:") == 4


def test_no_model_of_the_contest_ranks_better_than_its_interval_allows(cure: Left) -> None:
    judged = cure.table("validation").dropna(subset=["lower", "upper"])
    assert (judged["lower"] <= judged["estimate"]).all() and (judged["estimate"] <= judged["upper"]).all()
    assert set(judged["model"]) >= {"mixture_cure", "aalen_johansen", "cox", "logistic"}
