"""What titles and notes say of all figures of a table: members that a title states, statuses that a note gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from orchestration.errors import FrontierError
from orchestration.extraction.grid import Cell, Grid, Workbook, tidy
from orchestration.extraction.inflection import nominative
from orchestration.extraction.labels import match_text, readable
from orchestration.extraction.names import TerritoryNames
from orchestration.extraction.periods import period_text
from orchestration.landing.layout_declaration import StatusNote, Text, TitleMember


def table_texts(grid: Grid, rows: Iterable[Sequence[Cell]]) -> list[str]:
    """The texts of a table: what stands above it on a page, and every cell that is no number."""
    cells = (cell for row in rows for cell in row)
    return [*grid.notes, *(tidy(cell.text) for cell in cells if not cell.is_blank and cell.number is None)]


def sheet_texts(workbook: Workbook, name: Text) -> list[str]:
    """The texts of the sheet that a rule names; `FrontierError` when the workbook has no such sheet."""
    for sheet in workbook.sheets:
        if match_text(name, sheet.name or "") is not None:
            grid = sheet.read()
            return table_texts(grid, grid.rows)
    raise FrontierError(
        f"{workbook.file}: there is no sheet {readable(name)!r}, whose title the layout needs; the file has "
        f"{[sheet.name for sheet in workbook.sheets]}. If the agency renamed it, correct `title_members`."
    )


def title_members(
    rules: Sequence[TitleMember],
    texts_for: Callable[[TitleMember], list[str]],
    names: TerritoryNames,
    dataset: str,
    grid: Grid,
) -> dict[str, str]:
    """The members that titles state, by dimension; `texts_for` gives the texts in which a rule is looked for.

    Raises `FrontierError` when no text is as a rule describes it, or names no period or territory that is known.
    """
    members: dict[str, str] = {}
    for rule in rules:
        texts = texts_for(rule)
        found = next((match for text in texts if (match := re.search(rule.pattern, text, re.IGNORECASE))), None)
        if found is None and rule.is_optional:
            continue
        if found is None:
            raise FrontierError(
                f"{grid.name}: no title or note states the {rule.dimension} as {rule.pattern!r} describes it. If the "
                "agency changed the title, correct `title_members` in dataset.yml."
            )
        members[rule.dimension] = _member(rule, found, names, dataset, grid)
    return members


def _member(rule: TitleMember, found: re.Match[str], names: TerritoryNames, dataset: str, grid: Grid) -> str:
    if rule.parse == "territory":
        return _territory(found.group("territory"), names, dataset, grid)
    try:
        return period_text(found.groupdict(), rule.template)
    except ValueError as error:
        raise FrontierError(
            f"{grid.name}: the title {found.group()!r} cannot be read as a period: {error}. Correct `title_members` in "
            "dataset.yml."
        ) from error


def _territory(text: str, names: TerritoryNames, dataset: str, grid: Grid) -> str:
    """The territory that a title names, in the nominative or as the sentence inflects it."""
    for spelling in (text, nominative(text)):
        member = names.resolve(spelling, dataset)
        if member:
            return member
    near = ", ".join(repr(name) for name in names.nearest(nominative(text)))
    raise FrontierError(
        f"{grid.name}: the title speaks of {tidy(text)!r}, which is no known territory; the nearest known names are "
        f"{near}. Add the spelling where names are kept, or correct `title_members` in dataset.yml."
    )


def noted_periods(rules: Sequence[StatusNote], texts: Sequence[str], grid: Grid) -> dict[str, str]:
    """The status that notes give to figures, by period.

    Raises `FrontierError` when a note that must be there is not, or speaks of no period that can be read.
    """
    noted: dict[str, str] = {}
    for rule in rules:
        matches = [match for text in texts for match in re.finditer(rule.pattern, text, re.IGNORECASE)]
        if not matches and not rule.is_optional:
            raise FrontierError(
                f"{grid.name}: no note reads as {rule.pattern!r} describes it. If the agency dropped it, "
                "correct `status_notes` in dataset.yml."
            )
        for match in matches:
            try:
                noted[period_text(match.groupdict(), rule.template)] = rule.status
            except ValueError as error:
                raise FrontierError(
                    f"{grid.name}: the note {match.group()!r} speaks of no period that can be read: {error}. Correct "
                    "`status_notes` in dataset.yml."
                ) from error
    return noted
