"""The SDMX files of an export: one structure message, and for each dataflow its data in the formats asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.export.contents import literal
from orchestration.export.context import Context
from orchestration.export.errors import ExportError
from orchestration.export.request import Format
from orchestration.export.sdmx.flows import Flow, flows
from orchestration.export.tables import copy_query
from orchestration.export.written import Written

if TYPE_CHECKING:
    import duckdb

STRUCTURE_FILE = "sdmx/structure.xml"


def write_sdmx(context: Context) -> list[Written]:
    """Write the structure message and the data of the dataflows whose facts were asked for.

    Raises `ExportError` when two observations of a dataflow have one key.
    """
    from orchestration.export.sdmx.codelists import read_code_lists
    from orchestration.export.sdmx.messages import write_data, write_structure
    from orchestration.export.sdmx.structures import build_structures

    request, folder = context.request, context.folder
    asked: list[Format] = [one for one in request.formats if one in ("sdmx-csv", "sdmx-ml")]
    wanted = {table for one in asked for table in request.tables_in(one)}
    chosen = [flow for flow in flows(request.is_latest) if flow.table in wanted]
    structures = build_structures(chosen, read_code_lists(context.connection, context.tables))
    write_structure(structures, folder / STRUCTURE_FILE, context.release, context.published_at)
    written = [Written(STRUCTURE_FILE, "sdmx-ml", "Concepts, code lists, data structures and dataflows", None)]
    for flow in chosen:
        _check_keys(context.connection, flow)
        if "sdmx-csv" in asked:
            path = f"sdmx/{flow.file}.csv"
            rows = copy_query(context.connection, _csv_query(flow), folder / path)
            written.append(Written(path, "sdmx-csv", flow.title, rows))
        if "sdmx-ml" in asked:
            path = f"sdmx/{flow.file}.xml"
            observations = context.connection.execute(flow.query()).fetchall()
            rows = write_data(
                flow, structures.dataflow(flow), observations, folder / path, context.release, context.published_at
            )
            written.append(Written(path, "sdmx-ml", flow.title, rows))
    return written


def _csv_query(flow: Flow) -> str:
    return (
        f'select \'dataflow\' as "STRUCTURE", {literal(flow.reference)} as "STRUCTURE_ID", \'I\' as "ACTION", * '
        f"from ({flow.query()})"
    )


def _check_keys(connection: duckdb.DuckDBPyConnection, flow: Flow) -> None:
    key = ", ".join(f'"{name}"' for name in flow.key)
    found = connection.execute(
        f"select {key} from ({flow.query()}) group by {key} having count(*) > 1 order by {key} limit 1"
    ).fetchone()
    if found:
        shown = ", ".join(f"{name}={value}" for name, value in zip(flow.key, found, strict=True))
        raise ExportError(
            f"{flow.table} holds more than one figure for {shown}, and an SDMX dataflow can hold only one. "
            "Export the table as parquet or csv, where each row keeps its own key."
        )
