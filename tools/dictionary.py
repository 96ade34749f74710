"""Write what derives from the dictionary of columns: dbt's YAML files and docs/dictionary.md.

In the YAML files of models, seeds and sources a column is listed with its constraints and tests; its type and
description, and the types with which a seed is loaded, are put there from `dbt_project/dictionary`. The files are
laid out anew in one form, and comments are kept above the first key only.

Run: python -m tools.dictionary            (write)
     python -m tools.dictionary --check    (exit code 1 and the names of the files that differ)
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from orchestration.modelling.declared_tables import DBT_PROJECT
from orchestration.modelling.dictionary import Dictionary, read_dictionary
from orchestration.yaml_text import parse_yaml

DOCUMENT = DBT_PROJECT.parent / "docs" / "dictionary.md"
_WIDTH = 110
# Types of DuckDB as every engine's seed loader knows them.
_SEED_TYPES = {"varchar": "string", "integer": "int"}
_PUBLISHED_SCHEMAS = ("main", "audit")


def derived_files() -> dict[Path, str]:
    """Every file that derives from the dictionary, with the text that it must have."""
    dictionary = read_dictionary()
    documents = {path: parse_yaml(path.read_text("utf-8")) for path in _yaml_files()}
    for path, document in documents.items():
        for table, entry, kind in _tables(path, document):
            _fill(dictionary, table, entry, kind)
    files = {path: _layout(path, document) for path, document in documents.items()}
    return files | {DOCUMENT: _document(dictionary, documents)}


def _yaml_files() -> list[Path]:
    files = [*(DBT_PROJECT / "models").rglob("*.yml"), *(DBT_PROJECT / "seeds").glob("*.yml")]
    return sorted(path for path in files if not path.name.endswith("__unit_tests.yml"))


def _tables(path: Path, document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Each table of a file: its name as schema.table, its entry, and whether it is a model, seed or source."""
    layer = path.relative_to(DBT_PROJECT).parts[1]
    schema = layer if layer in {"staging", "intermediate"} else "main"
    for entry in document.get("models", []):
        yield f"{schema}.{entry['name']}", entry, "model"
    for entry in document.get("seeds", []):
        yield f"raw.{entry['name']}", entry, "seed"
    for source in document.get("sources", []):
        for entry in source["tables"]:
            yield f"{source['schema']}.{entry['name']}", entry, "source"


def _fill(dictionary: Dictionary, table: str, entry: dict[str, Any], kind: str) -> None:
    columns = entry.get("columns", [])
    for position, column in enumerate(columns):
        derived = {
            "name": column["name"],
            "data_type": dictionary.column(table, column["name"]).type,
            "description": dictionary.description(table, column["name"]),
        }
        if kind == "seed":
            del derived["data_type"]
        columns[position] = derived | {key: column[key] for key in ("constraints", "data_tests") if key in column}
    if kind == "model" and table.startswith("main."):
        _refer(dictionary, table, entry)
    if kind == "seed":
        types = {column["name"]: dictionary.column(table, column["name"]).type for column in columns}
        entry.setdefault("config", {})["column_types"] = {
            name: _SEED_TYPES.get(data_type, data_type) for name, data_type in types.items()
        }


def _refer(dictionary: Dictionary, table: str, entry: dict[str, Any]) -> None:
    """Let a published model test that its keys stand in their dimensions."""
    referred = {column["name"]: dictionary.column(table, column["name"]).references for column in entry["columns"]}
    references = {name: target for name, target in referred.items() if target and target != f"{entry['name']}.{name}"}
    others = [test for test in entry.get("data_tests", []) if not (isinstance(test, dict) and "references" in test)]
    tests = [*others, {"references": {"arguments": {"columns": references}}}] if references else others
    columns = entry.pop("columns")
    entry.pop("data_tests", None)
    if tests:
        entry["data_tests"] = tests
    entry["columns"] = columns


class _Layout(yaml.SafeDumper):
    """Lists indented below their key, and short lists of words on one line."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        return super().increase_indent(flow, False)


def _layout(path: Path, document: dict[str, Any]) -> str:
    comments = [line for line in path.read_text("utf-8").splitlines() if line.startswith("#")]
    head = "version: 2\n\n" + "".join(f"{line}\n" for line in comments)
    body = {key: value for key, value in document.items() if key != "version"}
    text = yaml.dump(body, Dumper=_Layout, sort_keys=False, allow_unicode=True, width=_WIDTH)
    # A blank line between the entries of a list of models, seeds or tables lets the eye find them.
    spaced = re.sub(r"(?m)^(  (?:    )?- name: )", r"\n\1", text)
    return head + spaced.replace(":\n\n", ":\n")


def _document(dictionary: Dictionary, documents: dict[Path, dict[str, Any]]) -> str:
    lines = [
        "# Dictionary",
        "",
        "Every table of the published database and what its columns mean. This page derives from",
        "`dbt_project/dictionary` (`make dictionary`); in the database the same is `main.data_dictionary`, with labels",
        "in Russian and Kazakh, and in the comments on tables and columns.",
        "",
    ]
    entries = {table: entry for path, document in documents.items() for table, entry, _ in _tables(path, document)}
    for table in sorted(entries, key=lambda name: (_order(name), name)):
        if not table.startswith(tuple(f"{schema}." for schema in _PUBLISHED_SCHEMAS)):
            continue
        lines += [f"## {table}", "", " ".join(entries[table]["description"].split()), ""]
        lines += ["| column | label | type | unit | meaning |", "|---|---|---|---|---|"]
        for column in entries[table]["columns"]:
            declared = dictionary.column(table, column["name"])
            unit = dictionary.vocabulary.units[declared.unit].en if declared.unit else ""
            warnings = [dictionary.vocabulary.warnings[warning].en for warning in declared.warnings]
            meaning = " ".join([declared.meaning, *(f"**{warning}**" for warning in warnings)]).replace("|", "\\|")
            lines.append(f"| `{column['name']}` | {declared.label.en} | {declared.type} | {unit} | {meaning} |")
        lines.append("")
    return "\n".join(lines)


def _order(table: str) -> int:
    schema, _, name = table.partition(".")
    kinds = ("dim_", "bridge_", "fct_", "observation_source", "mart_", "glm_")
    position = next((at for at, kind in enumerate(kinds) if name.startswith(kind)), len(kinds))
    return position + 10 * (schema == "audit")


def main() -> int:
    """Write the derived files, or with `--check` only say which differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when a file differs")
    is_check = parser.parse_args().check
    stale = [path for path, text in derived_files().items() if not path.is_file() or path.read_text("utf-8") != text]
    if not is_check:
        for path, text in derived_files().items():
            path.write_text(text, encoding="utf-8")
    for path in stale:
        sys.stdout.write(f"{'differs' if is_check else 'written'}: {path.relative_to(DBT_PROJECT.parent)}\n")
    return 1 if is_check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
