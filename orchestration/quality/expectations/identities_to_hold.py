"""The expectation `identities_to_hold`: every identity that was judged holds, is explained, or is waived.

Imports Great Expectations: import this module only where suites are run.
"""

from __future__ import annotations

from typing import Any, ClassVar

from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.expectations.model_field_types import ConditionParser
from great_expectations.expectations.row_conditions import RowConditionType
from great_expectations.render import (
    LegacyDiagnosticRendererType,
    LegacyRendererType,
    RenderedStringTemplateContent,
    RenderedTableContent,
)
from great_expectations.render.renderer.renderer import renderer

SETTLED = ("holds", "explained", "waived")
# The report has all of them; a page of the Data Docs has these.
MOST_LISTED = 50
_METRIC = "table.identity_verdicts"
_PLACE = ("rule_id", "instance", "kind", "gap_low", "gap_high")
_SENTENCE = "Identities must hold, or be explained by a definition, or be waived by a steward."


class IdentityVerdicts(TableMetricProvider):
    """The verdicts of a table of identities, counted in instances, and the rows of those that are broken."""

    metric_name = _METRIC

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(
        cls,  # noqa: N805 - the library binds it to the class
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        **_: Any,
    ) -> dict[str, Any]:
        rows, _, _ = execution_engine.get_compute_domain(metric_domain_kwargs, MetricDomainTypes.TABLE)
        counted = rows.groupby("verdict")["instances"].sum()
        broken = rows[rows["verdict"].notna() & ~rows["verdict"].isin(SETTLED)]
        return {
            "counts": {str(verdict): int(count) for verdict, count in counted.items()},
            "missing": int(rows.loc[rows["verdict"].isna(), "instances"].sum()),
            "broken": broken.head(MOST_LISTED)[list(_PLACE)].to_dict("records"),
        }


class ExpectIdentitiesToHold(BatchExpectation):
    """Judges the verdicts of audit.identity_result; a verdict that is missing is left to an expectation of its own.

    The result lists the broken instances under `broken`, from which outcomes finds their cells.
    """

    row_condition: RowConditionType = None
    condition_parser: ConditionParser | None = None

    column: ClassVar[str] = "verdict"
    needed_columns: ClassVar[tuple[str, ...]] = (*_PLACE, "instances")
    judged_things: ClassVar[str] = "instances"
    metric_dependencies = (_METRIC,)
    domain_keys: ClassVar[tuple[str, ...]] = ("row_condition", "condition_parser")

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        found = metrics[_METRIC]
        counts = found["counts"]
        judged = sum(counts.values())
        broken = sum(count for verdict, count in counts.items() if verdict not in SETTLED)
        return {
            "success": broken == 0,
            "result": {
                "element_count": judged + found["missing"],
                "missing_count": found["missing"],
                "unexpected_count": broken,
                "unexpected_percent": 100 * broken / judged if judged else None,
                "observed_value": ", ".join(f"{verdict} {count:,}" for verdict, count in counts.items()),
                "broken": found["broken"],
            },
        }

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    def _prescriptive_renderer(cls, **_: Any) -> list[RenderedStringTemplateContent]:
        return [_text(_SENTENCE)]

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.UNEXPECTED_STATEMENT)
    def _diagnostic_unexpected_statement_renderer(cls, result: Any, **_: Any) -> list[RenderedStringTemplateContent]:
        broken = result.result["unexpected_count"]
        if not broken:
            return []
        said = f"{broken:,} of {result.result['element_count']:,} instances {'is' if broken == 1 else 'are'} broken."
        return [_text(f"\n\n{said}", tag="strong", styling={"classes": ["text-danger"]})]

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.UNEXPECTED_TABLE)
    def _diagnostic_unexpected_table_renderer(cls, result: Any, **_: Any) -> list[RenderedTableContent] | None:
        broken = result.result["partial_unexpected_list"]
        if not broken:
            return None
        table = RenderedTableContent(
            content_block_type="table",
            table=[[line] for line in broken],
            header_row=["Broken"],
            styling={"body": {"classes": ["table-bordered", "table-sm", "mt-3"]}},
        )
        return [table]


def _text(template: str, **options: Any) -> RenderedStringTemplateContent:
    return RenderedStringTemplateContent(
        content_block_type="string_template", string_template={"template": template, "params": {}, **options}
    )
