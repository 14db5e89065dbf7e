"""Restatement: the same quarter on other tables, code or parameters."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from analysis.core.errors import InputError
from analysis.core.periods import Period
from analysis.pipeline.attribution import factors
from analysis.pipeline.progress import Lines
from analysis.pipeline.report import report
from analysis.pipeline.restate import Restated, Restatement, restate
from analysis.pipeline.run import Request

if TYPE_CHECKING:
    from conftest import Project

pytestmark = pytest.mark.usefixtures("in_process", "renderer")

COUNT = """
import pandas as pd
from analysis.report.headlines import Headline
months = chapter.portfolio.table("months")
accounts = months.account_id.nunique().execute()
frame = pd.DataFrame({"product": ["card"], "accounts": [int(accounts) * FACTOR], "level": [chapter.run.level]})
chapter.results.save("rates", frame)
chapter.headlines.append(Headline("accounts", "Accounts", float(accounts), "count", chapter.period.end))
"""


@pytest.fixture
def published(project: Project) -> Project:
    """A published quarter whose one chapter counts the accounts."""
    (project.root / "notebooks" / "20_second.ipynb").unlink()
    project.write_chapter(10, "first", COUNT.replace("FACTOR", "1"))
    report(project.root, Request(project.params), project.published, Lines())
    return project


def again(project: Project, **asked: Any) -> Restated:
    asking = Restatement(Period.parse("2025Q4"), "tiny", project.portfolio, project.published, **asked)
    return restate(project.root, asking, Lines())


def page(project: Project) -> str:
    return (project.target / "revisions.html").read_text("utf-8")


def test_nothing_is_published_where_nothing_differs(published: Project) -> None:
    before = published.files(published.target)
    assert again(published) == Restated(0, None)
    assert published.files(published.target) == before


def test_changed_tables_are_told_to_be_the_cause(published: Project) -> None:
    before = published.record()["run_id"]
    published.write_portfolio(accounts=3)
    done = again(published)
    assert done.differences == 2
    assert published.record()["restates"] == before
    assert "<td>the tables</td><td>2</td><td>0</td><td>50.0%</td>" in page(published)
    assert "Nothing that was published is missing." in page(published)
    assert "cannot be told apart" not in page(published)
    assert "(24 rows)" in page(published)
    assert "(36 rows)" in page(published)
    assert "An earlier edition of this report was revised" in (published.target / "index.html").read_text("utf-8")


def test_the_earlier_results_are_kept_beside_the_restated_ones(published: Project) -> None:
    earlier = published.files(published.target / "results")
    run_id = published.record()["run_id"]
    published.write_portfolio(accounts=3)
    again(published)
    kept = published.target / "revisions" / run_id
    assert published.files(kept / "results") == earlier
    assert json.loads((kept / "run.json").read_text("utf-8"))["run_id"] == run_id
    assert "first/rates,changed,product=card,accounts,2,3,0.5,data" in (kept / "differences.csv").read_text(
        "utf-8"
    )


def test_revisions_outlive_the_next_ordinary_report(published: Project) -> None:
    published.write_portfolio(accounts=3)
    again(published)
    published.write_portfolio(accounts=4)
    report(published.root, Request(published.params), published.published, Lines())
    assert "the tables" in page(published)


def test_a_restatement_of_a_restatement_leads_to_the_one_before(published: Project) -> None:
    published.write_portfolio(accounts=3)
    again(published)
    second = published.record()["run_id"]
    published.write_portfolio(accounts=4)
    again(published)
    assert f'href="revisions/{second}/revisions.html"' in page(published)
    kept = (published.target / "revisions" / second / "revisions.html").read_text("utf-8")
    assert 'href="../../assets/report.css"' in kept
    assert len(list((published.target / "revisions").iterdir())) == 2


def test_a_changed_parameter_is_told_apart_from_changed_tables(published: Project) -> None:
    published.write_portfolio(accounts=3)
    again(published, overrides={"level": 0.9})
    text = page(published)
    assert "<td>the parameters: level</td><td>0.95</td><td>0.9</td>" in text
    assert "<td>the tables</td><td>2</td>" in text
    assert "<td>the parameters</td><td>1</td>" in text


def test_code_and_data_that_both_changed_are_not_told_apart_without_the_old_code(published: Project) -> None:
    published.write_portfolio(accounts=3)
    published.write_chapter(10, "first", COUNT.replace("FACTOR", "10"))
    again(published)
    text = page(published)
    assert (
        "The effects of the tables and the code cannot be told apart: the run was not made from a git checkout."
        in text
    )
    assert "<td>the tables and the code</td><td>2</td>" in text


def test_a_result_that_is_gone_is_listed_before_all_else(published: Project) -> None:
    published.write_chapter(10, "first", COUNT.replace("FACTOR", "10").replace('"rates"', '"counts"'))
    again(published)
    text = page(published)
    lost, added = text.index("<h2>Data lost</h2>"), text.index("<h2>Data added</h2>")
    assert lost < text.index("first/rates") < added < text.index("first/counts")


def test_exact_names_the_tables_that_changed_and_stops(published: Project) -> None:
    published.write_portfolio(accounts=3)
    before = published.files(published.target)
    with pytest.raises(InputError, match=r"--exact: .* accounts has changed; months has changed") as error:
        again(published, exact=True)
    assert error.value.exit_code == 2
    assert published.files(published.target) == before


def test_exact_goes_on_when_the_tables_are_the_recorded_ones(published: Project) -> None:
    published.write_chapter(10, "first", COUNT.replace("FACTOR", "10"))
    assert again(published, exact=True).differences == 1
    assert "<td>the code</td><td>1</td>" in page(published)


def test_a_quarter_that_was_never_published_cannot_be_restated(published: Project) -> None:
    asking = Restatement(Period.parse("2025Q3"), "tiny", published.portfolio, published.published)
    with pytest.raises(InputError, match=r"tiny 2025Q3 is not published .* published are: 2025Q4"):
        restate(published.root, asking, Lines())


def test_a_parameter_that_the_old_code_did_not_know_is_the_codes_doing() -> None:
    made = {"inputs": {}, "packages": {}, "code": {"hash": "x", "notebooks": {}}}
    before = made | {"parameters": {"level": 0.95, "jobs": 1}}
    after = made | {"parameters": {"level": 0.95, "jobs": 2, "added": 3}}
    assert factors(before, after).causes == []


@pytest.mark.slow
def test_the_old_code_is_run_from_git_to_tell_code_from_data(project: Project) -> None:
    """The project is a checkout with a package of its own; the recorded commit is run on today's tables."""
    (project.root / "notebooks" / "20_second.ipynb").unlink()
    project.write_chapter(10, "first", COUNT.replace("FACTOR", "1"))
    (project.root / ".gitignore").write_text("data/\nreports/\n", encoding="utf-8")
    git(project, "init", "--quiet")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "first")
    report(project.root, Request(project.params), project.published, Lines())
    assert project.record()["code"]["dirty"] is False
    project.write_portfolio(accounts=3)
    project.write_chapter(10, "first", COUNT.replace("FACTOR", "10"))
    again(project)
    text = page(project)
    assert "cannot be told apart" not in text
    assert "<td>the tables</td><td>2</td><td>0</td><td>50.0%</td>" in text
    assert "<td>the code</td><td>1</td><td>0</td><td>900.0%</td>" in text


def git(project: Project, *arguments: str) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", "-C", str(project.root), *identity, *arguments], check=True, capture_output=True)
