"""Runs every suite on the candidate database and says what was found."""

from __future__ import annotations

import logging
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.quality.expectations.results import CheckResult
from orchestration.quality.expectations.suite_files import SuiteFile, read_suites

if TYPE_CHECKING:
    import duckdb
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.data_context import EphemeralDataContext


@dataclass(frozen=True)
class JudgedSuite:
    """A suite, what the library found, and the results that we store."""

    file: SuiteFile
    validation: ExpectationSuiteValidationResult
    results: list[CheckResult]


def run_suites(
    connection: duckdb.DuckDBPyConnection,
    suites_dir: Path,
    docs_dir: Path | None = None,
    run_name: str | None = None,
    report: Path | None = None,
) -> list[CheckResult]:
    """Judge the tables of an open database by all suites of a folder, in the order of the files.

    With `docs_dir` the Data Docs of the run are written there (see data_docs), headed by `run_name`; they lead
    to the `report` that is, or will be, written beside them.

    Raises FrontierError where a suite file is wrong, its table or a column is missing, the table has
    more than a million rows, or an expectation cannot be evaluated on the column's type.
    """
    return conclude(judge_suites(connection, read_suites(suites_dir)), docs_dir, run_name, report)


def judge_suites(connection: duckdb.DuckDBPyConnection, files: Sequence[SuiteFile]) -> list[JudgedSuite]:
    """Judge tables of an open database by some suites; raises as `run_suites` does.

    Each suite is one validation in one in-memory context, on a frame of the columns that it needs.
    """
    with _quiet_library():
        from orchestration.quality.expectations.outcomes import read_outcomes

        context = _start_context()
        judged = []
        for file in files:
            validation = _validate(context, connection, file)
            judged.append(JudgedSuite(file, validation, read_outcomes(file, validation, connection)))
    return judged


def conclude(
    judged: Sequence[JudgedSuite],
    docs_dir: Path | None = None,
    run_name: str | None = None,
    report: Path | None = None,
) -> list[CheckResult]:
    """All results in the order of the suite files; the Data Docs too where they have a folder."""
    ordered = sorted(judged, key=lambda one: one.file.path)
    if docs_dir is not None:
        from orchestration.quality.expectations.data_docs import SuitePage, write_data_docs

        with _quiet_library():
            pages = [SuitePage(one.file, one.validation, one.results) for one in ordered]
            write_data_docs(docs_dir, pages, run_name, report)
    return [result for one in ordered for result in one.results]


@contextmanager
def _quiet_library() -> Generator[None]:
    """Keep Great Expectations from reporting its use and from talking in the log, errors excepted."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _start_context() -> EphemeralDataContext:
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    config = DataContextConfig(
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
        store_backend_defaults=InMemoryStoreBackendDefaults(),
    )
    return gx.get_context(project_config=config, mode="ephemeral")


def _validate(
    context: EphemeralDataContext,
    connection: duckdb.DuckDBPyConnection,
    file: SuiteFile,
) -> ExpectationSuiteValidationResult:
    import great_expectations as gx

    from orchestration.quality.expectations.expectation_types import build_expectation
    from orchestration.quality.expectations.frames import read_frame

    expectations = [build_expectation(file, position) for position in range(len(file.suite.expectations))]
    frame = read_frame(connection, file, _columns_to_read(file, expectations))
    suite = gx.ExpectationSuite(name=file.suite.suite, expectations=expectations)
    asset = context.data_sources.add_or_update_pandas(file.suite.suite).add_dataframe_asset(file.suite.table)
    data = asset.add_batch_definition_whole_dataframe("all rows")
    definition = gx.ValidationDefinition(name=file.suite.suite, data=data, suite=context.suites.add(suite))
    # A checkpoint for each suite: how much of the values a result may show differs between them.
    checkpoint = gx.Checkpoint(
        name=file.suite.suite,
        validation_definitions=[context.validation_definitions.add(definition)],
        result_format=_choose_result_format(file, list(frame.columns)),
    )
    run = context.checkpoints.add(checkpoint).run(batch_parameters={"dataframe": frame})
    [found] = run.run_results.values()
    return found


def _columns_to_read(file: SuiteFile, expectations: list[Any]) -> list[str] | None:
    from orchestration.quality.expectations.expectation_types import needed_columns, needs_whole_table

    entries = file.suite.expectations
    if not file.suite.columns and any(needs_whole_table(entry) for entry in entries):
        return None
    wanted = [*file.suite.columns, *file.suite.locate_by]
    for entry, expectation in zip(entries, expectations, strict=True):
        wanted += [*needed_columns(expectation), *entry.where]
    return list(dict.fromkeys(wanted))


def _choose_result_format(file: SuiteFile, columns: list[str]) -> dict[str, Any]:
    from orchestration.quality.expectations.outcomes import SAMPLE_SIZE
    from orchestration.quality.expectations.printed_cells import OBSERVATION_ID

    if file.suite.withholds_values:
        return {
            "result_format": "SUMMARY",
            "partial_unexpected_count": 0,
            "exclude_unexpected_values": True,
        }
    locating = [column for column in columns if column in {*file.suite.locate_by, OBSERVATION_ID}]
    located = {"unexpected_index_column_names": locating} if locating else {}
    return {
        "result_format": "SUMMARY",
        "partial_unexpected_count": SAMPLE_SIZE,
        **located,
    }
