"""What the models call in dbt's own macro namespace, for the linter, which renders them without dbt."""

from __future__ import annotations


def type_string() -> str:
    """The adapter's type of a text column."""
    return "varchar"
