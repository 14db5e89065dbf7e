"""The command line, `arrears`."""

from __future__ import annotations

import signal
import sys
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

HELP = """Report on a quarter of consumer credit: delinquency, cure and recovery.

Begin with a portfolio (simulate one, or import your own), check it, and report on it:

  arrears simulate --accounts 20000 --to data/portfolio/demo

  arrears check data/portfolio/demo

  arrears report --portfolio data/portfolio/demo --period 2025Q4

Exit codes: 0 done, 1 a fault of this program or the machine, 2 bad input or parameters, 3 a chapter failed.
Only the first publishes anything; in all others the last good report stays.
"""

app = typer.Typer(
    name="arrears",
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class Variant(StrEnum):
    standard = "standard"
    hard = "hard"


class Renderer(StrEnum):
    auto = "auto"
    quarto = "quarto"
    embedded = "embedded"


ParamsOption = Annotated[Path, typer.Option("--params", help="Parameter file; every key is explained in it.")]
PeriodOption = Annotated[str | None, typer.Option(help="Quarter, as 2025Q4. Instead of the file's.")]
PortfolioOption = Annotated[Path | None, typer.Option(help="Portfolio's folder. Instead of the file's.")]
EngineOption = Annotated[str | None, typer.Option(help="duckdb://, spark://local[*] or spark://host:7077.")]
JobsOption = Annotated[int | None, typer.Option(min=1, help="Chapters run at once.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="Any other parameter, as chapter.key=value.")]
FreshOption = Annotated[bool, typer.Option("--fresh", help="Run everything again, changed or not.")]
ReplaceOption = Annotated[bool, typer.Option("--replace", help="Write over a portfolio that is there.")]
PublishedOption = Annotated[Path | None, typer.Option("--to", help="Where reports are published.")]
PARAMS = Path("params/quarterly.yml")


@app.callback()
def arrears(
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
) -> None:
    Settings.debug = debug


class Settings:
    """What was said before the command."""

    debug = False


class Stopped(BaseException):
    """The run was asked to end by a signal."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


@app.command()
def simulate(
    to: Annotated[Path, typer.Option(help="Folder to write the portfolio to.")],
    accounts: Annotated[int, typer.Option(min=1, help="How many accounts.")] = 20_000,
    months: Annotated[int, typer.Option(min=1, help="Months of history.")] = 36,
    end: Annotated[str, typer.Option(help="Last month, as 2025-12.")] = "2025-12",
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same tables.")] = 7,
    variant: Annotated[
        Variant, typer.Option(help="hard breaks the assumptions that methods lean on.")
    ] = Variant.standard,
    replace: ReplaceOption = False,
) -> None:
    """Draw a portfolio whose truth is known.

    Example: arrears simulate --accounts 20000 --months 36 --end 2025-12 --seed 7 --to data/portfolio/demo
    """
    from analysis.pipeline.commands import simulate_portfolio

    simulate_portfolio(to, accounts, months, end, seed, variant.value, replace)


@app.command("import")
def import_(
    source: Annotated[str, typer.Argument(help="taiwan, fannie_mae, or csv for your own files.")],
    files: Annotated[list[Path], typer.Argument(help="The source's files; for csv the mapping that names them.")],
    to: Annotated[Path, typer.Option(help="Folder to write the portfolio to.")],
    set_: Annotated[list[str] | None, typer.Option("--set", help="An option of the source, as key=value.")] = None,
    replace: ReplaceOption = False,
) -> None:
    """Bring someone's data into the table contract.

    Nothing is guessed: a code without a meaning stops the import. How to map your own files: docs/own-data.md.

    Example: arrears import taiwan taiwan_card_clients.csv --to data/portfolio/taiwan
    """
    from analysis.pipeline.commands import import_portfolio

    import_portfolio(source, files, to, set_ or [], replace)


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="The portfolio's folder.")],
    engine: Annotated[str, typer.Option(help="duckdb://, spark://local[*] or spark://host:7077.")] = "duckdb://",
) -> None:
    """Hold a portfolio to the table contract.

    All that is wrong comes as one numbered list.

    Example: arrears check data/portfolio/demo
    """
    from analysis.pipeline.commands import check_folder

    check_folder(folder, engine)


@app.command()
def run(
    chapters: Annotated[list[str] | None, typer.Argument(help="Chapters, with all they read. None: all.")] = None,
    params: ParamsOption = PARAMS,
    period: PeriodOption = None,
    portfolio: PortfolioOption = None,
    engine: EngineOption = None,
    jobs: JobsOption = None,
    set_: SetOption = None,
    fresh: FreshOption = False,
) -> None:
    """Run chapters without publishing.

    Results are left under reports/work.

    Example: arrears run delinquency --set delinquency.history_months=24
    """
    from analysis.pipeline.commands import overrides_of, run_chapters_only

    overrides = overrides_of(set_ or [], period=period, portfolio=portfolio, engine=engine, jobs=jobs)
    run_chapters_only(params, overrides, tuple(chapters or ()), fresh)


@app.command()
def report(
    params: ParamsOption = PARAMS,
    period: PeriodOption = None,
    portfolio: PortfolioOption = None,
    engine: EngineOption = None,
    jobs: JobsOption = None,
    set_: SetOption = None,
    renderer: Annotated[Renderer | None, typer.Option(help="auto: Quarto where it is installed.")] = None,
    to: PublishedOption = None,
    fresh: FreshOption = False,
) -> None:
    """Run the quarter and publish its report.

    What has not changed since the last run is not run again.

    Example: arrears report --portfolio data/portfolio/demo --period 2025Q4 --set delinquency.forecast_months=6
    """
    from analysis.pipeline.commands import overrides_of, report_quarter

    chosen = renderer.value if renderer else None
    given: dict[str, Any] = {"period": period, "portfolio": portfolio, "engine": engine, "jobs": jobs}
    report_quarter(params, overrides_of(set_ or [], **given, renderer=chosen), to, fresh)


@app.command()
def restate(
    period: Annotated[str, typer.Argument(help="A published quarter, as 2025Q3.")],
    portfolio: Annotated[Path | None, typer.Option(help="Portfolio's folder. Instead of the file's.")] = None,
    params: Annotated[Path, typer.Option("--params", help="Parameter file that names the portfolio.")] = PARAMS,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="A recorded parameter to change, as chapter.key=value.")
    ] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Stop unless the tables are the recorded ones.")] = False,
    to: PublishedOption = None,
) -> None:
    """Run a published quarter again and tell what changed.

    The recorded parameters are run on today's tables and code, as of the quarter's end; every cell that differs is
    listed, losses of data first, with what it comes from: data, code, packages or parameters.

    Example: arrears restate 2025Q3 --exact
    """
    from analysis.pipeline.commands import overrides_of, restate_quarter

    restate_quarter(period, params, overrides_of(set_ or []), to, exact, portfolio)


def main() -> None:
    """Entry point: runs a command and turns what goes wrong into a message and an exit code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        app()
    except Stopped as stopped:
        print(f"Stopped by {signal.Signals(stopped.number).name}; nothing was published.", file=sys.stderr)
        sys.exit(128 + stopped.number)
    # The last door: what no command caught still gets a message and an exit code, and with --debug its traceback.
    except Exception as error:
        from analysis.pipeline.faults import explain

        sys.exit(explain(error, Settings.debug))


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped(number)
