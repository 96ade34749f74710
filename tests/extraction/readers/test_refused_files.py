"""Files that are not what a dataset comes in: each refused with what was found, what was expected, what to do."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from reader_files import open_bytes, saved, texts, with_part

from orchestration.errors import FrontierError
from orchestration.extraction.readers import open_workbook
from orchestration.landing.declarations import FileReading


def xls() -> bytes:
    book = xlwt.Workbook()
    book.add_sheet("a").write(0, 0, "x")
    return saved(book.save)


def xlsx() -> bytes:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["x"])
    return saved(book.save)


def ods() -> bytes:
    namespaces = (
        b' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        b' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    )
    body = b"<office:spreadsheet" + namespaces + b"><table:table table:name='a'><table:table-row>"
    body += b"<table:table-cell><text:p>x</text:p>"
    end = b"</table:table-cell></table:table-row></table:table></office:spreadsheet>"
    return with_part(
        saved(OpenDocumentSpreadsheet().write),
        "content.xml",
        lambda xml: xml.replace(b"<office:spreadsheet/>", body + end).replace(
            b"<office:spreadsheet></office:spreadsheet>", body + end
        ),
    )


def archive(*members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for member in members:
            zipped.writestr(member, "x")
    return buffer.getvalue()


def named(name: str) -> bytes:
    """A compound file whose one stream has another name than an Excel workbook's."""
    old, new = "Workbook".encode("utf-16-le"), name.encode("utf-16-le")
    entry = old.ljust(64, b"\0") + (len(old) + 2).to_bytes(2, "little")
    return xls().replace(entry, new.ljust(64, b"\0") + (len(new) + 2).to_bytes(2, "little"))


HTML = (
    "<!DOCTYPE html><html><head><title>Доступ\n запрещён &mdash; 403</title></head>"
    "<body><table><tr><td>1</td></tr></table></body></html>"
)
SDMX = '<GenericData xmlns="http://www.SDMX.org/resources/SDMXML/schemas/v1_0/message"/>'
GOOD = {"xls": xls, "xlsx": xlsx, "ods": ods, "csv": lambda: b"x,y\n1,2\n", "json": lambda: b'[{"a":1}]'}


@pytest.mark.parametrize("kind", GOOD)
def test_a_file_is_known_by_its_bytes_whatever_its_name(tmp_path: Path, kind: str) -> None:
    assert any(
        "x" in row or "a" in row for row in texts(open_bytes(tmp_path, GOOD[kind](), formats=[kind]).sheets[0].read())
    )


@pytest.mark.parametrize("expected", ["xls", "xlsx", "ods", "csv", "json", "sdmx-ml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_page_posing_as_a_table_is_quoted_by_its_title(tmp_path: Path, expected: str, encoding: str) -> None:
    with pytest.raises(
        FrontierError, match="^table.bin is an HTML page with the title 'Доступ запрещён — 403', though"
    ):
        open_bytes(tmp_path, HTML.encode(encoding), formats=[expected])


@pytest.mark.parametrize("start", ["\n\n  ", "<!-- cached -->", '<?xml version="1.0"?>\n', "<HEAD></HEAD>"])
def test_a_page_is_known_by_its_first_element(tmp_path: Path, start: str) -> None:
    with pytest.raises(FrontierError, match="is an HTML page"):
        open_bytes(tmp_path, (start + HTML.removeprefix("<!DOCTYPE html>")).encode(), formats=["csv"])


@pytest.mark.parametrize(
    ("content", "formats", "found", "expected"),
    [
        (xls(), ["xlsx", "csv"], "an Excel 97-2003 workbook (xls)", "an Excel workbook (xlsx) or delimited text"),
        (xlsx(), ["xls"], "an Excel workbook (xlsx)", "an Excel 97-2003 workbook (xls)"),
        (b"a,b\n1,2\n", ["xls"], "delimited text (CSV, TSV)", "an Excel 97-2003 workbook (xls)"),
        (b'{"a":[1]}', ["csv"], "a JSON document", "delimited text (CSV, TSV)"),
        (b"[1, 2]", ["csv"], "a JSON document", "delimited text (CSV, TSV)"),
        (SDMX.encode(), ["json"], "an SDMX-ML message", "a JSON document"),
        (b"<rss><a/></rss>", ["sdmx-ml"], "an XML document with the root element rss", "an SDMX-ML message"),
        (b'<?xml version="1.0"?><Workbook/>', ["xls"], "an Excel 2003 XML spreadsheet", "an Excel 97-2003"),
        (b"%PDF-1.7\n...", ["xls"], "a PDF document", "an Excel 97-2003"),
        (b"\x1f\x8b\x08\x00...", ["csv"], "a gzip archive", "delimited text"),
        (b"abc\0\0\1def", ["csv"], "binary data of no known format", "delimited text"),
        (archive("word/document.xml", "[Content_Types].xml"), ["xlsx"], "a Word document (docx)", "an Excel workbook"),
        (archive("readme.txt"), ["xlsx"], "a zip archive that is no workbook", "an Excel workbook (xlsx)"),
        (archive("xl/workbook.bin"), ["xlsx"], "an Excel binary workbook (xlsb)", "an Excel workbook (xlsx)"),
        (named("WordDocument"), ["xls"], "a Word document", "an Excel 97-2003 workbook (xls)"),
    ],
)
def test_another_format_is_named_with_the_expected_one(
    tmp_path: Path, content: bytes, formats: list[str], found: str, expected: str
) -> None:
    with pytest.raises(FrontierError) as refusal:
        open_bytes(tmp_path, content, formats=formats)
    assert str(refusal.value).startswith(f"table.bin is {found}, though this dataset comes as {expected}")
    assert "`formats` in dataset.yml" in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "reading", "told"),
    [
        (b"", {}, r"table\.bin is empty \(0 bytes\)"),
        (b"x,y\n" * 10, {"min_bytes": 1000}, r"has 40 bytes; files of this dataset have 1,000 to 50,000,000"),
        (b"x,y\n" * 10, {"max_bytes": 39}, r"has 40 bytes; files of this dataset have 1 to 39"),
        (b"PK\x03\x04" + bytes(100), {}, "zip archive .* cut off or damaged"),
        (archive(), {}, "a zip archive that is no workbook"),
        (xls()[:600], {}, "Excel 97-2003 workbook but is cut off or damaged"),
        (xls()[:512], {}, "Excel 97-2003 workbook but is cut off or damaged"),
        (named("EncryptedPackage"), {}, "protected by a password"),
    ],
)
def test_files_that_are_not_whole_are_refused(
    tmp_path: Path, content: bytes, reading: dict[str, Any], told: str
) -> None:
    with pytest.raises(FrontierError, match=told):
        open_bytes(tmp_path, content, **reading)


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    content = bytearray(xlsx())
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as zipped:
        directory = zipped.start_dir
    content[directory + 8] |= 1
    with pytest.raises(FrontierError, match="protected by a password"):
        open_bytes(tmp_path, bytes(content))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FrontierError, match=r"^demo11\.xls cannot be opened \(No such file or directory\)"):
        open_workbook(tmp_path / "nothing.xls", "demo11.xls", FileReading(formats=["xls"]))
