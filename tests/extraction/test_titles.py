"""What stands around a table: titles, periods in words, inflected names of regions, texts of a page."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from orchestration.extraction.inflection import nominative
from orchestration.extraction.names import TerritoryNames
from orchestration.extraction.periods import period_text
from orchestration.extraction.readers import open_workbook
from orchestration.landing.declarations import FileReading
from orchestration.landing.layout_declaration import NotRecorded, Symbol, TitleMember

MONTHS = ["{year}-{month}/{year}-{month_end}", "{year}-{month}", "{year}"]


@pytest.mark.parametrize(
    ("captured", "period"),
    [
        ({"year": "2019", "month_name": "Январь", "month_name_end": "сентябрь"}, "2019-01/2019-09"),
        ({"year": "2016", "month_name": "январь", "month_name_end": "декабрь"}, "2016"),
        ({"year": "2016", "month_name": "мае", "month_name_end": None}, "2016-05"),
        ({"year": "2016", "month_name": "марта", "month_name_end": "марта"}, "2016-03"),
        ({"year": "2016", "month_name": None, "month_name_end": None}, "2016"),
    ],
)
def test_the_first_template_whose_parts_are_there_makes_the_period(
    captured: dict[str, str | None], period: str
) -> None:
    assert period_text(captured, MONTHS) == period


@pytest.mark.parametrize(
    ("captured", "message"),
    [({"month": "5"}, "asks for more than was found"), ({"year": "2016", "month_name": "мартобря"}, "is no month")],
)
def test_a_period_that_cannot_be_made_says_why(captured: dict[str, str | None], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        period_text(captured, MONTHS)


@pytest.mark.parametrize(
    ("inflected", "region"),
    [
        ("Оренбургской области", "RU-ORE"),
        ("Хабаровскому краю", "RU-KHA"),
        ("Забайкальского края", "RU-ZAB"),
        ("Алтайском крае", "RU-ALT"),
        ("Республике Бурятия", "RU-BU"),
        ("Республики Саха (Якутия)", "RU-SA"),
        ("Республики Северная Осетия – Алания", "RU-SE"),
        ("Чувашской Республике", "RU-CU"),
        ("Карачаево-Черкесской Республики", "RU-KC"),
        ("Еврейской автономной области", "RU-YEV"),
        ("Ямало-Ненецкого автономного округа", "RU-YAN"),
        ("Ханты-Мансийском автономном округе – Югре", "RU-KHM"),
        ("Кемеровской области – Кузбасса", "RU-KEM"),
        ("г. Санкт-Петербурга", "RU-SPE"),
        ("городе Москве", "RU-MOW"),
        ("Центрального федерального округа", "RU-FD-CENTRAL"),
        ("Приволжском федеральном округе", "RU-FD-VOLGA"),
        ("Российской Федерации", "RU"),
        ("Оренбургская область", "RU-ORE"),
    ],
)
def test_a_region_is_known_as_sentences_inflect_it(names: TerritoryNames, inflected: str, region: str) -> None:
    assert names.resolve(nominative(inflected), "") == region


def test_texts_of_a_page_belong_to_the_table_that_they_stand_before(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        "<meta charset=utf-8><title>Росстат</title><style>p {}</style><p>Меню</p>"
        "<table><tr><td><h1>О <b>миграции</b><br>населения</h1><table><tr><td>1</td></tr></table><p>1) сноска</p></td>"
        "</tr></table><p>человек</p><table><tr><td>2</td></tr></table><p>внизу</p>",
        encoding="utf-8",
    )
    sheets = open_workbook(page, "page.html", FileReading(formats=["html"])).sheets
    assert [sheet.read().notes for sheet in sheets] == [
        ("Росстат", "Меню"),
        ("О миграции населения", "1) сноска"),
        ("человек", "внизу"),
    ]


def test_what_was_not_recorded_is_a_member_a_time_and_a_text() -> None:
    rule = NotRecorded(dimension="counterpart_area", members=["RS"], before="2007", reason="not yet a state")
    serbia = {"counterpart_area": "RS", "time_period": "2006-12"}
    assert rule.concerns(serbia, " 0 ")
    assert not rule.concerns(serbia, "1")
    assert not rule.concerns(serbia | {"time_period": "2007"}, "0")
    assert not rule.concerns(serbia | {"counterpart_area": "ME"}, "0")


def test_a_symbol_has_a_value_or_is_missing() -> None:
    assert Symbol.model_validate({"status": "A", "value": 0, "meaning": "none"}).value == 0
    for wrong in ({"status": "A", "meaning": "none"}, {"status": "M", "value": 0, "meaning": "none"}):
        with pytest.raises(ValidationError, match="exactly when it has a value"):
            Symbol.model_validate(wrong)


def test_a_title_read_as_a_territory_says_where_it_is() -> None:
    with pytest.raises(ValidationError, match="needs the group `territory`"):
        TitleMember.model_validate({"dimension": "ref_area", "parse": "territory", "pattern": "населения (.*)"})
