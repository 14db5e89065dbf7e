"""The states an account can be found in at a month's end."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.core.errors import ParameterError

STATUSES = ("open", "charged_off", "paid_off", "sold", "closed")
"""Values of `months.status`."""

EXITS = ("charged_off", "paid_off", "sold", "closed")
"""Statuses in which an account has left the open book; they follow the buckets in a roll-rate matrix."""

PRODUCTS = ("card", "instalment", "cash_loan", "mortgage", "auto", "sme")


@dataclass(frozen=True)
class Buckets:
    """Days-past-due buckets, given by the first day of each bucket after `current`.

    The default is the trade's monthly ladder. `Buckets((1, 90))` gives the three states current, 1–89, 90+.

    >>> Buckets((1, 90)).labels
    ('current', '1–89', '90+')
    """

    edges: tuple[int, ...] = (1, 30, 60, 90, 120, 150, 180)

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in zip(self.edges, self.edges[1:], strict=False))
        if not self.edges or self.edges[0] != 1 or not rising:
            raise ParameterError(
                f"bucket edges {list(self.edges)} must start at 1 and rise, for example [1, 30, 60, 90]"
            )

    @property
    def labels(self) -> tuple[str, ...]:
        inner = [f"{a}–{b - 1}" for a, b in zip(self.edges, self.edges[1:], strict=False)]
        return ("current", *inner, f"{self.edges[-1]}+")

    @property
    def states(self) -> tuple[str, ...]:
        """Buckets, then the exits: the rows and columns of a roll-rate matrix."""
        return (*self.labels, *EXITS)

    def label(self, days_past_due: int) -> str:
        """Bucket of one account; negative days are the caller's mistake and count as current."""
        return self.labels[sum(days_past_due >= edge for edge in self.edges)]
