"""Quotas, printed margins and count ranges of a survey, computed on the respondent mart.

The SQL is generated from the declaration of the survey, in one pass over the mart.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from orchestration.landing.survey_declaration import Interval, Margin, NumberRange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import duckdb

    from orchestration.landing.survey_declaration import Filter, SurveyDeclaration

Kind = Literal["quota", "margin", "range", "skip", "agreement", "straight_lining", "duplicates", "weights", "anonymity"]
RESPONDENT_MART = "main.mart_survey_respondent"
EDITION_DIMENSION = "main.dim_edition"


@dataclass(frozen=True)
class MarginResult:
    """One declared quota, margin, count range or rule beside what the survey holds.

    A quota compares `count` with its number of interviews; every other compares `share_pct`
    (percent of `base_n`). `expected_low` and `expected_high` are in the unit that is compared.
    `holds` decides on exact fractions: for 77.3 a share of 77.35 no longer holds.
    """

    id: str
    kind: Kind
    statement: str
    base: str
    declared_base_n: int | None
    base_n: int
    count: int
    share_pct: float | None
    printed: str
    expected_low: float
    expected_high: float
    holds: bool
    ambiguity: str | None


@dataclass(frozen=True)
class SurveyCheck:
    """A rule together with the two SQL aggregates that it compares."""

    id: str
    kind: Kind
    statement: str
    base: str
    declared_base_n: int | None
    printed: str
    expected: Interval
    ambiguity: str | None
    base_sql: str
    count_sql: str

    def compare(self, base_n: int, count: int) -> MarginResult:
        """The result for what the two aggregates returned."""
        share = Fraction(100 * count, base_n) if base_n else None
        compared = Fraction(count) if self.kind == "quota" else share
        is_base_right = self.declared_base_n is None or base_n == self.declared_base_n
        return MarginResult(
            id=self.id,
            kind=self.kind,
            statement=self.statement,
            base=self.base,
            declared_base_n=self.declared_base_n,
            base_n=base_n,
            count=count,
            share_pct=None if share is None else float(share),
            printed=self.printed,
            expected_low=float(self.expected.low),
            expected_high=float(self.expected.high),
            holds=is_base_right and compared is not None and _is_inside(compared, self.expected),
            ambiguity=self.ambiguity,
        )


def margin_results(
    connection: duckdb.DuckDBPyConnection,
    declaration: SurveyDeclaration,
    edition_id: str,
) -> list[MarginResult]:
    """Every quota, margin and count range of the survey's edition, in the order of the declaration.

    An edition without respondents gives results that do not hold, never an empty list.
    """
    return run_checks(connection, margin_checks(declaration), edition_id)


def run_checks(
    connection: duckdb.DuckDBPyConnection, checks: Iterable[SurveyCheck], edition_id: str
) -> list[MarginResult]:
    """The results of checks on the respondents of an edition, all in one pass."""
    checks = list(checks)
    if not checks:
        return []
    aggregates = ", ".join(f"{check.base_sql}, {check.count_sql}" for check in checks)
    row = connection.execute(
        f"select {aggregates} from {RESPONDENT_MART} "
        f"where edition_key in (select edition_key from {EDITION_DIMENSION} where edition_id = ?)",
        [edition_id],
    ).fetchone()
    numbers = [int(number or 0) for number in row or ()]
    pairs = zip(numbers[0::2], numbers[1::2], strict=True)
    return [check.compare(base_n, count) for check, (base_n, count) in zip(checks, pairs, strict=True)]


def margin_checks(declaration: SurveyDeclaration) -> Iterator[SurveyCheck]:
    """The checks of quotas, count ranges and margins, in this order."""
    yield from _quota_checks(declaration)
    yield from _range_checks(declaration)
    for margin in declaration.margins:
        yield _margin_check(margin, declaration)


def _quota_checks(declaration: SurveyDeclaration) -> Iterator[SurveyCheck]:
    for quota in declaration.quotas:
        yield SurveyCheck(
            id=quota.id,
            kind="quota",
            statement=f"{quota.n} interviews: {describe_filter(quota.where)}",
            base="all respondents",
            declared_base_n=None,
            printed=str(quota.n),
            expected=Interval(Decimal(quota.n), Decimal(quota.n), has_low=True, has_high=True),
            ambiguity=quota.ambiguity,
            base_sql="count(*)",
            count_sql=_count_sql(declaration, quota.where),
        )


def _range_checks(declaration: SurveyDeclaration) -> Iterator[SurveyCheck]:
    """One check per code: every count of the respondents with this code lies in its range."""
    for rule in declaration.count_ranges:
        for code, allowed in rule.ranges.items():
            base: Filter = {rule.by: (code,)}
            yield SurveyCheck(
                id=f"{rule.id}_{code}",
                kind="range",
                statement=f"{rule.count} is {allowed.min} to {allowed.max}",
                base=describe_filter(base),
                declared_base_n=None,
                printed=f"{allowed.min}–{allowed.max}",
                expected=Interval(Decimal(100), Decimal(100), has_low=True, has_high=True),
                ambiguity=None,
                base_sql=_count_sql(declaration, base),
                count_sql=_count_sql(declaration, base, {rule.count: allowed}),
            )


def _margin_check(margin: Margin, declaration: SurveyDeclaration) -> SurveyCheck:
    if margin.ratio:
        base_sql = _sum_sql(declaration, margin.ratio.whole, margin.base)
        count_sql = _sum_sql(declaration, margin.ratio.part, margin.base)
    else:
        base_sql = _count_sql(declaration, margin.base)
        count_sql = _count_sql(declaration, margin.base, margin.counted or {})
    return SurveyCheck(
        id=margin.id,
        kind="margin",
        statement=margin.statement,
        base=margin.base_description,
        declared_base_n=margin.base_n,
        printed=margin.printed,
        expected=margin.interval,
        ambiguity=margin.ambiguity,
        base_sql=base_sql,
        count_sql=count_sql,
    )


def describe_filter(conditions: Filter) -> str:
    """A filter in words: 'country = 1 and age_years from 20 to 49'."""
    if not conditions:
        return "all respondents"
    words = []
    for variable, condition in conditions.items():
        if isinstance(condition, NumberRange):
            words.append(f"{variable} from {condition.min} to {condition.max}")
        else:
            words.append(f"{variable} = {' or '.join(str(code) for code in condition)}")
    return " and ".join(words)


def mart_column(variable: str, declaration: SurveyDeclaration) -> str:
    """Column of the respondent mart that holds a variable: codes carry the suffix `_code`."""
    return f"{variable}_code" if variable in declaration.coded_variables else variable


def _count_sql(declaration: SurveyDeclaration, *filters: Filter) -> str:
    return f"count(*) filter (where {where_sql(declaration, *filters)})"


def _sum_sql(declaration: SurveyDeclaration, count: str, base: Filter) -> str:
    return f"sum({mart_column(count, declaration)}) filter (where {where_sql(declaration, base)})"


def where_sql(declaration: SurveyDeclaration, *filters: Filter) -> str:
    """All conditions of all filters joined by *and*. Names and codes are validated by the declaration."""
    conditions = []
    for variable, condition in (item for one_filter in filters for item in one_filter.items()):
        column = mart_column(variable, declaration)
        if isinstance(condition, NumberRange):
            conditions.append(f"{column} between {condition.min} and {condition.max}")
        else:
            conditions.append(f"{column} in ({', '.join(str(code) for code in condition)})")
    return " and ".join(conditions) or "true"


def _is_inside(value: Fraction, interval: Interval) -> bool:
    low, high = Fraction(interval.low), Fraction(interval.high)
    is_above = value >= low if interval.has_low else value > low
    is_below = value <= high if interval.has_high else value < high
    return is_above and is_below
