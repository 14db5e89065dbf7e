"""What counts as a spell of delinquency, and as the end of one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from analysis.core.errors import ParameterError
from analysis.core.states import PRODUCTS

SPELL_EXITS = ("cured", "charged_off", "paid_off", "sold", "litigation")
"""Ways out of a spell; `paid_off` holds closed accounts too."""

STILL_OPEN = "open"
"""`exit` of a spell that is still running at the end of follow-up."""

LONGEST_MONTHS = 36
"""Longest probation that can be asked for: a year to cure and two of probation, as for forbearance in the EU."""


@dataclass(frozen=True)
class SpellRules:
    """When a spell of delinquency begins, and when a cure counts.

    A spell begins at the first month end with `entry_days` or more days past due. It is cured at the first month
    end back to current (0 days, whatever the entry) if none of so many months from there on, that one included,
    is overdue, charged off or sold: `sustained_months`, or what `probation` says for the account's product. After
    relief (deferral, extension, forgiveness or a lower rate) `restructured_months` counts where that is longer;
    None gives relief no probation of its own. Banks in the EU use three months, and twelve after distressed
    restructuring (EBA/GL/2016/07, sections 71 and 72).

    Raises ParameterError for values out of range and for unknown products.
    """

    entry_days: int = 1
    sustained_months: int = 3
    probation: Mapping[str, int] = field(default_factory=dict, hash=False)
    restructured_months: int | None = None

    def __post_init__(self) -> None:
        _require(
            "entry_days", self.entry_days, 1, 3600, "give the days past due at which a spell begins, such as 30"
        )
        _require("sustained_months", self.sustained_months, 1, LONGEST_MONTHS, "1 takes every cure as it comes")
        for product, months in self.probation.items():
            if product not in PRODUCTS:
                raise ParameterError(f"probation names the product '{product}'; use {', '.join(PRODUCTS)}")
            _require(f"probation['{product}']", months, 1, LONGEST_MONTHS, "give months")
        if self.restructured_months is not None:
            _require("restructured_months", self.restructured_months, 1, LONGEST_MONTHS, "leave it out for none")
        # In a fixed order, so that rules which are equal are written alike.
        object.__setattr__(self, "probation", dict(sorted(self.probation.items())))

    def months_for(self, product: str, restructured: bool = False) -> int:
        """Months in a row without arrears that make a cure of that product count."""
        usual = self.probation.get(product, self.sustained_months)
        return max(usual, self.restructured_months or 1) if restructured else usual

    def longest(self, products: Collection[str] = PRODUCTS, restructured: bool = True) -> int:
        """Longest probation among the products; `restructured`: relief may have been given."""
        return max((self.months_for(product, restructured) for product in products), default=self.sustained_months)


def _require(name: str, value: object, least: int, most: int, mend: str) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not least <= value <= most:  # type: ignore[operator]
        raise ParameterError(f"{name} is {value!r}; it must be a whole number from {least} to {most}: {mend}")
