"""Records of JSON documents: columns, exploded lists, pointers, and numbers as printed."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from reader_files import open_bytes, read_bytes, texts

from orchestration.errors import FrontierError


def read(folder: Path, document: str, **reading: Any) -> list[list[str]]:
    return texts(read_bytes(folder, document.encode(), **reading))


def value_at(document: Any, pointer: str) -> Any:
    """What stands at a JSON Pointer."""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


def test_world_bank_rows_stand_under_their_pointer(tmp_path: Path) -> None:
    rows = (
        '[{"indicator":{"id":"SM.POP.NETM","value":"Net migration"},"countryiso3code":"KAZ","date":"2005",'
        '"value":61230.50,"unit":"","decimal":0},{"indicator":{"id":"SM.POP.NETM","value":"Net migration"},'
        '"countryiso3code":"KAZ","date":"2004","value":null,"unit":"","decimal":0}]'
    )
    grid = read_bytes(tmp_path, f'[{{"page":1,"pages":1}},{rows}]'.encode(), records="/1")
    assert texts(grid) == [
        ["indicator.id", "indicator.value", "countryiso3code", "date", "value", "unit", "decimal"],
        ["SM.POP.NETM", "Net migration", "KAZ", "2005", "61230.50", "", "0"],
        ["SM.POP.NETM", "Net migration", "KAZ", "2004", "", "", "0"],
    ]
    figure = grid.rows[1][4]
    assert (figure.number, figure.stored, figure.address) == (Decimal("61230.50"), 61230.5, "/1/0/value")
    assert grid.rows[1][3].number is None
    assert grid.rows[2][4].address == "/1/1/value"
    assert grid.place(figure) == "table.bin, cell /1/0/value"


def test_exploded_lists_make_a_row_each(tmp_path: Path) -> None:
    document = (
        '[{"terms":[741880,741885],"termNames":["РК","Всего"],"periods":[{"name":"2004 год","value":"115.5"},'
        '{"name":"2005 год","value":"116,0"}]},{"terms":[1],"termNames":["Абай"],"periods":[]},'
        '{"terms":[2],"termNames":["Ұлытау"],"periods":null}]'
    )
    grid = read_bytes(tmp_path, document.encode("utf-8-sig"), explode="periods")
    assert texts(grid) == [
        ["terms.0", "terms.1", "termNames.0", "termNames.1", "periods.name", "periods.value"],
        ["741880", "741885", "РК", "Всего", "2004 год", "115.5"],
        ["741880", "741885", "РК", "Всего", "2005 год", "116,0"],
    ]
    assert [cell.address for cell in grid.rows[2]][-2:] == ["/0/periods/1/name", "/0/periods/1/value"]
    assert grid.rows[2][0].address == "/0/terms/0"


def test_scalars_can_be_exploded_too(tmp_path: Path) -> None:
    assert read(tmp_path, '[{"a":1,"b ":["x","y"]}]', explode="b") == [["a", "b"], ["1", "x"], ["1", "y"]]


def test_keys_lose_their_outer_blanks_and_the_pointer_keeps_them(tmp_path: Path) -> None:
    grid = read_bytes(tmp_path, '[{" text ":"РК","y122000":"14 901,6"},{" y122001 ":"1"}]'.encode())
    assert texts(grid) == [["text", "y122000", "y122001"], ["РК", "14 901,6", ""], ["", "", "1"]]
    assert grid.rows[1][0].address == "/0/ text "
    assert grid.rows[2][2].address == "/1/ y122001 "


@pytest.mark.parametrize("printed", ["0.10", "1E5", "-0.0", "12345678901234567890", "0.1234567890123456789", "5"])
def test_no_digit_of_a_number_is_lost(tmp_path: Path, printed: str) -> None:
    cell = read_bytes(tmp_path, f'[{{"value":{printed}}}]'.encode()).rows[1][0]
    assert (cell.text, cell.number, cell.stored) == (printed, Decimal(printed), float(printed))


def test_every_pointer_leads_to_the_value_of_its_cell(tmp_path: Path) -> None:
    document = {"a/b": {"~": [{"x": [1, {"y ": "z"}], "t": True, "e": [], "o": {}}, {"x": [2], "f": False}]}}
    grid = read_bytes(tmp_path, json.dumps(document).encode(), records="/a~1b/~0")
    shown = {cell.address: cell.text for row in grid.rows[1:] for cell in row if cell.locator}
    assert texts(grid)[0] == ["x.0", "x.1.y", "t", "e", "o", "f"]
    assert shown == {
        "/a~1b/~0/0/x/0": "1",
        "/a~1b/~0/0/x/1/y ": "z",
        "/a~1b/~0/0/t": "true",
        "/a~1b/~0/0/e": "",
        "/a~1b/~0/0/o": "",
        "/a~1b/~0/1/x/0": "2",
        "/a~1b/~0/1/f": "false",
    }
    for pointer, text in shown.items():
        value = value_at(document, pointer)
        assert text == ("" if value in ([], {}) else json.dumps(value).strip('"'))


@pytest.mark.parametrize(
    ("document", "reading", "told"),
    [
        ('[{"message":[{"id":"120","value":"The provided parameter value is not valid"}]}]', {"records": "/1"},
         "message instead of data: .*The provided parameter value is not valid"),
        ('{"error":"Сервис недоступен"}', {}, "message instead of data: .*Сервис недоступен"),
        ('{"data":{"rows":[1]}}', {"records": "/data/lines"}, "nothing stands at the JSON Pointer '/data/lines'"),
        ('{"data":{"rows":[1]}}', {"records": "/data"}, r"no list of records.*Lists stand there under \['rows'\]"),
        ("[1,2]", {}, "/0: 1 is no JSON object"),
        ("[]", {}, "holds no record at its root"),
        ('[{"a":[]}]', {"explode": "a"}, "holds no record"),
        ('[{"a":1}]', {"explode": "b"}, r"/0: the record has no 'b'; its keys are \['a'\]"),
        ('[{"a":1}]', {"explode": "a"}, "/0/a: 1 is no list"),
        ('[{"a":1,"a":2}]', {}, "has the key 'a' twice"),
        ('[{"a":1,"a ":2}]', {}, "/0: one JSON object has the key 'a' twice"),
        ('[{"a":NaN}]', {}, "holds NaN"),
        ('[{"a":1},', {}, "no whole JSON document"),
        ('[{"a":' * 100_000, {}, "no whole JSON document"),
    ],
)  # fmt: skip
def test_what_is_no_list_of_records_is_refused(
    tmp_path: Path, document: str, reading: dict[str, str], told: str
) -> None:
    with pytest.raises(FrontierError, match=rf"^table\.bin.*{told}"):
        open_bytes(tmp_path, document.encode(), **reading)
