"""`frontier glm fit`: generalized linear models on a file, or on a relation of the published database."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from orchestration.console.output import print_json
from orchestration.database import open_readonly, published_database
from orchestration.errors import UsageError
from orchestration.glm.battery import Timings, fit_battery
from orchestration.glm.data_files import open_data_file
from orchestration.glm.output.document import to_document
from orchestration.glm.results import GlmResult
from orchestration.glm.spec import load_specs
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Output = Literal["table", "json", "html"]


def run_glm_fit(
    workspace: Workspace,
    spec: Path,
    data: Path | None,
    relation: str | None,
    out: Path | None,
    output: Output,
    is_profiled: bool,
    with_matrices: bool = False,
) -> None:
    """Fit the models of a specification, print the results, and write them to a folder if one is named."""
    if not spec.is_file():
        raise UsageError(f"The specification {spec} does not exist; it is a YAML file, described in docs/glm.md.")
    specs = load_specs(spec)
    timings = Timings()
    with _open(workspace, data, relation) as (connection, name):
        results = fit_battery(connection, specs, name, timings)
    document = _document(results, timings if is_profiled else None)
    if out is not None:
        _write(out, results, document, spec.stem, with_matrices=with_matrices)
    if output == "json":
        print_json(document)
    elif output == "html":
        from orchestration.glm.output.html import render_html

        sys.stdout.write(render_html(results, spec.stem, with_matrices=with_matrices))
    else:
        _print_text(results, timings if is_profiled else None, with_matrices=with_matrices)
    if out is not None and output == "table":
        sys.stdout.write(f"Written to {out}.\n")


@contextmanager
def _open(
    workspace: Workspace, data: Path | None, relation: str | None
) -> Generator[tuple[DuckDBPyConnection, str | None]]:
    """The connection and relation to fit on; None leaves the relation to the specification."""
    if data is None:
        with open_readonly(published_database(workspace)) as connection:
            yield connection, relation
        return
    with open_data_file(data) as (connection, own):
        if own is not None and relation is not None:
            raise UsageError(
                f"--relation names a table of a database, and {data} is no database: leave out --relation, or --data."
            )
        yield connection, own or relation


def _document(results: list[GlmResult], timings: Timings | None) -> Any:
    """One object for one model, a list for several; with the seconds spent if asked."""
    documents = [to_document(result) for result in results]
    if timings is not None:
        for document in documents:
            document["profile"] = timings.seconds()
    return documents[0] if len(documents) == 1 else documents


def _print_text(results: list[GlmResult], timings: Timings | None, *, with_matrices: bool) -> None:
    from orchestration.glm.output.comparison import compare_models
    from orchestration.glm.output.sections import Section, list_sections
    from orchestration.glm.output.text import render_text

    for result in results:
        sys.stdout.write(render_text(list_sections(result, with_matrices=with_matrices)) + "\n")
    if len(results) > 1:
        sys.stdout.write(render_text(compare_models(results)) + "\n")
    if timings is not None:
        rows = tuple(timings.seconds().items())
        sys.stdout.write(render_text([Section("Time Spent", ("Step", "Seconds"), rows)]) + "\n")


def _write(out: Path, results: list[GlmResult], document: Any, title: str, *, with_matrices: bool) -> None:
    """The JSON document, the page, and a CSV of each tidy table."""
    import csv
    import json

    from orchestration.glm.output.html import render_html
    from orchestration.glm.tables import tabulate

    try:
        out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(document, ensure_ascii=False, indent=2)
        (out / "results.json").write_text(text + "\n", encoding="utf-8")
        page = render_html(results, title, with_matrices=with_matrices)
        (out / "results.html").write_text(page, encoding="utf-8")
        for table, rows in tabulate(results).items():
            if not rows:
                continue
            with (out / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
    except OSError as error:
        raise UsageError(f"The results cannot be written to {out}: {error.strerror}.") from None
