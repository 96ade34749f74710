"""What the reader of a survey file noticed becomes a finding that names variable, row and what is stored."""

from __future__ import annotations

import duckdb

from orchestration.extraction.landed_tables import create_landed_tables
from orchestration.quality.survey_notices import notice_findings


def test_a_notice_is_a_warning_at_its_first_row() -> None:
    with duckdb.connect() as connection:
        create_landed_tables(connection)
        connection.execute(
            "insert into raw.editions (edition_id, dataset, edition, file) values ('s/a@1', 's/a', '1', 's/a/1/a.sav')"
        )
        connection.execute(
            "insert into raw.survey_notices values "
            "('s/a@1', 'born', 7, 3, '-1e15', 'the date is out of range'), "
            "('s/a@1', 'sex', null, null, null, 'no labels')"
        )
        born, sex = notice_findings(connection)
    assert (born.severity, born.dataset, born.edition, born.state) == ("warning", "s/a", "1", "open")
    assert born.cells[0].place == "s/a/1/a.sav variable born, row 7"
    assert born.cells[0].raw_text == "-1e15"
    assert born.message == "s/a/1/a.sav, variable born: the date is out of range (3 rows)"
    assert sex.cells[0].cell == "variable sex"
    assert born.id != sex.id
