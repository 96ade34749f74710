"""The respondents of one survey edition: codes as answered, with labels, and the codes declared as missing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from orchestration.export.contents import Column, Table, fetch_rows

if TYPE_CHECKING:
    import duckdb

Answer = float | str | None


@dataclass(frozen=True)
class MissingRange:
    """Values from `low` to `high` that the survey declares as no valid answer; one value where both are equal."""

    low: float
    high: float

    def holds(self, value: Answer) -> bool:
        """Whether an answer lies in the range."""
        return isinstance(value, float) and self.low <= value <= self.high


@dataclass(frozen=True)
class Variable:
    """A column of the survey mart with what the survey says of it, and the answer of each respondent."""

    name: str
    labels: dict[str, str]
    measure: str
    is_text: bool
    value_labels: dict[float, dict[str, str]]
    missing: tuple[MissingRange, ...]
    answers: tuple[Answer, ...]

    def is_missing(self, answer: Answer) -> bool:
        """Whether an answer is none, or one declared as missing."""
        return answer is None or any(one.holds(answer) for one in self.missing)

    @cached_property
    def frequencies(self) -> Counter[float]:
        """How many respondents gave each numeric answer, codes declared as missing included."""
        return Counter(answer for answer in self.answers if isinstance(answer, float))


@dataclass(frozen=True)
class Survey:
    """A survey edition: where it comes from, its variables, and how many respondents it has."""

    edition_id: str
    edition: dict[str, object]
    variables: tuple[Variable, ...]
    respondents: int

    @property
    def file_stem(self) -> str:
        """The name of its files, without suffix: `frontier_2009_2009` of `survey/frontier_2009@2009`."""
        return re.sub(r"[^A-Za-z0-9_.-]+", "_", self.edition_id.split("/", 1)[-1])

    @property
    def is_synthetic(self) -> bool:
        """Whether its answers are generated."""
        return bool(self.edition["is_synthetic"])


def read_surveys(connection: duckdb.DuckDBPyConnection, mart: Table) -> list[Survey]:
    """Every survey edition in the mart of respondents, by edition id."""
    editions = fetch_rows(
        connection,
        f"select * from main.dim_edition where edition_key in (select edition_key from {mart.sql_name}) "
        "order by edition_id",
    )
    return [_read_survey(connection, mart, edition) for edition in editions]


def _read_survey(connection: duckdb.DuckDBPyConnection, mart: Table, edition: dict[str, object]) -> Survey:
    key = edition["edition_key"]
    questions = {
        row["variable"]: row
        for row in fetch_rows(connection, "select * from main.dim_survey_question where edition_key = ?", [key])
    }
    order = [
        row[0]
        for row in connection.execute(
            f"select respondent_key from {mart.sql_name} where edition_key = ? "
            "order by try_cast(respondent_id as bigint), respondent_id",
            [key],
        ).fetchall()
    ]
    given = _given_answers(connection, mart, key)
    variables = []
    for column in mart.columns:
        name = column.name.removesuffix("_code")
        if name in questions:
            variables.append(_variable(connection, column, questions[name], edition, given.get(name, {}), order))
        elif column.name == "is_synthetic":
            variables.append(_flag(column, bool(edition["is_synthetic"]), len(order)))
    return Survey(str(edition["edition_id"]), edition, tuple(variables), len(order))


def _given_answers(
    connection: duckdb.DuckDBPyConnection, mart: Table, edition_key: object
) -> dict[str, dict[str, Answer]]:
    """Answers by variable and respondent. The mart leaves out codes declared as missing; here they are kept."""
    rows = connection.execute(
        "select variable, respondent_key, value, code from main.fct_survey_response where edition_key = ? union all "
        "select 'respondent_id', respondent_key, try_cast(respondent_id as double), respondent_id "
        f"from {mart.sql_name} where edition_key = ?",
        [edition_key, edition_key],
    ).fetchall()
    given: dict[str, dict[str, Answer]] = {}
    for variable, respondent, value, code in rows:
        given.setdefault(variable, {})[respondent] = code if value is None else value
    return given


def _variable(
    connection: duckdb.DuckDBPyConnection,
    column: Column,
    question: dict[str, object],
    edition: dict[str, object],
    given: dict[str, Answer],
    order: Sequence[str],
) -> Variable:
    is_text = question["storage_type"] == "string"
    answers = tuple(_answer(given.get(respondent), is_text) for respondent in order)
    return Variable(
        column.name,
        {language: str(question[f"label_{language}"]) for language in ("en", "ru") if question[f"label_{language}"]},
        str(question["measure"] or "unknown"),
        is_text,
        _value_labels(connection, question),
        () if is_text else _missing_ranges(connection, edition, question),
        answers,
    )


def _answer(answer: Answer, is_text: bool) -> Answer:
    # A special missing value of Stata or SAS has a letter and no number: it stays a gap in a numeric variable.
    if is_text:
        return None if answer is None else str(answer)
    return answer if isinstance(answer, float) else None


def _value_labels(connection: duckdb.DuckDBPyConnection, question: dict[str, object]) -> dict[float, dict[str, str]]:
    rows = connection.execute(
        "select try_cast(code as double) as value, label_en, label_ru from main.dim_survey_answer "
        "where question_key = ? and value is not null order by value",
        [question["question_key"]],
    ).fetchall()
    return {value: {"en": en, **({"ru": ru} if ru else {})} for value, en, ru in rows}


def _missing_ranges(
    connection: duckdb.DuckDBPyConnection, edition: dict[str, object], question: dict[str, object]
) -> tuple[MissingRange, ...]:
    rows = connection.execute(
        "select distinct low, high from raw.survey_missing_ranges "
        "where edition_id = ? and variable = ? and low is not null and high is not null order by low, high",
        [edition["edition_id"], question["variable"]],
    ).fetchall()
    return tuple(MissingRange(low, high) for low, high in rows)


def _flag(column: Column, is_synthetic: bool, respondents: int) -> Variable:
    labels = {1.0: {"en": "Generated, no evidence"}, 0.0: {"en": "Answered by a person"}}
    answers = (float(is_synthetic),) * respondents
    return Variable(column.name, {"en": column.comment.rstrip(".")}, "nominal", False, labels, (), answers)
