"""Files that parameters name: refused before a chapter is run, and part of what a chapter is made from."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from analysis.core.errors import ParameterError
from analysis.core.parameters import CHAPTER_SECTIONS, RunParameters
from analysis.core.periods import months_between, parse_month
from analysis.pipeline.named_files import faults, named_paths
from analysis.pipeline.progress import Lines
from analysis.pipeline.report import report
from analysis.pipeline.run import Request, execute, open_run, resolve

if TYPE_CHECKING:
    from conftest import Project

pytestmark = pytest.mark.usefixtures("renderer")

CLAIM = {
    "id": "own-cure",
    "says": "Cures rose by 25%",
    "place": {"line": 1},
    "quantity": "cure_rate",
    "unit": "percent",
    "design": "before_after",
    "printed": ["20%", "25%"],
    "before": 20,
    "after": 25,
}
DECK = {"document": {"id": "own", "title": "Own", "citation": "Own, 2025"}, "claims": [CLAIM]}
PLAN = {
    "name": "plan",
    "title": "Plan",
    "start": "2025-06-30",
    "phases": [{"name": "first", "title": "First", "from_month": 0}],
    "targets": [
        {"kpi": "cost", "title": "Cost", "given": "change", "better": "lower", "value": -0.2, "by_month": 12}
    ],
}
SETTINGS = {
    "stress": {"scenarios": "params/scenarios", "history_folder": None},
    "cases": {"claims": "params/claims", "programme": ["params/programme/plan.yml"]},
}


def scenario(name: str, weight: float, values: list[float]) -> dict[str, Any]:
    path = {"given": "level", "values": values}
    return {"name": name, "title": name.title(), "weight": weight, "paths": {"unemployment_rate": path}}


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")


def write_macro(folder: Path) -> None:
    months = months_between(parse_month("2025-01"), parse_month("2025-12"))
    table = {"month": pa.array(months, pa.date32()), "unemployment_rate": [0.05] * len(months)}
    pq.write_table(pa.table(table), folder / "macro.parquet")


@pytest.fixture
def named(project: Project, in_process: list[str]) -> Project:
    """A project whose chapters stress and cases have files named for them."""
    for chapter, number in (("stress", 40), ("cases", 50)):
        project.write_chapter(number, chapter, project.read_body("first"))
    for kind, weight, level in (("baseline", 0.75, 0.05), ("severe", 0.25, 0.07)):
        write(project.root / "params" / "scenarios" / f"{kind}.yml", scenario(kind, weight, [level] * 4))
    write(project.root / "params" / "claims" / "own.yml", DECK)
    write(project.root / "params" / "programme" / "plan.yml", PLAN)
    write_macro(project.portfolio)
    set_parameters(project)
    return project


def set_parameters(project: Project, **stress_or_cases: Any) -> None:
    run = {"period": "2025Q4", "portfolio": "data/portfolio/tiny"}
    write(project.params, run | {key: SETTINGS[key] | stress_or_cases.get(key, {}) for key in SETTINGS})


def run(project: Project, *chapters: str) -> None:
    request = Request(project.params, {}, chapters)
    execute(open_run(request, *resolve(project.root, request)), Lines())


def params_of(project: Project, name: str) -> Path:
    return project.root / "params" / name


def remove_scenarios(project: Project) -> None:
    for path in params_of(project, "scenarios").iterdir():
        path.unlink()


FAULTS: dict[str, tuple[Callable[[Project], object], str]] = {
    "no scenario folder": (
        lambda p: set_parameters(p, stress={"scenarios": "params/gone"}),
        r"1\. stress\.scenarios: scenario folder .*gone does not exist; mend its name, or put it there",
    ),
    "an empty scenario folder": (
        remove_scenarios,
        r"1\. stress\.scenarios: .*scenarios holds no scenario file \(\*\.yml\)",
    ),
    "a scenario that is no YAML": (
        lambda p: write(params_of(p, "scenarios/severe.yml"), "name: ["),
        r"(?s)1\. stress\.scenarios: .*severe\.yml is not valid YAML: .*line 1, column 8",
    ),
    "a scenario in percent": (
        lambda p: write(params_of(p, "scenarios/severe.yml"), scenario("severe", 0.25, [7.0] * 4)),
        r"severe\.yml: scenario that cannot be used\.\n {7}1\. .*value 1 is 7; allowed is 0 to 0\.4",
    ),
    "weights that do not sum to 1": (
        lambda p: write(params_of(p, "scenarios/severe.yml"), scenario("severe", 0.5, [0.07] * 4)),
        r"1\. stress\.scenarios: .*scenarios: scenario weights \(baseline 0\.75, severe 0\.5\) sum to 1\.25; give",
    ),
    "an unknown baseline": (
        lambda p: set_parameters(p, stress={"baseline": "basis"}),
        r"1\. stress\.baseline: baseline is 'basis'; the scenarios are baseline, severe",
    ),
    "a jump at the join": (
        lambda p: write(params_of(p, "scenarios/severe.yml"), scenario("severe", 0.25, [0.35] * 4)),
        r"1\. stress\.scenarios: scenario 'severe' cannot be run from 2025-12\.\n.*unemployment_rate jumps at the",
    ),
    "no macro file": (
        lambda p: set_parameters(p, stress={"macro": "gone.csv"}),
        r"1\. stress\.macro: macro file .*gone\.csv does not exist; mend its name",
    ),
    "no history folder": (
        lambda p: set_parameters(p, stress={"history_folder": "gone"}),
        r"1\. stress\.history_folder: folder .*gone does not exist; .*give null to leave the test on history out",
    ),
    "a history folder without series": (
        lambda p: set_parameters(p, stress={"history_folder": "notebooks"}),
        r"1\. stress\.history_folder: .*notebooks has no DRCCLACBS\.csv and no UNRATE\.csv; put it there",
    ),
    "no claim folder": (
        lambda p: set_parameters(p, cases={"claims": "gone"}),
        r"1\. cases\.claims: claim file .*gone does not exist; mend its name",
    ),
    "a folder without claim files": (
        lambda p: set_parameters(p, cases={"claims": "notebooks"}),
        r"1\. cases\.claims: .*notebooks holds no claim file \(\*\.yml\)",
    ),
    "claim files without a claim": (
        lambda p: write(params_of(p, "claims/own.yml"), ""),
        r"1\. cases\.claims: .*claims: claims that cannot be used\.\n {7}1\. there is no claim; list them",
    ),
    "a claim with an unknown field": (
        lambda p: write(params_of(p, "claims/own.yml"), DECK | {"claims": [CLAIM | {"befor": 3}]}),
        r"own\.yml: claims that cannot be used\.\n {7}1\. claim 'own-cure' .*field 'befor' is unknown; .*'before'",
    ),
    "no programme file": (
        lambda p: set_parameters(p, cases={"programme": ["gone.yml"]}),
        r"1\. cases\.programme: programme file .*gone\.yml does not exist; mend its name",
    ),
    "a programme twice": (
        lambda p: set_parameters(p, cases={"programme": ["params/programme/plan.yml"] * 2}),
        r"1\. cases\.programme: .*plan\.yml: a programme 'plan' is there already; names are used once",
    ),
    "a programme with a day that is none": (
        lambda p: write(params_of(p, "programme/plan.yml"), "start: 2025-13-01"),
        r"1\. cases\.programme: .*plan\.yml is not valid YAML: month must be in 1\.\.12",
    ),
}


@pytest.mark.parametrize(("damage", "message"), FAULTS.values(), ids=FAULTS)
def test_a_file_that_cannot_be_used_is_refused_before_any_chapter(
    named: Project, in_process: list[str], damage: Callable[[Project], object], message: str
) -> None:
    damage(named)
    with pytest.raises(ParameterError, match=message) as error:
        run(named)
    assert str(error.value).startswith(f"{named.params}: it names files that cannot be used. Nothing was run.\n")
    assert (in_process, error.value.exit_code) == ([], 2)


def test_files_without_fault_let_every_chapter_run(named: Project, in_process: list[str]) -> None:
    run(named)
    assert in_process == ["first", "second", "stress", "cases"]


def test_all_faults_are_told_at_once_with_key_file_and_mend(named: Project) -> None:
    write(params_of(named, "scenarios/baseline.yml"), scenario("baseline", 0.75, [5.0] * 4))
    write(params_of(named, "scenarios/severe.yml"), "- a list")
    write(named.root / "macro.csv", "month,unemployment,gdp_yoy\n2025-01,0.05,3\n")
    write(params_of(named, "claims/own.yml"), "claims: [")
    programmes = ["gone.yml", "params/programme/plan.yml", "lost.yml"]
    set_parameters(named, stress={"macro": "macro.csv", "history_folder": "gone"}, cases={"programme": programmes})
    with pytest.raises(ParameterError) as error:
        run(named)
    text = str(error.value)
    for number, key in enumerate(("scenarios", "macro", "history_folder"), 1):
        assert f"\n{number:3d}. stress.{key}: " in text
    assert "\n  4. cases.claims: " in text and "\n  5. cases.programme: " in text and "\n  6. " not in text
    for told in (
        "value 1 is 5",
        "severe.yml must hold keys",
        "'unemployment' is not of",
        "gdp_yoy in 2025-01 is 3",
    ):
        assert told in text
    assert "gone.yml does not exist" in text and "lost.yml does not exist" in text


def left_by(project: Project) -> dict[str, bytes]:
    """Published and work files; the lock and remembered hashes, which are hidden, tell of the last attempt."""
    files = project.files(project.root / "reports")
    return {name: content for name, content in files.items() if not Path(name).name.startswith(".")}


def test_a_refused_report_publishes_and_overwrites_nothing(named: Project, in_process: list[str]) -> None:
    report(named.root, Request(named.params), named.published, Lines())
    before = left_by(named)
    in_process.clear()
    write(params_of(named, "programme/plan.yml"), "name: [")
    write(params_of(named, "scenarios/severe.yml"), scenario("severe", 0.25, [0.35] * 4))
    with pytest.raises(ParameterError, match=r"plan\.yml is not valid YAML"):
        report(named.root, Request(named.params, fresh=True), named.published, Lines())
    assert in_process == []
    assert left_by(named) == before


def test_only_chapters_that_are_asked_for_are_checked(named: Project, in_process: list[str]) -> None:
    set_parameters(named, stress={"scenarios": "gone"})
    run(named, "first", "cases")
    assert in_process == ["first", "cases"]
    with pytest.raises(ParameterError, match=r"stress\.scenarios"):
        run(named, "stress")


def test_scenarios_are_not_missed_where_there_is_no_macro_history(named: Project, in_process: list[str]) -> None:
    (named.portfolio / "macro.parquet").unlink()
    set_parameters(named, stress={"scenarios": "gone"})
    run(named, "stress")
    assert in_process == ["stress"]


def test_a_macro_file_that_begins_after_the_quarter_is_refused(named: Project, in_process: list[str]) -> None:
    write(named.root / "macro.csv", "month,unemployment_rate\n2026-01,0.05\n")
    set_parameters(named, stress={"macro": "macro.csv"})
    with pytest.raises(ParameterError, match=r"stress\.macro: macro\.csv has no month up to 2025-12"):
        run(named)
    assert in_process == []


def test_programmes_may_be_none(named: Project, in_process: list[str]) -> None:
    set_parameters(named, cases={"programme": []})
    run(named, "cases")
    assert in_process == ["cases"]


@pytest.mark.parametrize(
    ("file", "chapter"),
    [("scenarios/severe.yml", "stress"), ("claims/own.yml", "cases"), ("programme/plan.yml", "cases")],
)
def test_a_chapter_is_run_again_when_a_file_named_for_it_changed(
    named: Project, in_process: list[str], file: str, chapter: str
) -> None:
    run(named)
    in_process.clear()
    path = params_of(named, file)
    path.write_text(path.read_text("utf-8") + "# a word more\n", encoding="utf-8")
    run(named)
    assert in_process == [chapter]


def test_a_file_that_went_missing_after_a_run_is_refused(named: Project) -> None:
    run(named)
    params_of(named, "programme/plan.yml").unlink()
    with pytest.raises(ParameterError, match=r"cases\.programme: .*plan\.yml does not exist"):
        run(named)


def every_path(folder: Path) -> RunParameters:
    """Parameters whose every path leads to nothing, those that are empty by default included."""
    gone = {"scenarios": "a", "macro": "b", "history_folder": "c"}, {"claims": "d", "programme": ["e"]}
    content = {"period": "2025Q4", "portfolio": str(folder), "stress": gone[0], "cases": gone[1]}
    return RunParameters.model_validate(content)


def test_no_chapter_names_a_path_that_goes_unchecked(tmp_path: Path) -> None:
    """A path added to the parameters appears in the schema, and must be refused where it leads to nothing."""
    schema = str(RunParameters.model_json_schema())
    params = every_path(tmp_path)
    keys = {key for chapter in CHAPTER_SECTIONS for key, _ in named_paths(params, chapter)}
    assert schema.count("'format': 'path'") == len(keys) + len(["portfolio"])
    told = list(faults(tmp_path, params, CHAPTER_SECTIONS, has_macro=True))
    assert {text.partition(": ")[0] for text in told} == keys


def test_checking_named_files_loads_no_library_of_methods() -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from analysis.core.parameters import CHAPTER_SECTIONS, load_parameters\n"
        "from analysis.pipeline.named_files import faults\n"
        "root = Path.cwd()\n"
        "params = load_parameters(root / 'params' / 'quarterly.yml')\n"
        "assert list(faults(root, params, CHAPTER_SECTIONS, True)) == []\n"
        "print([name for name in ('pandas', 'numpy', 'scipy', 'analysis.methods') if name in sys.modules])\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
