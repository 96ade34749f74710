"""Waivers: a steward's decisions on findings, with exact extent, read from `expectations/waivers.yml`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from orchestration.quality.findings import Finding, FindingCell
from orchestration.quality.steward_files import Decision, read_entries

WAIVERS = "waivers.yml"
STALE = "waiver_is_stale"


class WaivedCell(BaseModel):
    """A cell in the extent of a waiver, with the text that the steward saw in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    sheet: str | None = None
    cell: str
    raw_text: str


class Waiver(Decision):
    """A decision that one finding does not block, as long as exactly these cells print exactly this.

    A finding of a check that names no cells, or more of them than can be listed, has its `extent` in words, such
    as "3 values".
    """

    finding: str
    rule: str
    cells: list[WaivedCell] = []
    extent: str | None = None
    expires_on: dt.date

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is the waived one, to the cell and its text."""
        return self.is_about(finding) and not self.differences(finding)

    def is_about(self, finding: Finding) -> bool:
        """Whether the finding is the one that the waiver names, in whatever extent."""
        return (self.finding, self.rule) == (finding.id, finding.rule)

    def differences(self, finding: Finding) -> list[str]:
        """How the extent of the finding differs from what the steward saw, in words."""
        waived, seen = _texts(self.cells), _texts(finding.cells)
        differences = [
            f"{place} prints {seen[place]!r}, not {text!r}"
            if place in seen
            else f"{place} takes no part in it any more"
            for place, text in waived.items()
            if seen.get(place) != text
        ]
        differences += [f"{place} {text!r} takes part in it too" for place, text in seen.items() if place not in waived]
        if self.extent != finding.extent:
            differences.append(f"it concerns {finding.extent or 'its cells'}, not {self.extent or 'its cells alone'}")
        return differences


WAIVER_LIST = TypeAdapter(list[Waiver])
"""The form of `waivers.yml`."""


def _texts(cells: Iterable[WaivedCell | FindingCell]) -> dict[str, str]:
    return {" ".join(filter(None, (one.file, one.sheet and f"[{one.sheet}]", one.cell))): one.raw_text for one in cells}


def load_waivers(path: Path) -> list[Waiver]:
    """Read the waivers; none when there is no file. A `FrontierError` names the entry that does not fit."""
    return read_entries(path, WAIVER_LIST)


def apply_waivers(findings: Iterable[Finding], waivers: Iterable[Waiver], today: dt.date) -> list[Finding]:
    """The findings with waived ones marked, and a finding for every waiver that is expired or matches nothing."""
    findings, waivers = list(findings), list(waivers)
    return mark_waived(findings, waivers, today) + stale_waivers(findings, waivers, today)


def mark_waived(findings: Iterable[Finding], waivers: Iterable[Waiver], today: dt.date) -> list[Finding]:
    """The findings, those that a waiver in force covers with its reason."""
    in_force = [waiver for waiver in waivers if waiver.expires_on > today]
    marked = []
    for finding in findings:
        match = next((waiver for waiver in in_force if waiver.covers(finding)), None)
        marked.append(replace(finding, state="waived", decision=match.reason) if match else finding)
    return marked


def stale_waivers(findings: Iterable[Finding], waivers: Iterable[Waiver], today: dt.date) -> list[Finding]:
    """A finding for every waiver that is expired, or that no finding needs in just its extent."""
    findings = list(findings)
    stale = []
    used: set[str] = set()
    for waiver in waivers:
        about = next((finding for finding in findings if waiver.is_about(finding)), None)
        why = _why_stale(waiver, about, today, is_second=waiver.finding in used)
        if why is None:
            used.add(waiver.finding)
        else:
            stale.append(_stale(waiver, why))
    return stale


def _why_stale(waiver: Waiver, about: Finding | None, today: dt.date, is_second: bool) -> str | None:
    if waiver.expires_on <= today:
        return f"expired on {waiver.expires_on}: decide again and set a later expires_on, or remove the entry"
    if about is None:
        return (
            "matches no finding: what it waived is gone, or its id or rule is misspelt. Remove the entry, or correct it"
        )
    differences = waiver.differences(about)
    if differences:
        return (
            f"matches no finding in its exact extent: {'; '.join(differences)}. Look at the cells and decide again: "
            "bring the entry up to date, or remove it"
        )
    return "stands twice: remove one of the entries" if is_second else None


def _stale(waiver: Waiver, why: str) -> Finding:
    cells = "".join(f"; {place} {text!r}" for place, text in _texts(waiver.cells).items())
    return Finding(
        rule=STALE,
        instance=f"finding={waiver.finding}",
        severity="error",
        message=f"{WAIVERS}: the waiver of finding {waiver.finding} ({waiver.rule}{cells}) {why}.",
    )
