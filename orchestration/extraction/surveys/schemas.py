"""Arrow tables in the columns of the declared tables raw.survey_*."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestration.modelling.declared_tables import declared_tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa


def survey_schema(table: str) -> pa.Schema:
    """The columns of raw.<table> as declared."""
    import pyarrow as pa

    kinds = {
        "varchar": pa.string(),
        "integer": pa.int32(),
        "bigint": pa.int64(),
        "double": pa.float64(),
        "boolean": pa.bool_(),
    }
    return pa.schema([(one.name, kinds[one.data_type]) for one in declared_tables()[f"raw.{table}"].columns])


def survey_table(table: str, rows: Iterable[Sequence[Any]]) -> pa.Table:
    """Rows of raw.<table>, each with its values in the order of the columns."""
    import pyarrow as pa

    schema = survey_schema(table)
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)
