"""What dataset.yml demands of a survey file: its variables, one row per respondent, a label for every code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orchestration.errors import FrontierError
from orchestration.extraction.surveys.chunks import Chunk, Numbers, Texts
from orchestration.extraction.surveys.codes import Code, code_text

if TYPE_CHECKING:
    import pyarrow as pa

    from orchestration.extraction.surveys.dictionary import Dictionary, Variable
    from orchestration.landing.survey_declaration import SurveyDeclaration


def require_variables(dictionary: Dictionary, declaration: SurveyDeclaration) -> None:
    """Raise `FrontierError` when a declared variable is not in the file or is text where numbers are declared."""
    path, found = dictionary.path, {variable.name: variable for variable in dictionary.variables}
    missing = [name for name in declaration.variables if name not in found]
    if missing:
        raise FrontierError(
            f"{path} has no variable {', '.join(missing)}, which the survey section of its dataset.yml "
            f"declares. The file has: {', '.join(found)}. Correct the declaration or restore the file."
        )
    not_numeric = [name for name in declaration.numeric_variables if found[name].is_text]
    if not_numeric:
        raise FrontierError(
            f"{path} stores {', '.join(not_numeric)} as text, where dataset.yml declares codes or counts. "
            "Correct the declaration or restore the file."
        )


class DeclaredRules:
    """Checks the cases chunk by chunk against the declaration; `finish` after the last one.

    Each method raises `FrontierError` that names the file, the variable and the code or respondent.
    """

    def __init__(self, dictionary: Dictionary, declaration: SurveyDeclaration) -> None:
        self._dictionary = dictionary
        self._declaration = declaration
        self._numeric_ids: list[np.ndarray] = []
        self._text_ids: list[pa.StringArray] = []

    def check(self, chunk: Chunk) -> None:
        """Check one chunk, and remember its respondents."""
        if self._declaration.respondent_id is not None:
            self._check_ids(chunk, chunk.columns[self._declaration.respondent_id])
        if self._declaration.coded_variables:
            for variable in self._dictionary.variables:
                self._require_labels(variable, codes_in(chunk, variable))

    def finish(self) -> None:
        """Check that no respondent stands on two rows of the file."""
        import pyarrow as pa

        repeated = None
        if self._numeric_ids:
            ids, rows = np.unique(np.concatenate(self._numeric_ids), return_counts=True)
            repeated = next((code_text(float(one)) for one in ids[rows > 1]), None)
        elif self._text_ids:
            counts = pa.chunked_array(self._text_ids).value_counts()
            repeated = next((one["values"].as_py() for one in counts if one["counts"].as_py() > 1), None)
        if repeated is not None:
            raise FrontierError(
                f"{self._dictionary.path}: {self._declaration.respondent_id} {repeated} stands on more than one row. "
                "Every respondent is one row; restore the file."
            )

    def _check_ids(self, chunk: Chunk, ids: Numbers | Texts) -> None:
        if isinstance(ids, Numbers):
            is_empty = bool(ids.is_missing.any())
            self._numeric_ids.append(ids.values)
        else:
            is_empty = "" in ids.values.unique().to_pylist()
            self._text_ids.append(ids.values)
        if is_empty:
            raise FrontierError(
                f"{self._dictionary.path}: {self._declaration.respondent_id} is empty for a respondent in rows "
                f"{chunk.first_row} to {chunk.first_row + chunk.rows - 1}. Every row needs its number."
            )

    def _require_labels(self, variable: Variable, present: set[Code]) -> None:
        """Every code of a coded variable has a label, and so has every missing code that occurs."""
        is_coded = variable.name in self._declaration.coded_variables
        needed = {code for code in present if is_coded or variable.is_missing(code)}
        unlabelled = sorted(code_text(code) for code in needed - set(variable.labels))
        if unlabelled:
            raise FrontierError(
                f"{self._dictionary.path}: variable {variable.name} holds the code {', '.join(unlabelled)}, which has "
                "no value label in the file. Have the label added to the file, or declare the variable as a count in "
                "dataset.yml."
            )


def codes_in(chunk: Chunk, variable: Variable) -> set[Code]:
    """The distinct codes of a variable in a chunk; an empty text is none, a special missing value is one."""
    column = chunk.columns[variable.name]
    if isinstance(column, Texts):
        return {text for text in column.values.unique().to_pylist() if text}
    special = chunk.special.get(variable.name, {}).values()
    return {*np.unique(column.values[~column.is_missing]).tolist(), *special}
