"""Model specifications: what a YAML file may ask of the engine, and the refusal of what it does not do."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from orchestration.glm.errors import SpecificationError
from orchestration.yaml_text import parse_yaml

Distribution = Literal["ordinal", "poisson", "negative_binomial", "binomial", "gaussian"]
Link = Literal["identity", "log", "logit", "probit", "cloglog"]

LINKS: Mapping[str, tuple[str, ...]] = {
    "ordinal": ("logit", "probit", "cloglog"),
    "binomial": ("logit", "probit", "cloglog", "log", "identity"),
    "poisson": ("log", "identity"),
    "negative_binomial": ("log", "identity"),
    "gaussian": ("identity", "log"),
}
"""Links of each distribution; the first is its default."""

_NOT_DONE: Mapping[str, Mapping[str, str]] = {
    "distribution": dict.fromkeys(("gamma", "inverse_gaussian", "tweedie"), "distribution"),
    "link": dict.fromkeys(("loglog", "cauchit", "inverse", "power"), "link"),
    "covariance": dict.fromkeys(("HC1", "cluster", "clustered"), "covariance"),
}
_NOT_DONE_KEYS = ("interactions", "frequency", "weight", "cluster")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VariableSpec(_Strict):
    """A categorical variable: how it is printed, and the columns of its codes and labels.

    Codes are sorted ascending (an ENUM by its declared order); that order is the order of the levels.
    """

    name: str
    column: str
    label: str | None = None


class ResponseSpec(_Strict):
    """The dependent variable: a column, or for a binomial model events among trials.

    `event` is the value of a two-valued column whose probability a binomial model describes; by default the
    higher one.
    """

    name: str
    column: str | None = None
    label: str | None = None
    events: str | None = None
    trials: str | None = None
    event: bool | int | float | str | None = None

    @model_validator(mode="before")
    @classmethod
    def _name_from_column(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and "name" not in value:
            return {**value, "name": value.get("events") or value.get("column")}
        return value

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        by_trials = self.events is not None or self.trials is not None
        if by_trials and (self.events is None or self.trials is None or self.column is not None):
            raise ValueError("a response has either a column, or both events and trials")
        if not by_trials and self.column is None:
            raise ValueError("a response needs a column, or events and trials")
        return self


class SubsetBy(_Strict):
    """One extra fit for each combination of levels of these factors (or columns)."""

    by: tuple[str, ...]

    @field_validator("by", mode="before")
    @classmethod
    def _as_sequence(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class TestSpec(_Strict):
    """Which tests of model effects are made."""

    type: Literal["I", "III"] = "III"
    statistic: Literal["wald", "lr"] = "wald"

    @model_validator(mode="after")
    def _no_sequential_wald(self) -> Self:
        if self.type == "I" and self.statistic == "wald":
            raise ValueError("Type I Wald tests are not supported by this engine; use statistic: lr")
        return self


class ModelSpec(_Strict):
    """One generalized linear model as SPSS GENLIN would be asked for it.

    `fit_by` says what deviance and Pearson chi-square count, single rows or covariate patterns.
    `information` is the matrix whose inverse is the covariance: expected as SPSS PLUM and `glm.nb`, observed
    as SPSS GENLIN, `polr` and Stata. `scale` None is the distribution's own: 1, and for gaussian the maximum
    likelihood estimate of the variance. `alpha` is the negative binomial's ancillary parameter.
    """

    name: str
    relation: str | None = None
    response: ResponseSpec
    distribution: Distribution
    link: Link | None = None
    factors: tuple[VariableSpec, ...] = ()
    covariates: tuple[str, ...] = ()
    offset: str | None = None
    where: str | None = None
    reference: Literal["last", "first"] | dict[str, bool | int | float | str] = "last"
    scale: Literal["pearson", "deviance", "mle"] | float | None = None
    covariance: Literal["model", "robust"] = "model"
    information: Literal["expected", "observed"] = "expected"
    fit_by: Literal["rows", "patterns"] = "rows"
    alpha: Literal["estimated"] | float = "estimated"
    tests: TestSpec = TestSpec()
    marginal_means: tuple[str, ...] = ()
    subsets: tuple[Literal["pooled"] | SubsetBy, ...] = ("pooled",)
    max_iterations: int = 100

    @model_validator(mode="before")
    @classmethod
    def _refuse_what_is_not_done(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            # Pydantic reports a ValueError only.
            raise ValueError(  # noqa: TRY004
                "a model is a mapping of keys such as name, response and distribution"
            )
        for key in _NOT_DONE_KEYS:
            if value.get(key):
                raise ValueError(f"'{key}' is not supported by this engine; remove it from the model")
        for key, names in _NOT_DONE.items():
            if isinstance(value.get(key), str) and value[key] in names:
                raise ValueError(f"{names[value[key]]} '{value[key]}' is not supported by this engine")
        return {key: item for key, item in value.items() if key not in _NOT_DONE_KEYS}

    @field_validator("response", mode="before")
    @classmethod
    def _response_from_name(cls, value: Any) -> Any:
        return {"name": value, "column": value} if isinstance(value, str) else value

    @field_validator("factors", mode="before")
    @classmethod
    def _factors_from_names(cls, value: Any) -> Any:
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise ValueError(  # noqa: TRY004
                "factors is a list of column names or {name, column, label} mappings"
            )
        return [{"name": item, "column": item} if isinstance(item, str) else item for item in value]

    @field_validator("covariance", mode="before")
    @classmethod
    def _hc0_is_robust(cls, value: Any) -> Any:
        return "robust" if value == "HC0" else value

    @model_validator(mode="after")
    def _check_combination(self) -> Self:
        names = [factor.name for factor in self.factors] + list(self.covariates)
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"predictor {', '.join(twice)} is listed twice")
        if self.link is not None and self.link not in LINKS[self.distribution]:
            allowed = ", ".join(LINKS[self.distribution])
            raise ValueError(f"link {self.link} does not go with {self.distribution}; use one of {allowed}")
        self._check_names(set(names))
        self._check_response()
        self._check_numbers()
        return self

    def _check_names(self, predictors: set[str]) -> None:
        factors = {factor.name for factor in self.factors}
        unknown = sorted(set(self.marginal_means) - factors)
        if unknown:
            raise ValueError(f"marginal_means names {', '.join(unknown)}, not among the factors")
        if isinstance(self.reference, dict) and not set(self.reference) <= factors:
            unknown = sorted(set(self.reference) - factors)
            raise ValueError(f"reference names {', '.join(unknown)}, not among the factors")
        if not self.subsets:
            raise ValueError("subsets is empty; leave it out for one pooled model")
        if self.response.name in predictors:
            raise ValueError(f"{self.response.name} is both response and predictor")

    def _check_response(self) -> None:
        if self.distribution != "binomial" and (self.response.events or self.response.event is not None):
            raise ValueError("events, trials and event belong to a binomial response")
        if self.distribution not in ("ordinal", "binomial") and self.response.label is not None:
            raise ValueError(f"a {self.distribution} response is a number and has no label column")
        if "alpha" in self.model_fields_set and self.distribution != "negative_binomial":
            raise ValueError("alpha belongs to the negative binomial distribution")

    def _check_numbers(self) -> None:
        if isinstance(self.alpha, float) and not (math.isfinite(self.alpha) and self.alpha >= 0):
            raise ValueError("alpha is 'estimated' or a number that is not negative")
        if isinstance(self.scale, float) and not (math.isfinite(self.scale) and self.scale > 0):
            raise ValueError("scale is pearson, deviance or a positive number")
        if self.scale == "mle" and self.distribution != "gaussian":
            raise ValueError("scale mle belongs to the gaussian distribution; use 1, pearson or deviance")
        if self.max_iterations < 1:
            raise ValueError("max_iterations is at least 1")

    @property
    def link_name(self) -> str:
        """The link, given or the distribution's default."""
        return self.link or LINKS[self.distribution][0]

    @property
    def scale_method(self) -> str | float:
        """The scale, given or the distribution's default."""
        if self.scale is not None:
            return self.scale
        return "mle" if self.distribution == "gaussian" else 1.0

    @property
    def estimates_alpha(self) -> bool:
        """Whether the ancillary parameter of a negative binomial model is estimated."""
        return self.distribution == "negative_binomial" and self.alpha == "estimated"


SpecSource = Path | str | Mapping[str, Any] | ModelSpec | Sequence[Any]
"""A YAML file, one specification, or a list of specifications."""


def parse_spec(value: Mapping[str, Any], source: str = "model") -> ModelSpec:
    """Check one specification.

    Raises:
        SpecificationError: names the model, the key and what is wrong with it.
    """
    try:
        return ModelSpec.model_validate(value)
    except ValidationError as error:
        name = value.get("name", "without a name") if isinstance(value, Mapping) else "without a name"
        raise SpecificationError(f"{source}, model {name}: {_describe(error)}.") from None


def load_specs(source: SpecSource) -> list[ModelSpec]:
    """Specifications from a YAML file (one model, or a `models:` list), a mapping, or a list of either.

    Raises:
        SpecificationError: the file cannot be read, is no YAML, or a model in it is wrong.
    """
    if isinstance(source, ModelSpec):
        return [source]
    where = str(source) if isinstance(source, Path | str) else "specification"
    content = _read_yaml(Path(source)) if isinstance(source, Path | str) else source
    if isinstance(content, Mapping) and "models" in content:
        unknown = sorted(set(content) - {"models"})
        if unknown:
            raise SpecificationError(f"{where}: unknown key {', '.join(unknown)} beside 'models'.")
        content = content["models"]
    entries = [content] if isinstance(content, Mapping) else content
    if not isinstance(entries, Sequence) or isinstance(entries, str) or not entries:
        raise SpecificationError(f"{where}: expected a model, or a list of them under 'models'.")
    specs = [item if isinstance(item, ModelSpec) else parse_spec(item, where) for item in entries]
    names = [spec.name for spec in specs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SpecificationError(f"{where}: model {', '.join(twice)} is defined twice; names must differ.")
    return specs


def _read_yaml(path: Path) -> Any:
    try:
        return parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecificationError(f"{path}: cannot be read ({error.strerror}).") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        text = " ".join(str(error).split())
        raise SpecificationError(f"{path}: is not valid YAML ({text}).") from None


def _describe(error: ValidationError) -> str:
    problems = []
    for item in error.errors():
        place = ".".join(str(part) for part in item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            message = "is not a key of a model"
        problems.append(f"{place}: {message}" if place else message)
    return "; ".join(dict.fromkeys(problems))
