"""Charts from tidy frames, one file a kind. Title: the finding; subtitle: measure, unit, period."""

from analysis.report.figures.bars import bars
from analysis.report.figures.bridge import bridge
from analysis.report.figures.control_limits import control_limits
from analysis.report.figures.cutoff import cutoff
from analysis.report.figures.dots import dots
from analysis.report.figures.fan import fan
from analysis.report.figures.forest import forest
from analysis.report.figures.funnel import funnel
from analysis.report.figures.heat import heat
from analysis.report.figures.panels import panels
from analysis.report.figures.roll_matrix import roll_matrix
from analysis.report.figures.series import series
from analysis.report.figures.small_multiples import small_multiples
from analysis.report.figures.vintages import vintages

__all__ = [
    "bars",
    "bridge",
    "control_limits",
    "cutoff",
    "dots",
    "fan",
    "forest",
    "funnel",
    "heat",
    "panels",
    "roll_matrix",
    "series",
    "small_multiples",
    "vintages",
]
