"""Effects in plain sentences: who has how many times whose odds or rate, and how sure that is."""

from collections.abc import Iterator

from orchestration.glm.results import Coefficient, GlmResult

SYNTHETIC_BANNER = "SYNTHETIC DATA: these answers were made up to test the software. The results are no evidence."
SIGNIFICANCE = 0.05
_RATIOS = {
    ("ordinal", "logit"): "the odds of a higher {response}",
    ("binomial", "logit"): "the odds of {response}",
    ("binomial", "log"): "the probability of {response}",
    ("binomial", "cloglog"): "the hazard of {response}",
}


def describe_effects(result: GlmResult) -> list[str]:
    """A sentence for each significant coefficient whose exponent is a ratio, then one for the other effects.

    Only main effects: the ratio of a level depends on other variables where it takes part in an interaction.
    """
    info = result.info
    name = result.info.event and f"{info.response} = {info.event}" or info.response
    quantity = _RATIOS.get((info.distribution, info.link))
    if quantity is None and info.link == "log":
        quantity = "the mean {response}" if info.offset is None else "the rate of {response}"
    if quantity is None or not result.is_converged:
        return []
    sentences = list(_sentences(result, quantity.format(response=name)))
    if not sentences:
        return []
    return [*([SYNTHETIC_BANNER] if result.is_synthetic else []), *sentences]


def _sentences(result: GlmResult, quantity: str) -> Iterator[str]:
    in_products = {name for effect in result.effects if "*" in effect.effect for name in effect.effect.split("*")}
    references = {row.term: row for row in result.coefficients if row.is_redundant and row.parameter_type == "factor"}
    silent = []
    for effect in result.effects:
        if effect.effect in ("(Intercept)", *in_products) or "*" in effect.effect:
            continue
        if effect.p_value is None or effect.p_value >= SIGNIFICANCE:
            silent.append(effect.effect)
            continue
        for row in result.coefficients:
            if row.term == effect.effect and row.p_value is not None and row.p_value < SIGNIFICANCE:
                yield _sentence(row, references.get(row.term), quantity)
    if silent:
        yield f"No significant effect at 5 %: {', '.join(silent)}."
    if in_products:
        yield f"Depends on other variables (see the interactions): {', '.join(sorted(in_products))}."


def _sentence(row: Coefficient, reference: Coefficient | None, quantity: str) -> str:
    sure = f"(95 % interval {_times(row.exp_ci_low)} to {_times(row.exp_ci_high)}, {_p(row.p_value)})"
    if row.level is None:
        return f"One more unit of {row.term} goes with {_times(row.exp_estimate)} times {quantity} {sure}."
    level = f"{row.term} {row.level_label or row.level}"
    if reference is None:
        return f"{level} has {_times(row.exp_estimate)} times {quantity} {sure}."
    return (
        f"{level} has {_times(row.exp_estimate)} times {quantity} of {reference.level_label or reference.level} {sure}."
    )


def _times(value: float | None) -> str:
    return "?" if value is None else f"{value:.2f}" if 0.01 <= value < 1000 else f"{value:.2g}"


def _p(value: float | None) -> str:
    return "" if value is None else "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
