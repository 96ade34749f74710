"""The table of parameter estimates, with redundant parameters as 0, and its covariance matrix."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from orchestration.glm.arrays import Floats
from orchestration.glm.design import Design
from orchestration.glm.families import Gamma, Gaussian, InverseGaussian, MaximumLikelihoodScale
from orchestration.glm.fit import Estimate
from orchestration.glm.margins import NORMAL_975
from orchestration.glm.results import Coefficient
from orchestration.glm.sample import SampleHead
from orchestration.glm.spec import ModelSpec

_ML_FAMILIES: dict[str, MaximumLikelihoodScale] = {
    "gaussian": Gaussian(),
    "gamma": Gamma(),
    "inverse_gaussian": InverseGaussian(),
}
_RATIO_LINKS = ("logit", "log", "cloglog")


@dataclass(frozen=True)
class _Parameter:
    """Where a printed parameter stands in (location, extras)."""

    kind: str
    term: str
    level: str | None
    label: str | None
    column: int
    is_kept: bool

    @property
    def name(self) -> str:
        return self.term if self.level is None else f"[{self.term}={self.level}]"


def report_covariance(
    design: Design, estimate: Estimate, covariance: Floats, sample: SampleHead, spec: ModelSpec
) -> tuple[tuple[str, ...], Floats]:
    """Names and covariance of the printed parameters, on the scale of the data."""
    parameters = _parameters(design, estimate, sample, spec)
    transform = _transform(design, estimate, spec)
    full = transform @ covariance @ transform.T
    columns = [parameter.column for parameter in parameters]
    return tuple(parameter.name for parameter in parameters), full[np.ix_(columns, columns)]


def list_coefficients(
    design: Design,
    estimate: Estimate,
    covariance: Floats,
    sample: SampleHead,
    spec: ModelSpec,
    *,
    scale: float,
    n: int,
) -> tuple[Coefficient, ...]:
    """Parameter estimates in SPSS order: thresholds or intercept, effects, scale, ancillary parameter.

    Args:
        covariance: as `report_covariance` gives it.
    """
    parameters = _parameters(design, estimate, sample, spec)
    values = _transform(design, estimate, spec) @ np.concatenate([estimate.location, estimate.extras])
    errors = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
    rows = []
    for parameter, error in zip(parameters, errors, strict=True):
        value = float(values[parameter.column])
        if parameter.kind == "ancillary":
            rows.append(_scale_row(spec, scale, n))
            rows += _ancillary_rows(value, float(error), is_estimated=not estimate.on_boundary)
        else:
            rows.append(_row(parameter, value, float(error), exponentiate=spec.link_name in _RATIO_LINKS))
    if not any(parameter.kind == "ancillary" for parameter in parameters):
        rows.append(_scale_row(spec, scale, n))
        if spec.distribution == "negative_binomial":
            rows.append(Coefficient("ancillary", "(Negative binomial)", None, None, float(spec.alpha)))
    return tuple(row for row in rows if row is not None)


def _parameters(design: Design, estimate: Estimate, sample: SampleHead, spec: ModelSpec) -> Sequence[_Parameter]:
    ordinal = spec.distribution == "ordinal"
    parameters = []
    if ordinal:
        for index, category in enumerate(sample.categories[:-1]):
            column = design.width + index
            parameters.append(_Parameter("threshold", "Threshold", category.level, category.label, column, True))
    for index, block in enumerate(design.blocks):
        if ordinal and block.kind == "intercept":
            continue
        for offset in block.ascending:
            column = design.slice_of(index).start + offset
            level = block.levels[offset] if block.levels else None
            label = block.labels[offset] if block.labels else None
            kept = bool(design.kept[column])
            parameters.append(_Parameter(block.kind, block.name, level, label, column, kept))
    if not ordinal and len(estimate.extras):
        parameters.append(
            _Parameter("ancillary", "(Negative binomial)", None, None, design.width, not estimate.on_boundary)
        )
    return parameters


def _transform(design: Design, estimate: Estimate, spec: ModelSpec) -> Floats:
    """From the design's standardised scale to the data's, for location and extras."""
    size = len(estimate.extras)
    transform = np.eye(design.width + size)
    location = design.report_transform()
    if spec.distribution == "ordinal":
        # What centring a covariate takes from the intercept goes to each threshold with opposite sign.
        shift = location[0].copy()
        shift[0] = 0
        location[0] = 0
        transform[design.width :, : design.width] = -shift
    transform[: design.width, : design.width] = location
    return transform


def _row(parameter: _Parameter, value: float, error: float, *, exponentiate: bool) -> Coefficient:
    head = (parameter.kind, parameter.term, parameter.level, parameter.label)
    if not parameter.is_kept:
        return Coefficient(*head, estimate=0.0, exp_estimate=1.0 if exponentiate else None, is_redundant=True)
    low, high = value - NORMAL_975 * error, value + NORMAL_975 * error
    chi2 = (value / error) ** 2 if error > 0 else float("nan")
    exponents = _exp([value, low, high]) if exponentiate else [None] * 3
    return Coefficient(
        *head,
        estimate=value,
        std_error=error,
        ci_low=low,
        ci_high=high,
        wald_chi2=chi2,
        df=1,
        p_value=float(chdtrc(1, chi2)),
        exp_estimate=exponents[0],
        exp_ci_low=exponents[1],
        exp_ci_high=exponents[2],
    )


def _exp(values: list[float]) -> list[float]:
    with np.errstate(over="ignore"):
        return [float(value) for value in np.exp(np.array(values))]


def _scale_row(spec: ModelSpec, scale: float, n: int) -> Coefficient | None:
    """The scale parameter; an ordinal model with scale 1 prints none."""
    if spec.distribution == "ordinal" and spec.scale_method == 1:
        return None
    if spec.scale_method != "ml":
        return Coefficient("scale", "(Scale)", None, None, scale)
    family: MaximumLikelihoodScale = _ML_FAMILIES[spec.distribution]
    return _positive("(Scale)", scale, family.ml_scale_error(scale, n), kind="scale")


def _ancillary_rows(alpha: float, error: float, *, is_estimated: bool) -> list[Coefficient]:
    """Alpha as SPSS prints it, and theta = 1 / alpha as R does."""
    if not is_estimated:
        return [Coefficient("ancillary", "(Negative binomial)", None, None, alpha)]
    return [
        _positive("(Negative binomial)", alpha, error, kind="ancillary"),
        _positive("(Negative binomial theta)", 1 / alpha, error / alpha**2, kind="ancillary"),
    ]


def _positive(term: str, value: float, error: float, *, kind: str) -> Coefficient:
    """A positive parameter; its interval is symmetric in the logarithm."""
    factor = float(np.exp(NORMAL_975 * error / value)) if value > 0 else 1.0
    return Coefficient(kind, term, None, None, value, std_error=error, ci_low=value / factor, ci_high=value * factor)
