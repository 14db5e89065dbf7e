"""Why don't they pay: unable, unwilling or forgot, predicted from behaviour and contact outcomes.

The recorded reason is what an agent noted after a conversation, not the truth: a prediction can be no better than
the notes, and agreement with them is agreement with agents. Whom nobody reached has no recorded reason, so for
those the prediction leans on accounts like them that were reached.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.totals import totals_by_fold
from analysis.methods.segmentation.training.features import refuse_protected
from analysis.statistics import intervals
from analysis.statistics.jackknife import leave_one_out, share_limits
from analysis.statistics.outcome_model import held_out, model_frame

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Kind = Literal["logistic", "boosting"]

CAUSES = ("forgot", "unable", "unwilling")
UNKNOWN = ("unknown", "none")
"""Recorded where nobody gave a reason, or where there was no conversation."""

LEAST_RECORDED = 50
"""Accounts with a cause recorded below which it isn't predicted."""

LEAKING = ("reason", "cause")


def predict_causes(
    features: pd.DataFrame,
    recorded: pd.Series,
    fold: npt.ArrayLike,
    model: Kind = "logistic",
    splits: int = 5,
    seed: int = 0,
    least: int = LEAST_RECORDED,
) -> pd.DataFrame:
    """Probability of each cause for every account, by models that have not seen its customer.

    `features` (n rows, numbers and categories, missing values allowed) are behaviour and contact outcomes;
    `recorded` (n) holds forgot, unable or unwilling, and unknown, none or missing for the accounts without a
    recorded reason, which are predicted and not learnt from; `fold` (n) is a random group of customers, dealt into
    `splits` parts. `model`: "logistic", multinomial logistic regression with an L2 penalty on standardised
    features, missing numbers at the median with a mark; "boosting", histogram gradient boosting.

    Returns, on features' index: recorded (missing if unknown), p_forgot, p_unable, p_unwilling (they sum to one),
    predicted (the likeliest cause). The outcome of the contact at which the reason was noted tells much of it
    (hardship is nearly "unable"); leave last_outcome out to see what behaviour alone tells.

    Raises ParameterError for protected features, InputError for features named after the reason itself, for
    unknown causes, and for a cause with fewer than `least` accounts recorded.
    """
    import sklearn.ensemble
    import sklearn.linear_model  # noqa: F401 - threads are limited only of libraries already loaded
    from threadpoolctl import threadpool_limits

    refuse_protected(features.columns)
    _refuse_leaking(features)
    table = model_frame(features)
    known = _recorded(recorded, len(features))
    _refuse_few(known, least)
    groups = _folds(fold, len(features))
    rows = known.notna().to_numpy()
    found = np.empty((len(features), len(CAUSES)))
    # On several threads, many small fits wait on a busy machine longer than they run.
    with threadpool_limits(limits=1):
        for here in held_out(groups, splits):
            learnt = rows & ~here
            _refuse_few(known[learnt], 1)
            fitted = _classifier(model, table, seed).fit(table[learnt], known[learnt].astype(str))
            found[here] = fitted.predict_proba(table[here])
    result = pd.DataFrame(found, index=features.index, columns=[f"p_{cause}" for cause in CAUSES])
    result.insert(0, "recorded", known.to_numpy())
    return result.assign(predicted=np.array(CAUSES, dtype=object)[found.argmax(axis=1)])


def _refuse_leaking(features: pd.DataFrame) -> None:
    leaking = [
        str(name) for name in features if set(str(name).lower().split("_")) & {*LEAKING, "reasons", "causes"}
    ]
    if leaking:
        raise InputError(
            f"features: {', '.join(leaking)} name the reason itself, which is to be predicted; leave them out"
        )


def _recorded(recorded: pd.Series, rows: int) -> pd.Series:
    if len(recorded) != rows:
        raise InputError(f"recorded: {len(recorded):,} values for {rows:,} accounts; pass one for each")
    values = recorded.astype(object).reset_index(drop=True)
    values = values.where(values.notna() & ~values.isin(UNKNOWN))
    other = sorted(set(map(str, values.dropna())) - set(CAUSES))
    if other:
        raise InputError(
            f"recorded: {', '.join(other)} unknown; causes are {', '.join(CAUSES)}, or {' and '.join(UNKNOWN)}"
        )
    return values


def _refuse_few(known: pd.Series, least: int) -> None:
    counts = known.value_counts()
    if any(counts.get(cause, 0) < least for cause in CAUSES):
        told = ", ".join(f"{cause} {counts.get(cause, 0):,}" for cause in CAUSES)
        raise InputError(
            f"recorded: {told} accounts; each cause needs at least {least}. Take more month ends, or leave the "
            "causes unpredicted"
        )


def _folds(fold: npt.ArrayLike, rows: int) -> Whole:
    place = np.unique(np.asarray(fold).ravel(), return_inverse=True)[1].astype(np.int64)
    if place.size != rows:
        raise InputError(f"fold: {place.size:,} values for {rows:,} accounts; pass one for each")
    return place


def _classifier(model: Kind, table: pd.DataFrame, seed: int) -> Any:
    if model == "boosting":
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(
            learning_rate=0.05,
            max_iter=100,
            max_leaf_nodes=15,
            min_samples_leaf=40,
            l2_regularization=1.0,
            categorical_features="from_dtype",
            early_stopping=False,
            random_state=seed,
        )
    if model != "logistic":
        raise ParameterError(f"model: '{model}' unknown; allowed are logistic and boosting")
    return _logistic(table)


def _logistic(table: pd.DataFrame) -> Any:
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    text = table.select_dtypes("category").columns.tolist()
    numbers = table.columns.difference(text, sort=False).tolist()
    filled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=0.005)
    encoded = make_column_transformer((filled, numbers), (encoder, text))
    return make_pipeline(encoded, LogisticRegression(C=1.0, max_iter=1000))


class Confusion(NamedTuple):
    """Predicted against recorded causes; see `confusion`."""

    shares: pd.DataFrame
    measures: pd.DataFrame


def confusion(
    recorded: npt.ArrayLike, predicted: npt.ArrayLike, fold: npt.ArrayLike, level: float = 0.95
) -> Confusion:
    """How predicted causes agree with recorded ones, on accounts not learnt from; unknown ones take no part.

    shares    recorded, predicted, accounts, share (of the accounts with that cause recorded; a row of the matrix
              sums to one), lower, upper
    measures  measure, cause, value, lower, upper, commonest, difference, difference_lower, difference_upper

    Measures: recall, accounts predicted with the cause ÷ accounts with it recorded; precision, accounts with it
    recorded ÷ accounts predicted with it; agreement (cause "all"), predicted as recorded ÷ all; balanced (cause
    "all"), mean of the recalls, which is 1/3 for any single answer. All higher is better. `commonest` is what
    always naming the commonest recorded cause would get, `difference` the measure less that.

    Recorded reasons are what an agent noted; none of these numbers is agreement with the truth. Limits by leaving
    out one fold of customers at a time. Raises InputError where no reason is recorded.
    """
    codes = {cause: i for i, cause in enumerate(CAUSES)}
    truth, guess = (pd.Series(np.asarray(values, dtype=object)).map(codes) for values in (recorded, predicted))
    known = truth.notna().to_numpy() & guess.notna().to_numpy()
    if not known.any():
        raise InputError("recorded: no account has a reason recorded, so predictions can't be compared with any")
    place = (truth[known] * len(CAUSES) + guess[known]).to_numpy().astype(np.int64)
    folds = _folds(np.asarray(fold)[known], int(known.sum()))
    counts = totals_by_fold(folds, place, len(CAUSES) ** 2).reshape(-1, len(CAUSES), len(CAUSES))
    return Confusion(_share_table(counts, level), _measure_table(counts, level))


def _share_table(counts: Array, level: float) -> pd.DataFrame:
    whole, rest = counts.sum(axis=0), leave_one_out(counts)
    size = np.repeat(whole.sum(axis=1, keepdims=True), len(CAUSES), axis=1)
    limits = share_limits(_by_row(whole), _by_row(rest), size, level)
    table = pd.DataFrame([(row, column) for row in CAUSES for column in CAUSES], columns=["recorded", "predicted"])
    table = table.assign(accounts=whole.ravel().astype(int), share=_by_row(whole).ravel())
    return table.assign(lower=limits.lower.ravel(), upper=limits.upper.ravel())


def _by_row(counts: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(counts / counts.sum(axis=-1, keepdims=True))


def _measure_table(counts: Array, level: float) -> pd.DataFrame:
    whole, rest = counts.sum(axis=0), leave_one_out(counts)
    first = int(whole.sum(axis=1).argmax())
    value, replicates = _measures(whole), _measures(rest)
    always, always_rest = _measures(_always(whole, first)), _measures(_always(rest, first))
    found = intervals.share(value, replicates, level)
    apart = intervals.plain(value - always, replicates - always_rest, level)
    names = [(m, cause) for m in ("recall", "precision") for cause in CAUSES]
    table = pd.DataFrame([*names, ("agreement", "all"), ("balanced", "all")], columns=["measure", "cause"])
    table = table.assign(value=found.value, lower=found.lower, upper=found.upper, commonest=always)
    return table.assign(difference=apart.value, difference_lower=apart.lower, difference_upper=apart.upper)


def _always(counts: Array, cause: int) -> Array:
    """The same accounts, all predicted to have one cause."""
    found = np.zeros_like(counts)
    found[..., cause] = counts.sum(axis=-1)
    return found


def _measures(counts: Array) -> Array:
    """Recall and precision by cause, agreement, balanced (…, 8) of matrices recorded × predicted (…, 3, 3)."""
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall, precision = right / counts.sum(axis=-1), right / counts.sum(axis=-2)
        agreement = right.sum(axis=-1) / counts.sum(axis=(-2, -1))
    return np.concatenate([recall, precision, agreement[..., None], recall.mean(axis=-1)[..., None]], axis=-1)
