"""One model on one subset, from cells to a result: chooses the estimator and puts the tables together."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from orchestration.glm.arrays import Floats
from orchestration.glm.cells import Cells
from orchestration.glm.coefficients import list_coefficients, report_covariance
from orchestration.glm.design import Design, build_design
from orchestration.glm.diagnostics import list_warnings
from orchestration.glm.effects import likelihood_ratio_tests, wald_tests
from orchestration.glm.families import Binomial, Family, Gaussian, NegativeBinomial, Poisson
from orchestration.glm.fit import Estimate, FitOptions, estimate_glm, null_fit
from orchestration.glm.goodness import (
    Discrepancy,
    Likelihoods,
    left_out_of_kernel,
    list_statistics,
    measure_glm,
    measure_ordinal,
)
from orchestration.glm.links import BINARY_LINKS, LINKS_BY_NAME, Link
from orchestration.glm.margins import marginal_means, ordinal_marginal_means
from orchestration.glm.negative_binomial import estimate_negative_binomial
from orchestration.glm.ordinal import category_probabilities, estimate_ordinal, null_ordinal
from orchestration.glm.results import EffectTest, GlmResult, MarginalMean, ModelInfo
from orchestration.glm.sample import Sample, Subset, draw_sample
from orchestration.glm.spec import ModelSpec
from orchestration.glm.summaries import list_cases, list_levels, list_numbers


@dataclass(frozen=True)
class _Fit:
    """A model, its sample and its estimates, with the scale applied to `covariance`."""

    spec: ModelSpec
    sample: Sample
    design: Design
    estimate: Estimate
    covariance: Floats
    scale: float
    discrepancy: Discrepancy
    likelihoods: Likelihoods
    name: str


def fit_model(cells: Cells, spec: ModelSpec, subset: Subset) -> GlmResult:
    """Fit a model on a subset of the cells.

    Raises:
        GlmError: the data does not serve for the model, or the iterations do not converge.
    """
    model_id = f"{spec.name}/{subset.name}"
    sample = draw_sample(cells, spec, subset)
    fit = _estimate(spec, sample, f"Model {model_id}")
    info = _describe(spec, cells, sample, subset, model_id)
    names, reported = report_covariance(fit.design, fit.estimate, fit.covariance, sample, spec)
    return GlmResult(
        info=info,
        cases=list_cases(sample, spec),
        levels=list_levels(sample, spec),
        numbers=list_numbers(sample, spec),
        fit=list_statistics(fit.discrepancy, fit.likelihoods, fit.scale, distribution=spec.distribution),
        coefficients=list_coefficients(
            fit.design, fit.estimate, reported, sample, spec, scale=fit.scale, n=fit.likelihoods.n
        ),
        effects=_tests(fit),
        marginal_means=_margins(fit),
        parameter_names=names,
        covariance=reported,
        is_converged=fit.estimate.diverging is None,
        iterations=fit.estimate.iterations,
        warnings=list_warnings(fit.design, fit.estimate),
        input_fingerprint=sample.fingerprint,
        is_synthetic=sample.is_synthetic,
    )


def _describe(spec: ModelSpec, cells: Cells, sample: Sample, subset: Subset, model_id: str) -> ModelInfo:
    event = None
    if spec.distribution == "binomial" and sample.categories:
        chosen = spec.response.event
        last = sample.categories[-1]
        event = str(chosen) if chosen is not None else last.label or last.level
    return ModelInfo(
        model_id=model_id,
        name=spec.name,
        subset=subset.name,
        condition=subset.condition,
        relation=cells.relation,
        response=spec.response.name,
        distribution=spec.distribution,
        link=spec.link_name,
        predictors=(*(factor.name for factor in sample.factors), *sample.covariate_names),
        dropped_predictors=sample.dropped,
        offset=spec.offset,
        where=spec.where,
        event=event,
        scale_method=str(spec.scale_method),
        covariance=spec.covariance,
        information=spec.information,
        fit_by=spec.fit_by,
    )


def _family(spec: ModelSpec, estimate: Estimate | None = None) -> Family:
    if spec.distribution == "negative_binomial":
        estimated = spec.estimates_alpha and estimate is not None
        return NegativeBinomial(float(estimate.extras[0]) if estimated else float(spec.alpha))
    return {"poisson": Poisson(), "binomial": Binomial(), "gaussian": Gaussian()}[spec.distribution]


def _link(spec: ModelSpec) -> Link:
    return LINKS_BY_NAME[spec.link_name]


def _options(spec: ModelSpec, name: str) -> FitOptions:
    return FitOptions(
        name=name,
        observed=spec.information == "observed",
        robust=spec.covariance == "robust",
        max_iterations=spec.max_iterations,
    )


def _estimator(spec: ModelSpec, sample: Sample, name: str) -> Callable[[Design], Estimate]:
    """How this model is estimated on a design of this sample."""
    options = _options(spec, name)
    if spec.distribution == "ordinal":
        link = BINARY_LINKS[spec.link_name]
        return lambda design: estimate_ordinal(design, sample, link, options)
    if spec.estimates_alpha:
        return lambda design: estimate_negative_binomial(design, sample, _link(spec), options)
    return lambda design: estimate_glm(design, sample, _family(spec), _link(spec), options)


def _estimate(spec: ModelSpec, sample: Sample, name: str) -> _Fit:
    design = build_design(sample)
    estimate = _estimator(spec, sample, name)(design)
    n = int(sample.n.sum())
    rank = design.rank
    if spec.distribution == "ordinal":
        rank += len(estimate.extras) - 1
        probability = category_probabilities(BINARY_LINKS[spec.link_name], estimate.extras, estimate.eta)
        discrepancy = measure_ordinal(sample, probability, rank, fit_by=spec.fit_by)
    else:
        family = _family(spec, estimate)
        mean = family.clip(_link(spec).inverse(estimate.eta))
        discrepancy = measure_glm(sample, family, mean, rank, fit_by=spec.fit_by)
    scale = _scale(spec, discrepancy, n)
    full, null = (estimate.log_likelihood, _null_log_likelihood(spec, sample, design, scale, name))
    if spec.distribution == "gaussian":
        full = _gaussian_log_likelihood(_squares(sample, mean), n, scale)
    extra = int(spec.estimates_alpha) + int(spec.scale_method == "mle")
    return _Fit(
        spec=spec,
        sample=sample,
        design=design,
        estimate=estimate,
        covariance=estimate.covariance if spec.covariance == "robust" else estimate.covariance * scale,
        scale=scale,
        discrepancy=discrepancy,
        likelihoods=Likelihoods(
            full=full,
            null=null,
            kernel_gap=left_out_of_kernel(sample, spec.distribution),
            parameters=rank + extra,
            predictors_df=design.rank - 1,
            n=n,
        ),
        name=name,
    )


def _scale(spec: ModelSpec, discrepancy: Discrepancy, n: int) -> float:
    method = spec.scale_method
    if not isinstance(method, str):
        return float(method)
    if method == "mle":
        return discrepancy.deviance / n
    value = discrepancy.pearson if method == "pearson" else discrepancy.deviance
    return value / discrepancy.df if discrepancy.df > 0 else float("nan")


def _squares(sample: Sample, mean: Floats) -> float:
    return float((sample.n * (sample.y - mean[sample.pattern]) ** 2).sum())


def _gaussian_log_likelihood(squares: float, n: int, scale: float) -> float:
    return -0.5 * (squares / scale + n * float(np.log(2 * np.pi * scale)))


def _null_log_likelihood(spec: ModelSpec, sample: Sample, design: Design, scale: float, name: str) -> float:
    """Full log-likelihood of the model without predictors."""
    options = _options(spec, name)
    if spec.distribution == "ordinal":
        link = BINARY_LINKS[spec.link_name]
        return null_ordinal(sample, design, link, options)
    if spec.estimates_alpha:
        return _estimator(spec, sample, f"{name} (intercept only)")(_bare(sample, design)).log_likelihood
    eta, value = null_fit(sample, design, _family(spec), _link(spec), options)
    if spec.distribution != "gaussian":
        return value
    n = int(sample.n.sum())
    squares = _squares(sample, _link(spec).inverse(eta))
    return _gaussian_log_likelihood(squares, n, squares / n if spec.scale_method == "mle" else scale)


def _bare(sample: Sample, design: Design) -> Design:
    return design.leading(1, sample.pattern_sums(sample.n))


def _tests(fit: _Fit) -> tuple[EffectTest, ...]:
    spec, design = fit.spec, fit.design
    if spec.tests.statistic == "wald":
        location = fit.covariance[: design.width, : design.width]
        has_intercept = spec.distribution != "ordinal"
        return wald_tests(design, fit.estimate, location, has_intercept=has_intercept)
    estimator = _estimator(spec, fit.sample, f"{fit.name} (likelihood ratio test)")
    n = fit.likelihoods.n

    def refit(smaller: Design) -> float:
        estimate = estimator(smaller)
        if spec.distribution != "gaussian":
            return estimate.log_likelihood
        squares = _squares(fit.sample, _link(spec).inverse(estimate.eta))
        return _gaussian_log_likelihood(squares, n, squares / n if spec.scale_method == "mle" else fit.scale)

    return likelihood_ratio_tests(
        design,
        fit.sample.pattern_sums(fit.sample.n),
        fit.likelihoods.full,
        refit,
        test_type=spec.tests.type,
        null_log_likelihood=fit.likelihoods.null,
    )


def _margins(fit: _Fit) -> tuple[MarginalMean, ...]:
    spec, sample = fit.spec, fit.sample
    counts = sample.pattern_sums(sample.n)
    offset = 0.0 if sample.offset is None else float(np.average(sample.offset, weights=counts))
    if spec.distribution == "ordinal":
        return ordinal_marginal_means(
            fit.design,
            fit.estimate,
            fit.covariance,
            BINARY_LINKS[spec.link_name],
            spec.marginal_means,
            sample.categories,
            offset=offset,
        )
    location = fit.covariance[: fit.design.width, : fit.design.width]
    return marginal_means(fit.design, fit.estimate, location, _link(spec), spec.marginal_means, offset=offset)
