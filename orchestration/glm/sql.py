"""SQL text for the engine: quoted identifiers, and expressions checked before they enter a statement."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestration.glm.errors import SpecificationError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NAME_PART = re.compile(r'"(?:[^"]|"")*"|[^."]+')


def quote_identifier(name: str) -> str:
    """The identifier in double quotes, with quotes inside it doubled."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(value: object) -> str:
    """A literal for display in a condition: numbers and booleans bare, the rest in single quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def quote_relation(relation: str) -> str:
    """A table name such as `main.survey`, each part quoted; parts may come quoted already.

    Raises:
        SpecificationError: the text is not a dotted name.
    """
    parts = _NAME_PART.findall(relation)
    bare = [part[1:-1].replace('""', '"') if part.startswith('"') else part for part in parts]
    if not parts or ".".join(parts) != relation:
        raise SpecificationError(
            f"'{relation}' is not the name of a relation. Write table, schema.table or "
            f"database.schema.table, with double quotes around a part that has a dot in it."
        )
    return ".".join(quote_identifier(part) for part in bare)


@dataclass(frozen=True)
class Expression:
    """A checked scalar SQL expression and the columns that it reads."""

    sql: str
    columns: tuple[str, ...]


def parse_expression(
    connection: "DuckDBPyConnection", text: str, *, purpose: str, natural_log: bool = False
) -> Expression:
    """Parse one scalar expression of columns with DuckDB's own parser.

    Args:
        connection: any open connection; nothing is executed on its data.
        text: the expression as the specification has it.
        purpose: what it is, for the error message (such as "offset of model ships").
        natural_log: read `log(x)` as the natural logarithm, as every GLM package does; in DuckDB it is
            the decimal one.

    Raises:
        SpecificationError: it does not parse, is more than one expression, or holds a subquery.
    """
    row = connection.execute("SELECT json_serialize_sql($1)", [f"SELECT ({text}\n)"]).fetchone()
    assert row is not None
    tree = json.loads(row[0])
    if tree["error"]:
        raise SpecificationError(f"The {purpose} is not an SQL expression: '{text}' ({tree['error_message']}).")
    node = tree["statements"][0]["node"] if len(tree["statements"]) == 1 else {}
    is_plain = (
        node.get("type") == "SELECT_NODE"
        and len(node["select_list"]) == 1
        and node["from_table"]["type"] == "EMPTY"
        and node["where_clause"] is None
        and not node["modifiers"]
    )
    parts = list(_walk(node))
    if not is_plain or any(part.get("class") in {"SUBQUERY", "WINDOW", "STAR"} for part in parts):
        raise SpecificationError(
            f"The {purpose} must be one expression of columns, without subqueries, window functions or "
            f"further clauses: '{text}'."
        )
    columns = tuple(dict.fromkeys(part["column_names"][-1] for part in parts if part.get("class") == "COLUMN_REF"))
    if natural_log:
        _read_log_as_natural(parts)
    printed = connection.execute("SELECT json_deserialize_sql($1)", [json.dumps(tree)]).fetchone()
    assert printed is not None
    return Expression(sql=printed[0].removeprefix("SELECT ").strip(), columns=columns)


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from _walk(child)
    elif isinstance(node, list):
        for child in node:
            yield from _walk(child)


def _read_log_as_natural(parts: list[dict[str, Any]]) -> None:
    for part in parts:
        is_log = part.get("class") == "FUNCTION" and part["function_name"].lower() == "log"
        if is_log and len(part["children"]) == 1:
            part["function_name"] = "ln"
