"""From a fit to its result: the tests, the marginal means and every table that is printed."""

from orchestration.glm.coefficients import list_coefficients, report_covariance
from orchestration.glm.diagnostics import list_warnings
from orchestration.glm.effects import effect_tests
from orchestration.glm.fitted import Fitted
from orchestration.glm.goodness import list_statistics
from orchestration.glm.inference.contrasts import compare_marginal_means, list_contrasts
from orchestration.glm.inference.lagrange import lagrange_tests
from orchestration.glm.inference.parallel_lines import compare_parallel_lines
from orchestration.glm.inference.profile import profile_intervals
from orchestration.glm.inference.sparse import sparse_warnings
from orchestration.glm.margins import list_marginal_means, list_margins
from orchestration.glm.results import GlmResult, ModelInfo
from orchestration.glm.summaries import list_cases, list_levels, list_numbers


def assemble(fit: Fitted) -> GlmResult:
    """Everything that is printed of a fit.

    Raises:
        ConvergenceError: a refit for a likelihood ratio test does not converge.
    """
    spec, sample = fit.spec, fit.sample
    margins = list_margins(fit)
    names, reported = report_covariance(fit.design, fit.estimate, fit.covariance, sample, spec)
    return GlmResult(
        info=_describe(fit),
        cases=list_cases(sample, spec),
        levels=list_levels(sample, spec),
        numbers=list_numbers(sample, spec),
        fit=list_statistics(fit.discrepancy, fit.likelihoods, fit.scale, distribution=spec.distribution),
        coefficients=list_coefficients(
            fit.design, fit.estimate, reported, sample, spec, scale=fit.scale, n=fit.likelihoods.n
        ),
        effects=effect_tests(fit),
        marginal_means=list_marginal_means(fit, margins),
        marginal_tests=compare_marginal_means(fit, margins) if spec.contrasts != "none" else (),
        contrasts=list_contrasts(fit, margins),
        lagrange=lagrange_tests(fit),
        profile=profile_intervals(fit) if spec.intervals == "profile" else (),
        parallel_lines=compare_parallel_lines(fit) if spec.parallel_lines else None,
        parameter_names=names,
        covariance=reported,
        is_converged=fit.estimate.diverging is None,
        iterations=fit.estimate.iterations,
        history=_history(fit),
        warnings=(*list_warnings(fit), *sparse_warnings(fit)),
        input_fingerprint=sample.fingerprint,
        is_synthetic=sample.is_synthetic,
        fitted=fit,
    )


def _describe(fit: Fitted) -> ModelInfo:
    spec, sample, subset = fit.spec, fit.sample, fit.subset
    event = None
    if spec.distribution == "binomial" and sample.categories:
        chosen = spec.response.event
        last = sample.categories[-1]
        event = str(chosen) if chosen is not None else last.label or last.level
    return ModelInfo(
        model_id=f"{spec.name}/{subset.name}",
        name=spec.name,
        subset=subset.name,
        condition=subset.condition,
        relation=fit.relation,
        response=spec.response.name,
        distribution=spec.distribution,
        link=spec.link_name,
        predictors=tuple(block.name for block in fit.design.blocks[1:]),
        dropped_predictors=sample.dropped,
        offset=spec.offset,
        where=spec.where,
        frequency=spec.frequency,
        weight=spec.weight,
        event=event,
        scale_method=str(spec.scale_method),
        covariance=spec.covariance_name,
        information=spec.information,
        fit_by=spec.fit_by,
    )


def _history(fit: Fitted) -> tuple[tuple[int, float, float, int], ...]:
    """The iterations, with the full log-likelihood in place of the part that they maximise."""
    history = fit.estimate.history
    if not history:
        return ()
    gap = fit.likelihoods.full - history[-1][1]
    return tuple((number, value + gap, size, halvings) for number, value, size, halvings in history)
