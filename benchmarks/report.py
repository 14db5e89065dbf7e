"""The quarter on the demo portfolio, from cold and again, beside what eager imports alone would cost.

    python benchmarks/report.py            # about seven minutes; needs data/portfolio/demo (make report makes it)

Every figure is of a process of its own; those of chapters are of the report from cold, in which two run side by
side. The table goes to benchmarks/results/report.json and report.md. The run fails where a chapter takes longer
than GOALS has it.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results"
EAGER = "import pandas, ibis, pyarrow, matplotlib.pyplot, seaborn, sklearn.linear_model, lifelines, scipy.stats"
CHAPTER = (
    "import pandas; from analysis.data import panel; from analysis.methods import delinquency; "
    "from analysis.pipeline.chapter import open_chapter; from analysis.report import figures, show, tables"
)
REPEATS = 3
GOALS = {"of it, the stress chapter": 20.0}
"""Seconds of wall time to stay below."""


def timed(*command: str) -> tuple[float, float]:
    """Wall and processor seconds of a command. A server of their own runs a report's chapters: the latter lacks
    them."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *command], cwd=ROOT, check=True, capture_output=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def contenders(to: str) -> dict[str, tuple[str, ...]]:
    report = ("-m", "analysis", "report", "--renderer", "embedded", "--to", to)
    return {
        "imports, everything at once": ("-c", EAGER),
        "imports of the delinquency chapter": ("-c", CHAPTER),
        "report from cold": (*report, "--fresh"),
        "rerun, nothing changed": report,
    }


def chapters(published: Path) -> dict[str, float]:
    """Wall seconds of each chapter of the only report below a folder."""
    (record,) = published.glob("*/*/run.json")
    told = json.loads(record.read_text(encoding="utf-8"))["chapters"]
    return {f"of it, the {name} chapter": one["seconds"] for name, one in told.items()}


def measure() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, command in contenders(folder).items():
            runs, parts = [], []
            for _ in range(REPEATS):
                runs.append(timed(*command))
                parts.append(chapters(Path(folder)) if "--fresh" in command else {})
            wall, processor = (statistics.median(values) for values in zip(*runs, strict=True))
            alone = None if command[0] == "-m" else round(processor, 2)
            rows.append({"what": name, "wall": round(wall, 2), "processor": alone})
            for part in parts[0]:
                seconds = statistics.median(one[part] for one in parts)
                rows.append({"what": part, "wall": round(seconds, 2), "processor": None})
    base = float(str(rows[0]["wall"]))
    return [row | {"ratio": round(float(str(row["wall"])) / base, 2)} for row in rows]


def main() -> None:
    rows = measure()
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "report.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    lines = [
        "# The quarter on the demo portfolio",
        "",
        f"{os.cpu_count()} cores; medians of {REPEATS} runs. The ratio is to importing everything at once.",
        "",
        "| what | wall s | processor s | ratio |",
        "|---|---:|---:|---:|",
        *(f"| {r['what']} | {r['wall']} | {r['processor'] or ''} | {r['ratio']} |" for r in rows),
    ]
    text = "\n".join(lines) + "\n"
    (RESULTS / "report.md").write_text(text, encoding="utf-8")
    print(text)
    took = {str(row["what"]): float(str(row["wall"])) for row in rows}
    missed = [
        f"{part} takes {took[part]} s; {most:g} are asked" for part, most in GOALS.items() if took[part] >= most
    ]
    if missed:
        sys.exit("; ".join(missed))


if __name__ == "__main__":
    main()
