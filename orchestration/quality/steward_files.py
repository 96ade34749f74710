"""Reading what a steward writes: lists of entries in YAML, each checked against its form."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from orchestration.errors import FrontierError
from orchestration.yaml_text import parse_yaml

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""Text that says something."""


class Decision(BaseModel):
    """Who decided, when, and why: what every entry of a steward says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Words
    decided_by: Words
    decided_on: dt.date


Entry = TypeVar("Entry", bound=BaseModel)


def read_entries(path: Path, form: TypeAdapter[list[Entry]]) -> list[Entry]:
    """The entries of a list in YAML; none when there is no file.

    A `FrontierError` names the entry that does not fit.
    """
    if not path.is_file():
        return []
    try:
        return parse_entries(path.read_text(encoding="utf-8"), path, form)
    except UnicodeDecodeError as error:
        raise FrontierError(f"{path} is not readable YAML: {error}. Correct the file.") from error


def parse_entries(text: str, path: Path, form: TypeAdapter[list[Entry]]) -> list[Entry]:
    """The entries of a list in YAML that stands, or is about to stand, in `path`."""
    try:
        return form.validate_python(parse_yaml(text) or [])
    except yaml.YAMLError as error:
        raise FrontierError(f"{path} is not readable YAML: {error}. Correct the file.") from error
    except ValidationError as error:
        problems = "; ".join(
            f"entry {'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()
        )
        raise FrontierError(f"{path} does not fit its form: {problems}. Correct these entries.") from error
