"""Findings from what the reader of a survey file noticed, such as a date that no calendar has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.quality.findings import Finding, FindingCell

if TYPE_CHECKING:
    import duckdb


def notice_findings(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """One warning per notice of `raw.survey_notices`; its cell is the first row of the file that it concerns."""
    rows = connection.execute(
        """
        select
            notices.edition_id, editions.dataset, editions.edition, editions.file,
            notices.variable, notices.file_row, notices.row_count, notices.stored_value, notices.message
        from raw.survey_notices as notices
        inner join raw.editions as editions on notices.edition_id = editions.edition_id
        order by notices.edition_id, notices.variable, notices.file_row
        """
    ).fetchall()
    return [
        Finding(
            rule="survey_notice",
            instance=f"edition={edition_id} variable={variable} row={file_row or ''}",
            severity="warning",
            dataset=dataset,
            edition=edition,
            cells=(FindingCell(None, file, None, _place(variable, file_row), stored or ""),),
            message=f"{file}, variable {variable}: {message}" + (f" ({count:,} rows)" if (count or 0) > 1 else ""),
        )
        for edition_id, dataset, edition, file, variable, file_row, count, stored, message in rows
    ]


def _place(variable: str, file_row: int | None) -> str:
    return f"variable {variable}" if file_row is None else f"variable {variable}, row {file_row}"
