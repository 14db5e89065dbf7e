"""What an experiment was registered to find out, before its outcomes were seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.core.errors import ParameterError

KINDS = ("binary", "money", "time")
DIRECTIONS = ("higher", "lower")


@dataclass(frozen=True)
class Outcome:
    """One outcome: `column` of the decisions holds 0 or 1 (binary), an amount (money), or months (time).

    For `time`, `column` is the month of the exit or the last month followed, and `exit_col` names the exit:
    `event` (by default `cured`), `open` where it has not come yet, anything else competes with it. `better` says
    which way is better; `primary` outcomes are the ones the experiment is judged by.
    """

    name: str
    kind: str
    column: str
    better: str = "higher"
    primary: bool = True
    exit_col: str = "exit"
    event: str = "cured"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ParameterError(f"outcome '{self.name}': kind is '{self.kind}'; allowed are {', '.join(KINDS)}")
        if self.better not in DIRECTIONS:
            raise ParameterError(f"outcome '{self.name}': better is '{self.better}'; allowed are higher, lower")

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column, self.exit_col) if self.kind == "time" else (self.column,)


@dataclass(frozen=True)
class Registered:
    """Arms, outcomes and horizon of an experiment as they were settled beforehand.

    `control` is the arm the others are held against; `shares` the planned share of units by arm (equal ones by
    default); `unit` the column of what was drawn (an account, a customer), `cluster` that of what hangs together
    (a customer, an agent) and is at least as large as the unit; `horizon` the months that outcomes take in.
    """

    experiment: str
    arms: tuple[str, ...]
    control: str
    outcomes: tuple[Outcome, ...]
    horizon: int
    shares: Mapping[str, float] = field(default_factory=dict)
    unit: str = "account_id"
    cluster: str = "customer"
    arm_col: str = "arm"
    level: float = 0.95
    ratio_alpha: float = 0.001
    """p value below which the arms' sizes are taken for broken: small, as every experiment is asked."""

    def __post_init__(self) -> None:
        for fault in (self._of_arms(), self._of_shares(), self._of_rest()):
            if fault:
                raise ParameterError(f"experiment '{self.experiment}': {fault}")

    @property
    def treated(self) -> tuple[str, ...]:
        """The arms that are held against the control."""
        return tuple(arm for arm in self.arms if arm != self.control)

    @property
    def planned(self) -> dict[str, float]:
        """Planned share of units by arm."""
        return {arm: self.shares.get(arm, 1.0 / len(self.arms)) for arm in self.arms}

    def outcome(self, name: str) -> Outcome:
        """The registered outcome of this name; raises ParameterError for any other."""
        found = [outcome for outcome in self.outcomes if outcome.name == name]
        if not found:
            known = ", ".join(outcome.name for outcome in self.outcomes)
            raise ParameterError(
                f"experiment '{self.experiment}': outcome '{name}' is not registered; registered are {known}. An "
                "outcome chosen after the fact proves nothing"
            )
        return found[0]

    def _of_arms(self) -> str:
        if len(set(self.arms)) != len(self.arms) or len(self.arms) < 2:
            return f"arms are {', '.join(self.arms) or 'none'}; give two or more, each once"
        if self.control not in self.arms:
            return f"control is '{self.control}', which is no arm; arms are {', '.join(self.arms)}"
        return ""

    def _of_shares(self) -> str:
        if not self.shares:
            return ""
        if set(self.shares) != set(self.arms):
            return f"shares are given for {', '.join(self.shares)}; give one to each of {', '.join(self.arms)}"
        if min(self.shares.values()) <= 0 or abs(sum(self.shares.values()) - 1) > 1e-9:
            return f"shares are {dict(self.shares)}; give shares above zero that sum to 1"
        return ""

    def _of_rest(self) -> str:
        names = [outcome.name for outcome in self.outcomes]
        if not names or len(set(names)) != len(names):
            return f"outcomes are {', '.join(names) or 'none'}; give one or more, each name once"
        if isinstance(self.horizon, bool) or self.horizon < 1:
            return f"horizon is {self.horizon}; give whole months from 1 on"
        if not 0 < self.level < 1 or not 0 < self.ratio_alpha < 1:
            return f"level is {self.level}, ratio_alpha {self.ratio_alpha}; both are fractions between 0 and 1"
        return ""
