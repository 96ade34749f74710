"""One model on one subset, from cells to a fit: chooses the estimator and counts what it explains."""

from collections.abc import Callable
from dataclasses import replace

from orchestration.glm.arrays import Floats
from orchestration.glm.cells import Cells
from orchestration.glm.design import Design, build_design
from orchestration.glm.errors import GlmError
from orchestration.glm.families import (
    Binomial,
    Family,
    Gamma,
    Gaussian,
    InverseGaussian,
    NegativeBinomial,
    Poisson,
    Tweedie,
)
from orchestration.glm.fit import Estimate, FitOptions, estimate_glm, null_fit
from orchestration.glm.fitted import Fitted, Refit
from orchestration.glm.goodness import Discrepancy, Likelihoods
from orchestration.glm.likelihood import (
    full_log_likelihood,
    holds_scale,
    left_out_of_kernel,
    measure_glm,
    measure_ordinal,
    ml_scale,
)
from orchestration.glm.links import BINARY_LINKS, Link, find_link
from orchestration.glm.negative_binomial import estimate_negative_binomial
from orchestration.glm.ordinal import category_probabilities, estimate_ordinal, null_ordinal
from orchestration.glm.sample import Sample, Subset, draw_sample
from orchestration.glm.spec import SCALED_BY_DEFAULT, ModelSpec


def estimate_model(cells: Cells, spec: ModelSpec, subset: Subset) -> Fitted:
    """Estimate a model on a subset of the cells.

    Raises:
        GlmError: the data does not serve for the model, or the iterations do not converge.
    """
    sample = draw_sample(cells, spec, subset)
    return _estimate(cells.relation, subset, spec, sample, f"Model {spec.name}/{subset.name}")


def _family(spec: ModelSpec, estimate: Estimate | None = None) -> Family:
    if spec.distribution == "negative_binomial":
        estimated = spec.estimates_alpha and estimate is not None
        return NegativeBinomial(float(estimate.extras[0]) if estimated else float(spec.alpha))
    if spec.tweedie_power is not None:
        return Tweedie(spec.tweedie_power)
    families: dict[str, Family] = {
        family.name: family for family in (Poisson(), Binomial(), Gaussian(), Gamma(), InverseGaussian())
    }
    return families[spec.distribution]


def _link(spec: ModelSpec) -> Link:
    return find_link(spec.link_name, spec.power_of_link)


def _options(spec: ModelSpec, name: str) -> FitOptions:
    return FitOptions(
        name=name,
        observed=spec.information == "observed",
        robust=spec.covariance == "robust",
        max_iterations=spec.max_iterations,
        small_sample=spec.small_sample,
    )


def _estimator(spec: ModelSpec, sample: Sample, options: FitOptions) -> Callable[[Design], Estimate]:
    """How this model is estimated on a design of this sample."""
    if spec.distribution == "ordinal":
        link = BINARY_LINKS[spec.link_name]
        return lambda design: estimate_ordinal(design, sample, link, options)
    if spec.estimates_alpha:
        return lambda design: estimate_negative_binomial(design, sample, _link(spec), options)
    return lambda design: estimate_glm(design, sample, _family(spec), _link(spec), options)


def _estimate(relation: str, subset: Subset, spec: ModelSpec, sample: Sample, name: str) -> Fitted:
    design = build_design(sample)
    estimate = _estimator(spec, sample, _options(spec, name))(design)
    family = None if spec.distribution == "ordinal" else _family(spec, estimate)
    link = BINARY_LINKS[spec.link_name] if family is None else _link(spec)
    rank = design.rank
    if family is None:
        rank += len(estimate.extras) - 1
        probability = category_probabilities(BINARY_LINKS[spec.link_name], estimate.extras, estimate.eta)
        discrepancy = measure_ordinal(sample, probability, rank, fit_by=spec.fit_by)
    else:
        mean = family.clip(link.inverse(estimate.eta))
        discrepancy = measure_glm(sample, family, mean, rank, fit_by=spec.fit_by)
    scale = _scale(spec, sample, family, estimate, discrepancy)
    if not scale > 0 and holds_scale(family):
        raise GlmError(
            f"{name}: the model fits the data without error, so that the scale is 0 and nothing can be tested. "
            f"Drop a predictor, or give the scale a number."
        )
    return Fitted(
        relation=relation,
        subset=subset,
        spec=spec,
        sample=sample,
        design=design,
        estimate=estimate,
        covariance=estimate.covariance if spec.covariance == "robust" else estimate.covariance * scale,
        scale=scale,
        discrepancy=discrepancy,
        likelihoods=Likelihoods(
            full=_log_likelihood(spec, sample, estimate.eta, estimate.log_likelihood, scale),
            null=_null_log_likelihood(spec, sample, design, scale, name),
            kernel_gap=left_out_of_kernel(sample, family),
            parameters=rank + int(spec.estimates_alpha) + int(spec.scale_method == "ml"),
            predictors_df=design.rank - 1,
            n=round(sample.n.sum()),
        ),
        name=name,
        family=family,
        link=link,
        refit=lambda other, data: _refit(spec, other, data, scale, name),
    )


def _refit(spec: ModelSpec, design: Design, sample: Sample, scale: float, name: str) -> Refit:
    """The same model on another design or offset: its estimate and its full log-likelihood, the scale as given."""
    options = replace(_options(spec, f"{name} (refit for a test)"), robust=False)
    estimate = _estimator(spec, sample, options)(design)
    return Refit(estimate, _log_likelihood(spec, sample, estimate.eta, estimate.log_likelihood, scale))


def _scale(
    spec: ModelSpec, sample: Sample, family: Family | None, estimate: Estimate, discrepancy: Discrepancy
) -> float:
    method = spec.scale_method
    if not isinstance(method, str):
        return float(method)
    if method == "ml" and family is not None:
        return ml_scale(sample, family, family.clip(_link(spec).inverse(estimate.eta)))
    value = discrepancy.pearson if method == "pearson" else discrepancy.deviance
    return value / discrepancy.df if discrepancy.df > 0 else float("nan")


def _log_likelihood(spec: ModelSpec, sample: Sample, eta: Floats, value: float, scale: float) -> float:
    """Full log-likelihood: as the iterations give it, or with the scale where the likelihood holds one."""
    if spec.distribution not in SCALED_BY_DEFAULT:
        return value
    family = _family(spec)
    mean = family.clip(_link(spec).inverse(eta))
    own = ml_scale(sample, family, mean) if spec.scale_method == "ml" else scale
    return full_log_likelihood(sample, family, mean, own)


def _null_log_likelihood(spec: ModelSpec, sample: Sample, design: Design, scale: float, name: str) -> float:
    """Full log-likelihood of the model without predictors."""
    options = replace(_options(spec, name), robust=False)
    if spec.distribution == "ordinal":
        return null_ordinal(sample, design, BINARY_LINKS[spec.link_name], options)
    if spec.estimates_alpha:
        bare = design.leading(1, sample.pattern_sums(sample.n))
        return _estimator(spec, sample, options.named("intercept only"))(bare).log_likelihood
    eta, value = null_fit(sample, design, _family(spec), _link(spec), options)
    return _log_likelihood(spec, sample, eta, value, scale)
