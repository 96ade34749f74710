"""The survey files of an export: for each edition the statistical files and the codebook that were asked for."""

from __future__ import annotations

from dataclasses import replace

from orchestration.export.context import Context
from orchestration.export.request import SURVEY_TABLE
from orchestration.export.survey.microdata import Survey, read_surveys
from orchestration.export.written import Written

FOLDER = "survey"


def write_survey(context: Context) -> list[Written]:
    """Write every survey edition of the release; a release without a survey gives no file."""
    (context.folder / FOLDER).mkdir(parents=True, exist_ok=True)
    surveys = read_surveys(context.connection, context.tables[SURVEY_TABLE])
    return [one for survey in surveys for one in _write_one(context, survey)]


def _write_one(context: Context, survey: Survey) -> list[Written]:
    from orchestration.export.survey.ddi import write_ddi
    from orchestration.export.survey.statistical_files import file_label, write_dta, write_sav

    stem = f"{FOLDER}/{survey.file_stem}"
    written = []
    if context.asks_for("sav"):
        write_sav(survey, context.folder / f"{stem}.sav", context.published_at)
        written.append(Written(f"{stem}.sav", "sav", file_label(survey), survey.respondents))
    if context.asks_for("dta"):
        write_dta(survey, context.folder / f"{stem}.dta", context.published_at)
        written.append(Written(f"{stem}.dta", "dta", file_label(survey), survey.respondents))
    data_files = [one.path.removeprefix(f"{FOLDER}/") for one in written]
    if context.asks_for("ddi"):
        write_ddi(survey, context.folder / f"{stem}.xml", data_files, context.release, context.published_at)
        written.append(Written(f"{stem}.xml", "ddi", f"Codebook of {survey.edition['title_en']}", None))
    return [replace(one, is_synthetic=survey.is_synthetic) for one in written]
