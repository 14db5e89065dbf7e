"""What the README shows a newcomer must run as it stands."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_the_cure_model_of_the_readme_runs_and_finds_what_it_drew(capsys) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(block, str(README), "exec"), names)
    model, truth = names["model"], names["truth"]
    low, high = model.confidence_intervals_.loc[("incidence", "x1")]
    assert low < truth.incidence[1] < high
    assert "never-cure fraction" in capsys.readouterr().out
