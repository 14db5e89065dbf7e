"""An improvement programme as a person writes it: phases, targets, initiatives, risks and the measures that
count."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from analysis.core.errors import ParameterError
from analysis.core.parameters.section import Section
from analysis.core.yaml_files import read_each, read_keys

NAME = r"^[a-z][a-z0-9_]*$"
Better = Literal["lower", "higher"]


class Phase(Section):
    """A stretch of the programme, in months from its start."""

    name: str = Field(pattern=NAME)
    title: str = Field(min_length=1)
    from_month: int = Field(ge=0)
    to_month: int | None = Field(None, gt=0)
    """None: goes on."""


class Target(Section):
    """What a measure shall reach, by a number of months from the start."""

    kpi: str = Field(pattern=NAME)
    title: str = Field(min_length=1)
    given: Literal["level", "change"]
    """level: the value itself; change: relative to the baseline, -0.2 for 20% less."""
    better: Better
    value: float
    """The nearer end where a range was printed."""
    ambitious: float | None = None
    """The farther end."""
    by_month: int = Field(gt=0)
    source: str = ""
    """File and line that print it."""

    @model_validator(mode="after")
    def _same_way(self) -> Self:
        far, sign = self.ambitious, 1 if self.better == "higher" else -1
        if far is not None and sign * (far - self.value) <= 0:
            raise ValueError(
                f"ambitious is {far:g}, no farther than value {self.value:g} where {self.better} is better"
            )
        if self.given == "change" and sign * self.value <= 0:
            raise ValueError(f"value {self.value:g} is a change for the worse where {self.better} is better")
        return self


class Initiative(Section):
    """Something done, whose effect some evaluation has measured (or none has)."""

    name: str = Field(pattern=NAME)
    title: str = Field(min_length=1)
    phase: str
    evidence: str | None = None
    """Name of the experiment or evaluation; None: nothing measured, so it is counted as nothing."""
    kpi: str
    from_month: int = Field(ge=0)
    full_by_month: int = Field(gt=0)
    share: float = Field(1.0, gt=0, le=1)
    """Of the book, once rolled out."""
    pass_through: tuple[float, float] = (0.0, 0.0)
    """Relative change of the measure for one whole unit of the measured effect, lowest and highest: an opinion."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.full_by_month <= self.from_month:
            raise ValueError(f"full_by_month {self.full_by_month} is not after from_month {self.from_month}")
        if self.pass_through[0] > self.pass_through[1]:
            raise ValueError(f"pass_through {self.pass_through} is not lowest, highest")
        if self.evidence and self.pass_through == (0.0, 0.0):
            raise ValueError("pass_through is needed where there is evidence")
        return self


class Risk(Section):
    """Something that may happen before the programme ends."""

    name: str = Field(pattern=NAME)
    title: str = Field(min_length=1)
    probability: float = Field(ge=0, le=1)
    impact: dict[str, float] = Field(default_factory=dict)
    """Relative change of measures if it happens, 0.1 for 10% more."""
    delay_months: int = Field(0, ge=0)
    """By how much it puts off what is not rolled out yet."""
    response: str = ""


class Kpi(Section):
    """A measure of the balanced set: worth 0 at `worst`, 1 at `best`, in between in proportion."""

    name: str = Field(pattern=NAME)
    title: str = Field(min_length=1)
    group: Literal["compliance", "complaints", "conversion", "long_run_loss", "experience", "efficiency"]
    weight: float = Field(gt=0, le=1)
    worst: float
    best: float
    floor: float | None = None
    """A value worse than this makes the whole score count as 0: no amount of cash buys a breach."""

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.worst == self.best:
            raise ValueError(f"worst and best are both {self.best:g}")
        return self


class Programme(Section):
    """Keys of a programme file."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    title: str = Field(min_length=1)
    source: str = ""
    start: dt.date
    """Month end before the programme; its baseline is the mean of the months up to it."""
    baseline_months: int = Field(3, ge=1, le=12)
    recent_months: int = Field(3, ge=1, le=12)
    """Months whose mean is where the programme stands."""
    on_track: float = Field(0.7, gt=0.5, le=1)
    """Probability from which a target is called on track."""
    off_track: float = Field(0.3, ge=0, lt=0.5)
    least_months: int = Field(12, ge=6)
    """History a measure needs before anything is foretold of it."""
    phases: tuple[Phase, ...] = Field(min_length=1)
    targets: tuple[Target, ...] = Field(min_length=1)
    initiatives: tuple[Initiative, ...] = ()
    risks: tuple[Risk, ...] = ()
    kpis: tuple[Kpi, ...] = ()

    @model_validator(mode="after")
    def _known_names(self) -> Self:
        phases, kpis = [phase.name for phase in self.phases], {target.kpi for target in self.targets}
        for each in self.initiatives:
            if each.phase not in phases:
                raise ValueError(f"initiative '{each.name}': phase '{each.phase}' is none of {', '.join(phases)}")
            if each.kpi not in kpis:
                known = ", ".join(sorted(kpis))
                raise ValueError(f"initiative '{each.name}': kpi '{each.kpi}' has no target ({known})")
        for risk in self.risks:
            for name in risk.impact:
                if name not in kpis:
                    raise ValueError(f"risk '{risk.name}': kpi '{name}' has no target ({', '.join(sorted(kpis))})")
        if self.kpis and abs(sum(kpi.weight for kpi in self.kpis) - 1) > 1e-9:
            raise ValueError(f"weights of kpis sum to {sum(kpi.weight for kpi in self.kpis):.3f}, not 1")
        return self


def load_programme(path: Path | str) -> Programme:
    """Programme of a file. Raises ParameterError naming the file and every wrong key or value, in one list."""
    path = Path(path)
    content = read_keys(path, "programme")
    try:
        return Programme.model_validate(content)
    except ValidationError as error:
        lines = "\n".join(f"{i:3d}. {line}" for i, line in enumerate(_explain(error), 1))
        raise ParameterError(f"{path}: programme that cannot be used.\n{lines}") from None


def load_programmes(paths: Iterable[Path]) -> list[Programme]:
    """Programmes of several files. Raises ParameterError with all that is wrong, also a name used twice."""
    files = list(paths)
    found = read_each(files, load_programme)
    names = [plan.name for plan in found]
    twice = [
        f"{file}: a programme '{name}' is there already; names are used once"
        for place, (file, name) in enumerate(zip(files, names, strict=True))
        if name in names[:place]
    ]
    if twice:
        raise ParameterError("\n".join(twice))
    return found


PARTS = {"phases": Phase, "targets": Target, "initiatives": Initiative, "risks": Risk, "kpis": Kpi}


def _explain(error: ValidationError) -> Iterator[str]:
    for problem in error.errors():
        place = [str(part) for part in problem["loc"]]
        name = ".".join(place)
        if problem["type"] == "extra_forbidden":
            known: Any = PARTS.get(place[0], Programme) if len(place) > 1 else Programme
            near = difflib.get_close_matches(place[-1], list(known.model_fields), n=1, cutoff=0.0)[0]
            yield f"'{name}' is unknown; the nearest known key is '{near}'"
        elif problem["type"] == "missing":
            yield f"'{name}' is required"
        elif problem["type"] == "value_error":
            yield f"{name + ': ' if name else ''}{problem['msg'].removeprefix('Value error, ')}"
        else:
            yield f"'{name}' is {problem['input']!r}: {problem['msg']}"
