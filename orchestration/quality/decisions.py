"""A steward's decisions: whether they can be read, and an entry appended to a file whose comments survive."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import TypeAdapter, ValidationError

from orchestration.errors import FrontierError, UsageError
from orchestration.quality.corrections import CORRECTION_LIST, CORRECTIONS, Correction, load_corrections
from orchestration.quality.corrections import STALE as STALE_CORRECTION
from orchestration.quality.findings import Finding
from orchestration.quality.owners import OWNERS, load_owners
from orchestration.quality.steward_files import Entry, parse_entries
from orchestration.quality.waivers import STALE as STALE_WAIVER
from orchestration.quality.waivers import WAIVER_LIST, WAIVERS, Waiver, load_waivers

if TYPE_CHECKING:
    import duckdb

_WIDTH = 110
_LISTED = 10


def check_decisions(expectations: Path) -> None:
    """Raise a `FrontierError` that names the entry when waivers, corrections or owners do not fit their form."""
    load_waivers(expectations / WAIVERS)
    load_corrections(expectations / CORRECTIONS)
    load_owners(expectations / OWNERS)


def waive(
    expectations: Path,
    findings: Sequence[Finding],
    finding_id: str,
    reason: str,
    until: dt.date,
    decided_by: str,
    today: dt.date,
) -> Waiver:
    """Append a waiver of a finding, in just its extent, to `waivers.yml`; it is in force until the day before `until`.

    Raises `UsageError` when there is no such finding, or it cannot or need not be waived.
    """
    path = expectations / WAIVERS
    finding = _finding(findings, finding_id)
    _refuse_needless(finding, load_waivers(path), path)
    if until <= today:
        raise UsageError(f"--until {until} is not in the future: a waiver that has expired waives nothing.")
    entry: dict[str, Any] = {"finding": finding.id, "rule": finding.rule}
    if finding.cells:
        entry["cells"] = [
            {"file": cell.file}
            | ({"sheet": cell.sheet} if cell.sheet is not None else {})
            | {"cell": cell.cell, "raw_text": cell.raw_text}
            for cell in finding.cells
        ]
    if finding.extent is not None:
        entry["extent"] = finding.extent
    entry |= {"reason": reason, "decided_by": decided_by, "decided_on": today, "expires_on": until}
    return _append(path, entry, WAIVER_LIST)


def _finding(findings: Sequence[Finding], finding_id: str) -> Finding:
    known = {finding.id: finding for finding in findings}
    if finding_id in known:
        return known[finding_id]
    waivable = [finding for finding in findings if finding.state == "open"]
    near = difflib.get_close_matches(finding_id, known, n=3, cutoff=0.5)
    listed = [known[one] for one in near] or waivable[:_LISTED]
    named = "; ".join(f"{one.id} ({one.severity} {one.state}, {one.rule})" for one in listed) or "none is open"
    raise UsageError(
        f"There is no finding {finding_id!r}. {'The nearest' if near else 'Open'}: {named}. frontier findings --all, "
        "with --candidate for a refused one, lists them."
    )


def _refuse_needless(finding: Finding, waivers: Sequence[Waiver], path: Path) -> None:
    if finding.rule in (STALE_WAIVER, STALE_CORRECTION):
        raise UsageError(f"{finding.id} cannot be waived, it is mended in the file that it names. {finding.message}")
    if any(waiver.finding == finding.id for waiver in waivers):
        raise UsageError(
            f"{finding.id} has an entry in {path} already. If it is in force, the next refresh heeds it; if it has "
            "expired or its cells print something else now, bring that entry up to date or remove it first."
        )
    if finding.state == "explained":
        raise UsageError(f"{finding.id} blocks nothing and needs no waiver: it is explained ({finding.decision}).")


def correct(
    expectations: Path,
    connection: duckdb.DuckDBPyConnection,
    place: tuple[str, str, str | None, str],
    value: str,
    reason: str,
    evidence: str,
    decided_by: str,
    today: dt.date,
) -> Correction:
    """Append a correction of a cell, given by dataset, edition, sheet and address, to `corrections.yml`.

    It expects what the database says that the cell prints. Raises `UsageError` when no figure is read from that
    cell, when it prints just this value, or when it is corrected already.
    """
    dataset, edition, sheet, cell = place
    path = expectations / CORRECTIONS
    printed = _printed(connection, place)
    if any(
        (one.dataset, one.edition or one.from_edition, one.sheet, one.cell) == (dataset, edition, sheet, cell)
        for one in load_corrections(path)
    ):
        raise UsageError(f"{path} corrects {dataset}@{edition} {cell} already: change that entry.")
    if printed == value:
        raise UsageError(f"{dataset}@{edition} {cell} prints just {printed!r}: there is nothing to correct.")
    entry: dict[str, Any] = {"dataset": dataset, "edition": edition}
    if sheet is not None:
        entry["sheet"] = sheet
    entry |= {"cell": cell, "expect": printed, "value": value, "reason": reason, "evidence": evidence}
    return _append(path, entry | {"decided_by": decided_by, "decided_on": today}, CORRECTION_LIST)


def _printed(connection: duckdb.DuckDBPyConnection, place: tuple[str, str, str | None, str]) -> str:
    dataset, edition, sheet, cell = place
    row = connection.execute(
        "select raw_text from raw.observations "
        "where dataset = ? and edition = ? and sheet is not distinct from ? and cell = ? and record_id is null",
        [dataset, edition, sheet, cell],
    ).fetchone()
    if row:
        return row[0]
    editions = connection.execute("select dataset || '@' || edition from raw.editions order by 1").fetchall()
    wanted = f"{dataset}@{edition}"
    known = [one for (one,) in editions]
    if wanted not in known:
        near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.3) or known[:_LISTED]
        raise UsageError(f"There is no edition {wanted!r}; the nearest are {', '.join(near)}.")
    sheets = connection.execute(
        "select distinct sheet from raw.observations "
        "where dataset = ? and edition = ? and sheet is not null order by 1",
        [dataset, edition],
    ).fetchall()
    hint = f" Its sheets are {', '.join(repr(one) for (one,) in sheets)}." if sheets else ""
    raise UsageError(f"No figure is read from the cell {cell} of {wanted}{f' [{sheet}]' if sheet else ''}.{hint}")


def _append(path: Path, entry: dict[str, Any], form: TypeAdapter[list[Entry]]) -> Entry:
    """Append an entry to a list of entries, in one step: the file is as it was, or has the entry."""
    try:
        [checked] = form.validate_python([entry])
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc'][1:])}: {item['msg']}" for item in error.errors()
        )
        raise UsageError(f"This makes no entry for {path.name}: {problems}.") from error
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    text = _laid_out(entry)
    after = before.rstrip("\n") + ("\n\n" if before.strip() else "") + text
    kept = parse_entries(before, path, form)
    if parse_entries(after, path, form) != [*kept, checked]:
        raise FrontierError(
            f"{path} is not laid out as a list of entries to which one can be appended. Add this by hand:\n{text}"
        )
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(after, encoding="utf-8")
    fresh.replace(path)
    return checked


def _laid_out(entry: dict[str, Any]) -> str:
    """The entry as a person would write it: one key, and one cell, to a line."""
    lines: list[str] = []
    for key, value in entry.items():
        if isinstance(value, list):
            lines.append(f"{key}:")
            lines += [f"  - {_dumped(one, float('inf'), is_flow=True)}" for one in value]
        else:
            lines += _dumped({key: value}, _WIDTH).splitlines()
    return "".join(f"{'- ' if index == 0 else '  '}{line}\n" for index, line in enumerate(lines))


def _dumped(value: dict[str, Any], width: float, is_flow: bool = False) -> str:
    text = yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=width, default_flow_style=is_flow)
    return text.rstrip("\n")
