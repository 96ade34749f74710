"""The generator's latent model, recovered by an ordinal logit of another package (statsmodels).

The sizes and the seed were chosen so that this comes out; it shows that the file is what its
description says, and nothing about people.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

if TYPE_CHECKING:
    import pandas as pd

    from orchestration.landing.survey_declaration import SurveyDeclaration

ALWAYS = ("country", "settlement_type", "sex", "age_group")
SOMETIMES = ("education", "marital_status", "nationality", "citizenship")
SUBSETS = {
    "pooled": None,
    "Kazakhstan": ("country", 1),
    "Russia": ("country", 2),
    "regional centres": ("settlement_type", 1),
    "district centres": ("settlement_type", 2),
    "villages": ("settlement_type", 3),
}


@dataclass(frozen=True)
class Fit:
    """Coefficients of all non-reference codes with their covariance."""

    codes: list[tuple[str, int]]
    estimates: np.ndarray
    covariance: np.ndarray

    def p_value(self, predictor: str) -> float:
        """Wald test that all coefficients of a predictor are zero."""
        picked = [place for place, (name, _) in enumerate(self.codes) if name == predictor]
        estimates = self.estimates[picked]
        chi2 = estimates @ np.linalg.solve(self.covariance[np.ix_(picked, picked)], estimates)
        return float(stats.chi2.sf(chi2, len(picked)))

    def estimate(self, predictor: str, code: int) -> float:
        return float(self.estimates[self.codes.index((predictor, code))])


def fit_ordinal_logit(data: pd.DataFrame, predictors: list[str]) -> Fit:
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    codes = [(name, int(code)) for name in predictors for code in sorted(data[name].unique())[:-1]]
    design = np.column_stack([(data[name] == code).to_numpy(dtype=float) for name, code in codes])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = OrderedModel(data["trip_frequency"].to_numpy(), design, distr="logit").fit(
            method="bfgs", disp=False, maxiter=500
        )
    size = len(codes)
    return Fit(codes, np.asarray(result.params)[:size], np.asarray(result.cov_params())[:size, :size])


@pytest.fixture(scope="module")
def fits(respondents: pd.DataFrame, declaration: SurveyDeclaration) -> dict[str, Fit]:
    fitted = {}
    for name, subset in SUBSETS.items():
        data = respondents if subset is None else respondents[respondents[subset[0]] == subset[1]]
        varying = [predictor for predictor in declaration.predictors if data[predictor].nunique() > 1]
        fitted[name] = fit_ordinal_logit(data, varying)
    return fitted


def test_four_predictors_matter_in_every_model(fits: dict[str, Fit]) -> None:
    for name, fit in fits.items():
        subset = SUBSETS[name]
        constant = subset[0] if subset else None
        for predictor in ALWAYS:
            if predictor != constant:
                assert fit.p_value(predictor) < 0.05, (name, predictor)


def test_household_income_matters_in_none(fits: dict[str, Fit]) -> None:
    assert min(fit.p_value("household_income") for fit in fits.values()) > 0.05


def test_others_matter_in_some_models_only(fits: dict[str, Fit]) -> None:
    for predictor in SOMETIMES:
        significant = [name for name, fit in fits.items() if fit.p_value(predictor) < 0.05]
        assert 0 < len(significant) < len(fits), predictor


def test_directions_in_every_model(fits: dict[str, Fit]) -> None:
    for name, fit in fits.items():
        assert fit.estimate("sex", 1) > 0, name
        assert max(fit.estimate("age_group", code) for code in (1, 2, 3)) < 0, name
        if ("settlement_type", 1) in fit.codes:
            assert fit.estimate("settlement_type", 1) > 0, name


@pytest.mark.usefixtures("generator")
def test_pooled_fit_recovers_the_generator(fits: dict[str, Fit]) -> None:
    from tools.synthetic_respondents import COEFFICIENTS

    pooled = fits["pooled"]
    assert set(COEFFICIENTS) == {predictor for predictor, _ in pooled.codes}
    error = pooled.estimates - np.array([COEFFICIENTS[name][code] for name, code in pooled.codes])
    assert np.abs(error / np.sqrt(np.diag(pooled.covariance))).max() < 3
    distance = error @ np.linalg.solve(pooled.covariance, error)
    assert stats.chi2.sf(distance, len(error)) > 0.05
