"""What the commands do, once the command line is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analysis.core.parameters import load_parameters, parse_override
from analysis.core.periods import Period, parse_month
from analysis.pipeline.places import find_root
from analysis.pipeline.progress import shown
from analysis.pipeline.run import Request, execute, open_run, resolve


def overrides_of(settings: Sequence[str], **given: Any) -> dict[str, Any]:
    """Overrides of the parameter file: options that were given, and `--set chapter.key=value`.

    A portfolio's path counts from where the command was given, unlike the file's, which counts from the root.
    """
    overrides = {key: value for key, value in given.items() if value is not None}
    if "portfolio" in overrides:
        overrides["portfolio"] = str(Path(overrides["portfolio"]).resolve())
    return overrides | dict(parse_override(text) for text in settings)


def simulate_portfolio(
    to: Path, accounts: int, months: int, end: str, seed: int, variant: str, replace: bool
) -> None:
    """`arrears simulate`."""
    last = parse_month(end)
    from analysis.data.simulate import simulate

    with shown() as progress:
        progress.begin("simulate")
        simulate(
            to,
            accounts=accounts,
            months=months,
            end=last,
            seed=seed,
            variant=variant,
            replace=replace,
            name=name_from(to),
            progress=lambda done, of: progress.step("simulate", done, of),
        )
        progress.end("simulate", f"{accounts:,} accounts, {months} months to {last:%Y-%m}")
    print(f"Portfolio: {to}")


def name_from(folder: Path) -> str:
    """Name of a portfolio, after its folder: reports of portfolios with the same name take each other's place."""
    return re.sub(r"[^a-z0-9_-]+", "-", folder.resolve().name.lower()).strip("-_") or "demo"


def check_folder(folder: Path, engine: str) -> None:
    """`arrears check`."""
    from analysis.data.check import require_valid

    with shown() as progress:
        progress.begin("check")
        notes = require_valid(folder, engine)
        progress.end("check", "done")
    for note in notes:
        print(f"Note: {note}")
    print(f"{folder} holds to the table contract.")


def import_portfolio(source: str, files: Sequence[Path], to: Path, settings: Sequence[str], replace: bool) -> None:
    """`arrears import`."""
    from analysis.data.sources import import_source

    options = dict(parse_override(text) for text in settings)
    with shown() as progress:
        progress.begin("import")
        made = import_source(source, list(files), to, replace=replace, **options)
        progress.end("import", "done")
    print(made)
    print(f"Portfolio: {to}")


def run_chapters_only(params: Path, overrides: dict[str, Any], chapters: tuple[str, ...], fresh: bool) -> None:
    """`arrears run`."""
    from analysis.pipeline.report import locked

    root, request = find_root(), Request(params_file(params), overrides, chapters, fresh)
    with shown() as progress:
        resolved, places = resolve(root, request)
        with locked(places):
            execute(open_run(request, resolved, places), progress)
    print(f"Results: {places.results}")


def report_quarter(params: Path, overrides: dict[str, Any], to: Path | None, fresh: bool) -> None:
    """`arrears report`."""
    from analysis.pipeline.report import report

    root = find_root()
    with shown() as progress:
        done = report(
            root, Request(params_file(params), overrides, (), fresh), published_folder(root, to), progress
        )
    made = "published" if done.renewed else "unchanged since it was published"
    print(f"Report: {done.index}\n({made}; run {done.run_id})")


def restate_quarter(
    period: str, params: Path, overrides: dict[str, Any], to: Path | None, exact: bool, portfolio: Path | None
) -> None:
    """`arrears restate`."""
    from analysis.core.portfolio import read_portfolio_info
    from analysis.pipeline.places import portfolio_folder
    from analysis.pipeline.restate import Restatement, restate

    root, quarter = find_root(), Period.parse(period)
    folder = portfolio or portfolio_folder(root, load_parameters(params_file(params)))
    name = read_portfolio_info(folder).name
    asked = Restatement(quarter, name, folder, published_folder(root, to), overrides, exact)
    with shown() as progress:
        done = restate(root, asked, progress)
    if done.published is None:
        print(f"Nothing differs: every cell of {name} {quarter} is as it was published.")
    else:
        print(f"{done.differences:,} cells differ: {done.published.folder / 'revisions.html'}")


def published_folder(root: Path, to: Path | None) -> Path:
    return to.resolve() if to else root / "reports" / "published"


def params_file(path: Path) -> Path:
    """A parameter file as given; one that is not there is looked for from the project's root."""
    return path if path.is_file() else find_root() / path
