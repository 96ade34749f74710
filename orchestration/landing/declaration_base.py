"""What the sections of a dataset.yml have in common: how strict they are, and one entry in place of a list."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Declaration(BaseModel):
    """The common ground of every declaration: nothing unknown, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def as_list(value: object) -> object:
    """A single entry as the list of it: it may stand without the dash of a list."""
    return value if isinstance(value, list) or value is None else [value]
