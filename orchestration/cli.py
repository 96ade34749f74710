"""The `frontier` command: its arguments and exit codes. What a command prints is in `orchestration/console`."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from orchestration.errors import FrontierError
from orchestration.workspace import Workspace

app = typer.Typer(
    name="frontier",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Official statistics of migration between Russia, Kazakhstan and the CIS: refresh, ask, trace.",
    epilog="Exit codes: 0 done or nothing to do, 1 failed, 2 wrong use, 3 refused by the gate. "
    "--debug shows the traceback of an error.",
)
releases_app = typer.Typer(no_args_is_help=True, help="The published releases.")
app.add_typer(releases_app, name="releases")
glm_app = typer.Typer(no_args_is_help=True, help="Generalized linear models.")
app.add_typer(glm_app, name="glm")

Raw = Annotated[Path | None, typer.Option("--raw", help="Raw folder; the checkout's own by default.")]
Warehouse = Annotated[Path | None, typer.Option("--warehouse", help="Warehouse folder; the checkout's own by default.")]
Expectations = Annotated[
    Path | None, typer.Option("--expectations", help="Folder of rules and decisions; the checkout's own by default.")
]
By = Annotated[str | None, typer.Option("--by", help="Who decided; the name of the account by default.")]
Format = Annotated[Literal["table", "json", "csv"], typer.Option("--format", help="How to print.")]
TableOrJson = Annotated[Literal["table", "json"], typer.Option("--format", help="How to print.")]
ExportFormat = StrEnum(
    "ExportFormat", {one: one for one in ("all", "parquet", "csv", "sdmx-csv", "sdmx-ml", "sav", "dta", "ddi")}
)


@app.command()
def refresh(
    raw: Raw = None,
    warehouse: Warehouse = None,
    expectations: Expectations = None,
    full: Annotated[bool, typer.Option("--full", help="Build even when no input has changed.")] = False,
) -> None:
    """Extract, model, validate, fit and publish; nothing when no input has changed."""
    from orchestration.console.refresh import run_refresh

    run_refresh(Workspace.of(raw, warehouse, expectations), full)


@app.command()
def fetch(
    datasets: Annotated[list[str] | None, typer.Argument(help="agency/dataset …; every live one by default.")] = None,
    raw: Raw = None,
    warehouse: Warehouse = None,
    output: Format = "table",
) -> None:
    """Ask the live sources for new editions, and land them."""
    from orchestration.console.reception import run_fetch

    run_fetch(Workspace.of(raw, warehouse), datasets or [], output)


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="The file as published.")],
    dataset: Annotated[str, typer.Option("--dataset", help="agency/dataset, as in the raw folder.")],
    edition: Annotated[str, typer.Option("--edition", help="Name of the edition, such as 2020-04-28.")],
    released_on: Annotated[
        str | None, typer.Option("--released-on", help="2020, 2020-04 or 2020-04-28; else the file's own stamp.")
    ] = None,
    publication: Annotated[str | None, typer.Option("--publication", help="Title of the publication.")] = None,
    url: Annotated[str | None, typer.Option("--url", help="Where the file was found.")] = None,
    note: Annotated[str | None, typer.Option("--note", help="What a user of the edition must know.")] = None,
    excerpt: Annotated[bool, typer.Option("--excerpt", help="Only a part: absence says nothing.")] = False,
    covers: Annotated[
        list[str] | None,
        typer.Option(
            "--covers", help="dimension=member that the publication states around the file, such as ref_area=RU-BU."
        ),
    ] = None,
    accept_losses: Annotated[
        bool, typer.Option("--accept-losses", help="The agency itself dropped the rows or years that are gone.")
    ] = False,
    rehearse: Annotated[bool, typer.Option("--rehearse", help="Show what it would change; land nothing.")] = False,
    raw: Raw = None,
    warehouse: Warehouse = None,
    output: TableOrJson = "table",
) -> None:
    """Land a hand-placed file as an edition of a dataset, and show what it changes."""
    from orchestration.console.reception import read_covers, run_add
    from orchestration.reception.receiving import HandPlaced

    placed = HandPlaced(
        file, dataset, edition, released_on, publication, url, note, excerpt, accept_losses, read_covers(covers or [])
    )
    run_add(Workspace.of(raw, warehouse), placed, rehearse, output)


@app.command()
def remove(
    dataset: Annotated[str, typer.Option("--dataset", help="agency/dataset, as in the raw folder.")],
    edition: Annotated[str, typer.Option("--edition", help="Name of the edition.")],
    raw: Raw = None,
    warehouse: Warehouse = None,
) -> None:
    """Take an edition out of the raw folder; its file is kept in quarantine."""
    from orchestration.console.reception import run_remove

    run_remove(Workspace.of(raw, warehouse), dataset, edition)


@app.command()
def quarantine(raw: Raw = None, warehouse: Warehouse = None, output: Format = "table") -> None:
    """The files that could not be landed or were taken out, and why."""
    from orchestration.console.reception import print_quarantine

    print_quarantine(Workspace.of(raw, warehouse), output)


@app.command()
def findings(
    raw: Raw = None,
    warehouse: Warehouse = None,
    output: Format = "table",
    everything: Annotated[bool, typer.Option("--all", help="Waived and explained ones too.")] = False,
    candidate: Annotated[bool, typer.Option("--candidate", help="Of the newest refused candidate.")] = False,
    history: Annotated[
        bool, typer.Option("--history", help="Of every release: first and last seen, and in which one resolved.")
    ] = False,
    dataset: Annotated[str | None, typer.Option("--dataset", help="With --history: of one agency/dataset.")] = None,
) -> None:
    """What the checks found, by cell: open errors and warnings, or --all."""
    from orchestration.console.findings import print_findings, print_history

    if history:
        print_history(Workspace.of(raw, warehouse), output, dataset)
    else:
        print_findings(Workspace.of(raw, warehouse), output, everything, candidate)


@app.command()
def waive(
    finding: Annotated[str, typer.Argument(help="Id of the finding, as frontier findings prints it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why it need not block.")],
    until: Annotated[str, typer.Option("--until", metavar="DAY", help="When to decide anew, such as 2027-12-31.")],
    by: By = None,
    raw: Raw = None,
    warehouse: Warehouse = None,
    expectations: Expectations = None,
) -> None:
    """Let a finding of the newest refused candidate, or of the release, no longer block."""
    from orchestration.console.decisions import run_waive

    run_waive(Workspace.of(raw, warehouse, expectations), finding, reason, until, by)


@app.command()
def correct(
    dataset: Annotated[str, typer.Option("--dataset", help="agency/dataset, as in the raw folder.")],
    edition: Annotated[str, typer.Option("--edition", help="Name of the edition.")],
    cell: Annotated[str, typer.Option("--cell", help="Address of the cell, such as C4.")],
    value: Annotated[
        str, typer.Option("--value", help="The right number, with the decimals it should be printed with.")
    ],
    reason: Annotated[str, typer.Option("--reason", help="What is wrong with the print.")],
    evidence: Annotated[str, typer.Option("--evidence", help="What shows that the value is right.")],
    sheet: Annotated[str | None, typer.Option("--sheet", help="Sheet of a workbook.")] = None,
    by: By = None,
    raw: Raw = None,
    warehouse: Warehouse = None,
    expectations: Expectations = None,
) -> None:
    """Put a value in the place of a misprint; the print stays beside it."""
    from orchestration.console.decisions import run_correct

    place = (dataset, edition, sheet, cell)
    run_correct(Workspace.of(raw, warehouse, expectations), place, value, reason, evidence, by)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT statement.")],
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="DAY",
            help="Answer with what was known on that day, such as 2006-12-31: the facts hold the editions released by "
            "then, and is_latest marks the newest of them. An edition known by its year counts as of 31 December. "
            "Marts, which are computed from the newest editions, cannot be asked so.",
        ),
    ] = None,
    raw: Raw = None,
    warehouse: Warehouse = None,
    output: Format = "table",
) -> None:
    """Ask the published database, read-only."""
    from orchestration.console.query import print_query

    print_query(Workspace.of(raw, warehouse), sql, output, as_of)


@app.command()
def source(
    value: Annotated[str, typer.Argument(help="TABLE.COLUMN, such as fct_arrivals_departures.arrivals.")],
    keys: Annotated[list[str], typer.Argument(help="key=value, such as territory=RU-BEL period=2005.")],
    raw: Raw = None,
    warehouse: Warehouse = None,
    output: TableOrJson = "table",
) -> None:
    """Take a number back to publication, file and cell."""
    from orchestration.console.source import print_source

    print_source(Workspace.of(raw, warehouse), value, keys, output)


@releases_app.command("list")
def list_releases(raw: Raw = None, warehouse: Warehouse = None, output: TableOrJson = "table") -> None:
    """Every release that is kept, newest first."""
    from orchestration.console.releases import print_releases

    print_releases(Workspace.of(raw, warehouse), output)


@releases_app.command("show")
def show_release(
    release: Annotated[str | None, typer.Argument(help="Release id; the current one by default.")] = None,
    raw: Raw = None,
    warehouse: Warehouse = None,
    output: TableOrJson = "table",
) -> None:
    """One release: its inputs, tables, findings and versions."""
    from orchestration.console.releases import print_release

    print_release(Workspace.of(raw, warehouse), release, output)


@releases_app.command("diff")
def diff_releases(
    older: Annotated[str, typer.Argument(metavar="A", help="Release id.")],
    newer: Annotated[str, typer.Argument(metavar="B", help="Release id.")],
    raw: Raw = None,
    warehouse: Warehouse = None,
    output: TableOrJson = "table",
) -> None:
    """What B holds and A does not, and the reverse: inputs, tables, figures, findings."""
    from orchestration.console.releases import print_differences

    print_differences(Workspace.of(raw, warehouse), older, newer, output)


@releases_app.command("rollback")
def rollback_release(
    release: Annotated[str, typer.Argument(metavar="ID", help="Release id, as `frontier releases list` has it.")],
    raw: Raw = None,
    warehouse: Warehouse = None,
) -> None:
    """Make an earlier release the current one again."""
    from orchestration.console.releases import run_rollback

    run_rollback(Workspace.of(raw, warehouse), release)


@app.command()
def export(
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="DIR",
            help="Folder to make, or an earlier export to replace; by default one in the warehouse.",
        ),
    ] = None,
    formats: Annotated[
        list[ExportFormat] | None, typer.Option("--format", help="What to write; may be given several times.")
    ] = None,
    tables: Annotated[
        list[str] | None, typer.Option("--table", metavar="NAME", help="Only this table; may be given several times.")
    ] = None,
    release: Annotated[str | None, typer.Option("--release", metavar="ID", help="The current one by default.")] = None,
    latest: Annotated[
        bool, typer.Option("--latest/--all-editions", help="SDMX: the newest edition of each figure, or every one.")
    ] = True,
    raw: Raw = None,
    warehouse: Warehouse = None,
    output: Annotated[Literal["table", "json"], typer.Option("--output-format", help="How to print.")] = "table",
) -> None:
    """Write a release as Parquet, CSV, SDMX, SPSS, Stata and DDI files."""
    from orchestration.console.export import run_export

    run_export(Workspace.of(raw, warehouse), to, formats or [], tables or [], release, latest, output)


@app.command()
def docs(
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Page to write.")] = None,
    raw: Raw = None,
    warehouse: Warehouse = None,
) -> None:
    """Write one page that documents every table, its columns, tests, SQL and lineage."""
    from orchestration.console.docs import run_docs

    run_docs(Workspace.of(raw, warehouse), to)


@glm_app.callback()
def glm() -> None:
    """Generalized linear models."""


@glm_app.command("fit")
def fit_glm(
    spec: Annotated[Path, typer.Argument(help="YAML file: one model, or a list under 'models'.")],
    data: Annotated[
        Path | None, typer.Option("--data", metavar="FILE", help="CSV, Parquet, SPSS, Stata or DuckDB file.")
    ] = None,
    relation: Annotated[
        str | None, typer.Option("--relation", metavar="TABLE", help="Table of the published database.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write JSON, HTML and CSV tables there.")
    ] = None,
    output: Annotated[Literal["table", "json", "html"], typer.Option("--format", help="How to print.")] = "table",
    matrices: Annotated[
        bool, typer.Option("--matrices", help="Also print covariances and correlations of the estimates.")
    ] = False,
    profile: Annotated[bool, typer.Option("--profile", help="Say where the time went.")] = False,
    raw: Raw = None,
    warehouse: Warehouse = None,
) -> None:
    """Fit models as SPSS GENLIN does, on a file or on the published database."""
    from orchestration.console.glm import run_glm_fit

    run_glm_fit(Workspace.of(raw, warehouse), spec, data, relation, out, output, profile, matrices)


@app.command()
def serve(
    raw: Raw = None,
    warehouse: Warehouse = None,
    port: Annotated[int, typer.Option("--port", help="Port on the loopback interface.")] = 3000,
) -> None:
    """The Dagster UI on loopback: lineage, runs, schedules; it can run a refresh."""
    from orchestration.console.serve import run_server

    run_server(Workspace.of(raw, warehouse), port)


def main() -> NoReturn:
    """Run the command; errors are one paragraph, with a traceback only under --debug."""
    # A command ends without waiting for dbt's locks to be taken down; their keeper need not say so.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")
    is_debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    code = 0
    try:
        app(arguments, standalone_mode=True)
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    except FrontierError as error:
        if is_debug:
            raise
        print(f"frontier: {error}", file=sys.stderr)  # noqa: T201
        code = error.exit_code
    except Exception as error:
        if is_debug:
            raise
        print(f"frontier: unexpected {type(error).__name__}: {error} (--debug shows where)", file=sys.stderr)  # noqa: T201
        code = 1
    except KeyboardInterrupt:
        print("frontier: interrupted; nothing was published.", file=sys.stderr)  # noqa: T201
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    # The interpreter takes more than a second to take down Dagster and dbt, with nothing left to do.
    os._exit(code)
