"""What a fit returns: the tables that SPSS GENLIN prints, as dataclasses with plain attributes."""

from dataclasses import dataclass

from orchestration.glm.arrays import Floats

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
class GlmResult:
    """A fitted model.

    `covariance` is that of `coefficients` in their order, with zeros for redundant ones and without rows for
    a scale or a derived ancillary parameter; `parameter_names` names its rows.
    """

    info: ModelInfo
    cases: tuple[CaseRow, ...]
    levels: tuple[LevelRow, ...]
    numbers: tuple[NumberRow, ...]
    fit: tuple[FitStatistic, ...]
    coefficients: tuple[Coefficient, ...]
    effects: tuple[EffectTest, ...]
    marginal_means: tuple[MarginalMean, ...]
    parameter_names: tuple[str, ...]
    covariance: Floats
    is_converged: bool
    iterations: int
    warnings: tuple[str, ...]
    input_fingerprint: str
    is_synthetic: bool

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
