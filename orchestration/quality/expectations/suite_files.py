"""The form of the suite files that a data steward reads and edits, and how they are read."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from orchestration.errors import FrontierError
from orchestration.quality.expectations.seed_values import seed_values
from orchestration.yaml_text import parse_yaml

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
TableName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]
Scalar = bool | int | float | str | dt.datetime | dt.date | None
Condition = dict[str, Scalar | list[Scalar]]


class SeedColumn(BaseModel):
    """A column of a seed of the dbt project."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: Name
    column: Name


class ExpectationEntry(BaseModel):
    """One expectation: what is expected, of which columns and rows, how grave a breach is, and why.

    `value_set_from` names a column of a seed instead of a `value_set` typed out. `arguments` are the
    remaining keys of the entry: they go to the expectation as they stand.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    expect: Name
    severity: Literal["critical", "warning", "info"]
    why: Sentence
    where: Condition = {}
    value_set_from: SeedColumn | None = None
    arguments: dict[str, Any] = {}

    @model_validator(mode="before")
    @classmethod
    def _gather_arguments(cls, entry: Any) -> Any:
        if not isinstance(entry, dict):
            return entry
        own = {key: entry[key] for key in cls.model_fields if key in entry and key != "arguments"}
        return {
            **own,
            "arguments": {key: value for key, value in entry.items() if key not in own},
        }


class Suite(BaseModel):
    """The expectations on one table of the candidate database.

    `filter` keeps the rows whose columns have the given value (or one of a list; null means empty);
    the `where` of an entry narrows further. A row with an `observation_id` is shown by its printed cell;
    `locate_by` names the columns that tell a reader which other row an unexpected value is from.
    `has_personal_data` keeps every single value out of results and pages; answers of survey respondents are
    treated so whether or not the file says it. `rules_from` names the file from which the rows of the table
    are generated: that is where to change what is judged.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: Name
    description: Sentence
    table: TableName
    columns: list[str] = []
    filter: Condition = {}
    locate_by: list[str] = []
    has_personal_data: bool = False
    rules_from: str | None = None
    expectations: list[ExpectationEntry] = Field(min_length=1)

    @property
    def withholds_values(self) -> bool:
        """Whether single values must not leave the table."""
        name = self.table.partition(".")[2]
        return self.has_personal_data or "survey_respon" in name


@dataclass(frozen=True)
class SuiteFile:
    """A suite and the file that it was read from."""

    path: Path
    suite: Suite

    def place(self, position: int) -> str:
        """Name the entry at a position (from 0) for an error message."""
        return f"{self.path}, entry {position + 1} ({self.suite.expectations[position].expect})"


def read_suites(suites_dir: Path) -> list[SuiteFile]:
    """Read every *.yml of a folder, in the order of file names.

    Raises FrontierError where the folder holds no suite or a file is not in the form of `Suite`.
    """
    paths = sorted(suites_dir.glob("*.yml"))
    if not paths:
        raise FrontierError(f"No suite file (*.yml) in {suites_dir}: content cannot be checked.")
    return [read_suite(path) for path in paths]


def read_suite(path: Path) -> SuiteFile:
    """Read one suite file.

    Sets of values that stand in a seed are read from there. Raises FrontierError that names the file and
    each wrong key, with the nearest key that exists, or a seed or column that does not exist.
    """
    try:
        content = parse_yaml(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FrontierError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise FrontierError(f"{path}: a suite file is a mapping that starts with 'suite:'.")
    try:
        suite = Suite.model_validate(content)
    except ValidationError as error:
        problems = "; ".join(dict.fromkeys(_describe_problem(problem) for problem in error.errors()))
        raise FrontierError(f"{path}: {problems}.") from error
    if suite.suite != path.stem:
        raise FrontierError(f"{path}: the suite is named {suite.suite!r}; name it {path.stem!r}, as its file.")
    file = SuiteFile(path, suite)
    file = SuiteFile(path, suite.model_copy(update={"expectations": _with_value_sets(file)}))
    _refuse_repeated_entries(path, file.suite)
    return file


def suggest(name: str, known: Iterable[str]) -> str:
    """Return ' (did you mean …?)' with the nearest known names, or nothing where none is near."""
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(repr(match) for match in near)}?)" if near else ""


def _describe_problem(problem: Any) -> str:
    path = list(problem["loc"])
    place = str(path[0]) if path else "file"
    if place == "expectations" and len(path) > 1:
        place = f"entry {int(path[1]) + 1}" + (f", {path[2]}" if len(path) > 2 else "")
    if problem["type"] == "extra_forbidden":
        return f"unknown key {path[-1]!r}{suggest(str(path[-1]), Suite.model_fields)}"
    if "where" in path or "filter" in path:
        return f"{place}: write column: value, with text, a number, a day, true, false, null or a list of them"
    return f"{place}: {problem['msg']}"


def _with_value_sets(file: SuiteFile) -> list[ExpectationEntry]:
    """The entries of a suite, with the values of each seed that one of them names."""
    entries = []
    for position, entry in enumerate(file.suite.expectations):
        source = entry.value_set_from
        if source is None:
            entries.append(entry)
            continue
        if "value_set" in entry.arguments:
            raise FrontierError(f"{file.place(position)}: give either 'value_set' or 'value_set_from', not both.")
        try:
            values = seed_values(source.seed, source.column)
        except LookupError as error:
            raise FrontierError(f"{file.place(position)}, value_set_from: {error}.") from error
        entries.append(entry.model_copy(update={"arguments": {**entry.arguments, "value_set": values}}))
    return entries


def _refuse_repeated_entries(path: Path, suite: Suite) -> None:
    seen: dict[str, int] = {}
    for position, entry in enumerate(suite.expectations):
        key = repr((entry.expect, sorted(entry.where.items()), sorted(entry.arguments.items())))
        if key in seen:
            raise FrontierError(
                f"{path}: entry {position + 1} ({entry.expect}) says the same as entry {seen[key] + 1}; "
                "remove one of them."
            )
        seen[key] = position
