"""The parameters of a run: typed, complete, and strict about what they don't know."""

from analysis.core.parameters.cure import CureParameters
from analysis.core.parameters.delinquency import DelinquencyParameters
from analysis.core.parameters.load import load_parameters, parse_override
from analysis.core.parameters.run import CHAPTER_SECTIONS, RunParameters

__all__ = [
    "CHAPTER_SECTIONS",
    "CureParameters",
    "DelinquencyParameters",
    "RunParameters",
    "load_parameters",
    "parse_override",
]
