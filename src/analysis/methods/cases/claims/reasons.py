"""The verdicts of the claim auditor, and why each is given."""

from __future__ import annotations

from dataclasses import dataclass

ARITHMETIC_WRONG = "arithmetic wrong"
INCONSISTENT = "inconsistent"
AMBIGUOUS = "ambiguous"
HOLDS = "holds"
NOT_CHECKABLE = "not checkable"

VERDICTS = (ARITHMETIC_WRONG, INCONSISTENT, AMBIGUOUS, HOLDS, NOT_CHECKABLE)
"""From the gravest on: a claim has the first of them that one of its findings has.

*Holds* says that the figures agree with each other as far as they can be held against each other. It says nothing
of whether they are true, or of what caused them.
"""

REASONS: dict[str, tuple[str, str]] = {
    "change_follows": (HOLDS, "the printed change follows from the printed levels"),
    "levels_given": (HOLDS, "both levels are printed, so the change has one reading in points and one in percent"),
    "level_implied": (HOLDS, "the level it started from follows from the change, and is a possible one"),
    "one_reading_possible": (HOLDS, "read in points the start would not be a share, so percent is meant"),
    "growth_follows": (HOLDS, "the growth rate follows from the levels and years"),
    "parts_make_whole": (HOLDS, "the parts make up the whole"),
    "formula_gives": (HOLDS, "the formula gives the printed result"),
    "same_order": (HOLDS, "the formula ranks as the printed results do"),
    "beyond_chance": (HOLDS, "chance alone seldom gives so large a difference at the printed sample"),
    "warning_in_time": (HOLDS, "the behaviour that sets the warning off lasts no longer than the warning leads"),
    "agrees": (HOLDS, "printed alike in each place"),
    "in_order": (HOLDS, "the figures rise in the order they must"),
    "points_alike": (HOLDS, "the claims point the same way"),
    "lies_inside": (HOLDS, "it lies within the range given elsewhere"),
    "above_always_no": (HOLDS, "more accurate than never saying yes"),
    "borne_out": (HOLDS, "what came is as forecast"),
    "evidence_for": (HOLDS, "a study with arms drawn by lot points the same way"),
    "implied_agrees": (HOLDS, "the implied quantity agrees with what is said of it"),
    "change_wrong": (ARITHMETIC_WRONG, "the printed change does not follow from the printed levels"),
    "points_called_percent": (ARITHMETIC_WRONG, "a difference in points is printed as percent"),
    "percent_called_points": (ARITHMETIC_WRONG, "a relative change is printed as points"),
    "direction_wrong": (ARITHMETIC_WRONG, "the levels move the other way than is said"),
    "growth_wrong": (ARITHMETIC_WRONG, "the growth rate does not follow from the levels and years"),
    "parts_miss_whole": (ARITHMETIC_WRONG, "the parts do not make up the whole"),
    "formula_wrong": (ARITHMETIC_WRONG, "the formula gives another result than is printed"),
    "other_order": (ARITHMETIC_WRONG, "the formula ranks otherwise than the printed results"),
    "implied_wrong": (ARITHMETIC_WRONG, "the implied quantity is not the printed one"),
    "impossible_share": (INCONSISTENT, "a share below 0 or above 100%"),
    "impossible_start": (INCONSISTENT, "the level it started from would be below 0 or above 100%"),
    "impossible_score": (INCONSISTENT, "a score beyond the highest that can be had"),
    "disagrees": (INCONSISTENT, "printed differently in another place"),
    "out_of_order": (INCONSISTENT, "the figures do not rise in the order they must"),
    "points_apart": (INCONSISTENT, "another claim points the other way"),
    "lies_outside": (INCONSISTENT, "it lies outside the range given elsewhere"),
    "implied_does_not_rise": (INCONSISTENT, "the implied quantity does not rise, where growth is said"),
    "not_borne_out": (INCONSISTENT, "what came falls short of the forecast"),
    "points_or_percent": (AMBIGUOUS, "a rate changed by percent: points or relative is not said, and they differ"),
    "to_or_by": (AMBIGUOUS, "a multiple that fits as 'to' and as 'by' so many times"),
    "within_chance": (AMBIGUOUS, "chance alone often gives such a difference at the printed sample"),
    "needs_something_unsaid": (AMBIGUOUS, "agrees with the other claim only if something else changed as well"),
    "groups_differ": (AMBIGUOUS, "the groups compared were not alike: selection, not effect, can be the reason"),
    "evidence_against": (AMBIGUOUS, "a study with arms drawn by lot points the other way"),
    "below_always_no": (AMBIGUOUS, "less accurate than never saying yes; a precision may be meant"),
    "window_exceeds_lead": (AMBIGUOUS, "the behaviour must last longer than the warning leads"),
    "no_base": (NOT_CHECKABLE, "a multiple of something that is not printed"),
    "no_level": (NOT_CHECKABLE, "a change without a level it starts from"),
    "undefined_quantity": (NOT_CHECKABLE, "what was measured is not said"),
    "single_figure": (NOT_CHECKABLE, "a figure that nothing else in the documents can be held against"),
    "implied_only": (NOT_CHECKABLE, "something follows from it, but nothing it could be held against"),
}
"""Reason → verdict and what it means."""


@dataclass(frozen=True)
class Finding:
    """One check of one claim. `printed` and `recomputed` are in `unit`; `item` names an element or a reading."""

    claim: str
    check: str
    reason: str
    printed: float | None = None
    recomputed: float | None = None
    unit: str = ""
    item: str = ""
    against: str = ""

    @property
    def verdict(self) -> str:
        return REASONS[self.reason][0]
