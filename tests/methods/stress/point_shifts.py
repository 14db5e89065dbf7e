"""An economy without what is not known of it: one draw, at the point estimates."""

from __future__ import annotations

from dataclasses import replace

from analysis.methods.stress.projection.projection import Shifts


def point_only(shifts: Shifts) -> Shifts:
    return replace(shifts, drawn={step: values[None] for step, values in shifts.point.items()}, tau={})
