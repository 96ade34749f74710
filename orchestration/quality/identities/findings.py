"""Findings from evaluated identities: the cells of each break, the suspects among them, and the sentence."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from orchestration.quality.findings import Finding, FindingCell
from orchestration.quality.identities.localisation import Explanation, Instance, Interval, Place, explain
from orchestration.quality.identities.rules import Band, Identity, Linear, Ratio
from orchestration.quality.identities.sql import ALL_OTHERS

if TYPE_CHECKING:
    import duckdb

_ADDRESS = re.compile(r"(?P<column>[A-Z]+)(?P<row>\d+)")
_ZERO = (Fraction(0), Fraction(0))


@dataclass(frozen=True)
class _Cell:
    """A printed cell with what localisation and the sentence need."""

    cell: FindingCell
    dataset: str
    edition: str
    row_label: str
    column_label: str
    factor: Decimal
    interval: Interval


def identity_findings(connection: duckdb.DuckDBPyConnection, identities: Iterable[Identity]) -> list[Finding]:
    """One finding per broken instance in `audit.identity_result`.

    A break of severity `info` is explained by its rule; the others are open and localised: their
    suspects are the cells of the smallest sets whose change restores every identity.
    """
    rules = {identity.id: identity for identity in identities}
    broken = connection.execute(
        "select rule_id, instance from audit.identity_result where verdict = 'broken' order by rule_id, instance"
    ).fetchall()
    if not broken:
        return []
    cells = _cells(connection)
    places = _places(connection)
    unexplained = {key for key in broken if rules[key[0]].severity != "info"}
    # Where only the neighbourhood of the breaks is written down, what stands above a cell need not be its neighbour.
    neighbours = {} if _has_more(connection) else _neighbours(cells.values())
    explanations = _localise(rules, places, cells, unexplained, neighbours) if unexplained else {}
    return [
        _finding(
            rules[rule_id],
            instance,
            places[rule_id, instance],
            cells,
            explanations.get(f"{rule_id} {instance}"),
        )
        for rule_id, instance in broken
    ]


def _has_more(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether some instances that hold are only counted."""
    row = connection.execute(
        "select count(*) > 0 from audit.identity_result where instance = ?", [ALL_OTHERS]
    ).fetchone()
    return bool(row and row[0])


def _cells(connection: duckdb.DuckDBPyConnection) -> dict[str, _Cell]:
    rows = connection.execute(
        """
        select distinct
            raw.observation_id, raw.file, raw.sheet, raw.cell, raw.raw_text, raw.dataset, raw.edition,
            raw.row_label, raw.column_label, figures.unit_mult,
            figures.figure_value - figures.half_width, figures.figure_value + figures.half_width
        from audit.identity_term as terms
        inner join raw.observations as raw on terms.observation_id = raw.observation_id
        inner join staging.stg_observations as figures on terms.observation_id = figures.observation_id
        """
    ).fetchall()
    return {
        cell_id: _Cell(
            FindingCell(cell_id, file, sheet, cell, raw_text),
            dataset,
            edition,
            row_label,
            column_label,
            Decimal(10) ** unit_mult,
            Interval(Fraction(low or 0), Fraction(high or 0)),
        )
        for (
            cell_id, file, sheet, cell, raw_text, dataset, edition, row_label, column_label, unit_mult, low, high,
        ) in rows
    }  # fmt: skip


def _places(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], list[Place]]:
    places: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for rule_id, instance, observation_id, role, coefficient in connection.execute(
        """
        select terms.rule_id, terms.instance, terms.observation_id, terms.role, terms.coefficient
        from audit.identity_term as terms
        inner join raw.observations as raw on terms.observation_id = raw.observation_id
        order by terms.rule_id, terms.instance, raw.file, length(raw.cell), raw.cell
        """
    ).fetchall():
        places[rule_id, instance].append(Place(observation_id, role, coefficient))
    return places


def _localise(
    rules: dict[str, Identity],
    places: dict[tuple[str, str], list[Place]],
    cells: dict[str, _Cell],
    broken: set[tuple[str, str]],
    neighbours: dict[str, list[str]],
) -> dict[str, list[Explanation]]:
    instances = []
    for (rule_id, key), members in places.items():
        rule = rules[rule_id]
        if rule.severity == "info":
            continue
        band = (Fraction(rule.low), Fraction(rule.high)) if isinstance(rule, Band | Linear) else _ZERO
        offset = rule.ratio_offset if isinstance(rule, Ratio) else 0
        instances.append(Instance(rule_id, key, rule.kind, tuple(members), (rule_id, key) in broken, offset, *band))
    return explain(instances, {cell_id: cell.interval for cell_id, cell in cells.items()}, neighbours)


def _neighbours(cells: Iterable[_Cell]) -> dict[str, list[str]]:
    """The cells above and below each cell in its column, which a slip may have exchanged with it."""
    columns: dict[tuple[str, str | None, str], list[tuple[int, str]]] = defaultdict(list)
    for one in cells:
        address = _ADDRESS.fullmatch(one.cell.cell)
        if address and one.cell.observation_id:
            column = (one.cell.file, one.cell.sheet, address["column"])
            columns[column].append((int(address["row"]), one.cell.observation_id))
    found: dict[str, list[str]] = defaultdict(list)
    for column in columns.values():
        ordered = [cell_id for _, cell_id in sorted(column)]
        for above, below in zip(ordered, ordered[1:], strict=False):
            found[above].append(below)
            found[below].append(above)
    return found


def _finding(
    rule: Identity,
    instance: str,
    members: list[Place],
    cells: dict[str, _Cell],
    explanations: list[Explanation] | None,
) -> Finding:
    taking_part = [cells[place.cell] for place in members]
    suspects = _suspects(taking_part, explanations or [])
    first = suspects[0][0] if suspects else taking_part[0]
    return Finding(
        rule=rule.id,
        instance=instance,
        severity=rule.severity,
        state="explained" if rule.severity == "info" else "open",
        decision=rule.explanation,
        message=_sentence(rule, taking_part, suspects),
        dataset=first.dataset,
        edition=first.edition,
        cells=tuple(one.cell for one in taking_part),
        suspects=tuple(cell for _, cell in suspects),
    )


def _suspects(taking_part: list[_Cell], explanations: list[Explanation]) -> list[tuple[_Cell, FindingCell]]:
    """Suspects among the cells of the break, each with the values that any explanation allows."""
    found: dict[str, Interval] = {}
    for explanation in explanations:
        for cell_id, expected in explanation.expected.items():
            found[cell_id] = _hull(found[cell_id], expected) if cell_id in found else expected
    suspects = []
    for one in taking_part:
        expected = found.get(one.cell.observation_id or "")
        if expected is None:
            continue
        low, high = (_in_print(value, one.factor) for value in (expected.low, expected.high))
        suspects.append((one, replace(one.cell, expected_low=low, expected_high=high)))
    return suspects


def _hull(one: Interval, other: Interval) -> Interval:
    low = None if one.low is None or other.low is None else min(one.low, other.low)
    high = None if one.high is None or other.high is None else max(one.high, other.high)
    return Interval(low, high)


def _in_print(value: Fraction | None, factor: Decimal) -> float | None:
    return None if value is None else float(value / Fraction(factor))


def _sentence(rule: Identity, taking_part: list[_Cell], suspects: list[tuple[_Cell, FindingCell]]) -> str:
    is_reprinted = len({one.edition for one in taking_part}) > len({one.dataset for one in taking_part})
    editions = {one.cell.observation_id: f" of {one.edition}" if is_reprinted else "" for one in taking_part}
    cells = "; ".join(
        f"{one.cell.cell}{editions[one.cell.observation_id]} {one.cell.raw_text} ({one.row_label}, {one.column_label})"
        for one in taking_part
    )
    files = " and ".join(sorted({one.cell.file for one in taking_part}))
    broken = f"{rule.statement}. Not so in {files}."
    if rule.explanation:
        return f"{broken} Cells: {cells}."
    if not suspects:
        return f"{broken} No change of a few cells restores every identity: look at the whole table. Cells: {cells}."
    named = "; ".join(
        f"{cell.cell}{editions[cell.observation_id]} printed {cell.raw_text}, {_expected(cell)}" for _, cell in suspects
    )
    return f"{broken} Suspect{'s' if len(suspects) > 1 else ''}: {named}. Cells: {cells}."


def _expected(cell: FindingCell) -> str:
    low, high = cell.expected_low, cell.expected_high
    if low is None and high is None:
        return "no value excluded"
    if low is None or high is None:
        return f"expected at most {_number(high)}" if low is None else f"expected at least {_number(low)}"
    if _number(low) == _number(high):
        return f"expected {_number(low)}"
    return f"expected {_number(low)} to {_number(high)}"


def _number(value: float | None) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if value is not None else ""
