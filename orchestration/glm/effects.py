"""Tests of model effects: Wald chi-squares of estimable hypotheses, and likelihood ratios."""

import numpy as np
from scipy.special import chdtrc

from orchestration.glm.arrays import Floats
from orchestration.glm.design import Design
from orchestration.glm.fitted import Fitted
from orchestration.glm.inference.constrained import ConstrainedDesign
from orchestration.glm.inference.hypotheses import contains, type_one, type_three
from orchestration.glm.results import EffectTest

_COVARIANCE_TOLERANCE = 1e-13


def effect_tests(fit: Fitted) -> tuple[EffectTest, ...]:
    """The tests of model effects that the specification asks for."""
    return effect_tests_of(fit, fit.spec.tests.type, fit.spec.tests.statistic)


def effect_tests_of(fit: Fitted, test_type: str, statistic: str) -> tuple[EffectTest, ...]:
    """Tests of every effect.

    Args:
        test_type: III, each effect beside all others; or I, each beside those before it.
        statistic: wald; or lr, twice the log-likelihood that a refit under the hypothesis loses, divided by
            the scale parameter where the likelihood does not hold it.

    Raises:
        ConvergenceError: a refit does not converge.
    """
    if statistic == "wald":
        return _wald_tests(fit, test_type)
    return _type_one_ratios(fit) if test_type == "I" else _type_three_ratios(fit)


def _wald_tests(fit: Fitted, test_type: str) -> tuple[EffectTest, ...]:
    """Wald tests; the intercept's too, except for an ordinal model, whose thresholds are not tested."""
    design = fit.design
    first = 1 if fit.is_ordinal else 0
    if test_type == "I":
        hypotheses = type_one(design)[first:]
    else:
        hypotheses = [type_three(design, index) for index in range(first, len(design.blocks))]
    names = [block.name for block in design.blocks[first:]]
    return tuple(_wald(fit, name, test_type, rows) for name, rows in zip(names, hypotheses, strict=True))


def _wald(fit: Fitted, name: str, test_type: str, rows: Floats) -> EffectTest:
    chi2, df = wald_chi2(rows @ fit.estimate.location, rows @ fit.location_covariance @ rows.T)
    if df == 0:
        return EffectTest(name, test_type, "wald", None, 0, None)
    return EffectTest(name, test_type, "wald", chi2, df, float(chdtrc(df, chi2)))


def wald_chi2(values: Floats, covariance: Floats) -> tuple[float, int]:
    """v' C^- v and the rank of C, for values that are jointly 0 under a hypothesis."""
    if len(values) == 0:
        return 0.0, 0
    scale = np.sqrt(np.maximum(np.diagonal(covariance), 1e-300))
    roots, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    used = roots > _COVARIANCE_TOLERANCE * roots[-1]
    projected = vectors[:, used].T @ (values / scale)
    return float((projected**2 / roots[used]).sum()), int(used.sum())


def _type_three_ratios(fit: Fitted) -> tuple[EffectTest, ...]:
    design = fit.design
    tests = []
    for index in range(1, len(design.blocks)):
        smaller = _without(fit, index)
        df = design.rank - smaller.rank
        gain = 0.0 if df == 0 else fit.likelihoods.full - fit.refit(smaller, fit.sample).log_likelihood
        tests.append(_ratio(fit, design.blocks[index].name, "III", gain, df))
    return tuple(tests)


def _without(fit: Fitted, index: int) -> Design:
    """The design under the Type III hypothesis: less the effect, or constrained where others involve it."""
    design = fit.design
    if any(contains(design, other, index) or _is_shifted(design, other, index) for other in range(len(design.blocks))):
        rows = type_three(design, index)
        return ConstrainedDesign(design, rows) if len(rows) else design
    return design.without(index)


def _is_shifted(design: Design, outer: int, inner: int) -> bool:
    """Whether a product's covariates are centred, which moves part of it into another effect.

    Without that effect the product would be tested at the means of the covariates, and not at their zero.
    """
    product, effect = design.blocks[outer], design.blocks[inner]
    is_part = product.factors == effect.factors and set(effect.covariates) < set(product.covariates)
    return product.kind == "interaction" and product.is_centered and is_part


def _type_one_ratios(fit: Fitted) -> tuple[EffectTest, ...]:
    design = fit.design
    tests = []
    previous, previous_rank = fit.likelihoods.null, 1
    for index in range(1, len(design.blocks)):
        is_last = index == len(design.blocks) - 1
        larger = design if is_last else design.leading(index + 1)
        value = fit.likelihoods.full
        if not is_last:
            value = previous if larger.rank == previous_rank else fit.refit(larger, fit.sample).log_likelihood
        tests.append(_ratio(fit, design.blocks[index].name, "I", value - previous, larger.rank - previous_rank))
        previous, previous_rank = value, larger.rank
    return tuple(tests)


def _ratio(fit: Fitted, name: str, test_type: str, gain: float, df: int) -> EffectTest:
    if df == 0:
        return EffectTest(name, test_type, "lr", None, 0, None)
    chi2 = max(2 * gain, 0.0) / fit.likelihood_scale
    return EffectTest(name, test_type, "lr", chi2, df, float(chdtrc(df, chi2)))
