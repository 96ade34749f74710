"""The dataflows: which facts they hold, by which components, and the query that gives their observations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from orchestration.export.contents import literal

AGENCY = "FRONTIER"
VERSION = "1.0"
Role = Literal["dimension", "time", "measure", "series", "observation"]

# Statuses of CL_OBS_STATUS that say why there is no value.
_MISSING = "('H', 'L', 'M', 'O', 'Q')"
_NOT_IN_AN_ID = "'[^A-Za-z0-9_@$-]', '_', 'g'"


@dataclass(frozen=True)
class Component:
    """A component of a structure: its concept, its role, and the SQL expression of its value."""

    id: str
    role: Role
    sql: str


@dataclass(frozen=True)
class Flow:
    """A dataflow: id, file name, fact table, titles, components in their order, and the relation that it reads.

    The relation names the fact `facts`, its period `periods` and its edition `editions`.
    """

    id: str
    file: str
    table: str
    title: str
    components: tuple[Component, ...]
    relation: str

    def of(self, *roles: Role) -> list[Component]:
        """The components with one of these roles."""
        return [component for component in self.components if component.role in roles]

    @property
    def key(self) -> list[str]:
        """Ids of the components that identify an observation."""
        return [component.id for component in self.of("dimension", "time")]

    @property
    def reference(self) -> str:
        """The identifier that SDMX-CSV prints in each row."""
        return f"{AGENCY}:{self.id}({VERSION})"

    def query(self) -> str:
        """The SQL of the observations: a column per component, in order, sorted by the key."""
        columns = ", ".join(f'{component.sql} as "{component.id}"' for component in self.components)
        order = ", ".join(f'"{name}"' for name in self.key)
        return f"select {columns} from {self.relation} order by {order}"


def sdmx_id(sql: str) -> str:
    """The SQL of an identifier with every character replaced that SDMX does not allow in one."""
    return f"regexp_replace({sql}, {_NOT_IN_AN_ID})"


def flows(is_latest: bool) -> tuple[Flow, ...]:
    """The three dataflows; with superseded editions, the edition is one of their dimensions."""
    return tuple(_flow(subject, is_latest) for subject in _SUBJECTS)


@dataclass(frozen=True)
class _Subject:
    """What one dataflow has of its own: the SQL of its value and, by component, of its dimensions and attributes.

    `facts` is the relation of the facts where they do not stand in the table as they are exported.
    """

    name: str
    table: str
    title: str
    value: str
    dimensions: dict[str, str]
    attributes: dict[str, str]
    units: dict[str, str] = field(default_factory=lambda: _PERSONS)
    facts: str | None = None


ARRIVALS_DEPARTURES_MEASURES = (
    "arrivals", "departures", "net_migration", "departures_per_100_arrivals", "net_migration_published",
    "departures_per_100_arrivals_published", "share_of_arrivals_published_pct", "share_of_departures_published_pct",
)  # fmt: skip
_PERSONS = {"UNIT_MEASURE": "'PERSONS'", "UNIT_MULT": "'0'", "DECIMALS": "'0'"}
# An empty cell is an observation where the print says why it is empty, and none where nothing was printed.
_UNPIVOTED = " union all ".join(
    f"select *, {literal(measure.upper())} as measure, cast({measure} as double) as figure "
    f"from main.fct_arrivals_departures where {measure} is not null"
    + (f" or obs_status in {_MISSING}" if measure in ("arrivals", "departures") else "")
    for measure in ARRIVALS_DEPARTURES_MEASURES
)

# What a figure of arrivals and departures is counted in follows from its measure.
_UNIT = (
    "case when facts.measure like '%PCT' then 'PERCENT' "
    "when facts.measure like '%PER_100_ARRIVALS%' then 'PER_100_ARRIVALS' else 'PERSONS' end"
)
_SUBJECTS = (
    _Subject(
        name="MIGRATION_FLOW",
        table="fct_migration_flow",
        title="Migration flows by origin and destination",
        value="facts.persons",
        dimensions={
            "REPORTING_AREA": sdmx_id("facts.reporting_id"),
            "COUNTED_AS": "upper(facts.counted_as)",
            "ORIGIN": sdmx_id("facts.origin_id"),
            "DESTINATION": sdmx_id("facts.destination_id"),
        },
        attributes={"GROUP_DEFINITION": "facts.group_definition"},
    ),
    _Subject(
        name="ARRIVALS_DEPARTURES",
        table="fct_arrivals_departures",
        title="Arrivals and departures, and what follows from them, by territory and partner",
        value="facts.figure",
        dimensions={
            "REF_AREA": sdmx_id("facts.territory_id"),
            "COUNTERPART_AREA": sdmx_id("facts.partner_id"),
            "MEASURE": "facts.measure",
        },
        attributes={"GROUP_DEFINITION": "facts.group_definition"},
        units={"UNIT_MEASURE": _UNIT, "UNIT_MULT": "'0'", "DECIMALS": f"case when {_UNIT} = 'PERSONS' then '0' end"},
        facts=f"({_UNPIVOTED})",
    ),
    _Subject(
        name="POPULATION",
        table="fct_population",
        title="Population by territory, group, sex and age",
        value="facts.population",
        dimensions={
            "REF_AREA": sdmx_id("facts.territory_id"),
            "POPULATION_GROUP": sdmx_id("upper(facts.population_group_id)"),
            "SEX": "case facts.sex when 'T' then '_T' else facts.sex end",
            "AGE": sdmx_id("facts.age"),
        },
        attributes={"ROUNDING_HALF_WIDTH": "facts.rounding_half_width"},
    ),
)


# A stock of a fixed day of each year is annual; the day of a census, or of any other count, is not.
_FREQ = (
    "case when periods.period_type = 'year' then 'A' when periods.period_type = 'quarter' then 'Q' "
    "when periods.period_type = 'month' then 'M' when periods.period_type = 'interval' then '_U' "
    "when periods.period_type = 'date' and strftime(periods.opens_on, '%m-%d') in ('01-01', '07-01', '12-31') then 'A' "
    "else 'I' end"
)
# An interval is written as SDMX has it, by its first day and its length in whole years, months or days.
_MONTHS = "date_diff('month', periods.opens_on, periods.closes_on)"
_TIME_PERIOD = (
    "case when periods.period_type <> 'interval' then facts.period_id "
    f"else strftime(periods.opens_on, '%Y-%m-%d') || '/P' || case "
    f"when periods.opens_on + to_months({_MONTHS}) = periods.closes_on and {_MONTHS} % 12 = 0 "
    f"then ({_MONTHS} // 12) || 'Y' "
    f"when periods.opens_on + to_months({_MONTHS}) = periods.closes_on then {_MONTHS} || 'M' "
    "else date_diff('day', periods.opens_on, periods.closes_on) || 'D' end end"
)


def _flow(subject: _Subject, is_latest: bool) -> Flow:
    value = subject.value
    status = f"case when {value} is not null and facts.obs_status in {_MISSING} then 'A' else facts.obs_status end"
    edition = {"EDITION": sdmx_id("editions.edition_id")}
    agency = {"SOURCE_AGENCY": sdmx_id("upper(editions.agency)")}
    components = [
        *_components("dimension", {"FREQ": _FREQ} | agency | subject.dimensions | ({} if is_latest else edition)),
        Component("TIME_PERIOD", "time", _TIME_PERIOD),
        Component("OBS_VALUE", "measure", value),
        *_components("series", subject.units),
        *_components("observation", {"OBS_STATUS": status} | subject.attributes | (edition if is_latest else {})),
    ]
    relation = (
        f"{subject.facts or f'main.{subject.table}'} as facts "
        "inner join main.dim_period as periods on facts.period_key = periods.period_key "
        "inner join main.dim_edition as editions on facts.edition_key = editions.edition_key"
    ) + (" where facts.is_latest" if is_latest else "")
    suffix = "" if is_latest else "_EDITIONS"
    file = subject.name.lower()
    return Flow(f"DF_{subject.name}{suffix}", file, subject.table, subject.title, tuple(components), relation)


def _components(role: Role, sql: dict[str, str]) -> list[Component]:
    return [Component(name, role, expression) for name, expression in sql.items()]
