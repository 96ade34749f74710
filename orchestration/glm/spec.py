"""Model specifications: what a YAML file may ask of the engine, and the refusal of what makes no sense."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from orchestration.glm.errors import SpecificationError
from orchestration.yaml_text import parse_yaml

Distribution = Literal[
    "gaussian", "binomial", "poisson", "negative_binomial", "gamma", "inverse_gaussian", "tweedie", "ordinal"
]
Link = Literal["identity", "log", "logit", "probit", "cloglog", "loglog", "cauchit", "inverse", "power"]
SmallSampleFactor = Literal["G/(G-1)", "N/(N-1)", "N/(N-K)", "(N-1)/(N-K)"]

_PROBABILITY_LINKS = ("logit", "probit", "cloglog", "loglog", "cauchit")
_MEAN_LINKS = ("identity", "log", "inverse", "power")

LINKS: Mapping[str, tuple[str, ...]] = {
    "ordinal": _PROBABILITY_LINKS,
    "binomial": (*_PROBABILITY_LINKS, "log", "identity", "power"),
    "poisson": ("log", "identity", "inverse", "power"),
    "negative_binomial": ("log", "identity", "inverse", "power"),
    "gaussian": _MEAN_LINKS,
    "gamma": ("inverse", "log", "identity", "power"),
    "inverse_gaussian": ("power", "inverse", "log", "identity"),
    "tweedie": ("log", "identity", "inverse", "power"),
}
"""Links of each distribution; the first is its default (for the inverse Gaussian the power -2)."""

SCALED_BY_DEFAULT = ("gaussian", "gamma", "inverse_gaussian", "tweedie")
"""Distributions with a scale parameter of their own, estimated unless it is given."""

ML_SCALE = ("gaussian", "gamma", "inverse_gaussian")
"""Distributions whose scale can be estimated by maximum likelihood."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_POWER_LINK = re.compile(r"power\(\s*([-+0-9.eE]+)\s*\)")


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
    higher one. `order` lists the categories of an ordinal response from lowest to highest, as codes or
    labels; by default they follow their codes.
    """

    name: str
    column: str | None = None
    label: str | None = None
    events: str | None = None
    trials: str | None = None
    event: bool | int | float | str | None = None
    order: tuple[bool | int | float | str, ...] | None = None

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
        if self.order is not None and len({str(value) for value in self.order}) < len(self.order):
            raise ValueError("order names a category twice")
        return self


class SubsetBy(_Strict):
    """One extra fit for each combination of levels of these factors (or columns)."""

    by: tuple[str, ...]

    @field_validator("by", mode="before")
    @classmethod
    def _as_sequence(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class TestSpec(_Strict):
    """Which tests of model effects are made: sequential (I) or partial (III), by Wald or likelihood ratio."""

    type: Literal["I", "III", "all"] = "III"
    statistic: Literal["wald", "lr", "both"] = "wald"

    @property
    def kinds(self) -> tuple[tuple[str, str], ...]:
        """Pairs of type and statistic, in the order in which they are printed."""
        types = ("I", "III") if self.type == "all" else (self.type,)
        statistics = ("wald", "lr") if self.statistic == "both" else (self.statistic,)
        return tuple((one, other) for one in types for other in statistics)


class ModelSpec(_Strict):
    """One generalized linear model as SPSS GENLIN would be asked for it.

    Variables: `offset`, `where`, `frequency` and `weight` are SQL expressions of columns. `frequency` counts a
    row that many times; `weight` is a sampling weight, whose covariance is robust. `interactions` lists
    products of factors and covariates of the model.

    Likelihood: `link_power` is the exponent of the power link (also written `link: power(0.5)`), 0 being
    the logarithm; `alpha` the negative binomial's ancillary parameter; `tweedie_power` the exponent of the
    Tweedie variance function. `scale` None is the distribution's own: 1, and for gaussian, gamma and inverse
    Gaussian the maximum likelihood estimate, for Tweedie Pearson's.

    Inference: `information` is the matrix whose inverse is the covariance, expected as SPSS PLUM and `glm.nb`,
    observed as SPSS GENLIN, `polr` and Stata. `covariance` robust (HC0) may be `cluster`ed by a column and
    multiplied by `small_sample` factors of the numbers of clusters G, rows N and parameters K; HC1 stands for
    robust with N/(N-K). `fit_by` says what deviance and Pearson chi-square count, single rows or covariate
    patterns. `intervals` are those of the parameters. `parallel_lines` tests an ordinal model's assumption.
    `marginal_means` lists factors, or products of factors as `a*b` or [a, b]; `contrasts` compares them,
    with p-values adjusted by `adjustment`.
    """

    name: str
    relation: str | None = None
    response: ResponseSpec
    distribution: Distribution
    link: Link | None = None
    link_power: float | None = None
    factors: tuple[VariableSpec, ...] = ()
    covariates: tuple[str, ...] = ()
    interactions: tuple[tuple[str, ...], ...] = ()
    offset: str | None = None
    frequency: str | None = None
    weight: str | None = None
    where: str | None = None
    reference: Literal["last", "first"] | dict[str, bool | int | float | str] = "last"
    scale: Literal["pearson", "deviance", "ml"] | float | None = None
    covariance: Literal["model", "robust"] = "model"
    cluster: str | None = None
    small_sample: tuple[SmallSampleFactor, ...] = ()
    information: Literal["expected", "observed"] = "expected"
    fit_by: Literal["rows", "patterns"] = "rows"
    alpha: Literal["estimated"] | float = "estimated"
    tweedie_power: float | None = None
    tests: TestSpec = TestSpec()
    intervals: Literal["wald", "profile"] = "wald"
    parallel_lines: bool = False
    marginal_means: tuple[str, ...] = ()
    contrasts: Literal["none", "pairwise"] = "none"
    adjustment: Literal["lsd", "bonferroni", "sequential_sidak"] = "lsd"
    subsets: tuple[Literal["pooled"] | SubsetBy, ...] = ("pooled",)
    max_iterations: int = 100

    @model_validator(mode="before")
    @classmethod
    def _expand_short_forms(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            # Pydantic reports a ValueError only.
            raise ValueError(  # noqa: TRY004
                "a model is a mapping of keys such as name, response and distribution"
            )
        return _expand_weight(_expand_covariance(_expand_link(dict(value))))

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

    @field_validator("interactions", mode="before")
    @classmethod
    def _interactions_from_products(cls, value: Any) -> Any:
        items = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        return [item.split("*") if isinstance(item, str) else item for item in items if item is not None]

    @field_validator("interactions", mode="after")
    @classmethod
    def _strip_names(cls, value: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(name.strip() for name in term) for term in value)

    @field_validator("marginal_means", mode="before")
    @classmethod
    def _means_from_lists(cls, value: Any) -> Any:
        if not isinstance(value, Sequence) or isinstance(value, str):
            return value
        items = [item.split("*") if isinstance(item, str) else item for item in value]
        return ["*".join(str(name).strip() for name in item) for item in items]

    @field_validator("scale", mode="before")
    @classmethod
    def _mle_is_ml(cls, value: Any) -> Any:
        return "ml" if value == "mle" else value

    @model_validator(mode="after")
    def _check_combination(self) -> Self:
        names = [factor.name for factor in self.factors] + list(self.covariates)
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"predictor {', '.join(twice)} is listed twice")
        self._check_link()
        self._check_names(set(names))
        self._check_interactions(set(names))
        self._check_response()
        self._check_distribution_keys()
        self._check_numbers()
        self._check_covariance()
        return self

    def _check_link(self) -> None:
        if self.link is not None and self.link not in LINKS[self.distribution]:
            allowed = ", ".join(LINKS[self.distribution])
            raise ValueError(f"link {self.link} does not go with {self.distribution}; use one of {allowed}")
        if self.link_power is not None and self.link != "power":
            raise ValueError("link_power belongs to link: power")
        if self.link == "power" and self.link_power is None:
            raise ValueError("link power needs its exponent: write link: power(0.5), or add link_power")
        if self.link_power is not None and not math.isfinite(self.link_power):
            raise ValueError("link_power is a number")

    def _check_names(self, predictors: set[str]) -> None:
        factors = {factor.name for factor in self.factors}
        unknown = sorted({name for item in self.marginal_means for name in item.split("*")} - factors)
        if unknown:
            raise ValueError(f"marginal_means names {', '.join(unknown)}, not among the factors")
        if self.contrasts != "none" and not self.marginal_means:
            raise ValueError("contrasts compares marginal means; list them under marginal_means")
        if isinstance(self.reference, dict) and not set(self.reference) <= factors:
            unknown = sorted(set(self.reference) - factors)
            raise ValueError(f"reference names {', '.join(unknown)}, not among the factors")
        if not self.subsets:
            raise ValueError("subsets is empty; leave it out for one pooled model")
        if self.response.name in predictors:
            raise ValueError(f"{self.response.name} is both response and predictor")

    def _check_interactions(self, predictors: set[str]) -> None:
        seen = set()
        factors = {factor.name for factor in self.factors}
        for term in self.interactions:
            text = "*".join(term)
            unknown = sorted(set(term) - predictors)
            if unknown:
                raise ValueError(f"interactions: {text} names {', '.join(unknown)}, not a factor or covariate")
            if len(term) < 2:
                raise ValueError(f"interactions: {text} has only one variable; it is in the model already")
            repeated = sorted({name for name in term if term.count(name) > 1} & factors)
            if repeated:
                raise ValueError(f"interactions: {text} multiplies factor {', '.join(repeated)} by itself")
            key = tuple(sorted(term))
            if key in seen:
                raise ValueError(f"interactions: {text} is listed twice")
            seen.add(key)

    def _check_response(self) -> None:
        response = self.response
        if self.distribution != "binomial" and (response.events or response.event is not None):
            raise ValueError("response: events, trials and event belong to a binomial response")
        if self.distribution not in ("ordinal", "binomial") and response.label is not None:
            raise ValueError(f"response: a {self.distribution} response is a number and has no label column")
        if response.order is not None and self.distribution != "ordinal":
            raise ValueError("response: order belongs to an ordinal response")

    def _check_distribution_keys(self) -> None:
        if "alpha" in self.model_fields_set and self.distribution != "negative_binomial":
            raise ValueError("alpha belongs to the negative binomial distribution")
        if self.tweedie_power is not None and self.distribution != "tweedie":
            raise ValueError("tweedie_power belongs to the tweedie distribution")
        if self.distribution == "tweedie" and self.tweedie_power is None:
            raise ValueError("tweedie_power is missing: the exponent of the variance, between 1 and 2")
        if self.tweedie_power is not None and not 1 < self.tweedie_power < 2:
            raise ValueError("tweedie_power lies between 1 and 2 (1 is poisson, 2 is gamma)")
        if self.parallel_lines and self.distribution != "ordinal":
            raise ValueError("parallel_lines belongs to the ordinal distribution")
        if self.intervals == "profile" and self.weight is not None:
            raise ValueError("intervals: profile needs a likelihood, which sampling weights do not give")

    def _check_numbers(self) -> None:
        if isinstance(self.alpha, float) and not (math.isfinite(self.alpha) and self.alpha >= 0):
            raise ValueError("alpha is 'estimated' or a number that is not negative")
        if isinstance(self.scale, float) and not (math.isfinite(self.scale) and self.scale > 0):
            raise ValueError("scale is pearson, deviance or a positive number")
        if self.scale == "ml" and self.distribution not in ML_SCALE:
            raise ValueError(f"scale ml belongs to the {', '.join(ML_SCALE)} distributions; use 1, pearson or deviance")
        if self.max_iterations < 1:
            raise ValueError("max_iterations is at least 1")

    def _check_covariance(self) -> None:
        if self.cluster is not None and self.covariance != "robust":
            raise ValueError("cluster needs covariance: robust")
        if self.small_sample and self.covariance != "robust":
            raise ValueError("small_sample factors belong to covariance: robust")
        if "G/(G-1)" in self.small_sample and self.cluster is None:
            raise ValueError("small_sample G/(G-1) counts clusters; name their column in cluster")
        if self.weight is not None and self.covariance != "robust":
            raise ValueError("weight is a sampling weight and needs covariance: robust")
        if self.weight is not None and self.tests.statistic != "wald":
            raise ValueError("tests: likelihood ratios do not hold with a sampling weight; use statistic: wald")

    @property
    def link_name(self) -> str:
        """The link, given or the distribution's default."""
        return self.link or LINKS[self.distribution][0]

    @property
    def power_of_link(self) -> float | None:
        """Exponent of a power link; None for another one."""
        if self.link_name != "power":
            return None
        return -2.0 if self.link_power is None else self.link_power

    @property
    def scale_method(self) -> str | float:
        """The scale, given or the distribution's default."""
        if self.scale is not None:
            return self.scale
        if self.distribution in ML_SCALE:
            return "ml"
        return "pearson" if self.distribution == "tweedie" else 1.0

    @property
    def covariance_name(self) -> str:
        """The covariance as it is printed, such as `robust, clustered by ship, G/(G-1)`."""
        parts = [self.covariance, *([f"clustered by {self.cluster}"] if self.cluster else []), *self.small_sample]
        return ", ".join(parts)

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the model's effects: factors, covariates, interactions as `a*b`."""
        mains = (*(factor.name for factor in self.factors), *self.covariates)
        return (*mains, *("*".join(term) for term in self.interactions))

    @property
    def estimates_alpha(self) -> bool:
        """Whether the ancillary parameter of a negative binomial model is estimated."""
        return self.distribution == "negative_binomial" and self.alpha == "estimated"


def _expand_link(value: dict[str, Any]) -> dict[str, Any]:
    """`link: power(p)` and `link: {power: p}` as link and link_power."""
    link = value.get("link")
    if isinstance(link, Mapping) and set(link) == {"power"}:
        return {**value, "link": "power", "link_power": link["power"]}
    found = _POWER_LINK.fullmatch(link.strip()) if isinstance(link, str) else None
    return {**value, "link": "power", "link_power": found.group(1)} if found else value


def _expand_covariance(value: dict[str, Any]) -> dict[str, Any]:
    """HC0, HC1 and `covariance: {cluster: column, small_sample: [...]}` as covariance, cluster, small_sample."""
    covariance = value.get("covariance")
    if isinstance(covariance, Mapping):
        unknown = sorted(set(covariance) - {"type", "cluster", "small_sample"})
        if unknown:
            raise ValueError(f"covariance has no key {', '.join(map(str, unknown))}; it has cluster and small_sample")
        rest = {key: item for key, item in covariance.items() if key != "type"}
        value = {**value, **rest, "covariance": covariance.get("type", "robust")}
        covariance = value["covariance"]
    if covariance == "HC1":
        return {**value, "covariance": "robust", "small_sample": ("N/(N-K)",)}
    if covariance in ("HC0", "cluster", "clustered"):
        if covariance != "HC0" and not value.get("cluster"):
            raise ValueError("covariance: a clustered one needs the column of the clusters in cluster")
        value = {**value, "covariance": "robust"}
    if isinstance(value.get("small_sample"), str):
        value = {**value, "small_sample": (value["small_sample"],)}
    return {key: item for key, item in value.items() if not (key == "small_sample" and item is None)}


def _expand_weight(value: dict[str, Any]) -> dict[str, Any]:
    """A sampling weight, and clusters, make the covariance robust unless it is named."""
    if (value.get("weight") or value.get("cluster")) and "covariance" not in value:
        value = {**value, "covariance": "robust"}
    return {key: item for key, item in value.items() if item is not None or key not in ("interactions", "covariates")}


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
        text = path.read_text(encoding="utf-8")
        twice = next(_repeated_keys(yaml.compose(text, Loader=_LOADER)), None)
        if twice is not None:
            place = "" if twice.start_mark is None else f" line {twice.start_mark.line + 1}"
            raise SpecificationError(f"{path}:{place} gives '{twice.value}' a second time; leave one of the two.")
        return parse_yaml(text)
    except OSError as error:
        raise SpecificationError(f"{path}: cannot be read ({error.strerror}).") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        text = " ".join(str(error).split())
        raise SpecificationError(f"{path}: is not valid YAML ({text}).") from None


def _repeated_keys(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    """Keys that a mapping has already; YAML itself lets the last one win."""
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _repeated_keys(child)
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, child in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                yield key
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else None)
            yield from _repeated_keys(child)


def _describe(error: ValidationError) -> str:
    problems = []
    for item in error.errors():
        place = ".".join(str(part) for part in item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            message = "is not a key of a model"
        problems.append(f"{place}: {message}" if place else message)
    return "; ".join(dict.fromkeys(problems))
