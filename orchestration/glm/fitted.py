"""A fit as everything after it needs it: the model, its sample, its design and its estimates."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from orchestration.glm.arrays import Floats
from orchestration.glm.design import Design
from orchestration.glm.errors import GlmError
from orchestration.glm.families import Family
from orchestration.glm.fit import Estimate
from orchestration.glm.goodness import Discrepancy, Likelihoods
from orchestration.glm.links import BINARY_LINKS, CumulativeLink, Link
from orchestration.glm.parts import Part, Parts
from orchestration.glm.sample import Sample, SampleHead, Subset
from orchestration.glm.spec import ModelSpec

SCALE_IN_LIKELIHOOD = ("gaussian", "gamma", "inverse_gaussian", "tweedie")
"""Distributions whose full log-likelihood is a function of the scale parameter."""


@dataclass(frozen=True)
class Refit:
    """The same model on another design or offset: its estimate, and its full log-likelihood."""

    estimate: Estimate
    log_likelihood: float


@dataclass(frozen=True)
class Fitted:
    """A model, its sample and its estimates.

    `covariance` is that of (location, extras) on the design's own scale, with the scale parameter applied;
    `family` is None for an ordinal model, whose link is a `CumulativeLink`. `refit` estimates the same model
    on another design, or with another offset in the sample, for tests that need it.
    """

    relation: str
    subset: Subset
    spec: ModelSpec
    sample: SampleHead
    design: Design
    estimate: Estimate
    covariance: Floats
    scale: float
    discrepancy: Discrepancy
    likelihoods: Likelihoods
    name: str
    family: Family | None
    link: Link
    refit: Callable[[Design, SampleHead], Refit]

    @property
    def is_ordinal(self) -> bool:
        """Whether thresholds take the place of the intercept."""
        return self.spec.distribution == "ordinal"

    @property
    def cumulative_link(self) -> CumulativeLink:
        """The link of an ordinal model."""
        return BINARY_LINKS[self.spec.link_name]

    @property
    def likelihood_scale(self) -> float:
        """What a difference of log-likelihoods is divided by: the scale, unless the likelihood holds it."""
        return 1.0 if self.spec.distribution in SCALE_IN_LIKELIHOOD else self.scale

    @property
    def location_covariance(self) -> Floats:
        """Covariance of the location coefficients alone (q x q)."""
        return self.covariance[: self.design.width, : self.design.width]

    @cached_property
    def parts(self) -> Parts:
        """The data under the design, in parts."""
        return Parts(self.design, self.sample)

    @cached_property
    def held(self) -> Part:
        """All patterns at once.

        Raises:
            GlmError: there are too many for memory.
        """
        if not isinstance(self.sample, Sample):
            raise GlmError(
                f"{self.name} was fitted on {self.sample.size:,.0f} rows read in pieces, because hardly two of them "
                f"agree in their predictors; what is computed for single cases is not available for it. Fit it on a "
                f"random part of the rows (where: random() < 0.01 in a view), or round the covariates."
            )
        return next(iter(self.parts))

    @cached_property
    def eta(self) -> Floats:
        """Linear predictor of each pattern (P)."""
        return self.held.eta(self.estimate.location)

    @cached_property
    def mean(self) -> Floats:
        """Fitted mean of each pattern (P); not for an ordinal model, which has probabilities."""
        return self.require_family().clip(self.link.inverse(self.eta))

    def require_family(self) -> Family:
        """The distribution of one mean.

        Raises:
            GlmError: the model is ordinal.
        """
        if self.family is None:
            raise GlmError(f"{self.name} is ordinal: it has a probability for each category, not one mean.")
        return self.family
