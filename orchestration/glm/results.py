"""What a fit returns: the tables that SPSS GENLIN prints, as dataclasses with plain attributes."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestration.glm.arrays import Floats

if TYPE_CHECKING:
    from orchestration.glm.fitted import Fitted

REDUNDANT_NOTE = "Set to zero because this parameter is redundant."


@dataclass(frozen=True)
class ModelInfo:
    """Model information. `offset`, `where` and `condition` are the SQL expressions as given."""

    model_id: str
    name: str
    subset: str
    condition: str | None
    relation: str
    response: str
    distribution: str
    link: str
    predictors: tuple[str, ...]
    dropped_predictors: tuple[str, ...]
    offset: str | None
    where: str | None
    frequency: str | None
    weight: str | None
    event: str | None
    scale_method: str
    covariance: str
    information: str
    fit_by: str


@dataclass(frozen=True)
class CaseRow:
    """One line of case processing: included, excluded, total, or rows excluded by a variable or condition."""

    kind: str
    variable: str | None
    n: int
    percent: float


@dataclass(frozen=True)
class LevelRow:
    """Cases at a level of a factor, or in a category of the response."""

    kind: str
    variable: str
    level: str
    level_label: str | None
    n: int
    percent: float


@dataclass(frozen=True)
class NumberRow:
    """Range and moments of a numeric response, covariate or offset over the included cases."""

    variable: str
    role: str
    n: int
    minimum: float
    maximum: float
    mean: float
    std_deviation: float


@dataclass(frozen=True)
class FitStatistic:
    """A goodness-of-fit statistic, or the omnibus test; degrees of freedom and p where it has them."""

    statistic: str
    value: float
    df: int | None = None
    p_value: float | None = None

    @property
    def value_per_df(self) -> float | None:
        """Value divided by its degrees of freedom."""
        return self.value / self.df if self.df else None


@dataclass(frozen=True)
class Coefficient:
    """One parameter: estimate, Wald test and 95 % interval, all None but the 0 where it is redundant.

    `exp_*` are the odds or rate ratio; None for an ancillary or scale parameter.
    """

    parameter_type: str
    term: str
    level: str | None
    level_label: str | None
    estimate: float
    std_error: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    wald_chi2: float | None = None
    df: int | None = None
    p_value: float | None = None
    exp_estimate: float | None = None
    exp_ci_low: float | None = None
    exp_ci_high: float | None = None
    is_redundant: bool = False


@dataclass(frozen=True)
class EffectTest:
    """Test of an effect as a whole; chi2 and p are None where the hypothesis is not estimable."""

    effect: str
    test_type: str
    statistic: str
    chi2: float | None
    df: int
    p_value: float | None


@dataclass(frozen=True)
class MarginalMean:
    """Estimated marginal mean of a level, other factors averaged with equal weights, covariates at means.

    None where it is not estimable. On the response scale of an ordinal model there is one per category.
    """

    factor: str
    level: str
    level_label: str | None
    scale: str
    category: str | None
    mean: float | None
    std_error: float | None
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True)
class MarginalTest:
    """Wald test that the marginal means of an effect are all equal."""

    factor: str
    chi2: float
    df: int
    p_value: float


@dataclass(frozen=True)
class Contrast:
    """Difference of two marginal means, level 1 less level 2.

    `p_value` is unadjusted (LSD); the interval is at the level to which `adjustment` takes this pair.
    """

    factor: str
    scale: str
    level_1: str
    level_1_label: str | None
    level_2: str
    level_2_label: str | None
    mean_difference: float
    std_error: float
    ci_low: float
    ci_high: float
    wald_chi2: float
    df: int
    p_value: float
    p_bonferroni: float
    p_sequential_sidak: float
    adjustment: str


@dataclass(frozen=True)
class LagrangeTest:
    """Test of a parameter fixed at `value`: two-sided, and against a true value below or above it."""

    parameter: str
    value: float
    z: float | None
    chi2: float | None
    df: int
    p_value: float | None
    p_below: float | None
    p_above: float | None


@dataclass(frozen=True)
class ProfileInterval:
    """Profile likelihood interval of a coefficient; a limit is None where the likelihood does not fall off."""

    term: str
    level: str | None
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True)
class ParallelLinesTest:
    """Test that an ordinal model's coefficients are the same at every threshold.

    `statistic` is lr (against the model with coefficients of its own for each threshold) or score, where
    that model has no maximum with valid probabilities.
    """

    statistic: str
    chi2: float
    df: int
    p_value: float
    log_likelihood_general: float | None


@dataclass(frozen=True)
class GlmResult:
    """A fitted model.

    `covariance` is that of `coefficients` in their order, with zeros for redundant ones and without rows for
    a scale or a derived ancillary parameter; `parameter_names` names its rows. `history` has
    iteration, log-likelihood, largest step and halvings. `fitted` is the fit itself, from
    which the functions of `orchestration.glm.inference` compute what is printed on request.
    """

    info: ModelInfo
    cases: tuple[CaseRow, ...]
    levels: tuple[LevelRow, ...]
    numbers: tuple[NumberRow, ...]
    fit: tuple[FitStatistic, ...]
    coefficients: tuple[Coefficient, ...]
    effects: tuple[EffectTest, ...]
    marginal_means: tuple[MarginalMean, ...]
    marginal_tests: tuple[MarginalTest, ...]
    contrasts: tuple[Contrast, ...]
    lagrange: tuple[LagrangeTest, ...]
    profile: tuple[ProfileInterval, ...]
    parallel_lines: ParallelLinesTest | None
    parameter_names: tuple[str, ...]
    covariance: Floats
    is_converged: bool
    iterations: int
    history: tuple[tuple[int, float, float, int], ...]
    warnings: tuple[str, ...]
    input_fingerprint: str
    is_synthetic: bool
    fitted: "Fitted" = field(repr=False, compare=False)

    def statistic(self, name: str) -> FitStatistic:
        """The fit statistic of this name.

        Raises:
            KeyError: there is none.
        """
        for entry in self.fit:
            if entry.statistic == name:
                return entry
        raise KeyError(name)

    def coefficient(self, term: str, level: str | None = None) -> Coefficient:
        """The parameter of a term and level.

        Raises:
            KeyError: there is none.
        """
        for entry in self.coefficients:
            if entry.term == term and entry.level == level:
                return entry
        raise KeyError((term, level))

    def effect(self, name: str, test_type: str = "III") -> EffectTest:
        """The test of an effect.

        Raises:
            KeyError: there is none.
        """
        for entry in self.effects:
            if entry.effect == name and entry.test_type == test_type:
                return entry
        raise KeyError(name)

    @property
    def thresholds(self) -> tuple[Coefficient, ...]:
        """Thresholds of an ordinal model."""
        return tuple(entry for entry in self.coefficients if entry.parameter_type == "threshold")

    @property
    def n(self) -> int:
        """Number of included cases."""
        return next(row.n for row in self.cases if row.kind == "included")
