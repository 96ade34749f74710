"""Results as rows of the glm_* tables, with the columns that the dbt sources declare."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from orchestration.glm.results import GlmResult

Row = dict[str, Any]

SIGNIFICANCE = 0.05


def tabulate(results: Sequence[GlmResult], is_synthetic: bool | None = None) -> dict[str, list[Row]]:
    """Rows of each glm_* table.

    Args:
        results: fitted models.
        is_synthetic: marks every row; None takes it from each result.
    """
    return {
        table: [
            {"model_id": result.info.model_id, **row, "is_synthetic": _synthetic(result, is_synthetic)}
            for result in results
            for row in rows(result)
        ]
        for table, rows in _TABLES.items()
    }


def _synthetic(result: GlmResult, given: bool | None) -> bool:
    return result.is_synthetic if given is None else given


def _model_rows(result: GlmResult) -> Iterator[Row]:
    info = result.info
    yield {
        "model_name": info.name,
        "subset": info.subset,
        "response": info.response,
        "distribution": info.distribution,
        "link": info.link,
        "predictors": ", ".join(info.predictors),
        "dropped_predictors": ", ".join(info.dropped_predictors) or None,
        "relation": info.relation,
        "condition": info.condition,
        "is_converged": result.is_converged,
        "iterations": result.iterations,
        "input_fingerprint": result.input_fingerprint,
        "warning": " ".join(result.warnings) or None,
    }


def _coefficient_rows(result: GlmResult) -> Iterator[Row]:
    for position, entry in enumerate(result.coefficients, start=1):
        yield {"position": position, **vars(entry)}


def _effect_rows(result: GlmResult) -> Iterator[Row]:
    for position, entry in enumerate(result.effects, start=1):
        significant = None if entry.p_value is None else entry.p_value < SIGNIFICANCE
        yield {"position": position, **vars(entry), "is_significant": significant}


def _fit_rows(result: GlmResult) -> Iterator[Row]:
    for position, entry in enumerate(result.fit, start=1):
        yield {"position": position, **vars(entry)}


def _margin_rows(result: GlmResult) -> Iterator[Row]:
    for entry in result.marginal_means:
        yield dict(vars(entry))


def _case_rows(result: GlmResult) -> Iterator[Row]:
    position = 0
    for case in result.cases:
        position += 1
        yield {"position": position, **vars(case), "level": None, "level_label": None}
    for level in result.levels:
        position += 1
        yield {"position": position, **vars(level)}


_TABLES: dict[str, Callable[[GlmResult], Iterator[Row]]] = {
    "glm_model": _model_rows,
    "glm_coefficient": _coefficient_rows,
    "glm_effect_test": _effect_rows,
    "glm_fit_statistic": _fit_rows,
    "glm_marginal_mean": _margin_rows,
    "glm_case_summary": _case_rows,
}
