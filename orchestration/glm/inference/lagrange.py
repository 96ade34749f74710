"""Lagrange multiplier tests of a parameter that was fixed: negative binomial ancillary, or scale."""

import numpy as np
from scipy.special import chdtrc, ndtr

from orchestration.glm.arrays import Floats
from orchestration.glm.families import rising_log_sum
from orchestration.glm.fit import score_and_weights
from orchestration.glm.fitted import Fitted
from orchestration.glm.negative_binomial import alpha_derivatives
from orchestration.glm.newton import solve
from orchestration.glm.parts import Part
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
    score = information = 0.0
    for part in fit.parts:
        mean = _mean(fit, part)
        squares = part.sample.squared_residuals(mean, by_weight=True)
        score += 0.5 * float((squares - part.data.total).sum())
        information += 0.5 * float((part.data.weight * mean**2).sum())
    return _test("negative_binomial", 0.0, score, information)


def _ancillary(fit: Fitted, alpha: float) -> LagrangeTest:
    """Score and observed information of alpha, less what the coefficients take of it."""
    design, family, totals = fit.design, fit.require_family(), fit.sample.totals
    score = totals.total(lambda y, _: rising_log_sum(y, alpha, order=1))
    bend = totals.total(lambda y, _: rising_log_sum(y, alpha, order=2))
    cross, gram = np.zeros(design.width), np.zeros((design.width, design.width))
    for part in fit.parts:
        mean, eta, data = _mean(fit, part), part.eta(fit.estimate.location), part.data
        slope, curvature = alpha_derivatives(data, mean, alpha)
        score, bend = score + slope, bend + curvature
        cross += part.design.sums((data.total - data.weight * mean) * fit.link.slope(eta) / (1 + alpha * mean) ** 2)
        gram += part.design.gram(score_and_weights(data, family, fit.link, eta, observed=True)[1])
    kept = design.kept
    taken = solve(gram[np.ix_(kept, kept)], cross[kept])
    information = -bend - (0.0 if taken is None else float(cross[kept] @ taken))
    return _test("negative_binomial", alpha, score, information)


def _gaussian_scale(fit: Fitted) -> LagrangeTest:
    """U = (SS / phi^2 - n / phi) / 2 and expected information n / (2 phi^2)."""
    phi, n = fit.scale, fit.sample.size
    squares = sum(float(part.sample.squared_residuals(_mean(fit, part), by_weight=True).sum()) for part in fit.parts)
    return _test("scale", phi, 0.5 * (squares / phi**2 - n / phi), 0.5 * n / phi**2)


def _mean(fit: Fitted, part: Part) -> Floats:
    return fit.require_family().clip(fit.link.inverse(part.eta(fit.estimate.location)))


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
