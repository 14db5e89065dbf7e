"""A macro scenario as a person writes it: a YAML file with one path a variable, by quarter or by month."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from analysis.core.errors import ParameterError
from analysis.core.parameters.section import Section
from analysis.core.yaml_files import files_of, read_each, read_keys

INDUSTRY = "industry_index_"
EVERY_INDUSTRY = "industry_index"
"""Stands for each industry that has no path of its own."""
TEMPLATE = "template.yml"
LONGEST = 36
"""Months that a scenario may reach ahead; the models are not meant for more."""

LIMITS: dict[str, tuple[float, float]] = {
    "unemployment_rate": (0.0, 0.40),
    "gdp_yoy": (-0.40, 0.40),
    "cpi_yoy": (-0.15, 1.00),
    "policy_rate": (-0.02, 0.60),
    "house_price_yoy": (-0.60, 0.60),
}
"""Lowest and highest level of a path, fractions of 1. Narrower than the macro table's own limits, so that percents
are caught."""

STEPS: dict[str, float] = {
    "unemployment_rate": 0.030,
    "gdp_yoy": 0.060,
    "cpi_yoy": 0.020,
    "policy_rate": 0.015,
    "house_price_yoy": 0.040,
    EVERY_INDUSTRY: 0.15,
}
"""Largest change a month from the last actual to the first point; beyond it is a jump at the join. Of an index,
the change of its logarithm."""

INDEX_LIMITS = (1.0, 1000.0)
LARGEST_CHANGE = 0.5
GROWTH_LIMITS = (-0.9, 2.0)


def is_index(variable: str) -> bool:
    """Whether a variable is an industry's activity index, and so moves in proportion."""
    return variable.startswith(EVERY_INDUSTRY)


class VariablePath(Section):
    """What one variable does, a value a step."""

    given: Literal["level", "change", "growth"]
    """level: the value itself; change: difference from the last actual (rates); growth: ratio to the last actual,
    less 1 (indices)."""
    values: tuple[float, ...] = Field(min_length=1)
    """At the end of the first quarter or month after the last actual, the second, …"""


class Scenario(Section):
    """Keys of a scenario file."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    title: str = Field(min_length=1)
    description: str = ""
    weight: float = Field(0.0, ge=0, le=1)
    """Probability given to it where losses are weighted over scenarios; an opinion."""
    step: Literal["quarter", "month"] = "quarter"
    allow_jump: tuple[str, ...] = ()
    """Variables whose first step may be larger than usual."""
    paths: dict[str, VariablePath] = Field(min_length=1)

    @property
    def months(self) -> int:
        """Months from the last actual to the end of the paths."""
        return len(next(iter(self.paths.values())).values) * self.step_months

    @property
    def step_months(self) -> int:
        return 3 if self.step == "quarter" else 1

    @field_validator("paths")
    @classmethod
    def _known(cls, paths: dict[str, VariablePath]) -> dict[str, VariablePath]:
        for name, path in paths.items():
            if name not in LIMITS and name != EVERY_INDUSTRY and not name.startswith(INDUSTRY):
                near = difflib.get_close_matches(name, [*LIMITS, EVERY_INDUSTRY], n=1, cutoff=0.0)[0]
                raise ValueError(f"'{name}' is no variable of the macro table; the nearest is '{near}'")
            problem = _wrong_values(name, path)
            if problem:
                raise ValueError(problem)
        return paths

    @field_validator("allow_jump")
    @classmethod
    def _jumps(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        wrong = [name for name in names if name not in LIMITS and not is_index(name)]
        if wrong:
            raise ValueError(f"'{wrong[0]}' is no variable of the macro table ({', '.join(LIMITS)}, {INDUSTRY}…)")
        return names

    @model_validator(mode="after")
    def _same_length(self) -> Scenario:
        lengths = {name: len(path.values) for name, path in self.paths.items()}
        if len(set(lengths.values())) > 1:
            shown = ", ".join(f"{name} {count}" for name, count in lengths.items())
            raise ValueError(f"paths have different lengths ({shown}); give each the same number of values")
        if self.months > LONGEST:
            raise ValueError(
                f"paths reach {self.months} months ahead; the models serve {LONGEST} at most: "
                f"{LONGEST // self.step_months} values a path"
            )
        return self


def _wrong_values(name: str, path: VariablePath) -> str:
    """What is wrong with a path that shows without the data, or an empty text."""
    if path.given == "growth" and not is_index(name):
        return f"'{name}' is a rate: give level or change, not growth"
    if path.given == "change" and is_index(name):
        return f"'{name}' is an index: give growth (such as -0.1) or level, not change"
    low, high = _allowed(name, path.given)
    for place, value in enumerate(path.values, 1):
        if not low <= value <= high:
            hint = "" if is_index(name) and path.given == "level" else ". Rates are fractions: 0.05 is 5%"
            return f"'{name}', value {place} is {value:g}; allowed is {low:g} to {high:g} as {path.given}{hint}"
    return ""


def _allowed(name: str, given: str) -> tuple[float, float]:
    if given == "growth":
        return GROWTH_LIMITS
    if given == "change":
        return -LARGEST_CHANGE, LARGEST_CHANGE
    return INDEX_LIMITS if is_index(name) else LIMITS[name]


def load_scenario(path: Path | str) -> Scenario:
    """Scenario of a file. Raises ParameterError naming the file and every wrong key or value, in one list."""
    path = Path(path)
    content = read_keys(path, "scenario")
    try:
        return Scenario.model_validate(content)
    except ValidationError as error:
        lines = "\n".join(f"{i:3d}. {line}" for i, line in enumerate(_explain(error), 1))
        raise ParameterError(f"{path}: scenario that cannot be used.\n{lines}") from None


def load_scenarios(folder: Path | str) -> dict[str, Scenario]:
    """All scenarios of a folder (`*.yml`, without the template), by name, in the order of the files' names.

    Raises ParameterError with all that is wrong: no such folder, none in it, files that cannot be used, a name
    used twice.
    """
    files = [file for file in files_of(Path(folder), "scenario") if file.name != TEMPLATE]
    if not files:
        raise ParameterError(f"{folder} holds no scenario file (*.yml) beside {TEMPLATE}")
    found: dict[str, Scenario] = {}
    twice: list[str] = []
    for file, scenario in zip(files, read_each(files, load_scenario), strict=True):
        if scenario.name in found:
            twice.append(f"{file}: a scenario '{scenario.name}' is there already; names are used once")
        found[scenario.name] = scenario
    if twice:
        raise ParameterError("\n".join(twice))
    return found


def require_baseline(scenarios: Mapping[str, Scenario], baseline: str) -> None:
    """Raise ParameterError unless the scenario that others are held against is among them."""
    if baseline not in scenarios:
        raise ParameterError(f"baseline is '{baseline}'; the scenarios are {', '.join(scenarios)}")


def check_weights(weights: Mapping[str, float], scenarios: list[str] | None = None) -> Mapping[str, float]:
    """The weights; raises ParameterError unless each is 0 or more, they sum to 1, and fit the scenarios' names."""
    total = sum(weights.values())
    if min(weights.values(), default=-1.0) < 0 or abs(total - 1.0) > 1e-6:
        shown = ", ".join(f"{name} {weight:g}" for name, weight in weights.items()) or "none"
        raise ParameterError(f"scenario weights ({shown}) sum to {total:g}; give each 0 or more, to sum to 1")
    wrong = sorted(set(weights) ^ set(scenarios)) if scenarios is not None else []
    if wrong:
        raise ParameterError(
            f"weights and scenarios differ in {', '.join(wrong)}; weight each scenario that is run"
        )
    return weights


def _explain(error: ValidationError) -> Iterator[str]:
    for problem in error.errors():
        place = [str(part) for part in problem["loc"]]
        name = ".".join(place)
        if problem["type"] == "extra_forbidden":
            known = list((VariablePath if place[0] == "paths" else Scenario).model_fields)
            near = difflib.get_close_matches(place[-1], known, n=1, cutoff=0.0)[0]
            yield f"'{name}' is unknown; the nearest known key is '{near}'"
        elif problem["type"] == "missing":
            yield f"'{name}' is required"
        elif problem["type"] == "value_error":
            yield str(problem["msg"]).removeprefix("Value error, ")
        else:
            yield f"'{name}' is {_short(problem['input'])}: {problem['msg']}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
