"""A result as the titled tables that GENLIN prints, in its order; values unrounded, with notes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from orchestration.glm.output.words import SYNTHETIC_BANNER, describe_effects
from orchestration.glm.results import REDUNDANT_NOTE, Coefficient, GlmResult

_GOODNESS_NAMES = {
    "deviance": "Deviance",
    "scaled_deviance": "Scaled Deviance",
    "pearson_chi2": "Pearson Chi-Square",
    "scaled_pearson_chi2": "Scaled Pearson Chi-Square",
    "log_likelihood": "Log Likelihood (full)",
    "log_likelihood_kernel": "Log Likelihood (kernel)",
    "log_likelihood_null": "Log Likelihood without predictors",
    "adjusted_log_likelihood": "Adjusted Log Likelihood",
    "aic": "Akaike's Information Criterion (AIC)",
    "aicc": "Finite Sample Corrected AIC (AICC)",
    "bic": "Bayesian Information Criterion (BIC)",
    "caic": "Consistent AIC (CAIC)",
}
_INTERVAL = ("95% low", "95% high")


@dataclass(frozen=True)
class Section:
    """One printed table; `rows` hold numbers as they are, None where there is nothing."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    notes: tuple[str, ...] = ()


def list_sections(result: GlmResult, *, with_matrices: bool = False) -> list[Section]:
    """Everything that is printed of a result; the covariance and correlation matrices on request."""
    makers = [
        _model,
        _warnings,
        _cases,
        _levels,
        _numbers,
        _goodness,
        _omnibus,
        _effects,
        _parameters,
        _lagrange,
        _parallel_lines,
        _margins,
        _margin_tests,
        _contrasts,
        _history,
        *([_matrices] if with_matrices else []),
        _words,
    ]
    return [section for make in makers for section in make(result) if section.rows]


def correlation(covariance: np.ndarray) -> np.ndarray:
    """Correlation matrix of a covariance matrix; NaN for what has no variance."""
    spread = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.outer(spread, spread) > 0, covariance / np.outer(spread, spread), np.nan)


def _model(result: GlmResult) -> Iterator[Section]:
    info = result.info
    response = info.response if info.event is None else f"{info.response} (event: {info.event})"
    pairs = [
        ("Dependent Variable", response),
        ("Probability Distribution", info.distribution),
        ("Link Function", info.link),
        ("Predictors", ", ".join(info.predictors) or "none"),
        ("Left out, being constant here", ", ".join(info.dropped_predictors) or None),
        ("Offset", info.offset),
        ("Frequency", info.frequency),
        ("Sampling Weight", info.weight),
        ("Condition", info.where),
        ("Relation", info.relation),
        ("Subset", None if info.condition is None else f"{info.subset} ({info.condition})"),
        ("Scale Parameter", info.scale_method),
        ("Covariance", f"{info.covariance}, {info.information} information"),
        ("Goodness of Fit counts", info.fit_by),
        ("Converged", "yes" if result.is_converged else "no"),
    ]
    notes = (SYNTHETIC_BANNER,) if result.is_synthetic else ()
    rows = tuple(pair for pair in pairs if pair[1] is not None)
    yield Section(f"Model Information: {info.model_id}", ("", "Value"), rows, notes)


def _warnings(result: GlmResult) -> Iterator[Section]:
    yield Section("Warnings", ("",), tuple((text,) for text in result.warnings))


def _cases(result: GlmResult) -> Iterator[Section]:
    names = {"included": "Included", "excluded": "Excluded", "total": "Total"}
    rows = [
        (names.get(row.kind, f"  excluded: {row.variable}"), row.n, row.percent)
        for row in sorted(result.cases, key=lambda row: ("included", "excluded").count(row.kind) == 0)
    ]
    notes = ("A case that lacks several variables is counted at each of them.",) if len(rows) > 4 else ()
    yield Section("Case Processing Summary", ("", "N", "Percent"), tuple(rows), notes)


def _levels(result: GlmResult) -> Iterator[Section]:
    rows = [(row.variable, shown_level(row.level, row.level_label), row.n, row.percent) for row in result.levels]
    yield Section("Categorical Variable Information", ("Variable", "Level", "N", "Percent"), tuple(rows))


def _numbers(result: GlmResult) -> Iterator[Section]:
    columns = ("Variable", "Role", "N", "Minimum", "Maximum", "Mean", "Std. Deviation")
    yield Section(
        "Continuous Variable Information", columns, tuple(tuple(vars(row).values()) for row in result.numbers)
    )


def _goodness(result: GlmResult) -> Iterator[Section]:
    rows = [
        (_GOODNESS_NAMES[row.statistic], row.value, row.df, row.value_per_df)
        for row in result.fit
        if row.statistic in _GOODNESS_NAMES
    ]
    notes = ["Information criteria use the full log-likelihood; smaller is better."]
    if result.info.scale_method in ("pearson", "deviance"):
        notes.append("The log-likelihood and the criteria are computed with the scale parameter at 1.")
    yield Section("Goodness of Fit", ("", "Value", "df", "Value/df"), tuple(rows), tuple(notes))


def _omnibus(result: GlmResult) -> Iterator[Section]:
    names = {
        "omnibus_chi2": "Likelihood Ratio Chi-Square",
        "omnibus_chi2_scaled": "divided by the scale parameter",
    }
    rows = [(names[row.statistic], row.value, row.df, row.p_value) for row in result.fit if row.statistic in names]
    against = "thresholds only" if result.info.distribution == "ordinal" else "intercept only"
    yield Section(
        "Omnibus Test", ("", "Chi-Square", "df", "Sig."), tuple(rows), (f"Against the model with {against}.",)
    )


def _effects(result: GlmResult) -> Iterator[Section]:
    if not result.effects:
        return
    first = result.effects[0]
    kind = {"wald": "Wald", "lr": "Likelihood Ratio"}[first.statistic]
    rows = [(row.effect, row.chi2, row.df, row.p_value) for row in result.effects]
    notes = ("No hypothesis of this effect is estimable.",) if any(row.df == 0 for row in result.effects) else ()
    yield Section(
        f"Tests of Model Effects (Type {first.test_type})",
        ("Source", f"{kind} Chi-Square", "df", "Sig."),
        tuple(rows),
        notes,
    )


def parameter_name(row: Coefficient) -> str:
    """A parameter as it is printed: [sex=1 (male)]."""
    return row.term if row.level is None else f"[{row.term}={shown_level(row.level, row.level_label)}]"


def shown_level(level: str, label: str | None) -> str:
    """A level with its label, where that says more."""
    return level if label is None or label == level else f"{level} ({label})"


def _parameters(result: GlmResult) -> Iterator[Section]:
    profile = {(row.term, row.level): row for row in result.profile}
    rows = []
    for row in result.coefficients:
        held = profile.get((row.term, row.level))
        low, high = (row.ci_low, row.ci_high) if held is None else (held.ci_low, held.ci_high)
        name = f"{parameter_name(row)} ᵃ" if row.is_redundant else parameter_name(row)
        ratio = (row.exp_estimate, row.exp_ci_low, row.exp_ci_high)
        if held is not None and row.exp_estimate is not None:
            ratio = (row.exp_estimate, *(None if end is None else float(np.exp(end)) for end in (low, high)))
        rows.append((name, row.estimate, row.std_error, low, high, row.wald_chi2, row.df, row.p_value, *ratio))
    kind = "profile likelihood" if result.profile else "Wald"
    columns = ("Parameter", "B", "Std. Error", *_INTERVAL, "Wald Chi-Square", "df", "Sig.", "Exp(B)", *_INTERVAL)
    has_ratio = any(row[8] is not None for row in rows)
    notes = [f"Intervals: {kind}."]
    if any(row.is_redundant for row in result.coefficients):
        notes.append(f"ᵃ {REDUNDANT_NOTE}")
    if result.thresholds:
        notes.append("Thresholds θ and coefficients b: g(P(Y ≤ j)) = θj − x'b.")
    shown = tuple(row if has_ratio else row[:8] for row in rows)
    yield Section("Parameter Estimates", columns if has_ratio else columns[:8], shown, tuple(notes))


def _lagrange(result: GlmResult) -> Iterator[Section]:
    names = {"negative_binomial": "Ancillary parameter", "scale": "Scale parameter"}
    rows = [
        (f"{names[row.parameter]} = {row.value:g}", row.z, row.chi2, row.df, row.p_value, row.p_below, row.p_above)
        for row in result.lagrange
    ]
    columns = ("Fixed", "z", "Chi-Square", "df", "Sig.", "Sig. (below)", "Sig. (above)")
    notes = ("below, above: against a true value that is less, or more, than the fixed one.",)
    yield Section("Lagrange Multiplier Test", columns, tuple(rows), notes)


def _parallel_lines(result: GlmResult) -> Iterator[Section]:
    test = result.parallel_lines
    if test is None:
        return
    name = "Likelihood ratio" if test.statistic == "lr" else "Score"
    note = "That the coefficients are the same at every threshold."
    rows = ((name, test.chi2, test.df, test.p_value),)
    yield Section("Test of Parallel Lines", ("", "Chi-Square", "df", "Sig."), rows, (note,))


def _margins(result: GlmResult) -> Iterator[Section]:
    for factor in dict.fromkeys(row.factor for row in result.marginal_means):
        rows = [
            (
                shown_level(row.level, row.level_label),
                row.scale,
                row.category,
                row.mean,
                row.std_error,
                row.ci_low,
                row.ci_high,
            )
            for row in result.marginal_means
            if row.factor == factor
        ]
        columns = ("Level", "Scale", "Category", "Mean", "Std. Error", *_INTERVAL)
        keep = [i for i in range(len(columns)) if i != 2 or any(row[2] is not None for row in rows)]
        yield Section(
            f"Estimated Marginal Means: {factor}",
            tuple(columns[i] for i in keep),
            tuple(tuple(row[i] for i in keep) for row in rows),
            ("Other factors averaged with equal weights; covariates and offset at their means.",),
        )


def _margin_tests(result: GlmResult) -> Iterator[Section]:
    if result.contrasts:
        rows = tuple((row.factor, row.chi2, row.df, row.p_value) for row in result.marginal_tests)
        yield Section("Overall Tests of Marginal Means", ("Factor", "Wald Chi-Square", "df", "Sig."), rows)


def _contrasts(result: GlmResult) -> Iterator[Section]:
    for factor, scale in dict.fromkeys((row.factor, row.scale) for row in result.contrasts):
        chosen = [row for row in result.contrasts if (row.factor, row.scale) == (factor, scale)]
        rows = [
            (
                f"{shown_level(row.level_1, row.level_1_label)} − {shown_level(row.level_2, row.level_2_label)}",
                row.mean_difference,
                row.std_error,
                row.ci_low,
                row.ci_high,
                row.wald_chi2,
                row.p_value,
                row.p_bonferroni,
                row.p_sequential_sidak,
            )
            for row in chosen
        ]
        columns = ("Pair", "Difference", "Std. Error", *_INTERVAL, "Wald Chi-Square", "LSD", "Bonferroni", "Seq. Šidák")
        notes = (f"Intervals adjusted by {chosen[0].adjustment}.",)
        yield Section(f"Pairwise Contrasts: {factor} ({scale.replace('_', ' ')})", columns, tuple(rows), notes)


def _history(result: GlmResult) -> Iterator[Section]:
    columns = ("Iteration", "Log Likelihood", "Largest Step", "Halvings")
    yield Section("Iteration History", columns, tuple(tuple(row) for row in result.history))


def _matrices(result: GlmResult) -> Iterator[Section]:
    names = result.parameter_names
    for title, matrix in (("Covariances", result.covariance), ("Correlations", correlation(result.covariance))):
        rows = tuple((name, *values) for name, values in zip(names, matrix.tolist(), strict=True))
        yield Section(f"{title} of Parameter Estimates", ("Parameter", *names), rows)


def _words(result: GlmResult) -> Iterator[Section]:
    yield Section("In Words", ("",), tuple((text,) for text in describe_effects(result)))


def banners(results: Sequence[GlmResult]) -> tuple[str, ...]:
    """What must be read before any of the tables."""
    return (SYNTHETIC_BANNER,) if any(result.is_synthetic for result in results) else ()
