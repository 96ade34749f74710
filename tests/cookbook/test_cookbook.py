"""The cookbook's answers are what its queries give on a published file, by DuckDB alone.

After a change of the data or of a query, renew the printed answers and read the difference before it is kept:
`FRONTIER_UPDATE_SNAPSHOT=1 .venv/bin/python -m pytest tests/cookbook -n 0 -k answer`.
"""

from __future__ import annotations

import os
import re

import pytest

from tests.cookbook.questions import COOKBOOK, Question, answer, read_questions, renewed
from tests.published import Command

QUESTIONS = read_questions(COOKBOOK.read_text("utf-8"))


def test_there_are_twenty_questions_in_their_order() -> None:
    assert [question.title.partition(".")[0] for question in QUESTIONS] == [str(number) for number in range(1, 21)]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.title)
def test_a_question_has_a_text_one_query_and_one_answer(question: Question) -> None:
    assert question.title.endswith("?")
    assert question.text
    assert len(question.queries) == len(question.answers) == 1
    header, *rows = question.answers[0]
    assert rows
    assert all(len(row) == len(header) for row in rows)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.title)
def test_the_order_of_the_rows_is_not_left_to_chance(question: Question) -> None:
    [sql] = question.queries
    assert re.search(r"\norder by [\w., ]+\n$", sql), "the query must end with an order by"


def test_every_printed_answer_is_what_the_published_file_answers(published: Command) -> None:
    if os.environ.get("FRONTIER_UPDATE_SNAPSHOT"):
        COOKBOOK.write_text(renewed(COOKBOOK.read_text("utf-8"), published.database), "utf-8")
    questions = read_questions(COOKBOOK.read_text("utf-8"))
    answered = {question.title: [answer(published.database, sql) for sql in question.queries] for question in questions}
    assert {question.title: question.answers for question in questions} == answered


def test_renewing_puts_the_answer_below_a_query_that_has_none_and_in_place_of_an_old_one(published: Command) -> None:
    query = "```sql\nselect 1 as a, null as b, 'x|y' as c order by a\n```\n"
    printed = "\n| a | b | c |\n| ---: | --- | --- |\n| 1 | null | x\\|y |\n"
    without = f"## 1. What?\n\nWhy.\n\n{query}\n## 2. And?\n"
    renewed_text = renewed(without, published.database)
    assert renewed_text == f"## 1. What?\n\nWhy.\n\n{query}{printed}\n## 2. And?\n"
    assert renewed(renewed_text.replace("| 1 |", "| 2 |"), published.database) == renewed_text
    assert read_questions(renewed_text)[0].answers == [[["a", "b", "c"], ["1", "null", "x|y"]]]
