"""Results as rows of tidy tables, with the columns that the dbt sources declare: glm_* and flow_*."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from orchestration.glm.output.words import describe_effects
from orchestration.glm.results import GlmResult

Row = dict[str, Any]

SIGNIFICANCE = 0.05


def tabulate(
    results: Sequence[GlmResult], is_synthetic: bool | None = None, prefix: str = "glm"
) -> dict[str, list[Row]]:
    """Rows of each table, by its name.

    Args:
        results: fitted models.
        is_synthetic: marks every row; None takes it from each result.
        prefix: what the names of the tables begin with.
    """
    return {
        f"{prefix}_{table}": [
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


def _contrast_rows(result: GlmResult) -> Iterator[Row]:
    for position, entry in enumerate(result.contrasts, start=1):
        yield {"position": position, **vars(entry)}


def _statement_rows(result: GlmResult) -> Iterator[Row]:
    for position, sentence in enumerate(describe_effects(result), start=1):
        yield {"position": position, "statement": sentence}


def _case_rows(result: GlmResult) -> Iterator[Row]:
    position = 0
    for case in result.cases:
        position += 1
        yield {"position": position, **vars(case), "level": None, "level_label": None}
    for level in result.levels:
        position += 1
        yield {"position": position, **vars(level)}


_TABLES: dict[str, Callable[[GlmResult], Iterator[Row]]] = {
    "model": _model_rows,
    "coefficient": _coefficient_rows,
    "effect_test": _effect_rows,
    "fit_statistic": _fit_rows,
    "marginal_mean": _margin_rows,
    "contrast": _contrast_rows,
    "case_summary": _case_rows,
    "statement": _statement_rows,
}
