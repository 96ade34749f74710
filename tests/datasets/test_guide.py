"""The guide to declaring a dataset says what is true: its examples load, and it names every option there is."""

from __future__ import annotations

import re
import textwrap
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel, TypeAdapter

from orchestration.extraction.names import TerritoryNames
from orchestration.extraction.observations import Observation, read_edition
from orchestration.landing import declarations, layout_declaration
from orchestration.landing.catalogue import read_dataset
from orchestration.landing.layout_declaration import TableLayout
from orchestration.landing.source_declaration import SourceDeclaration
from orchestration.reception.receiving import Examined, HandPlaced, add_by_hand
from orchestration.workspace import Workspace

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "datasets.md"
EXAMPLE = "kazstat/migration_by_partner"


def fences(language: str) -> list[str]:
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```$", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(one) for one in found]


@pytest.fixture
def landed(tmp_path: Path) -> list[Observation]:
    """The figures of the guide's example, declared and added as the guide tells it."""
    folder = tmp_path / "raw" / EXAMPLE
    folder.mkdir(parents=True)
    (folder / "dataset.yml").write_text(fences("yaml")[0], encoding="utf-8")
    file = tmp_path / "table.csv"
    file.write_text(fences("text")[0], encoding="utf-8")
    workspace = Workspace.of(tmp_path / "raw", tmp_path / "warehouse")
    added = add_by_hand(workspace, HandPlaced(file, EXAMPLE, "2021-05"))
    assert isinstance(added, Examined)
    assert added.edition.origin.released_on == "2021-05-12"
    names = TerritoryNames.from_seed(workspace.territory_names)
    return read_edition(read_dataset(workspace.raw, EXAMPLE), added.edition, names)


def test_the_example_lands_as_the_guide_says(landed: list[Observation]) -> None:
    cells = {row["cell"]: row for row in landed}
    assert len(landed) == 12
    told = cells["E8"]
    assert (told["indicator"], told["ref_area"], told["counterpart_area"]) == ("departures", "KZ", "RU")
    assert (told["reporting_area"], told["time_period"]) == ("KZ", "2020")
    assert (told["value"], told["obs_status"], told["raw_text"]) == (None, "O", "...")
    assert (cells["C9"]["value"], cells["C9"]["obs_status"], cells["C9"]["footnotes"]) == (0, "P", "1)")
    assert (cells["B6"]["counterpart_area"], cells["B6"]["value"]) == ("WORLD", Decimal("12.5"))
    assert (cells["B6"]["unit_mult"], cells["B6"]["obs_status"]) == (3, "A")


def test_the_pieces_of_a_layout_are_valid() -> None:
    layout: dict[str, Any] = {"header_levels": 3}
    for text in fences("yaml")[1:]:
        piece = yaml.safe_load(text)
        if "source" in piece:
            TypeAdapter(SourceDeclaration).validate_python(piece["source"])
        else:
            layout |= piece
    assert {"stubs", "columns", "period_columns", "blocks", "symbols"} <= layout.keys()
    TableLayout.model_validate(layout)


def _declared() -> list[type[BaseModel]]:
    parts: list[Any] = list(vars(declarations).values()) + list(vars(layout_declaration).values())
    models = [one for one in parts if isinstance(one, type) and issubclass(one, layout_declaration.Declaration)]
    told_elsewhere = (declarations.Origin, declarations.SurveyDeclaration)
    sources = get_args(get_args(SourceDeclaration)[0])
    return [one for one in dict.fromkeys([*models, *sources]) if one not in told_elsewhere]


def test_the_guide_names_every_option() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    missing = {
        f"{model.__name__}.{name}"
        for model in _declared()
        for name in model.model_fields
        if not re.search(rf"`{name}`|\b{name}:", guide)
    }
    assert not missing
