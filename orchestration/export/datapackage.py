"""The Frictionless Data Package that describes an export: its files, their fields and keys, sources and warnings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from orchestration.export.contents import Column, Table, fetch_rows
from orchestration.export.context import Context
from orchestration.export.folder import DESCRIPTOR, MADE_BY
from orchestration.export.keys import ForeignKey, Keys, true_of_rows
from orchestration.export.synthetic import NOTICE
from orchestration.export.tables import is_nested
from orchestration.export.written import Written
from orchestration.release.fingerprint import file_sha256

_PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
# Parquet and SPSS are named so that a validator without the readers of their formats checks size and hash only.
_MEDIA = {
    "csv": ("csv", "text/csv"),
    "parquet": ("apache-parquet", "application/vnd.apache.parquet"),
    "sdmx-csv": ("csv", "application/vnd.sdmx.data+csv; version=2.0.0"),
    "sdmx-ml": ("xml", "application/vnd.sdmx.genericdata+xml; version=2.1"),
    "sav": ("spss-sav", "application/x-spss-sav"),
    "dta": ("stata-dta", "application/x-stata-dta"),
    "ddi": ("xml", "application/xml"),
}
_TYPES = (
    (r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?)", "integer"),
    (r"DOUBLE|FLOAT|DECIMAL.*", "number"),
    (r"BOOLEAN", "boolean"),
    (r"DATE", "date"),
    (r"TIMESTAMP.*", "datetime"),
    (r"TIME", "time"),
)


def write_descriptor(
    context: Context, written: Sequence[Written], keys: Mapping[str, Keys], manifest: Mapping[str, Any]
) -> dict[str, Any]:
    """Write `datapackage.json` for the files of an export, and return it.

    `manifest` is that of the release. Everything in the descriptor follows from release and files.
    """
    editions = fetch_rows(context.connection, "select * from main.dim_edition order by edition_id")
    is_synthetic = any(one.is_synthetic for one in written)
    about = "Official statistics of migration between Russia, Kazakhstan and the CIS, with provenance and vintages."
    descriptor = {
        "$schema": _PROFILE,
        "name": "frontier-warehouse",
        "title": "Migration between Russia, Kazakhstan and the CIS",
        "description": f"{about} {NOTICE}" if is_synthetic else about,
        "version": context.release,
        "created": manifest["published_at"],
        "made_by": MADE_BY,
        "contents_hash": manifest["contents_hash"],
        "licenses": _licences(editions),
        "sources": [_source(edition) for edition in editions],
        "contributors": _contributors(editions),
        "resources": [_resource(context, one, keys, written) for one in written],
    }
    text = json.dumps(descriptor, ensure_ascii=False, indent=2, default=str) + "\n"
    (context.folder / DESCRIPTOR).write_text(text, encoding="utf-8")
    return descriptor


def _licences(editions: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    texts = dict.fromkeys(edition["licence"] for edition in editions)
    return [{"name": _slug(text), "title": text} for text in texts]


def _source(edition: Mapping[str, Any]) -> dict[str, Any]:
    source = {
        "title": f"{edition['publisher']}: {edition['publication']}",
        "edition_id": edition["edition_id"],
        "released_on": edition["released_on"].isoformat(),
        "licence": edition["licence"],
    }
    if edition["url"]:
        source["path"] = edition["url"]
    if edition["is_synthetic"]:
        source["warning"] = NOTICE
    return source


def _contributors(editions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    publishers = dict.fromkeys(edition["publisher"] for edition in editions)
    return [
        *({"title": publisher, "roles": ["publisher"]} for publisher in publishers),
        {"title": "Frontier migration warehouse", "roles": ["wrangler"]},
    ]


def _resource(context: Context, one: Written, keys: Mapping[str, Keys], written: Sequence[Written]) -> dict[str, Any]:
    file_format, media_type = _MEDIA[one.format]
    path = context.folder / one.path
    resource: dict[str, Any] = {
        "name": one.table if one.format == "csv" and one.table else _slug(one.path),
        "path": one.path,
        "title": one.title,
        "format": file_format,
        "mediatype": media_type,
        "bytes": path.stat().st_size,
        "hash": f"sha256:{file_sha256(path)}",
    }
    if file_format in {"csv", "xml"}:
        resource["encoding"] = "utf-8"
    if one.rows is not None:
        resource["row_count"] = one.rows
    if one.is_synthetic:
        resource["description"], resource["is_synthetic"] = NOTICE, True
    if one.table:
        present = {other.table for other in written if other.table and other.format == one.format}
        resource |= _table_properties(context, one, context.tables[one.table], keys[one.table], present)
    return resource


def _table_properties(context: Context, one: Written, table: Table, keys: Keys, present: set[str]) -> dict[str, Any]:
    properties: dict[str, Any] = {"description": f"{NOTICE} {table.comment}" if one.is_synthetic else table.comment}
    if table.has("edition_key"):
        properties["sources"] = _editions_of(context, table)
    is_csv = one.format == "csv"
    blank = _columns_with_blanks(context, table) if is_csv else set()
    schema: dict[str, Any] = {"fields": [_field(column, keys, blank) for column in table.columns]}
    if is_csv:
        properties["type"] = "table"
        schema["missingValues"] = [""]
    primary = next((name for name in keys.unique if name in keys.not_null and name not in blank), None)
    if primary:
        schema["primaryKey"] = [primary]
    references = [_reference(key, one) for key in keys.foreign if key.table in present]
    if is_csv and references:
        schema["foreignKeys"] = references
    return properties | {"schema": schema}


def _editions_of(context: Context, table: Table) -> list[dict[str, str]]:
    return fetch_rows(
        context.connection,
        "select publisher || ': ' || publication as title, edition_id from main.dim_edition "
        f"where edition_key in (select edition_key from {table.sql_name}) order by edition_id",
    )


def _reference(key: ForeignKey, referring: Written) -> dict[str, Any]:
    # A reference within a table is written with an empty name, in both versions of the standard.
    resource = "" if key.table == referring.table else key.table
    return {"fields": [key.column], "reference": {"resource": resource, "fields": [key.field]}}


def _field(column: Column, keys: Keys, blank: set[str]) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.name, "type": _field_type(column), "description": column.comment}
    constraints: dict[str, bool] = {}
    if column.name in keys.not_null and column.name not in blank:
        constraints["required"] = True
    if column.name in keys.unique:
        constraints["unique"] = True
    return field | ({"constraints": constraints} if constraints else {})


def _field_type(column: Column) -> str:
    if is_nested(column):
        return "array" if column.data_type.endswith("]") else "object"
    return next((kind for pattern, kind in _TYPES if re.fullmatch(pattern, column.data_type)), "string")


def _columns_with_blanks(context: Context, table: Table) -> set[str]:
    """Text columns with an empty text, which a CSV reader cannot tell from none."""
    texts = [column.name for column in table.columns if column.data_type == "VARCHAR"]
    return set(true_of_rows(context.connection, table, {name: f"""bool_or("{name}" = '')""" for name in texts}))


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9._]+", "-", text.lower()).strip("-.")
