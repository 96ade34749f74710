"""The DDI-Codebook 2.5 of a survey edition: study, files, and variables with categories and frequencies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from lxml import etree  # ty: ignore[missing-module-member]

from orchestration.export.survey.microdata import Survey, Variable
from orchestration.export.synthetic import NOTICE

NAMESPACE = "ddi:codebook:2_5"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def write_ddi(survey: Survey, file: Path, data_files: Sequence[str], release: str, moment: dt.datetime) -> None:
    """Write the codebook; `data_files` are the names of the files that hold the data beside it."""
    root = etree.Element(f"{{{NAMESPACE}}}codeBook", nsmap={None: NAMESPACE}, version="2.5")
    root.set(_LANGUAGE, "en")
    _describe_document(_add(root, "docDscr"), survey, release, moment)
    _describe_study(_add(root, "stdyDscr"), survey, release)
    file_ids = [f"F{number}" for number in range(1, len(data_files) + 1)]
    for file_id, name in zip(file_ids, data_files, strict=True):
        _describe_file(_add(root, "fileDscr", ID=file_id), survey, name)
    described = _add(root, "dataDscr")
    for number, variable in enumerate(survey.variables, start=1):
        _describe_variable(described, variable, f"V{number}", file_ids)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True))


def _title(survey: Survey) -> str:
    title = str(survey.edition["title_en"])
    return f"SYNTHETIC: {title}" if survey.is_synthetic else title


def _describe_document(element: etree._Element, survey: Survey, release: str, moment: dt.datetime) -> None:
    citation = _add(element, "citation")
    titles = _add(citation, "titlStmt")
    _add(titles, "titl", f"Codebook of: {_title(survey)}")
    produced = _add(citation, "prodStmt")
    _add(produced, "producer", "Frontier migration warehouse")
    _add(produced, "prodDate", moment.date().isoformat(), date=moment.date().isoformat())
    _add(_add(citation, "verStmt"), "version", f"Release {release}")


def _describe_study(element: etree._Element, survey: Survey, release: str) -> None:
    edition = survey.edition
    citation = _add(element, "citation")
    titles = _add(citation, "titlStmt")
    _add(titles, "titl", _title(survey))
    for language in ("ru", "kk"):
        if edition[f"title_{language}"]:
            _add(titles, "parTitl", str(edition[f"title_{language}"])).set(_LANGUAGE, language)
    _add(titles, "IDNo", survey.edition_id, agency="frontier")
    _add(_add(citation, "rspStmt"), "AuthEnty", str(edition["publisher"]))
    _add(_add(citation, "prodStmt"), "producer", str(edition["publisher"]))
    distributed = _add(citation, "distStmt")
    _add(distributed, "distrbtr", "Frontier migration warehouse")
    _add(distributed, "distDate", str(edition["released_on"]), date=str(edition["released_on"]))
    _add(_add(citation, "verStmt"), "version", f"Edition {edition['edition']}, release {release}")
    informed = _add(element, "stdyInfo")
    if survey.is_synthetic:
        _add(informed, "abstract", NOTICE)
    _add(informed, "abstract", f"{edition['publication']}. {edition['note'] or ''}".strip())
    summary = _add(informed, "sumDscr")
    _add(summary, "anlyUnit", "Respondent")
    _add(summary, "dataKind", "Generated survey data" if survey.is_synthetic else "Survey data")
    use = _add(_add(element, "dataAccs"), "useStmt")
    _add(use, "conditions", str(edition["licence"]))
    if survey.is_synthetic:
        _add(use, "disclaimer", NOTICE)
    _add(element, "notes", f"File as published: {edition['file']}, SHA-256 {edition['file_sha256']}.")


def _describe_file(element: etree._Element, survey: Survey, name: str) -> None:
    text = _add(element, "fileTxt")
    _add(text, "fileName", name)
    if survey.is_synthetic:
        _add(text, "fileCont", NOTICE)
    sizes = _add(text, "dimensns")
    _add(sizes, "caseQnty", str(survey.respondents))
    _add(sizes, "varQnty", str(len(survey.variables)))
    _add(text, "fileType", {".sav": "SPSS system file", ".dta": "Stata file"}.get(Path(name).suffix, "Data file"))


def _describe_variable(parent: etree._Element, variable: Variable, identifier: str, file_ids: Sequence[str]) -> None:
    interval = "contin" if variable.measure == "scale" and not variable.is_text else "discrete"
    attributes = {"ID": identifier, "name": variable.name, "intrvl": interval}
    if file_ids:
        attributes["files"] = " ".join(file_ids)
    if variable.name == "weight":
        attributes["wgt"] = "wgt"
    if variable.measure in ("nominal", "ordinal"):
        attributes["nature"] = variable.measure
    element = _add(parent, "var", **attributes)
    for language, label in variable.labels.items():
        _add(element, "labl", label).set(_LANGUAGE, language)
    _describe_missing(element, variable)
    _describe_counts(element, variable)
    for code in sorted({*variable.value_labels, *_categories(variable)}):
        _describe_category(element, variable, code)
    _add(element, "varFormat", type="character" if variable.is_text else "numeric", schema="other")


def _describe_missing(element: etree._Element, variable: Variable) -> None:
    if not variable.missing:
        return
    invalid = _add(element, "invalrng")
    for one in variable.missing:
        if one.low == one.high:
            _add(invalid, "item", VALUE=f"{one.low:g}")
        else:
            _add(invalid, "range", min=f"{one.low:g}", max=f"{one.high:g}")


def _describe_counts(element: etree._Element, variable: Variable) -> None:
    invalid = sum(variable.is_missing(answer) for answer in variable.answers)
    _add(element, "sumStat", str(len(variable.answers) - invalid), type="vald")
    _add(element, "sumStat", str(invalid), type="invd")
    numbers = [one for one in variable.answers if isinstance(one, float) and not variable.is_missing(one)]
    if variable.measure == "scale" and numbers:
        _add(element, "sumStat", f"{min(numbers):g}", type="min")
        _add(element, "sumStat", f"{max(numbers):g}", type="max")
        _add(element, "sumStat", f"{sum(numbers) / len(numbers):.6g}", type="mean")


def _categories(variable: Variable) -> Mapping[float, int]:
    return {} if variable.measure == "scale" else variable.frequencies


def _describe_category(element: etree._Element, variable: Variable, code: float) -> None:
    category = _add(element, "catgry", missing="Y" if variable.is_missing(code) else "N")
    _add(category, "catValu", f"{code:g}")
    for language, label in variable.value_labels.get(code, {}).items():
        _add(category, "labl", label).set(_LANGUAGE, language)
    _add(category, "catStat", str(variable.frequencies[code]), type="freq")


def _add(parent: etree._Element, tag: str, text: str | None = None, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{tag}", **attributes)
    element.text = text
    return element
