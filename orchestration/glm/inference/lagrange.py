"""Lagrange multiplier tests of a parameter that was fixed: negative binomial ancillary, or scale."""

import numpy as np
from scipy.special import chdtrc, ndtr

from orchestration.glm.families import rising_log_sum
from orchestration.glm.fit import score_and_weights
from orchestration.glm.fitted import Fitted
from orchestration.glm.negative_binomial import ratio_derivatives
from orchestration.glm.newton import solve
from orchestration.glm.results import LagrangeTest


def lagrange_tests(fit: Fitted) -> tuple[LagrangeTest, ...]:
    """The test of a fixed parameter, where the model has one.

    For Poisson, that the negative binomial parameter is 0, against over- and underdispersion; for a negative
    binomial model with a given parameter, that it is the true one; for a gaussian model with a given scale,
    the same. Score U at the fixed value and information I of the parameter give z = U / sqrt(I), chi2 = z^2.
    Under sampling weights there is no likelihood and no test.
    """
    if fit.spec.weight is not None:
        return ()
    if fit.spec.distribution == "poisson":
        return (_overdispersion(fit),)
    if fit.spec.distribution == "negative_binomial" and not fit.spec.estimates_alpha:
        alpha = float(fit.spec.alpha)
        return (_overdispersion(fit),) if alpha == 0 else (_ancillary(fit, alpha),)
    if fit.spec.distribution == "gaussian" and isinstance(fit.spec.scale_method, float):
        return (_gaussian_scale(fit),)
    return ()


def _overdispersion(fit: Fitted) -> LagrangeTest:
    """U = sum((y - mu)^2 - y) / 2, with expected information I = sum(mu^2) / 2 (Dean and Lawless 1989)."""
    sample = fit.sample
    mean = fit.mean[sample.pattern]
    score = 0.5 * float((sample.n * ((sample.y - mean) ** 2 - sample.y)).sum())
    information = 0.5 * float((sample.n * mean**2).sum())
    return _test("negative_binomial", 0.0, score, information)


def _ancillary(fit: Fitted, alpha: float) -> LagrangeTest:
    """Score and observed information of alpha, less what the coefficients take of it."""
    sample, design, family = fit.sample, fit.design, fit.require_family()
    mean = fit.mean
    data = fit.pattern_data
    first, second = ratio_derivatives(alpha * mean)
    shrunk = mean / (1 + alpha * mean)
    score = float((sample.n * rising_log_sum(sample.y, alpha, order=1)).sum())
    score -= float((data.total * shrunk + data.weight * mean**2 * first).sum())
    bend = float((sample.n * rising_log_sum(sample.y, alpha, order=2)).sum())
    bend += float((data.total * shrunk**2 - data.weight * mean**3 * second).sum())
    eta = fit.estimate.eta
    cross = design.sums((data.total - data.weight * mean) * fit.link.slope(eta) / (1 + alpha * mean) ** 2)
    weights = score_and_weights(data, family, fit.link, eta, observed=True)[1]
    kept = design.kept
    taken = solve(design.gram(weights)[np.ix_(kept, kept)], cross[kept])
    information = -bend - (0.0 if taken is None else float(cross[kept] @ taken))
    return _test("negative_binomial", alpha, score, information)


def _gaussian_scale(fit: Fitted) -> LagrangeTest:
    """U = (SS / phi^2 - n / phi) / 2 and expected information n / (2 phi^2)."""
    sample, phi = fit.sample, fit.scale
    squares = float((sample.n * (sample.y - fit.mean[sample.pattern]) ** 2).sum())
    n = float(sample.n.sum())
    return _test("scale", phi, 0.5 * (squares / phi**2 - n / phi), 0.5 * n / phi**2)


def _test(parameter: str, value: float, score: float, information: float) -> LagrangeTest:
    if not information > 0:
        return LagrangeTest(parameter, value, None, None, 1, None, None, None)
    z = score / float(np.sqrt(information))
    chi2 = z * z
    return LagrangeTest(
        parameter,
        value,
        z,
        chi2,
        1,
        p_value=float(chdtrc(1, chi2)),
        p_below=float(ndtr(z)),
        p_above=float(ndtr(-z)),
    )
