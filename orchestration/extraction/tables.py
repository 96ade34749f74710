"""The tables of a workbook: which layout reads which sheet, and where on the sheet each table stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestration.errors import FrontierError
from orchestration.extraction.grid import Grid, Sheet, Workbook, tidy
from orchestration.extraction.headers import HeaderFinder
from orchestration.extraction.labels import match_text, nearest, readable, split_footnotes
from orchestration.extraction.layout import Row, fits
from orchestration.landing.declarations import DatasetDeclaration
from orchestration.landing.layout_declaration import TableLayout


@dataclass(frozen=True)
class Table:
    """One table of a sheet: its layout, the rows that hold it, and the members that its sheet fixes."""

    workbook: Workbook
    grid: Grid
    layout: TableLayout
    rows: tuple[Row, ...]
    fixed: dict[str, str]


def find_tables(workbook: Workbook, declaration: DatasetDeclaration) -> Iterator[Table]:
    """Every table that the declaration describes, sheet by sheet.

    Raises `FrontierError` when a sheet is hidden or not mapped, when a layout finds no sheet of its own, or
    when the text at which a table starts is missing; it names the nearest candidates.
    """
    used: set[int] = set()
    layouts = [one for one in declaration.layout if not one.formats or workbook.kind in one.formats]
    for sheet in _wanted_sheets(workbook, declaration):
        found = _layouts_of(sheet, workbook, declaration, layouts)
        used |= {id(layout) for layout, _ in found}
        grid = sheet.read()
        for layout, fixed, rows in _regions(grid, found):
            yield Table(workbook, grid, layout, rows, fixed)
    for layout in layouts:
        if id(layout) not in used and not layout.is_optional:
            names = [readable(rule.name) for rule in layout.sheets]
            sheets = [sheet.name for sheet in workbook.sheets]
            raise FrontierError(
                f"{workbook.file}: there is no sheet {names}; the file has {sheets}. If the agency "
                " renamed the sheet, add the new name to the layout."
            )


def _wanted_sheets(workbook: Workbook, declaration: DatasetDeclaration) -> Iterator[Sheet]:
    for sheet in workbook.sheets:
        name = sheet.name or ""
        if any(match_text(rule.name, name) is not None for rule in declaration.exclude_sheets):
            continue
        if sheet.is_hidden and not _is_named(sheet, declaration):
            raise FrontierError(
                f"{workbook.file}: the sheet {name!r} is hidden. See what it is, and name it in a layout's `sheets` or "
                "in `exclude_sheets` with a reason."
            )
        yield sheet


def _is_named(sheet: Sheet, declaration: DatasetDeclaration) -> bool:
    return any(
        match_text(rule.name, sheet.name or "") is not None for layout in declaration.layout for rule in layout.sheets
    )


def _layouts_of(
    sheet: Sheet, workbook: Workbook, declaration: DatasetDeclaration, layouts: list[TableLayout]
) -> list[tuple[TableLayout, dict[str, str]]]:
    found: list[tuple[TableLayout, dict[str, str]]] = []
    for layout in layouts:
        if not layout.sheets:
            found.append((layout, {}))
        for rule in layout.sheets:
            if match_text(rule.name, sheet.name or "") is not None:
                found.append((layout, rule.dims.members()))
                break
    known = [readable(rule.name) for layout in layouts for rule in layout.sheets]
    others = [one.name for one in _wanted_sheets(workbook, declaration) if one is not sheet]
    if not found:
        raise FrontierError(
            f"{workbook.file}: the sheet {sheet.name!r} is not mapped; the nearest known is "
            f"{nearest(sheet.name or '', known)!r}. Name it in a layout's `sheets`, or in `exclude_sheets` "
            "with a reason."
        )
    if others and any(not layout.sheets for layout, _ in found):
        raise FrontierError(
            f"{workbook.file} has several sheets, {sheet.name!r} and {others}, where the layout knows of one. Say "
            "which sheet holds the table in the layout's `sheets`, and name the rest in `exclude_sheets` with a reason."
        )
    return found


def _regions(
    grid: Grid, found: list[tuple[TableLayout, dict[str, str]]]
) -> Iterator[tuple[TableLayout, dict[str, str], tuple[Row, ...]]]:
    """The rows of each table of a sheet: from the text at which it starts to where the next one starts."""
    if all(layout.starts_at is None for layout, _ in found):
        yield *_fitting(grid, found), grid.rows
        return
    starts = [(_start(grid, layout), position) for position, (layout, _) in enumerate(found)]
    ordered = sorted(starts)
    for place, (start, position) in enumerate(ordered):
        end = ordered[place + 1][0] if place + 1 < len(ordered) else len(grid.rows)
        yield *found[position], grid.rows[start:end]


def _fitting(grid: Grid, found: list[tuple[TableLayout, dict[str, str]]]) -> tuple[TableLayout, dict[str, str]]:
    """Of alternative layouts the first that fits the sheet; where none does, the nearest: it says what is wrong."""
    if len(found) == 1:
        return found[0]
    fitting = next((one for one in found if fits(grid, one[0])), None)
    return fitting or max(reversed(found), key=lambda one: HeaderFinder(grid, grid.rows, one[0]).closeness())


def _start(grid: Grid, layout: TableLayout) -> int:
    if layout.starts_at is None:
        return 0
    texts = []
    for index, row in enumerate(grid.rows):
        for cell in row:
            if cell.is_blank or cell.number is not None:
                continue
            text, _ = split_footnotes(cell.text, layout.label_footnotes)
            if match_text(layout.starts_at, text) is not None:
                return index
            texts.append(tidy(cell.text))
    raise FrontierError(
        f"{grid.name}: no cell holds the text {readable(layout.starts_at)!r}, at which a table starts; the nearest is "
        f"{nearest(readable(layout.starts_at), texts)[:200]!r}. If the agency changed it, correct `starts_at` in "
        "dataset.yml."
    )
