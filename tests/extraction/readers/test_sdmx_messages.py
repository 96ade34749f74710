"""SDMX-ML messages: GenericData as EMISS gives it, messages since version 2.1, and the personal data in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from reader_files import at, open_bytes, read_bytes, texts

from orchestration.errors import FrontierError
from orchestration.extraction.readers.sdmx_ml import drop_personal_data

RESPONSIBLE = (
    '<Responsible>\n\t\t<Name xml:lang="ru">Иванова И. И.</Name>\n<Contacts>+7 495 000-00-00</Contacts>\n</Responsible>'
)


def series(area: str, *observations: tuple[str, str], status: str = "") -> str:
    attributes = f'<g:Attributes><g:Value concept="OBS_STATUS" value="{status}"/></g:Attributes>' if status else ""
    points = "".join(
        f'<g:Obs><g:Time>{time}</g:Time><g:ObsValue value="{value}"/>{attributes}</g:Obs>'
        for time, value in observations
    )
    return (
        f'<g:Series><g:SeriesKey><g:Value concept="s_OKATO" value="{area}"/><g:Value concept="s_x" value="0"/>'
        f'</g:SeriesKey><g:Attributes><g:Value concept="EI" value="человек"/></g:Attributes>{points}</g:Series>'
    )


def emiss(*all_series: str, before: str = "") -> bytes:
    """A message of EMISS about women by territory."""
    address = "http://www.SDMX.org/resources/SDMXML/schemas/v1_0"
    return f"""<?xml version="1.0" encoding="utf-8"?>{before}
<GenericData xmlns="{address}/message" xmlns:g="{address}/generic" xmlns:s="{address}/structure">
<Header><ID>-9</ID></Header>
<CodeLists><s:CodeList id="s_OKATO"><s:Name xml:lang="ru">ОКАТО</s:Name>
<s:Code value="643"><s:Description xml:lang="ru">Российская Федерация</s:Description></s:Code>
<s:Code value="041"><s:Description xml:lang="ru">Сибирский федеральный округ (с 03.11.2018)</s:Description></s:Code>
</s:CodeList></CodeLists>
<Description><Indicator id="33459" name="Численность женщин"><Units><Unit value="человек"/></Units>
{RESPONSIBLE}
</Indicator></Description>
<DataSet>{"".join(all_series)}</DataSet></GenericData>""".encode()


def test_a_row_for_each_observation_and_a_column_for_each_concept(tmp_path: Path) -> None:
    first, second = series("643", ("2004", "77,5")), series("041", ("2004", "1"), ("2005", "2"), status="P")
    grid = read_bytes(tmp_path, emiss(first, second))
    assert texts(grid) == [
        [
            "INDICATOR", "INDICATOR:label", "s_OKATO", "s_OKATO:label", "s_x", "EI", "TIME_PERIOD", "OBS_VALUE",
            "OBS_STATUS",
        ],
        ["33459", "Численность женщин", "643", "Российская Федерация", "0", "человек", "2004", "77,5", ""],
        ["33459", "Численность женщин", "041", "Сибирский федеральный округ (с 03.11.2018)", "0", "человек", "2004",
         "1", "P"],
        ["33459", "Численность женщин", "041", "Сибирский федеральный округ (с 03.11.2018)", "0", "человек", "2005",
         "2", "P"],
    ]  # fmt: skip
    value = at(grid, "/GenericData/DataSet/Series[1]/Obs/ObsValue")
    assert (value.text, value.number, value.stored) == ("77,5", None, None)
    assert at(grid, "/GenericData/DataSet/Series[2]/Obs[2]/ObsValue").text == "2"
    assert at(grid, "/GenericData/DataSet/Series[1]/SeriesKey/Value[@concept='s_OKATO']").text == "643"


def test_nobody_enters_the_grid(tmp_path: Path) -> None:
    grid = read_bytes(tmp_path, emiss(series("643", ("2004", "1"))))
    assert "Иванова" not in str(grid)
    assert "495" not in str(grid)


def test_a_code_that_its_list_lacks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FrontierError, match=r"Series\[2\].*the code '999' is not in the code list 's_OKATO'"):
        open_bytes(tmp_path, emiss(series("643", ("2004", "1")), series("999", ("2004", "1"))))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (emiss(), "holds no observation"),
        (emiss(series("643", ("2004", "1")))[:-100], "cut off or damaged: it is no well-formed XML"),
        (emiss(f"<g:Group>{series('643', ('2004', '1'))}</g:Group>"), "groups its series"),
        (emiss(series("643", ("2004", "1")), before='<!DOCTYPE x [<!ENTITY e "1">]>'), "declares an XML document type"),
        (emiss(series("643", ("2004", "1"))).replace(b"GenericData", b"CompactData"), "only GenericData is read"),
    ],
)  # fmt: skip
def test_messages_that_cannot_be_read_are_refused(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(FrontierError, match=rf"table\.bin.*{told}"):
        read_bytes(tmp_path, content)


def test_personal_data_is_dropped_and_every_other_byte_stays() -> None:
    content = emiss(series("643", ("2004", "1")))
    emptied = content.replace(RESPONSIBLE.encode(), b"<Responsible></Responsible>")
    assert drop_personal_data(content, "m.xml") == emptied
    assert drop_personal_data(emptied, "m.xml") == emptied


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1251"])
@pytest.mark.parametrize(
    ("written", "emptied"),
    [
        ("<a><Responsible>Ж</Responsible>&lt;Responsible&gt;</a>",
         "<a><Responsible></Responsible>&lt;Responsible&gt;</a>"),
        ('<a><Responsible name="Ж>"/>б</a>', "<a><Responsible></Responsible>б</a>"),
        ('<m:a xmlns:m="u"><m:Responsible >Ж<m:Responsible>Ы</m:Responsible></m:Responsible ></m:a>',
         '<m:a xmlns:m="u"><m:Responsible></m:Responsible></m:a>'),
        ("<a><!-- <Responsible>в</Responsible> --><b><![CDATA[<Responsible>]]></b></a>",
         "<a><!-- <Responsible>в</Responsible> --><b><![CDATA[<Responsible>]]></b></a>"),
        ("<a><Responsible>Ж</Responsible>\r\n<Responsible>Ы</Responsible></a>",
         "<a><Responsible></Responsible>\r\n<Responsible></Responsible></a>"),
    ],
)  # fmt: skip
def test_every_responsible_element_is_emptied(encoding: str, written: str, emptied: str) -> None:
    declaration = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>'
    content = f"{declaration}{written}".encode(encoding)
    assert drop_personal_data(content, "m.xml") == f"{declaration}{emptied}".encode(encoding)


@pytest.mark.parametrize("content", [b"<a><Responsible>x</a>", b"<!DOCTYPE a><a/>", b"no xml"])
def test_personal_data_that_cannot_be_told_is_refused(content: bytes) -> None:
    with pytest.raises(FrontierError, match=r"m\.xml (is cut off or damaged|declares an XML document type)"):
        drop_personal_data(content, "m.xml")


MESSAGE = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"


def since_21(kind: str, data_set: str, at_observation: str = "TIME_PERIOD") -> bytes:
    """A message of version 2.1 about a flow of which nothing more is known."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<m:{kind} xmlns:m="{MESSAGE}/message" xmlns:c="{MESSAGE}/common" xmlns:g="{MESSAGE}/data/generic"
 xmlns:ss="{MESSAGE}/data/structurespecific" xmlns:x="urn:x" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<m:Header><m:ID>T</m:ID><m:Test>false</m:Test><m:Prepared>2024-01-01T00:00:00</m:Prepared><m:Sender id="X"/>
<m:Structure structureID="S" namespace="urn:x" dimensionAtObservation="{at_observation}"><c:Structure>
<Ref agencyID="X" id="MIG" version="1.0"/></c:Structure></m:Structure></m:Header>{data_set}</m:{kind}>""".encode()


GENERIC = """<m:DataSet structureRef="S">
<g:Series><g:SeriesKey><g:Value id="REF_AREA" value="RU"/><g:Value id="SEX" value="T"/></g:SeriesKey>
<g:Attributes><g:Value id="UNIT_MULT" value="3"/></g:Attributes>
<g:Obs><g:ObsDimension value="2004"/><g:ObsValue value="119.10"/>
<g:Attributes><g:Value id="OBS_STATUS" value="P"/></g:Attributes></g:Obs>
<g:Obs><g:ObsDimension value="2005"/><g:ObsValue value="177.2"/></g:Obs></g:Series>
<g:Series><g:SeriesKey><g:Value id="REF_AREA" value="KZ"/><g:Value id="SEX" value="T"/></g:SeriesKey>
<g:Obs><g:ObsDimension value="2004"/><g:ObsValue value="NaN"/></g:Obs></g:Series></m:DataSet>"""
SPECIFIC = """<m:DataSet ss:structureRef="S" xsi:type="x:DataSetType" ss:dataScope="DataStructure" UNIT_MULT="3">
<Group xsi:type="x:G" REF_AREA="RU" TITLE="Прибыло"/>
<Series REF_AREA="RU" SEX="T" DECIMALS="1"><Obs TIME_PERIOD="2004" OBS_VALUE="119.10" OBS_STATUS="P"/>
<Obs TIME_PERIOD="2005" OBS_VALUE="177.2"/></Series>
<Series REF_AREA="KZ" SEX="T"><Obs TIME_PERIOD="2004" OBS_VALUE="NaN"/></Series></m:DataSet>"""
FLAT = """<m:DataSet ss:structureRef="S" xsi:type="x:DataSetType" UNIT_MULT="3">
<Obs REF_AREA="RU" TIME_PERIOD="2004" OBS_VALUE="119.10" OBS_STATUS="P"/>
<Obs REF_AREA="KZ" TIME_PERIOD="2004" OBS_VALUE="1"/></m:DataSet>"""


def test_generic_messages(tmp_path: Path) -> None:
    grid = read_bytes(tmp_path, since_21("GenericData", GENERIC))
    assert texts(grid) == [
        ["REF_AREA", "SEX", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS", "UNIT_MULT"],
        ["RU", "T", "2004", "119.10", "P", "3"],
        ["RU", "T", "2005", "177.2", "", "3"],
        ["KZ", "T", "2004", "NaN", "", ""],
    ]
    assert at(grid, "/GenericData/DataSet/Series[1]/Obs[2]/ObsValue").text == "177.2"


def test_structure_specific_messages_without_their_structure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    grid = read_bytes(tmp_path, since_21("StructureSpecificData", SPECIFIC))
    assert texts(grid) == [
        ["REF_AREA", "SEX", "DECIMALS", "TIME_PERIOD", "OBS_VALUE", "UNIT_MULT", "OBS_STATUS", "TITLE"],
        ["RU", "T", "1", "2004", "119.10", "3", "P", "Прибыло"],
        ["RU", "T", "1", "2005", "177.2", "3", "", "Прибыло"],
        ["KZ", "T", "", "2004", "NaN", "3", "", ""],
    ]
    assert at(grid, "/StructureSpecificData/DataSet/Series[2]/Obs[1]/@OBS_VALUE").text == "NaN"
    assert capsys.readouterr() == ("", "")
    assert not caplog.records


def test_flat_messages(tmp_path: Path) -> None:
    grid = read_bytes(tmp_path, since_21("StructureSpecificData", FLAT, at_observation="AllDimensions"))
    rows = [dict(zip(texts(grid)[0], row, strict=True)) for row in texts(grid)[1:]]
    assert rows == [
        {"REF_AREA": "RU", "TIME_PERIOD": "2004", "OBS_VALUE": "119.10", "OBS_STATUS": "P", "UNIT_MULT": "3"},
        {"REF_AREA": "KZ", "TIME_PERIOD": "2004", "OBS_VALUE": "1", "OBS_STATUS": "", "UNIT_MULT": "3"},
    ]
    assert at(grid, "/StructureSpecificData/DataSet/Obs[2]/@OBS_VALUE").text == "1"


TWICE = GENERIC.replace('value="KZ"', 'value="RU"')
ERROR = f"""<m:Error xmlns:m="{MESSAGE}/message" xmlns:c="{MESSAGE}/common"><m:ErrorMessage code="100">
<c:Text>No results found</c:Text></m:ErrorMessage></m:Error>"""


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (since_21("GenericData", TWICE), "lists 2 series of which only 1 have keys of their own"),
        (since_21("GenericData", '<m:DataSet structureRef="S"/>'), "holds no observation"),
        (since_21("GenericData", GENERIC)[:-200], "cut off or damaged"),
        (since_21("GenericData", GENERIC.replace("g:Obs>", "g:Point>")), "cannot be read .* SDMX-CSV"),
        (ERROR.encode(), "a message of the service: 'No results found'"),
        (since_21("GenericData", GENERIC).replace(b"?>", b"?><!DOCTYPE a>", 1), "declares an XML document type"),
    ],
)
def test_messages_since_21_that_cannot_be_read_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, told: str
) -> None:
    with pytest.raises(FrontierError, match=rf"table\.bin.*{told}"):
        open_bytes(tmp_path, content)
    assert capsys.readouterr() == ("", "")
