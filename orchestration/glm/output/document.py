"""A result as one JSON document, in full precision; what is not finite or not there is null."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from orchestration.glm.output.sections import correlation
from orchestration.glm.output.words import describe_effects
from orchestration.glm.results import Coefficient, GlmResult

Document = dict[str, Any]


def to_document(result: GlmResult) -> Document:
    """The document of one fitted model."""
    document = {
        "model": vars(result.info),
        "is_synthetic": result.is_synthetic,
        "fit": _fit(result),
        "coefficients": [vars(row) for row in result.coefficients if row.parameter_type != "threshold"],
        "thresholds": [vars(row) for row in result.thresholds],
        "effects": [
            {
                "effect": row.effect,
                "type": row.test_type,
                "statistic": row.statistic,
                "chi2": row.chi2,
                "df": row.df,
                "p_value": row.p_value,
            }
            for row in result.effects
        ],
        "cases": _cases(result),
        "marginal_means": [vars(row) for row in result.marginal_means],
        "marginal_tests": [vars(row) for row in result.marginal_tests],
        "contrasts": [vars(row) for row in result.contrasts],
        "profile_intervals": [vars(row) for row in result.profile],
        "lagrange_multiplier": [vars(row) for row in result.lagrange],
        "parallel_lines": None if result.parallel_lines is None else vars(result.parallel_lines),
        "covariance": _matrix(result.parameter_names, result.covariance),
        "correlation": _matrix(result.parameter_names, correlation(result.covariance)),
        "iteration_history": [
            dict(zip(("iteration", "log_likelihood", "largest_step", "halvings"), row, strict=True))
            for row in result.history
        ],
        "warnings": result.warnings,
        "in_words": describe_effects(result),
        "input_fingerprint": result.input_fingerprint,
    }
    return {key: _plain(value) for key, value in document.items()}


def _fit(result: GlmResult) -> Document:
    fit: Document = {"n": result.n, "df_residual": result.statistic("deviance").df}
    fit |= {row.statistic: row.value for row in result.fit if not row.statistic.startswith("omnibus")}
    fit.setdefault("aicc", None)
    fit |= {f"{row.statistic}_per_df": row.value_per_df for row in result.fit if row.value_per_df is not None}
    for row in result.fit:
        if row.statistic.startswith("omnibus"):
            fit |= {row.statistic: row.value, row.statistic.replace("chi2", "df"): row.df}
            fit[row.statistic.replace("chi2", "p_value")] = row.p_value
            fit.pop(f"{row.statistic}_per_df", None)
    fit |= {"scale": _scale(result.coefficients), "is_converged": result.is_converged, "iterations": result.iterations}
    return fit


def _scale(coefficients: Sequence[Coefficient]) -> float:
    return next((row.estimate for row in coefficients if row.parameter_type == "scale"), 1.0)


def _cases(result: GlmResult) -> Document:
    counts = {row.kind: row.n for row in result.cases if row.variable is None}
    return {
        **counts,
        "excluded_by": [
            {"variable": row.variable, "n": row.n, "percent": row.percent}
            for row in result.cases
            if row.variable is not None
        ],
        "categorical": [vars(row) for row in result.levels],
        "continuous": [vars(row) for row in result.numbers],
    }


def _matrix(names: Sequence[str], matrix: np.ndarray) -> Document:
    return {"parameters": list(names), "values": matrix.tolist()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
