"""Assets of the audit: findings, and the results of the expectations with their blocking checks."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg

from orchestration import pipeline
from orchestration.assets import failures_in_words
from orchestration.checks import GATE, gate_check, suite_checks, suite_results
from orchestration.resources import WarehouseResource

FINDING = dg.AssetKey(["audit", "finding"])
CHECK_RESULT = dg.AssetKey(["audit", "check_result"])


def build_audit_assets(model_keys: Sequence[dg.AssetKey], suites: Path) -> list[dg.AssetsDefinition]:
    """The audit, downstream of the models; its checks block everything that follows."""

    @dg.asset(key=FINDING, deps=model_keys, group_name="audit", kinds={"duckdb"})
    def finding(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult:
        """What the identities, the comparisons and the structural tests found, with the waivers applied."""
        with failures_in_words():
            found = pipeline.audit(warehouse.workspace, warehouse.candidate(context.run))
        return dg.MaterializeResult(
            metadata={
                "findings": len(found),
                "blocking": sum(one.is_blocking for one in found),
                "list": dg.MetadataValue.md("\n".join(f"- **{one.severity}** {one.message}" for one in found)),
            }
        )

    @dg.asset(
        key=CHECK_RESULT,
        deps=[FINDING],
        group_name="audit",
        kinds={"greatexpectations"},
        check_specs=[*suite_checks(CHECK_RESULT, suites), gate_check(CHECK_RESULT)],
    )
    def check_result(
        context: dg.AssetExecutionContext, warehouse: WarehouseResource
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        """What the expectations found, suite by suite, and whether the gate lets the candidate through."""
        with failures_in_words():
            candidate = warehouse.candidate(context.run)
            results = pipeline.check(warehouse.workspace, candidate)
            blocking = pipeline.gate(candidate)
            report = {"report": str(pipeline.write_report(warehouse.workspace, candidate))} if blocking else {}
        yield dg.MaterializeResult(metadata={"checks": len(results), "data docs": str(candidate.data_docs), **report})
        yield from suite_results(CHECK_RESULT, results)
        yield dg.AssetCheckResult(
            check_name=GATE,
            passed=not blocking,
            metadata={one.id: one.message for one in blocking},
        )

    return [finding, check_result]
