"""Magnitudes and readings: figures that jump against the last release, and cells that are read otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from orchestration.quality.findings import Finding, FindingCell, Severity

if TYPE_CHECKING:
    import duckdb

    from orchestration.quality.drift.rules import Band, Magnitude

_LISTED = 20
_NAMED = 3

# A series: figures that differ by their period alone.
_SERIES = """
    concat_ws(
        chr(31), editions.dataset, facts.indicator_id, facts.territory_id, coalesce(facts.partner_id, ''),
        coalesce(facts.reporting_id, ''), facts.population_group_id, coalesce(facts.sex, ''), coalesce(facts.age, ''),
        coalesce(facts.citizenship_id, ''), coalesce(facts.variant, ''), coalesce(facts.group_definition, ''),
        facts.unit, periods.period_type
    )
"""
_JUMPS_SQL = f"""
    with new_editions as (
        select edition_key, edition_id, dataset, edition
        from main.dim_edition
        where edition_id not in (select edition_id from last_release.main.dim_edition)
    ),
    known as (
        select
            {_SERIES} as series, facts.period_id, max(periods.opens_on) as opens_on,
            arg_max(facts.figure_value, (editions.released_on, editions.edition_id)) as figure_value,
            arg_max(facts.observation_id, (editions.released_on, editions.edition_id)) as observation_id
        from last_release.main.fct_observation as facts
        inner join last_release.main.dim_edition as editions on facts.edition_key = editions.edition_key
        inner join last_release.main.dim_period as periods on facts.period_id = periods.period_id
        where facts.figure_value is not null
            and editions.dataset in (select dataset from new_editions)
        group by all
    ),
    latest as (
        select series, arg_max(struct_pack(period_id, figure_value, observation_id), opens_on) as figure
        from known
        group by series
    ),
    fresh as (
        select
            {_SERIES} as series, facts.observation_id, facts.indicator_id, facts.territory_id, facts.partner_id,
            facts.period_id, facts.figure_value, facts.unit, coalesce(facts.unit_mult, 0) as unit_mult,
            editions.dataset, editions.edition, editions.edition_id
        from main.fct_observation as facts
        inner join new_editions as editions on facts.edition_key = editions.edition_key
        inner join main.dim_period as periods on facts.period_id = periods.period_id
        where facts.figure_value is not null
    ),
    compared as (
        select
            fresh.*, known.period_id is null as is_new_period,
            coalesce(known.period_id, latest.figure.period_id) as previous_period,
            coalesce(known.figure_value, latest.figure.figure_value) as previous_value,
            coalesce(known.observation_id, latest.figure.observation_id) as previous_id
        from fresh
        inner join latest on fresh.series = latest.series
        left join known on fresh.series = known.series and fresh.period_id = known.period_id
    )
    select
        compared.dataset, compared.edition, compared.edition_id, indicator_id, territory_id, partner_id, period_id,
        figure_value, previous_value, previous_period, compared.unit, compared.unit_mult,
        now.observation_id, now.file, now.sheet, now.cell, now.raw_text,
        earlier.observation_id, earlier.file, earlier.sheet, earlier.cell, earlier.raw_text
    from compared
    inner join raw.observations as now on compared.observation_id = now.observation_id
    inner join last_release.raw.observations as earlier on compared.previous_id = earlier.observation_id
    where figure_value != previous_value
    order by compared.edition_id, indicator_id, now.sheet, length(now.cell), now.cell
"""


@dataclass(frozen=True)
class _Jump:
    """A figure beside the one that it is compared with."""

    dataset: str
    edition: str
    edition_id: str
    indicator: str
    territory: str
    partner: str | None
    period: str
    value: float
    previous_value: float
    previous_period: str
    unit: str
    unit_mult: int
    cell: FindingCell
    previous_cell: FindingCell

    @property
    def factor(self) -> float:
        """How many times larger the larger is; without limit where one is zero or the sign has changed."""
        small, large = sorted((abs(self.value), abs(self.previous_value)))
        return large / small if small and self.value * self.previous_value > 0 else float("inf")

    @property
    def in_words(self) -> str:
        of = f"{self.territory}{f' with {self.partner}' if self.partner else ''}"
        return f"{of} {self.period}: {self.value:,g} after {self.previous_value:,g} ({self.previous_period})"


def magnitude_findings(connection: duckdb.DuckDBPyConnection, rules: Magnitude) -> list[Finding]:
    """One finding per new edition, indicator and severity, with the figures that leave their band as suspects."""
    jumps = [
        _Jump(*row[:12], cell=FindingCell(*row[12:17]), previous_cell=FindingCell(*row[17:22]))
        for row in connection.execute(_JUMPS_SQL).fetchall()
    ]
    findings = []
    for (edition_id, indicator), members in groupby(jumps, key=lambda one: (one.edition_id, one.indicator)):
        band = rules.indicators.get(indicator, rules.default)
        judged = [
            one for one in members if max(abs(one.value), abs(one.previous_value)) >= rules.at_least.get(one.unit, 0)
        ]
        for severity, found in _leaving(judged, band):
            findings.append(_jump_finding(edition_id, indicator, severity, band, found))
    return findings


def _leaving(jumps: Iterable[_Jump], band: Band) -> Iterable[tuple[Severity, list[_Jump]]]:
    """Jumps above the limits of the band, the largest first, each under its gravest severity."""
    ordered = sorted(jumps, key=lambda one: -one.factor)
    refuse = float("inf") if band.refuse is None else band.refuse
    errors = [one for one in ordered if band.refuse is not None and one.factor > refuse]
    warnings = [one for one in ordered if band.warn is not None and one.factor > band.warn and one not in errors]
    if errors:
        yield "error", errors
    if warnings:
        yield "warning", warnings


def _jump_finding(edition_id: str, indicator: str, severity: Severity, band: Band, jumps: list[_Jump]) -> Finding:
    listed = jumps[:_LISTED]
    limit = band.refuse if severity == "error" else band.warn
    named = "; ".join(one.in_words for one in jumps[:_NAMED])
    more = f"; and {len(jumps) - _NAMED:,} more" if len(jumps) > _NAMED else ""
    return Finding(
        rule="drift.magnitude",
        instance=f"edition_id={edition_id} indicator={indicator} severity={severity}",
        severity=severity,
        dataset=jumps[0].dataset,
        edition=jumps[0].edition,
        cells=tuple(dict.fromkeys(cell for one in listed for cell in (one.cell, one.previous_cell))),
        suspects=tuple(_suspect(one, band.lowest or 1) for one in listed),
        extent=f"{len(jumps):,} figures",
        message=(
            f"{len(jumps):,} figures of {indicator} in {edition_id} are more than {limit:g} times larger or smaller "
            f"than the last release says: {named}{more}. See whether unit, row or column are read wrongly."
        ),
    )  # fmt: skip


def _suspect(jump: _Jump, factor: float) -> FindingCell:
    low, high = sorted((jump.previous_value / factor, jump.previous_value * factor))
    scale = 10.0**jump.unit_mult
    cell = jump.cell
    return FindingCell(cell.observation_id, cell.file, cell.sheet, cell.cell, cell.raw_text, low / scale, high / scale)


def reading_findings(connection: duckdb.DuckDBPyConnection, severity: Severity) -> list[Finding]:
    """One finding per edition of which cells are read otherwise than in the last release, from the same file."""
    rows = connection.execute(
        """
        select now.edition_id, now.dataset, now.edition, now.observation_id, now.file, now.sheet, now.cell,
            now.raw_text, earlier.raw_text, now.value, earlier.value, now.unit_mult, earlier.unit_mult,
            now.obs_status, earlier.obs_status
        from raw.observations as now
        inner join last_release.raw.observations as earlier on now.observation_id = earlier.observation_id
        where now.file_sha256 = earlier.file_sha256 and (
            now.value is distinct from earlier.value or now.unit_mult is distinct from earlier.unit_mult
            or now.decimals is distinct from earlier.decimals or now.obs_status is distinct from earlier.obs_status
        )
        order by now.edition_id, now.sheet, length(now.cell), now.cell
        """
    ).fetchall()
    findings = []
    for (edition_id, dataset, edition), members in groupby(rows, key=lambda row: row[:3]):
        found = list(members)
        named = "; ".join(
            f"{cell} {text!r} was {_read(before, mult_before, status_before)}, is {_read(value, mult, status)}"
            for _, _, cell, text, _, value, before, mult, mult_before, status, status_before in (
                row[4:] for row in found[:_NAMED]
            )
        )
        more = f"; and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
        findings.append(
            Finding(
                rule="drift.reading",
                instance=f"edition_id={edition_id}",
                severity=severity,
                dataset=dataset,
                edition=edition,
                cells=tuple(FindingCell(*row[3:8]) for row in found[:_LISTED]),
                extent=f"{len(found):,} cells",
                message=(
                    f"{len(found):,} cells of {edition_id} are read otherwise than in the last release, from the same "
                    f"file: {named}{more}. The layout or the reader has changed: see that it is right now."
                ),
            )
        )
    return findings


def _read(value: object, unit_mult: int | None, status: str | None) -> str:
    scaled = f" x 10^{unit_mult}" if unit_mult else ""
    return f"{f'{value:f}'.rstrip('0').rstrip('.')}{scaled} ({status})" if value is not None else f"no value ({status})"
