"""Fixtures of the survey tests: the committed file, its declaration, and its respondents."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyreadstat
import pytest

from orchestration.landing.declarations import load_dataset

if TYPE_CHECKING:
    from types import ModuleType

    from orchestration.landing.survey_declaration import SurveyDeclaration

ROOT = Path(__file__).resolve().parents[2]
DATASET = ROOT / "raw" / "survey" / "frontier_2009"
SAV = DATASET / "2009" / "frontier_2009.sav"


@pytest.fixture(scope="session")
def declaration() -> SurveyDeclaration:
    survey = load_dataset(DATASET / "dataset.yml").survey
    assert survey is not None
    return survey


@pytest.fixture(scope="session")
def survey_file() -> tuple[pd.DataFrame, Any]:
    """Values (user-missing codes as they stand) and metadata of the committed file."""
    data, meta = pyreadstat.read_sav(SAV, user_missing=True, output_format="dict")
    return pd.DataFrame(data), meta


@pytest.fixture(scope="session")
def respondents(survey_file: tuple[pd.DataFrame, Any]) -> pd.DataFrame:
    return survey_file[0].astype(int)


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("tools.synthetic_survey")
