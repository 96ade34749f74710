"""One model on one subset, from cells to a fit: chooses the estimator and counts what it explains."""

from dataclasses import replace

from orchestration.glm.design import build_design
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
    null_deviance,
)
from orchestration.glm.links import BINARY_LINKS, Link, find_link
from orchestration.glm.negative_binomial import estimate_negative_binomial
from orchestration.glm.ordinal import estimate_ordinal, null_ordinal
from orchestration.glm.parts import Parts
from orchestration.glm.sample import SampleHead, Subset
from orchestration.glm.spec import SCALED_BY_DEFAULT, ModelSpec


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


def _estimate_parts(spec: ModelSpec, parts: Parts, options: FitOptions) -> Estimate:
    """This model estimated on some data under a design."""
    if spec.distribution == "ordinal":
        return estimate_ordinal(parts, BINARY_LINKS[spec.link_name], options)
    if spec.estimates_alpha:
        return estimate_negative_binomial(parts, _link(spec), options)
    return estimate_glm(parts, _family(spec), _link(spec), options)


def estimate_sample(relation: str, subset: Subset, spec: ModelSpec, sample: SampleHead) -> Fitted:
    """Estimate a model on a sample, held in memory or read in pieces.

    Raises:
        GlmError: the data does not serve for the model, or the iterations do not converge.
    """
    name = f"Model {spec.name}/{subset.name}"
    design = build_design(sample)
    parts = Parts(design, sample)
    estimate = _estimate_parts(spec, parts, _options(spec, name))
    family = None if spec.distribution == "ordinal" else _family(spec, estimate)
    link = BINARY_LINKS[spec.link_name] if family is None else _link(spec)
    rank, deviance = design.rank, 0.0
    if family is None:
        rank += len(estimate.extras) - 1
        cumulative = BINARY_LINKS[spec.link_name]
        discrepancy = measure_ordinal(parts, cumulative, estimate.extras, estimate.location, rank, fit_by=spec.fit_by)
    else:
        measured = measure_glm(parts, family, link, estimate.location, rank, fit_by=spec.fit_by)
        discrepancy, deviance = measured.discrepancy, measured.row_deviance
    scale = _scale(spec, sample, family, deviance, discrepancy)
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
            full=_log_likelihood(spec, sample, estimate.log_likelihood, deviance, scale),
            null=_null_log_likelihood(spec, parts, scale, name),
            kernel_gap=left_out_of_kernel(sample, family),
            parameters=rank + int(spec.estimates_alpha) + int(spec.scale_method == "ml"),
            predictors_df=design.rank - 1,
            n=round(sample.size),
        ),
        name=name,
        family=family,
        link=link,
        refit=lambda other, data: _refit(spec, Parts(other, data), scale, name),
    )


def _refit(spec: ModelSpec, parts: Parts, scale: float, name: str) -> Refit:
    """The same model on another design or offset: its estimate and its full log-likelihood, the scale as given."""
    options = replace(_options(spec, f"{name} (refit for a test)"), robust=False)
    estimate = _estimate_parts(spec, parts, options)
    deviance = 0.0
    if spec.distribution in SCALED_BY_DEFAULT:
        measured = measure_glm(parts, _family(spec), _link(spec), estimate.location, 0, fit_by="rows")
        deviance = measured.row_deviance
    return Refit(estimate, _log_likelihood(spec, parts.sample, estimate.log_likelihood, deviance, scale))


def _scale(
    spec: ModelSpec, sample: SampleHead, family: Family | None, deviance: float, discrepancy: Discrepancy
) -> float:
    method = spec.scale_method
    if not isinstance(method, str):
        return float(method)
    if method == "ml" and family is not None:
        return ml_scale(sample, family, deviance)
    value = discrepancy.pearson if method == "pearson" else discrepancy.deviance
    return value / discrepancy.df if discrepancy.df > 0 else float("nan")


def _log_likelihood(spec: ModelSpec, sample: SampleHead, value: float, deviance: float, scale: float) -> float:
    """Full log-likelihood: as the iterations give it, or with the scale where the likelihood holds one."""
    if spec.distribution not in SCALED_BY_DEFAULT:
        return value
    family = _family(spec)
    own = ml_scale(sample, family, deviance) if spec.scale_method == "ml" else scale
    return full_log_likelihood(sample, family, deviance, own)


def _null_log_likelihood(spec: ModelSpec, parts: Parts, scale: float, name: str) -> float:
    """Full log-likelihood of the model without predictors."""
    options = replace(_options(spec, name), robust=False)
    if spec.distribution == "ordinal":
        return null_ordinal(parts, BINARY_LINKS[spec.link_name], options)
    if spec.estimates_alpha:
        bare = parts.under(parts.design.leading(1))
        return _estimate_parts(spec, bare, options.named("intercept only")).log_likelihood
    family, link = _family(spec), _link(spec)
    intercept, value = null_fit(parts, family, link, options)
    deviance = null_deviance(parts, family, link, intercept) if spec.distribution in SCALED_BY_DEFAULT else 0.0
    return _log_likelihood(spec, parts.sample, value, deviance, scale)
