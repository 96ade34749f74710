"""A survey file of a test as tables in memory; the project itself lands such files chunk by chunk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from orchestration.extraction.surveys.notices import SurveyNotice
from orchestration.extraction.surveys.reading import SurveyReading
from orchestration.extraction.surveys.schemas import survey_table
from orchestration.landing.survey_declaration import SurveyDeclaration


@dataclass(frozen=True)
class SurveyTables:
    """What a survey file holds, in the columns of the tables raw.survey_*.

    `responses` has one row per respondent and variable other than the respondent number, which is its
    key; it is empty for a survey that declares no response variable, whose cases are landed as they are.
    """

    variables: pa.Table
    value_labels: pa.Table
    missing_ranges: pa.Table
    special_missing: pa.Table
    responses: pa.Table
    notices: list[SurveyNotice]


def read_survey(path: Path, edition_id: str, declaration: SurveyDeclaration) -> SurveyTables:
    """Read a survey file to its end and keep everything; raises the `FrontierError` of the reading."""
    reading = SurveyReading(path, edition_id, declaration)
    answers, special = [survey_table("survey_responses", [])], [survey_table("survey_special_missing", [])]
    for chunk in reading.chunks():
        iso_columns = reading.iso_columns(chunk)
        special.append(reading.special_missing(chunk))
        if declaration.has_long_form:
            answers.append(reading.answers(chunk, iso_columns))
    return SurveyTables(
        variables=reading.variables,
        value_labels=reading.value_labels,
        missing_ranges=reading.missing_ranges,
        special_missing=pa.concat_tables(special),
        responses=pa.concat_tables(answers),
        notices=reading.notices,
    )
