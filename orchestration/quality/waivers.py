"""Waivers: a steward's decisions on findings, with exact extent, read from `expectations/waivers.yml`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from orchestration.errors import FrontierError
from orchestration.quality.findings import Finding
from orchestration.yaml_text import parse_yaml


class WaivedCell(BaseModel):
    """A cell in the extent of a waiver, with the text that the steward saw in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    sheet: str | None = None
    cell: str
    raw_text: str


class Waiver(BaseModel):
    """A decision that one finding does not block, as long as exactly these cells print exactly this."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    finding: str
    rule: str
    cells: list[WaivedCell]
    reason: str
    decided_by: str
    decided_on: dt.date
    expires_on: dt.date

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is the waived one, to the cell and its text."""
        seen = {(cell.file, cell.sheet, cell.cell, cell.raw_text) for cell in finding.cells}
        waived = {(cell.file, cell.sheet, cell.cell, cell.raw_text) for cell in self.cells}
        return finding.id == self.finding and finding.rule == self.rule and seen == waived


def load_waivers(path: Path) -> list[Waiver]:
    """Read the waivers; none when there is no file. A `FrontierError` names the entry that does not fit."""
    if not path.is_file():
        return []
    try:
        content = parse_yaml(path.read_text(encoding="utf-8"))
        return TypeAdapter(list[Waiver]).validate_python(content or [])
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FrontierError(f"{path} is not readable YAML: {error}. Correct the file.") from error
    except ValidationError as error:
        problems = "; ".join(
            f"entry {'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()
        )
        raise FrontierError(f"{path} does not fit its form: {problems}. Correct these entries.") from error


def apply_waivers(findings: Iterable[Finding], waivers: Iterable[Waiver], today: dt.date) -> list[Finding]:
    """The findings with waived ones marked, and a finding for every waiver that is expired or matches nothing."""
    waivers = list(waivers)
    used: set[int] = set()
    judged = []
    for finding in findings:
        match = next(
            (index for index, waiver in enumerate(waivers) if waiver.expires_on > today and waiver.covers(finding)),
            None,
        )
        if match is None:
            judged.append(finding)
            continue
        used.add(match)
        judged.append(replace(finding, state="waived", decision=waivers[match].reason))
    return judged + [_stale(waiver, today) for index, waiver in enumerate(waivers) if index not in used]


def _stale(waiver: Waiver, today: dt.date) -> Finding:
    if waiver.expires_on <= today:
        why = f"expired on {waiver.expires_on}: decide again, or remove it"
    else:
        why = (
            "matches no finding in its exact extent: the finding is gone, or one of its cells prints something "
            "else now. Look at the cells, then correct or remove the waiver"
        )
    cells = ", ".join(f"{cell.file} {cell.cell} {cell.raw_text!r}" for cell in waiver.cells)
    return Finding(
        rule="waiver_is_stale",
        instance=f"finding={waiver.finding}",
        severity="error",
        message=f"The waiver of finding {waiver.finding} ({waiver.rule}; {cells}) {why}.",
    )
