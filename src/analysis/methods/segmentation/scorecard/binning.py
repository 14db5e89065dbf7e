"""Monotone bins of a feature, their weight of evidence and information value (optbinning finds the bins)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError

Array = npt.NDArray[np.float64]
Slots = npt.NDArray[np.intp]
Trend = Literal["auto_asc_desc", "ascending", "descending", "auto"]

MISSING, UNSEEN = "missing", "unseen"


@dataclass(frozen=True)
class Bins:
    """Bins of one feature and how many accounts and events each held in training.

    Numbers: `splits` (ascending) cut the line into bins closed on the left, [a, b). Categories: `groups` lists the
    categories of each bin. `counts` and `events` have a value for each bin and two more: missing values, and
    categories never seen in training (none there, so they are neutral).
    """

    feature: str
    splits: Array
    groups: tuple[tuple[str, ...], ...]
    counts: Array
    events: Array

    @property
    def woe(self) -> Array:
        """Weight of evidence of each bin, missing and unseen included; see `weight_of_evidence`."""
        return weight_of_evidence(self.counts, self.events)

    @property
    def information_value(self) -> float:
        """Σ (share of non-events − share of events) · WoE over the bins; see `information_value`."""
        return float(information_value(self.counts, self.events).sum())

    @property
    def labels(self) -> list[str]:
        """What each bin holds, in the order of `counts`."""
        if self.groups:
            return [*(", ".join(group) for group in self.groups), MISSING, UNSEEN]
        edges = ["-inf", *(f"{split:.6g}" for split in self.splits), "inf"]
        ends = pairwise(edges)
        return [*(f"[{low}, {high})" for low, high in ends), MISSING, UNSEEN]

    def slots(self, values: pd.Series) -> Slots:
        """Position of each value's bin in `counts` (n,). Raises InputError for text in a feature of numbers."""
        if self.groups:
            return self._category_slots(values)
        try:
            numbers = values.to_numpy(dtype=float, na_value=np.nan)
        except (TypeError, ValueError):
            raise InputError(f"features: {self.feature} was binned as numbers and now holds text") from None
        slots = np.searchsorted(self.splits, numbers, side="right")
        slots[np.isnan(numbers)] = len(self.splits) + 1
        return slots

    def _category_slots(self, values: pd.Series) -> Slots:
        place = {name: i for i, group in enumerate(self.groups) for name in group}
        found = values.astype(object).map(lambda value: place.get(str(value), len(self.groups) + 1))
        return np.where(values.isna(), len(self.groups), found).astype(np.intp)

    def held(self, values: pd.Series) -> Array | pd.Series:
        """A whole column as `values` takes pieces of it: numbers where it holds numbers."""
        if self.groups or values.dtype == object:
            return values.reset_index(drop=True)
        return values.to_numpy(dtype=float, na_value=np.nan)

    def values(self, values: Array | pd.Series, of_bin: Array) -> Array:
        """`of_bin` (one value a slot) of each account's bin (n,): `of_bin[slots]`."""
        if isinstance(values, pd.Series):
            return of_bin[self.slots(values)]
        return self.of_numbers(values, of_bin)

    def of_numbers(self, numbers: Array, of_bin: Array) -> Array:
        """The same for numbers, by counting the splits at or below each.

        While bins are few and the numbers fit the processor's cache that is sooner than a binary search.
        """
        # A column of a frame held by rows is spread out in memory: it is drawn together once.
        numbers, slot = np.ascontiguousarray(numbers), np.zeros(numbers.size, dtype=np.int8)
        for split in self.splits:
            slot += numbers >= split
        slot[np.isnan(numbers)] = len(self.splits) + 1
        return np.take(of_bin, slot, mode="clip")


def shortened(label: str, digits: int = 3) -> str:
    """A bin's label with its edges in so many significant digits, for print.

    >>> shortened("[0.331203, 9.80757)"), shortened("[-inf, 17648)"), shortened("retail, mining")
    ('[0.331, 9.81)', '[-inf, 17600)', 'retail, mining')
    """
    if not label.startswith("["):
        return label
    low, high = label[1:-1].split(", ")
    return "[" + ", ".join(_plain_digits(float(edge), digits) for edge in (low, high)) + ")"


def _plain_digits(edge: float, digits: int) -> str:
    """Never in powers of ten: 17600, not 1.76e+04."""
    text = f"{edge:.{digits}g}"
    return f"{float(text):.0f}" if "e+" in text else text


def weight_of_evidence(counts: npt.ArrayLike, events: npt.ArrayLike) -> Array:
    """ln(share of non-events in the bin ÷ share of events in the bin); above 0 the bin is safer than the whole.

    Siddiqi (2006), Credit Risk Scorecards, ch. 6. A bin without events or without non-events takes half an account
    more of each; an empty bin weighs 0.

    >>> weight_of_evidence([100, 100], [10, 40]).round(4)
    array([ 1.0986, -0.6931])
    """
    n, y = np.asarray(counts, dtype=float), np.asarray(events, dtype=float)
    pure = (n > 0) & ((y <= 0) | (y >= n))
    good, bad = n - y + 0.5 * pure, y + 0.5 * pure
    with np.errstate(divide="ignore", invalid="ignore"):
        woe = np.log((good / (n - y).sum()) / (bad / y.sum()))
    return np.where(n > 0, woe, 0.0)


def information_value(counts: npt.ArrayLike, events: npt.ArrayLike) -> Array:
    """Each bin's part in the information value; their sum is the feature's.

    By custom below .02 says nothing, .1–.3 is medium, .3–.5 strong, and above .5 asks whether the feature knows
    the outcome (Siddiqi 2006). It grows with the number of bins, and says nothing of what other features add.
    """
    n, y = np.asarray(counts, dtype=float), np.asarray(events, dtype=float)
    return ((n - y) / (n - y).sum() - y / y.sum()) * weight_of_evidence(n, y)


def binning_table(bins: Bins) -> pd.DataFrame:
    """One row a bin that held an account: feature, bin, accounts, events, event_rate, woe, iv."""
    n, y = bins.counts, bins.events
    table = pd.DataFrame({"feature": bins.feature, "bin": bins.labels, "accounts": n, "events": y})
    with np.errstate(invalid="ignore"):
        table["event_rate"] = y / n
    table["woe"], table["iv"] = bins.woe, information_value(n, y)
    return table[n > 0].reset_index(drop=True).astype({"accounts": "int64", "events": "int64"})


def fit_bins(
    features: pd.DataFrame,
    event: npt.NDArray[np.int64],
    smallest: float = 0.03,
    most: int = 8,
    trends: Mapping[str, Trend] | None = None,
) -> Iterator[Bins]:
    """Bins of each feature that maximise information value, event rates rising or falling throughout.

    `smallest` is the least share of accounts in a bin, `most` the largest number of bins; `trends` fixes the
    direction of a numeric feature's event rate where the trade knows it ("ascending" or "descending"), else the
    data choose. Features that aren't numbers are binned as categories, those of like event rate together.
    Navas-Palencia (2020), Optimal binning: mathematical programming formulation, arXiv:2001.08025.
    """
    binning = optimal_binning()
    for name in features.columns:
        values = features[name]
        numeric = pd.api.types.is_numeric_dtype(values)
        data = _numbers(values) if numeric else _categories(values)
        found = binning(
            name=str(name),
            dtype="numerical" if numeric else "categorical",
            monotonic_trend=(trends or {}).get(str(name), "auto_asc_desc") if numeric else None,
            min_bin_size=smallest,
            max_n_bins=most,
        ).fit(data, event)
        yield _bins(str(name), values, event, found.splits, numeric)


def _numbers(values: pd.Series) -> Array:
    return values.to_numpy(dtype=float, na_value=np.nan)


def _categories(values: pd.Series) -> npt.NDArray[np.object_]:
    text = np.array([str(value) for value in values], dtype=object)
    text[values.isna().to_numpy()] = None
    return text


def _bins(name: str, values: pd.Series, event: npt.NDArray[np.int64], splits: Any, numeric: bool) -> Bins:
    cuts = np.asarray(splits, dtype=float) if numeric else np.empty(0)
    groups = () if numeric else tuple(tuple(str(value) for value in group) for group in splits)
    size = (len(cuts) + 1 if numeric else len(groups)) + 2
    empty = Bins(name, cuts, groups, np.zeros(size), np.zeros(size))
    slots = empty.slots(values)
    counts = np.bincount(slots, minlength=size).astype(float)
    events = np.bincount(slots, weights=event, minlength=size).astype(float)
    return Bins(name, cuts, groups, counts, events)


def optimal_binning() -> Any:
    """optbinning's class, imported where bins are sought: with its solvers it takes seconds to load."""
    with _quiet("__cvxpy__"):
        from optbinning import OptimalBinning
    return OptimalBinning


@contextmanager
def _quiet(logger: str) -> Iterator[None]:
    """No messages of `logger` meanwhile: cvxpy, which piecewise binning alone uses, reports each solver that it
    cannot load beside another library's copy."""
    log = logging.getLogger(logger)
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before
