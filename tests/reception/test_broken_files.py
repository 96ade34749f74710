"""Ten ways of breaking a published workbook: each a clear error, the file in quarantine, and nothing landed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import xlrd
import xlwt

from orchestration.errors import FrontierError
from orchestration.landing.catalogue import read_dataset
from orchestration.reception.quarantine import list_quarantined
from orchestration.reception.receiving import Examined, HandPlaced, add_by_hand
from orchestration.release.fingerprint import file_sha256, inputs_fingerprint
from orchestration.workspace import Workspace
from tests.shared_files import shared_file

Cells = list[list[tuple[object, str]]]
FLOWS = "goskomstat/international_migration"
COMPONENTS = "goskomstat/population_components"
REAL = {
    FLOWS: "rosstat/migr2_international_1997_2019.xls",
    COMPONENTS: "rosstat/komp_chisl_components_1990_2019.xls",
}


Merged = list[tuple[int, int, int, int]]


def _read(path: Path) -> tuple[str, Cells, Merged]:
    """Values, number formats and merged ranges of the first sheet."""
    book = xlrd.open_workbook(str(path), formatting_info=True)
    sheet = book.sheet_by_index(0)

    def cell(row: int, column: int) -> tuple[object, str]:
        found = sheet.cell(row, column)
        return found.value, book.format_map[book.xf_list[found.xf_index].format_key].format_str

    cells = [[cell(row, column) for column in range(sheet.ncols)] for row in range(sheet.nrows)]
    return sheet.name, cells, sheet.merged_cells


def _write(path: Path, name: str, cells: Cells, merged: Merged | None = None, extra_sheet: str | None = None) -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet(name)
    styles: dict[str, xlwt.XFStyle] = {}
    for row, line in enumerate(cells):
        for column, (value, number_format) in enumerate(line):
            if value != "":
                style = styles.setdefault(number_format, xlwt.XFStyle())
                style.num_format_str = number_format
                sheet.write(row, column, value, style)
    for first_row, after_row, first_column, after_column in merged or []:
        sheet.merge(first_row, after_row - 1, first_column, after_column - 1)
    if extra_sheet:
        book.add_sheet(extra_sheet).write(0, 0, "Черновик")
    book.save(str(path))
    return path


def _place(cells: Cells, text: object) -> tuple[int, int]:
    """Where a text or number stands first."""
    for row, line in enumerate(cells):
        for column, (value, _) in enumerate(line):
            if value == text or (isinstance(value, str) and value.strip() == text):
                return row, column
    raise AssertionError(f"{text!r} is not in the table")


def _general(value: object) -> tuple[object, str]:
    return value, "General"


# A small table of the same make, for where the published file is not at hand.
def _look_alike() -> Cells:
    years = [2005, 2006, 2007]
    lines: list[list[object]] = [["МЕЖДУНАРОДНАЯ МИГРАЦИЯ"], ["(человек)"], [], ["", *years]]
    for total, group in (
        ("Прибыло в Российскую Федерацию - всего", "из стран СНГ "),
        ("Выбыло из Российской Федерации - всего", "в страны СНГ "),
    ):
        lines += [[total, 177230, 186380, 286956], ["в том числе:"], [group, 163101, 170851, 263277]]
        lines += [["Армения", 7581, 12949, 30751], ["Казахстан", 51945, 38606, 40258]]
    return [[_general(line[column] if column < len(line) else "") for column in range(4)] for line in lines]


def _shift_header(cells: Cells) -> Cells:
    """The years stand one column further to the right than their figures."""
    row, _ = _place(cells, 2005)
    cells[row] = [_general(""), *cells[row][:-1]]
    return cells


def _swap_columns(cells: Cells) -> Cells:
    row, column = _place(cells, 2006)
    for line in cells[row:]:
        line[column], line[column - 1] = line[column - 1], line[column]
    return cells


def _drop_row(cells: Cells) -> Cells:
    row, _ = _place(cells, "Казахстан")
    return cells[:row] + cells[row + 1 :]


def _rename_region(cells: Cells) -> Cells:
    row, column = _place(cells, "Казахстан")
    cells[row][column] = _general("Казакстан")
    return cells


def _text_in_number(cells: Cells) -> Cells:
    row, column = _place(cells, 51945)
    cells[row][column] = _general("51945 чел.")
    return cells


def _blanks_as_thousands(cells: Cells) -> Cells:
    row, column = _place(cells, 51945)
    cells[row][column] = _general("51 945")
    return cells


Breaking = Callable[[Cells], Cells]
IN_CELLS: dict[str, tuple[Breaking, str]] = {
    "shifted header": (_shift_header, r"cell [A-Z]+\d+: .* stands under no header"),
    "swapped columns": (_swap_columns, r"cell [A-Z]+\d+: the column '200\d' is out of order"),
    "dropped row": (_drop_row, r"prints nothing for 'Казахстан.*a row or a column was lost"),
    "renamed region": (_rename_region, r"cell A\d+: the row label 'Казакстан' is not a known territory; .*'Казахстан'"),
    "text in a number": (_text_in_number, r"cell [A-Z]+\d+ .*'51945 чел\.' is neither a number nor"),
    "blanks as thousands": (_blanks_as_thousands, r"cell [A-Z]+\d+ .*'51 945' is neither a number nor"),
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A raw folder in which the edition before of the flows stands, and the other table awaits its first."""
    for dataset in REAL:
        shutil.copytree(Workspace.of().raw / dataset, tmp_path / "raw" / dataset)
    return Workspace.of(tmp_path / "raw", tmp_path / "warehouse")


def _refused(workspace: Workspace, file: Path, dataset: str = FLOWS) -> str:
    """The error of a file that must not land; everything but the quarantine is as it was."""
    before = inputs_fingerprint(workspace)
    with pytest.raises(FrontierError) as caught:
        add_by_hand(workspace, HandPlaced(file, dataset, "new", "2021"))
    message = str(caught.value)
    assert caught.value.exit_code == 1
    assert f"{dataset}/new/{file.name}" in message
    assert "Nothing was landed" in message
    assert "\n" not in message
    assert inputs_fingerprint(workspace) == before
    assert not any(path.name.startswith(".") for path in (workspace.raw / dataset).iterdir())
    (entry,) = list_quarantined(workspace)
    assert file_sha256(Path(entry.file)) == file_sha256(file)
    return message


@pytest.mark.parametrize("breaking", IN_CELLS)
def test_a_published_workbook_broken_by_a(workspace: Workspace, tmp_path: Path, breaking: str) -> None:
    """Is refused by its cell."""
    break_cells, words = IN_CELLS[breaking]
    name, cells, merged = _read(shared_file(REAL[FLOWS]))
    message = _refused(workspace, _write(tmp_path / "migr2.xls", name, break_cells(cells), merged))
    assert re.search(words, message), message


@pytest.mark.parametrize("breaking", IN_CELLS)
def test_a_look_alike_broken_by_a(workspace: Workspace, tmp_path: Path, breaking: str) -> None:
    """Is refused by its cell, where its whole form had landed."""
    shutil.rmtree(workspace.raw / FLOWS / "2020-04-28")
    whole = add_by_hand(
        workspace, HandPlaced(_write(tmp_path / "whole.xls", "Лист1", _look_alike()), FLOWS, "whole", "2020-12")
    )
    assert isinstance(whole, Examined)
    break_cells, words = IN_CELLS[breaking]
    message = _refused(workspace, _write(tmp_path / "migr2.xls", "Лист1", break_cells(_look_alike())))
    assert re.search(words, message), message


def test_a_workbook_with_a_second_sheet_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    file = _write(tmp_path / "migr2.xls", "Лист1", _look_alike(), extra_sheet="Лист2")
    assert "has several sheets, 'Лист1' and ['Лист2']" in _refused(workspace, file)


def test_an_empty_file_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "migr2.xls"
    file.write_bytes(b"")
    assert "is empty (0 bytes)" in _refused(workspace, file)


def test_a_page_in_place_of_a_workbook_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "migr2.xls"
    file.write_text("<!DOCTYPE html><html><head><title>503</title></head><body>Ошибка</body></html>", encoding="utf-8")
    assert "is an HTML page with the title '503'" in _refused(workspace, file)


@pytest.mark.parametrize("dataset", REAL)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_workbook_is_refused(workspace: Workspace, tmp_path: Path, dataset: str, share: float) -> None:
    content = shared_file(REAL[dataset]).read_bytes()
    file = tmp_path / "cut.xls"
    file.write_bytes(content[: int(len(content) * share)])
    assert "cut.xls" in _refused(workspace, file, dataset)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_zip_is_refused(workspace: Workspace, tmp_path: Path, share: float) -> None:
    from openpyxl import Workbook

    book = Workbook()
    for line in _look_alike():
        book.active.append([value for value, _ in line])
    book.save(tmp_path / "whole.xlsx")
    content = (tmp_path / "whole.xlsx").read_bytes()
    file = tmp_path / "cut.xlsx"
    file.write_bytes(content[: int(len(content) * share)])
    assert "cut.xlsx" in _refused(workspace, file)


def test_a_lost_row_of_a_first_edition_is_seen_where_the_blocks_are_alike(workspace: Workspace, tmp_path: Path) -> None:
    name, cells, merged = _read(shared_file(REAL[COMPONENTS]))
    last = max(row for row, line in enumerate(cells) if line[0][0] == 1995)
    above = [area for area in merged if area[1] <= last]
    cut = _write(tmp_path / "komp.xls", name, cells[:last] + cells[last + 1 :], above)
    message = _refused(workspace, cut, COMPONENTS)
    assert "the block 'Сельское население' lacks the row '1995'" in message


def test_the_whole_workbook_lands(workspace: Workspace) -> None:
    """What the broken ones are compared with."""
    for dataset, file in REAL.items():
        assert isinstance(add_by_hand(workspace, HandPlaced(shared_file(file), dataset, "new", "2021")), Examined)
        assert read_dataset(workspace.raw, dataset).editions[-1].name == "new"
