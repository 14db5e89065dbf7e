"""Rendering: executed notebooks to a site, a PDF and an annex, with Quarto or the embedded renderer."""

from __future__ import annotations

from analysis.report.render.published import write_index
from analysis.report.render.report import RenderResult, render_report

__all__ = ["RenderResult", "render_report", "write_index"]
