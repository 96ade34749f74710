"""Skips, agreements, repeated answers, weights and anonymity of a survey: rules that need no printed figure.

They become checks of the same form as quotas and margins, and are evaluated with them in one pass.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from orchestration.errors import FrontierError
from orchestration.landing.survey_declaration import Interval
from orchestration.quality.findings import Finding, Severity
from orchestration.quality.survey_margins import (
    EDITION_DIMENSION,
    Kind,
    MarginResult,
    SurveyCheck,
    describe_filter,
    margin_checks,
    mart_column,
    run_checks,
    where_sql,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from orchestration.landing.survey_declaration import SurveyDeclaration

_ALL = "all respondents"
# Respondents may think alike, or be bored: a steward looks, and nothing is wrong for certain.
_DOUBTS = {"straight_lining", "duplicates"}
_SYNTHETIC = "The file is synthetic: nobody can be recognised."
_UNDECLARED = (
    "The declaration of the survey says by which answers somebody could be recognised (anonymity), or that its rows "
    "may be published (open_by)"
)


def survey_results(
    connection: duckdb.DuckDBPyConnection, declaration: SurveyDeclaration, edition_id: str
) -> list[MarginResult]:
    """Everything that is declared about the respondents of an edition, with what the file holds.

    Where the answers are not modelled, only anonymity is judged, on the cases as they are landed.
    """
    if not declaration.has_long_form:
        return _anonymity_of_cases(connection, declaration, edition_id)
    rule = declaration.anonymity
    columns = [mart_column(name, declaration) for name in rule.quasi_identifiers] if rule else []
    anonymity = _anonymity_check(declaration, columns, _is_synthetic(connection, edition_id))
    checks = [*margin_checks(declaration), *rule_checks(declaration), anonymity]
    return run_checks(connection, checks, edition_id)


def severity_of(kind: str) -> Severity:
    """How grave it is that a check of this kind does not hold."""
    return "warning" if kind in _DOUBTS else "error"


def rule_checks(declaration: SurveyDeclaration) -> Iterator[SurveyCheck]:
    """The checks of skips, agreements, batteries, duplicates and weights, in this order."""
    for skip in declaration.skips:
        columns = (mart_column(name, declaration) for name in skip.unanswered)
        kept = " and ".join(f"{column} is null" for column in columns)
        yield _rule(skip.id, "skip", skip.statement, _obeying(where_sql(declaration, skip.when), kept))
    for agreement in declaration.agreements:
        obeying = _obeying(where_sql(declaration, agreement.when), where_sql(declaration, agreement.then))
        said = f"{agreement.statement}: {describe_filter(agreement.when)}, so {describe_filter(agreement.then)}"
        yield _rule(agreement.id, "agreement", said, obeying)
    for battery in declaration.batteries:
        first, *others = (mart_column(name, declaration) for name in battery.variables)
        alike = " and ".join(f"{column} = {first}" for column in others)
        said = f"Answers with one code to all of {', '.join(battery.variables)}"
        yield _rule(
            battery.id, "straight_lining", said, f"count(*) - count(*) filter (where {alike})", battery.most_pct
        )
    if declaration.duplicates:
        names = declaration.duplicates.variables or (*declaration.coded_variables, *declaration.count_variables)
        columns = ", ".join(mart_column(name, declaration) for name in names)
        said = "Respondents whose answers " + (f"to {', '.join(names)} " if declaration.duplicates.variables else "")
        yield _rule(
            "duplicates",
            "duplicates",
            f"{said}repeat those of another",
            f"count(distinct ({columns}))",
            declaration.duplicates.most_pct,
        )
    if declaration.weight_total:
        yield _weight_check(declaration)


def _rule(rule_id: str, kind: Kind, statement: str, count_sql: str, most_pct: Decimal = Decimal(0)) -> SurveyCheck:
    """A check that counts those who obey, of whom all but `most_pct` percent must."""
    return SurveyCheck(
        id=rule_id,
        kind=kind,
        statement=statement,
        base=_ALL,
        declared_base_n=None,
        printed=f"at most {most_pct} %" if most_pct else ("none" if kind in _DOUBTS else "all"),
        expected=Interval(100 - most_pct, Decimal(100), has_low=True, has_high=True),
        ambiguity=None,
        base_sql="count(*)",
        count_sql=count_sql,
    )


def _obeying(when: str, then: str) -> str:
    # An answer that is missing selects nobody, and agrees with nothing.
    return f"count(*) - count(*) filter (where ({when}) and not coalesce({then}, false))"


def _weight_check(declaration: SurveyDeclaration) -> SurveyCheck:
    rule = declaration.weight_total
    total, tolerance = (rule.total, rule.tolerance_pct) if rule else (None, Decimal(0))
    return SurveyCheck(
        id="weight_total",
        kind="weights",
        statement="The weights add up to " + (f"{total:,}" if total else "the number of respondents"),
        base=_ALL,
        declared_base_n=None,
        printed=str(total) if total else _ALL,
        expected=Interval(100 - tolerance, 100 + tolerance, has_low=True, has_high=True),
        ambiguity=None,
        base_sql=f"case when count(*) > 0 then {total} end" if total else "count(*)",
        count_sql="round(sum(weight))",
    )


def _is_synthetic(connection: duckdb.DuckDBPyConnection, edition_id: str) -> bool:
    row = connection.execute(
        f"select is_synthetic from {EDITION_DIMENSION} where edition_id = ?", [edition_id]
    ).fetchone()
    return bool(row and row[0])


def _anonymity_of_cases(
    connection: duckdb.DuckDBPyConnection, declaration: SurveyDeclaration, edition_id: str
) -> list[MarginResult]:
    """Anonymity in the landed cases of a survey that is not modelled; none where no cases are landed."""
    landed = connection.execute(
        "select files.table_name, editions.is_synthetic from raw.survey_files as files "
        "inner join raw.editions as editions on files.edition_id = editions.edition_id where files.edition_id = ?",
        [edition_id],
    ).fetchone()
    if landed is None:
        return []
    table, is_synthetic = landed
    names = dict(
        connection.execute(
            "select variable, column_name from raw.survey_variables where edition_id = ?", [edition_id]
        ).fetchall()
    )
    identifiers = declaration.anonymity.quasi_identifiers if declaration.anonymity else ()
    unknown = [name for name in identifiers if name not in names]
    if unknown:
        raise FrontierError(
            f"The file of {edition_id} has no variable {', '.join(unknown)}, which its declaration names as a "
            "quasi-identifier (anonymity). Correct the name."
        )
    columns = [f'"{names[name]}"' for name in identifiers]
    check = _anonymity_check(declaration, columns, bool(is_synthetic))
    row = connection.execute(f'select {check.base_sql}, {check.count_sql} from raw."{table}"').fetchone() or (0, 0)
    return [check.compare(*(int(number or 0) for number in row))]


def _anonymity_check(declaration: SurveyDeclaration, columns: list[str], is_synthetic: bool) -> SurveyCheck:
    """Rows whose quasi-identifiers, in these columns, at least k respondents share."""
    rule = declaration.anonymity
    reason = _SYNTHETIC if is_synthetic else rule.open_by if rule else None
    return SurveyCheck(
        id="anonymity",
        kind="anonymity",
        statement=f"At least {rule.k} respondents share {', '.join(rule.quasi_identifiers)}" if rule else _UNDECLARED,
        base=_ALL,
        declared_base_n=None,
        printed=f"k = {rule.k}" if rule else "undeclared",
        expected=Interval(Decimal(0 if reason else 100), Decimal(100), has_low=True, has_high=True),
        ambiguity=reason,
        base_sql="count(*)",
        count_sql=_shared_sql(columns, rule.k) if rule else "0",
    )


def _shared_sql(columns: list[str], k: int) -> str:
    """Respondents who share the columns with enough others, as one aggregate."""
    row = ", ".join(f"coalesce(cast({column} as varchar), chr(1))" for column in columns)
    shared = f"map_values(histogram(concat_ws(chr(31), {row})))"
    return f"coalesce(list_sum(list_filter({shared}, lambda shared: shared >= {k})), 0)"


def rule_findings(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """One finding per quota, margin and rule of a survey that does not hold; they count persons and show no answer."""
    rows = connection.execute(
        """
        select margins.edition_id, editions.dataset, editions.edition, editions.file, margins.margin_id, margins.kind,
            margins.severity, margins.statement, margins.base, margins.base_n, margins.declared_base_n, margins.count,
            margins.share_pct, margins.printed
        from audit.survey_margin as margins
        inner join raw.editions as editions on margins.edition_id = editions.edition_id
        where not margins.holds
        order by margins.edition_id, margins.kind, margins.margin_id
        """
    ).fetchall()
    return [
        Finding(
            rule=f"survey.{kind}",
            instance=f"edition_id={edition_id} id={margin_id}",
            severity=severity,
            dataset=dataset,
            edition=edition,
            extent=f"{count:,} of {base_n:,}",
            message=_sentence(file, kind, statement, base, base_n, declared_base_n, count, share, printed),
        )
        for (
            edition_id, dataset, edition, file, margin_id, kind, severity, statement, base, base_n, declared_base_n,
            count, share, printed,
        ) in rows
    ]  # fmt: skip


def _sentence(
    file: str,
    kind: str,
    statement: str,
    base: str,
    base_n: int,
    declared_base_n: int | None,
    count: int,
    share: float | None,
    printed: str,
) -> str:
    if base_n == 0:
        return f"{file}: {statement}. There are no {base} to judge it by."
    if kind in ("skip", "agreement"):
        return f"{file}: {statement}. Not so for {base_n - count:,} of {base_n:,} respondents."
    if kind in _DOUBTS:
        return f"{file}: {statement}: {base_n - count:,} of {base_n:,} respondents ({printed} may)."
    if kind == "weights":
        return f"{file}: {statement} ({base_n:,}). They add up to {count:,}."
    if kind == "anonymity":
        return (
            f"{file}: {statement} ({printed}). Not so for {base_n - count:,} of {base_n:,}: their rows may not be "
            "published. Leave out or coarsen answers, or declare what allows it (open_by)."
        )
    said = f"{file}: {statement} ({printed}). The file has {count:,} of {base_n:,} {base}"
    declared = "" if declared_base_n in (None, base_n) else f", and the base is declared to have {declared_base_n:,}"
    return f"{said}{f', {share:.1f} %' if share is not None else ''}{declared}."
