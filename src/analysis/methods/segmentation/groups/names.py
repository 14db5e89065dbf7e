"""What sets each group of accounts apart, and a name that follows from it.

Names are codes; what they are called on a page is for the report's words. "negotiable" and "litigation" are the
groups of the source S1 (`001_f2b49b967c8dd1ce.txt`), which gives no rule for either: all rules are this project's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.segmentation.groups.clustering import Groups
from analysis.methods.segmentation.totals import totals_by_fold
from analysis.statistics import intervals
from analysis.statistics.jackknife import leave_one_out

Array = npt.NDArray[np.float64]

MIXED = "mixed"
HIGH, LOW = "high", "low"


@dataclass(frozen=True)
class NamingRule:
    """A group takes `code` where each of `needs` holds: a feature's standardised difference at or above its number
    (at or below, if that is negative). Alternatives are several tuples, of which one must hold whole."""

    code: str
    needs: tuple[Mapping[str, float], ...]

    def margin(self, difference: Mapping[str, float]) -> float:
        """By how much the weakest need of the best alternative is exceeded, in standard deviations; below 0 the
        rule fails, and a feature that the groups weren't learnt with counts as no difference."""
        return max(_margin(need, difference) for need in self.needs)

    def features(self, difference: Mapping[str, float]) -> tuple[str, ...]:
        """The features of the alternative that holds best."""
        margins = [_margin(need, difference) for need in self.needs]
        return tuple(self.needs[int(np.argmax(margins))])


def _margin(need: Mapping[str, float], difference: Mapping[str, float]) -> float:
    beyond = {name: difference.get(name, 0.0) * np.sign(bar) - abs(bar) for name, bar in need.items()}
    return float(min(beyond.values()))


RULES = (
    NamingRule(
        "litigation",
        (
            {"days_past_due": 0.25, "unreachable": 0.5},
            {"days_past_due": 0.25, "refused": 0.5},
            {"days_past_due": 0.5, "right_party_3m": -0.25, "paid_share_3m": -0.25},
        ),
    ),
    NamingRule("lost_contact", ({"unreachable": 0.5}, {"months_since_right_party": 0.5, "attempts_3m": 0.25})),
    NamingRule(
        "negotiable",
        (
            {"right_party_3m": 0.25, "promises_3m": 0.25, "days_past_due": -0.1},
            {"right_party_3m": 0.25, "promises_kept_share": 0.25, "days_past_due": -0.1},
        ),
    ),
    NamingRule("promises_unpaid", ({"promises_3m": 0.5, "paid_share_3m": -0.25},)),
    NamingRule("heavy_balance", ({"balance": 0.75},)),
    NamingRule("long_late", ({"days_past_due": 0.75},)),
    NamingRule("repeat_late", ({"times_overdue_12m": 0.5},)),
    NamingRule("newly_late", ({"days_past_due": -0.15, "on_time_share": 0.25},)),
    NamingRule("seldom_on_time", ({"on_time_share": -0.75},)),
)
"""The first rule that holds names the group.

In words: late, and out of reach, refusing, or neither spoken to nor paying (litigation); out of reach
(lost_contact); reached and promising or keeping promises, and early (negotiable); promising and not paying
(promises_unpaid); owing much (heavy_balance); late for long (long_late); late again and again (repeat_late);
early, and mostly on time before (newly_late); seldom on time before (seldom_on_time). Numbers are standard
deviations of all accounts.
"""


def profile_groups(
    features: pd.DataFrame, groups: Groups, fold: npt.ArrayLike | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Each group's mean of each feature against all accounts'.

    Returns group, feature, accounts, share (of all accounts), mean, lower, upper (of the mean, in the feature's
    own units; missing without `fold`, a random group of customers), mean_all, difference (mean of the feature as
    k-means read it, so in standard deviations above or below all accounts learnt from; winsorised, on the
    logarithm where `Preparation.table` says so) and rank (1 for the group's largest difference either way).
    Missing values take no part in the means, and the median in the difference. Rows of a group go by rank; a
    group without accounts has none. The groups were made to differ: the limits are those of a mean, and no test
    of whether groups exist. Raises InputError where features and groups aren't of the same accounts.
    """
    if not features.index.equals(groups.group.index):
        raise InputError("features: not the accounts that were grouped, or in another order; pass the same rows")
    names = list(groups.preparation.features)
    standardised = groups.preparation.apply(features)
    place = groups.group.to_numpy() - 1
    folds = np.zeros(place.size, dtype=int) if fold is None else np.unique(fold, return_inverse=True)[1]
    accounts = np.bincount(place, minlength=groups.count)
    parts = []
    for i, name in enumerate(names):
        values = features[name].to_numpy(dtype=float, na_value=np.nan)
        found = _means(values, place, folds, groups.count, level)
        away = np.bincount(place, weights=standardised[:, i], minlength=groups.count) / np.maximum(accounts, 1)
        part = pd.DataFrame({"group": np.arange(1, groups.count + 1), "feature": name, "accounts": accounts})
        part = part.assign(share=accounts / accounts.sum(), mean=found.value, lower=found.lower, upper=found.upper)
        parts.append(part.assign(mean_all=np.nanmean(values), difference=away))
    table = pd.concat(parts, ignore_index=True)
    table = table[table["accounts"] > 0]
    size = table["difference"].abs().round(9)
    table["rank"] = size.groupby(table["group"]).rank(ascending=False, method="first").astype(int)
    return table.sort_values(["group", "rank"], ignore_index=True)


def _means(
    values: Array, place: npt.NDArray[np.int64], fold: npt.NDArray[np.int64], groups: int, level: float
) -> intervals.Estimate:
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    sums, counts = totals_by_fold(fold, place, groups, filled), totals_by_fold(fold, place, groups, known)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean, rest = sums.sum(axis=0) / counts.sum(axis=0), leave_one_out(sums) / leave_one_out(counts)
    return intervals.plain(mean, rest, level)


def name_groups(profile: pd.DataFrame, rules: Sequence[NamingRule] = RULES) -> pd.DataFrame:
    """A code for each group of `profile_groups`, from the differences shown there alone.

    The first of `rules` that holds gives the code; a group for which none holds is "mixed", told by its two most
    distinguishing features. Where groups share a code, each adds its most distinguishing feature that the rule
    hasn't used, then the next, until no two are alike. Returns group, name (code and features joined by dots, as
    in `negotiable.balance_high`; unique), code, details (the added ones, joined by dots, each a feature and high
    or low), decided_by (the features that the rule rests on), margin (by how much its weakest need is exceeded,
    in standard deviations; missing for "mixed"), accounts, share.
    """
    numbers = sorted(profile["group"].unique())
    found = [_matched(int(group), profile[profile["group"] == group], rules) for group in numbers]
    told = [2 if item.code == MIXED else 0 for item in found]
    while clashing := _clashing([item.name(count) for item, count in zip(found, told, strict=True)]):
        longer = [i for i in clashing if told[i] < len(found[i].others)]
        if not longer:
            break
        for i in longer:
            told[i] += 1
    table = pd.DataFrame([item.row(count) for item, count in zip(found, told, strict=True)])
    # Groups that differ from all accounts in the same features, the same way and in the same order.
    alike = table["name"].duplicated(keep=False)
    table["name"] = table["name"].where(~alike, table["name"] + "." + table["group"].astype(str))
    return table


@dataclass(frozen=True)
class _Match:
    group: int
    code: str
    decided_by: tuple[str, ...]
    margin: float
    others: tuple[str, ...]
    accounts: int
    share: float

    def name(self, details: int) -> str:
        return ".".join((self.code, *self.others[:details]))

    def row(self, details: int) -> dict[str, object]:
        shown = ".".join(self.others[:details])
        row = {"group": self.group, "name": self.name(details), "code": self.code, "details": shown}
        row |= {"decided_by": ".".join(self.decided_by), "margin": self.margin}
        return row | {"accounts": self.accounts, "share": self.share}


def _matched(group: int, rows: pd.DataFrame, rules: Sequence[NamingRule]) -> _Match:
    ordered = rows.sort_values("rank")
    difference = dict(zip(ordered["feature"], ordered["difference"], strict=True))
    rule = next((rule for rule in rules if rule.margin(difference) >= 0), None)
    used = rule.features(difference) if rule else ()
    others = tuple(f"{name}_{HIGH if away > 0 else LOW}" for name, away in difference.items() if name not in used)
    code, margin = (rule.code, rule.margin(difference)) if rule else (MIXED, np.nan)
    return _Match(group, code, used, margin, others, int(rows["accounts"].iloc[0]), float(rows["share"].iloc[0]))


def _clashing(names: Sequence[str]) -> list[int]:
    return [i for i, name in enumerate(names) if names.count(name) > 1]
