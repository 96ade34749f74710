"""Dagster checks: one blocking check per expectation suite, and the gate."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg

from orchestration.quality.expectations.results import CheckResult
from orchestration.quality.expectations.suite_files import read_suites

GATE = "gate"


def suite_checks(asset: dg.AssetKey, suites: Path) -> list[dg.AssetCheckSpec]:
    """A check per suite file; it blocks what is downstream when a critical expectation fails."""
    return [
        dg.AssetCheckSpec(name=one.suite.suite, asset=asset, blocking=True, description=one.suite.description)
        for one in read_suites(suites)
    ]


def gate_check(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """The gate: no unwaived error."""
    return dg.AssetCheckSpec(name=GATE, asset=asset, blocking=True, description="No finding blocks the release.")


def suite_results(asset: dg.AssetKey, results: Sequence[CheckResult]) -> Iterator[dg.AssetCheckResult]:
    """The result of each suite: an error when something critical fails unwaived, else at most a warning."""
    for suite in dict.fromkeys(result.suite for result in results):
        own = [result for result in results if result.suite == suite]
        failed = [result for result in own if not (result.is_success or result.is_waived)]
        is_critical = any(result.blocks for result in failed)
        yield dg.AssetCheckResult(
            asset_key=asset,
            check_name=suite,
            passed=not failed,
            severity=dg.AssetCheckSeverity.ERROR if is_critical else dg.AssetCheckSeverity.WARN,
            metadata={"expectations": len(own), "failed": [result.meaning for result in failed]},
        )
