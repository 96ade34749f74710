"""What may change between releases: the form of `expectations/drift.yml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from orchestration.errors import FrontierError
from orchestration.quality.findings import Severity
from orchestration.yaml_text import parse_yaml

DRIFT = "drift.yml"

Factor = Annotated[float, Field(gt=1)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Coverage(_Form):
    """How grave it is that a new edition no longer prints indicators, territories or periods."""

    indicators: Severity = "error"
    territories: Severity = "error"
    periods: Severity = "warning"


class Missing(_Form):
    """By how much the share of missing values may rise, from 0 to 1."""

    rises_by: float = Field(default=0.1, ge=0, le=1)
    severity: Severity = "warning"


class Band(_Form):
    """How many times larger or smaller a figure may be; a limit that is not set is none."""

    warn: Factor | None = None
    refuse: Factor | None = None

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if self.warn is not None and self.refuse is not None and self.warn > self.refuse:
            raise ValueError(f"warn ({self.warn}) is above refuse ({self.refuse})")
        return self

    @property
    def lowest(self) -> float | None:
        """The factor above which there is something to say."""
        return min((limit for limit in (self.warn, self.refuse) if limit is not None), default=None)


class Magnitude(_Form):
    """Bands by indicator, and by unit the size from which a figure is judged."""

    at_least: dict[str, float] = {}
    default: Band = Band()
    indicators: dict[str, Band] = {}


class SurveyDrift(_Form):
    """How grave each change of a survey file is."""

    edition_gone: Severity = "error"
    variable_gone: Severity = "error"
    variable_new: Severity = "info"
    type: Severity = "error"
    label: Severity = "warning"
    code_gone: Severity = "warning"
    code_new: Severity = "warning"
    code_label: Severity = "error"


class DriftRules(_Form):
    """Everything that is compared with the last release."""

    coverage: Coverage = Coverage()
    reading: Severity = "warning"
    missing: Missing = Missing()
    magnitude: Magnitude = Magnitude()
    survey: SurveyDrift = SurveyDrift()


def load_drift_rules(path: Path) -> DriftRules:
    """Read the rules; what the file does not say is as in its form. A `FrontierError` says what does not fit."""
    if not path.is_file():
        return DriftRules()
    try:
        return DriftRules.model_validate(parse_yaml(path.read_text(encoding="utf-8")) or {})
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise FrontierError(f"{path} is not readable YAML: {error}. Correct the file.") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors())
        raise FrontierError(f"{path} does not fit its form: {problems}. Correct it.") from error
