"""Owners: who answers for the findings of a rule or a dataset, read from `expectations/owners.yml`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from orchestration.errors import FrontierError
from orchestration.quality.findings import Finding
from orchestration.quality.steward_files import Words
from orchestration.yaml_text import parse_yaml

OWNERS = "owners.yml"


class Owners(BaseModel):
    """Owners by rule and by dataset; `*` stands for any letters. The first pattern that fits decides, rules first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: Words
    rules: dict[str, Words] = {}
    datasets: dict[str, Words] = {}

    def of(self, finding: Finding) -> str:
        """Who answers for a finding."""
        found = _first(self.rules, finding.rule)
        if found is None and finding.dataset is not None:
            found = _first(self.datasets, finding.dataset)
        return found or self.default


def _first(patterns: dict[str, str], name: str) -> str | None:
    return next((owner for pattern, owner in patterns.items() if fnmatchcase(name, pattern)), None)


def load_owners(path: Path) -> Owners:
    """Read the owners; a `FrontierError` says what is wrong with the file."""
    try:
        return Owners.model_validate(parse_yaml(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise FrontierError(f"{path} cannot be read: {error}. It names at least a default owner.") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors())
        raise FrontierError(f"{path} does not fit its form: {problems}. Correct it.") from error


def assign_owners(findings: Iterable[Finding], owners: Owners) -> list[Finding]:
    """The findings, each with its owner."""
    return [replace(finding, owner=owners.of(finding)) for finding in findings]
