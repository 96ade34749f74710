"""Exporting a release: every format asked for, into one folder that appears whole or not at all."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.database import open_readonly
from orchestration.errors import UsageError
from orchestration.export.contents import open_for_export, read_tables
from orchestration.export.context import Context
from orchestration.export.datapackage import write_descriptor
from orchestration.export.folder import staged_folder
from orchestration.export.keys import read_keys
from orchestration.export.request import Format, choose
from orchestration.export.sdmx.writing import write_sdmx
from orchestration.export.survey.writing import write_survey
from orchestration.export.synthetic import find_synthetic
from orchestration.export.tables import write_csv, write_parquet
from orchestration.export.written import Written
from orchestration.progress import step
from orchestration.release.store import Release, current_release, find_release
from orchestration.workspace import Workspace


@dataclass(frozen=True)
class Exported:
    """What an export wrote: its folder, the release, the resources of its data package, and the seconds it took."""

    folder: Path
    release: str
    resources: list[dict[str, Any]]
    seconds: float


def export_release(
    workspace: Workspace,
    target: Path | None = None,
    formats: Sequence[str] = (),
    tables: Sequence[str] = (),
    release_id: str | None = None,
    is_latest: bool = True,
) -> Exported:
    """Export a release (the current one by default) to `target`, by default a folder of its id in the warehouse.

    No formats, or `all`, means every format; no tables means every table of schema `main`; `is_latest` leaves
    superseded editions out of the SDMX files. The database is only read. Raises `UsageError` for an unknown
    release, table or format, and for a target that is there and is no earlier export; `ExportError` for what a
    format cannot say. After an error nothing is left at the target that was not there before.
    """
    began = time.perf_counter()
    release = _release(workspace, release_id)
    folder = (target or workspace.warehouse / "exports" / release.id).resolve()
    # The choice is judged before the target is: a wrong table is worth saying first.
    with open_readonly(release.database) as connection:
        known = read_tables(connection)
    request = choose(formats, tables, known.keys(), is_latest)
    published_at = dt.datetime.fromisoformat(release.manifest["published_at"])
    with staged_folder(folder) as staging, open_for_export(release.database, staging) as connection:
        context = Context(connection, known, request, staging, release.id, published_at)
        descriptor = _write_all(context, release.manifest, workspace.dbt_project)
    return Exported(folder, release.id, descriptor["resources"], time.perf_counter() - began)


def _release(workspace: Workspace, release_id: str | None) -> Release:
    if release_id:
        return find_release(workspace, release_id)
    release = current_release(workspace)
    if release is None:
        raise UsageError(f"Nothing has been published in {workspace.warehouse} yet: run `frontier refresh`.")
    return release


def _write_all(context: Context, manifest: dict[str, Any], dbt_project: Path) -> dict[str, Any]:
    written = _write_tables(context)
    if context.asks_for("sdmx-csv", "sdmx-ml"):
        with step("Export SDMX"):
            written += write_sdmx(context)
    if context.asks_for("sav", "dta", "ddi"):
        with step("Export the survey"):
            written += write_survey(context)
    with step("Describe the export"):
        chosen = {one.table: context.tables[one.table] for one in written if one.table}
        keys = read_keys(context.connection, chosen, dbt_project)
        return write_descriptor(context, written, keys, manifest)


def _write_tables(context: Context) -> list[Written]:
    wanted: list[Format] = [one for one in context.request.formats if one in ("csv", "parquet")]
    if not wanted:
        return []
    chosen = {name: context.tables[name] for name in sorted(context.request.tables)}
    synthetic = find_synthetic(context.connection, chosen)
    written = []
    for file_format in wanted:
        with step(f"Export tables as {file_format}"):
            for name, table in chosen.items():
                path = f"{file_format}/{name}.{file_format}"
                if file_format == "csv":
                    rows = write_csv(context.connection, table, context.folder / path)
                else:
                    is_synthetic = name in synthetic
                    rows = write_parquet(
                        context.connection, table, context.folder / path, context.release, is_synthetic
                    )
                written.append(Written(path, file_format, name, rows, name, name in synthetic))
    return written
