"""Several models side by side: how well each fits, and what it says of each effect and parameter."""

from collections.abc import Sequence

from orchestration.glm.output.sections import Section, parameter_name
from orchestration.glm.results import Coefficient, GlmResult

_STATISTICS = ("log_likelihood", "deviance", "pearson_chi2", "aic", "aicc", "bic", "caic", "omnibus_chi2")


def compare_models(results: Sequence[GlmResult]) -> list[Section]:
    """Fit statistics by model, significance of each effect by model, and coefficients by model."""
    return [_fits(results), _effects(results), _coefficients(results)]


def _fits(results: Sequence[GlmResult]) -> Section:
    rows = []
    for result in results:
        values = {row.statistic: row.value for row in result.fit}
        deviance = result.statistic("deviance")
        row = (result.info.model_id, result.n, deviance.df, *(values.get(name) for name in _STATISTICS))
        rows.append((*row, len(result.warnings) or None))
    columns = ("Model", "N", "df", *_STATISTICS, "warnings")
    notes = ("Log-likelihoods and criteria compare only models of the same response on the same cases.",)
    return Section("Comparison: Fit", columns, tuple(rows), notes)


def _effects(results: Sequence[GlmResult]) -> Section:
    names = dict.fromkeys(test.effect for result in results for test in result.effects)
    rows = []
    for name in names:
        tests = [{test.effect: test for test in result.effects}.get(name) for result in results]
        rows.append((name, *(None if test is None else test.p_value for test in tests)))
    columns = ("Effect (significance)", *(result.info.model_id for result in results))
    return Section("Comparison: Tests of Effects", columns, tuple(rows))


def _coefficients(results: Sequence[GlmResult]) -> Section:
    names = dict.fromkeys(parameter_name(row) for result in results for row in result.coefficients)
    tables = [{parameter_name(row): row for row in result.coefficients} for result in results]
    rows = [(name, *(_estimate(table.get(name)) for table in tables)) for name in names]
    columns = ("Parameter", *(result.info.model_id for result in results))
    notes = ("B (standard error); * p < 0.05, ** p < 0.01, *** p < 0.001; 0 is a reference.",)
    return Section("Comparison: Parameter Estimates", columns, tuple(rows), notes)


def _estimate(row: Coefficient | None) -> str | None:
    if row is None:
        return None
    if row.is_redundant:
        return "0"
    if row.std_error is None:
        return f"{row.estimate:.3f}"
    stars = "" if row.p_value is None else "*" * sum(row.p_value < level for level in (0.05, 0.01, 0.001))
    return f"{row.estimate:.3f} ({row.std_error:.3f}){stars}"
