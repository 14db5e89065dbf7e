"""The latency families by name."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.core.errors import ParameterError
from analysis.methods.cure.mixture.accelerated import LOGLOGISTIC, LOGNORMAL
from analysis.methods.cure.mixture.latency import Latency
from analysis.methods.cure.mixture.pieces import Pieces
from analysis.methods.cure.mixture.proportional import Gompertz, Weibull

SMOOTH: dict[str, Latency] = {
    "weibull": Weibull(),
    "lognormal": LOGNORMAL,
    "loglogistic": LOGLOGISTIC,
    "gompertz": Gompertz(),
}
IN_PIECES = ("piecewise", "discrete")
LATENCIES = (*SMOOTH, *IN_PIECES, "cox")


def find_latency(name: str, breaks: Sequence[float] | None = None) -> Latency | None:
    """Family of that name, None for 'cox' (its baseline is fitted by EM).

    Raises ParameterError for an unknown name, and for `breaks` given to a family without pieces.
    """
    if name not in LATENCIES:
        raise ParameterError(f"latency '{name}' is not known; choose one of {', '.join(LATENCIES)}")
    if name in IN_PIECES:
        return Pieces(name, breaks)
    if breaks is not None:
        raise ParameterError(f"breaks belong to {' and '.join(IN_PIECES)}; latency '{name}' has no pieces")
    return SMOOTH.get(name)
