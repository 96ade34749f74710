"""Reading a survey file (SPSS .sav): variables, value labels and responses as typed tables.

Codes are kept as codes. Labels are written 'English / Русский' in the file and split here; a
user-missing code keeps its label as the reason why the answer is missing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from orchestration.errors import FrontierError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from orchestration.landing.survey_declaration import SurveyDeclaration

LABEL_SEPARATOR = " / "
SYSTEM_MISSING = "system-missing"

Value = float | str


@dataclass(frozen=True)
class SurveyTables:
    """What a survey file holds, in the columns of raw.survey_variables, _value_labels and _responses.

    `responses` has one row per respondent and variable other than the respondent number, which is its key.
    """

    variables: pa.Table
    value_labels: pa.Table
    responses: pa.Table


@dataclass(frozen=True)
class _Variable:
    """One variable of the file with everything that is declared about its codes."""

    name: str
    label: str | None
    measure: str
    storage_type: str
    labels: Mapping[Value, str]
    missing_ranges: Sequence[tuple[Value, Value]]
    values: Sequence[Value | None] = field(repr=False)

    def is_missing(self, value: Value) -> bool:
        """Whether the file declares the value as user-missing."""
        return any(
            low <= value <= high  # ty: ignore[unsupported-operator]
            for low, high in self.missing_ranges
            if isinstance(low, str) == isinstance(value, str)
        )


def read_survey(path: Path, edition_id: str, declaration: SurveyDeclaration) -> SurveyTables:
    """Read one survey file.

    Raises `FrontierError` when the file is no readable .sav file, lacks a declared variable, repeats or
    omits a respondent number, or holds a code that has no label in a coded variable.
    """
    variables = _read_variables(path)
    _require_variables(path, variables, declaration)
    for variable in variables.values():
        _require_labels(path, variable, declaration)
    respondents = _respondent_ids(path, variables[declaration.respondent_id])
    answered = [variable for variable in variables.values() if variable.name != declaration.respondent_id]
    return SurveyTables(
        variables=_variables_table(path, edition_id, list(variables.values())),
        value_labels=_value_labels_table(path, edition_id, list(variables.values())),
        responses=_responses_table(path, edition_id, answered, respondents),
    )


def code_text(value: Value) -> str:
    """A code as text: 1.0 is '1', 1.5 stays '1.5', text stays text."""
    if isinstance(value, str):
        return value
    return str(int(value)) if value == int(value) else repr(value)


def _read_variables(path: Path) -> dict[str, _Variable]:
    import pyreadstat

    try:
        values, meta = pyreadstat.read_sav(
            path, user_missing=True, output_format="dict", disable_datetime_conversion=True
        )
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError) as error:
        raise FrontierError(
            f"{path} cannot be read as an SPSS file ({error}). Put the file back as it was published; the "
            "SHA-256 in the origin.yml beside it says which one that is."
        ) from error
    return {name: _describe(name, values[name], meta) for name in meta.column_names}


def _describe(name: str, values: Sequence[Any], meta: Any) -> _Variable:
    ranges = meta.missing_ranges.get(name, [])
    return _Variable(
        name=name,
        label=meta.column_names_to_labels.get(name),
        measure=meta.variable_measure.get(name, "unknown"),
        storage_type="string" if meta.readstat_variable_types[name] == "string" else "numeric",
        labels=meta.variable_value_labels.get(name, {}),
        missing_ranges=[(item["lo"], item["hi"]) for item in ranges],
        values=values,
    )


def _require_variables(path: Path, variables: Mapping[str, _Variable], declaration: SurveyDeclaration) -> None:
    missing = [name for name in declaration.variables if name not in variables]
    if missing:
        raise FrontierError(
            f"{path} has no variable {', '.join(missing)}, which the survey section of its dataset.yml "
            f"declares. The file has: {', '.join(variables)}. Correct the declaration or restore the file."
        )
    not_numeric = [
        name
        for name in (declaration.weight, *declaration.coded_variables, *declaration.count_variables)
        if variables[name].storage_type != "numeric"
    ]
    if not_numeric:
        raise FrontierError(
            f"{path} stores {', '.join(not_numeric)} as text, where dataset.yml declares codes or counts. "
            "Correct the declaration or restore the file."
        )


def _require_labels(path: Path, variable: _Variable, declaration: SurveyDeclaration) -> None:
    """Every code of a coded variable has a label, and so has every user-missing code that occurs."""
    present = {value for value in variable.values if value is not None}
    needed = {value for value in present if variable.name in declaration.coded_variables or variable.is_missing(value)}
    unlabelled = sorted((needed - set(variable.labels)), key=code_text)
    if unlabelled:
        codes = ", ".join(code_text(value) for value in unlabelled)
        raise FrontierError(
            f"{path}: variable {variable.name} holds the code {codes}, which has no value label in the file. "
            "Have the label added to the file, or declare the variable as a count in dataset.yml."
        )


def _respondent_ids(path: Path, variable: _Variable) -> list[str]:
    if any(value is None or value == "" for value in variable.values):
        raise FrontierError(f"{path}: {variable.name} is empty for a respondent. Every row needs its number.")
    ids = [code_text(value) for value in variable.values if value is not None]
    repeated = next((value for value, rows in Counter(ids).items() if rows > 1), None)
    if repeated is not None:
        raise FrontierError(
            f"{path}: {variable.name} {repeated} stands on more than one row. Every respondent is one row; "
            "restore the file."
        )
    return ids


def _split_label(path: Path, variable: str, label: str | None) -> tuple[str | None, str | None]:
    """English and Russian part of a label; a label without the separator is English only."""
    if not label:
        return None, None
    parts = [part.strip() for part in label.split(LABEL_SEPARATOR)]
    if len(parts) > 2 or not all(parts):
        raise FrontierError(
            f"{path}: the label {label!r} of variable {variable} does not split into English and Russian at "
            f"one {LABEL_SEPARATOR!r}. Write it as 'English{LABEL_SEPARATOR}Русский'."
        )
    return parts[0], parts[1] if len(parts) == 2 else None


def _variables_table(path: Path, edition_id: str, variables: list[_Variable]) -> pa.Table:
    import pyarrow as pa

    schema = pa.schema(
        [
            ("edition_id", pa.string()),
            ("position", pa.int32()),
            ("variable", pa.string()),
            ("label_en", pa.string()),
            ("label_ru", pa.string()),
            ("measure", pa.string()),
            ("storage_type", pa.string()),
        ]
    )
    rows = []
    for position, variable in enumerate(variables, start=1):
        labels = _split_label(path, variable.name, variable.label)
        row = (edition_id, position, variable.name, *labels, variable.measure, variable.storage_type)
        rows.append(dict(zip(schema.names, row, strict=True)))
    return pa.Table.from_pylist(rows, schema=schema)


def _value_labels_table(path: Path, edition_id: str, variables: list[_Variable]) -> pa.Table:
    import pyarrow as pa

    schema = pa.schema(
        [
            ("edition_id", pa.string()),
            ("variable", pa.string()),
            ("code", pa.string()),
            ("label_en", pa.string()),
            ("label_ru", pa.string()),
            ("is_missing", pa.bool_()),
        ]
    )
    rows = []
    for variable in variables:
        for value, label in variable.labels.items():
            labels = _split_label(path, variable.name, label)
            row = (edition_id, variable.name, code_text(value), *labels, variable.is_missing(value))
            rows.append(dict(zip(schema.names, row, strict=True)))
    return pa.Table.from_pylist(rows, schema=schema)


def _responses_table(path: Path, edition_id: str, variables: list[_Variable], respondents: list[str]) -> pa.Table:
    """One block of rows per variable, put together without copying a row of Python objects per answer."""
    import pyarrow as pa

    schema = pa.schema(
        [
            ("edition_id", pa.string()),
            ("respondent_id", pa.string()),
            ("variable", pa.string()),
            ("code", pa.string()),
            ("value", pa.float64()),
            ("missing_reason", pa.string()),
        ]
    )
    ids = pa.array(respondents, pa.string())
    blocks = []
    for variable in variables:
        codes = {value: code_text(value) for value in set(variable.values) if value is not None}
        reasons = _missing_reasons(path, variable)
        is_text = variable.storage_type == "string"
        columns = [
            pa.repeat(pa.scalar(edition_id), len(ids)),
            ids,
            pa.repeat(pa.scalar(variable.name), len(ids)),
            pa.array([None if value is None else codes[value] for value in variable.values], pa.string()),
            pa.nulls(len(ids), pa.float64()) if is_text else pa.array(variable.values, pa.float64()),
            pa.array([reasons.get(value) for value in variable.values], pa.string()),
        ]
        blocks.append(pa.Table.from_arrays(columns, schema=schema))
    return pa.concat_tables(blocks)


def _missing_reasons(path: Path, variable: _Variable) -> dict[Value | None, str | None]:
    """English label of each user-missing code, and the reason of an answer that is not there at all."""
    reasons: dict[Value | None, str | None] = {None: SYSTEM_MISSING}
    for value, label in variable.labels.items():
        if variable.is_missing(value):
            reasons[value] = _split_label(path, variable.name, label)[0]
    return reasons
