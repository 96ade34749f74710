"""What a reader must know before using the estimates: infinite ones, aliased ones, a boundary."""

from itertools import combinations

import numpy as np
from scipy.special import chdtrc

from orchestration.glm.design import Block, Design
from orchestration.glm.fit import Estimate
from orchestration.glm.fitted import Fitted
from orchestration.glm.parts import MOVING, Movement

_SHOWN = 5
_OVERDISPERSED = 1.2
_SIGNIFICANT = 0.001


def list_warnings(fit: Fitted) -> tuple[str, ...]:
    """Warnings of a fit, the gravest first."""
    design, estimate = fit.design, fit.estimate
    warnings = []
    if estimate.diverging is not None:
        warnings.append(_describe_infinite(design, estimate))
    if estimate.on_boundary:
        warnings.append(
            "There is no overdispersion: the ancillary parameter is estimated as 0, on its boundary, and the "
            "estimates are those of a Poisson model."
        )
    empty = _empty_cells(design)
    if empty:
        warnings.append(
            f"Combinations of levels without cases: {'; '.join(empty)}. Their parameters, and others that "
            f"are redundant without them, are set to 0, and means over them cannot be estimated."
        )
    aliased = _aliased(design)
    if aliased:
        warnings.append(
            f"Besides the reference levels these parameters are redundant, because predictors determine each "
            f"other: {', '.join(aliased)}."
        )
    if _is_overdispersed(fit):
        ratio = fit.discrepancy.pearson / fit.discrepancy.df
        warnings.append(
            f"Overdispersion: Pearson chi-square is {ratio:.2f} times its degrees of freedom, so that the standard "
            f"errors are too small. Use scale: pearson or covariance: robust, or for counts the negative binomial."
        )
    return tuple(warnings)


def _is_overdispersed(fit: Fitted) -> bool:
    """Whether counts vary significantly and noticeably more than a model with scale 1 allows.

    Of single events among single trials nothing can be said.
    """
    spec, found = fit.spec, fit.discrepancy
    is_binary = spec.distribution == "binomial" and spec.response.trials is None and spec.fit_by == "rows"
    if spec.distribution not in ("poisson", "binomial") or is_binary or found.df <= 0:
        return False
    if fit.estimate.diverging is not None or spec.covariance == "robust" or spec.scale_method != 1:
        return False
    return found.pearson / found.df > _OVERDISPERSED and float(chdtrc(found.df, found.pearson)) < _SIGNIFICANT


def _describe_infinite(design: Design, estimate: Estimate) -> str:
    """Name the levels or covariates whose estimates run away.

    A level is named where the linear predictors of all its patterns still move; so a reference level is
    found as well, although its own parameter is fixed at 0.
    """
    assert estimate.diverging is not None
    names = _moving_parameters(design, estimate.diverging)
    if estimate.diverging.is_everywhere:
        kind = "complete separation"
    else:
        kind = "quasi-complete separation, or a level without events"
        levels = [
            f"{block.name}={level}"
            for index, block in enumerate(design.blocks)
            for code, level in enumerate(_named_levels(block))
            if estimate.diverging.columns[int(design.starts[index]) + code]
        ]
        names = levels or names
    return (
        f"Infinite estimates ({kind}): the data fits perfectly along {', '.join(names)}. The estimates there "
        f"are where the iterations stopped; their standard errors and Wald tests mean nothing. Merge the "
        f"level with another, or drop the predictor."
    )


def _moving_parameters(design: Design, movement: Movement) -> list[str]:
    steps = np.abs(movement.parameters)
    largest = steps[1:].max(initial=0.0)
    moving = steps > max(MOVING, 1e-3 * largest)
    return [
        block.name
        for index, block in enumerate(design.blocks)
        if block.kind != "intercept" and moving[design.slice_of(index)].any()
    ]


def _named_levels(block: Block) -> list[str]:
    return [
        level if label is None else f"{level} ({label})"
        for level, label in zip(block.levels, block.labels, strict=True)
    ]


def _aliased(design: Design) -> list[str]:
    """Redundant parameters that are implied neither by reference levels nor by combinations without cases."""
    effects = {(block.factors, block.covariates) for block in design.blocks}
    names = []
    for index, block in enumerate(design.blocks):
        columns = design.slice_of(index)
        if design.empty[columns].any():
            continue
        for offset in range(block.size):
            column = columns.start + offset
            if design.kept[column] or _is_implied(design, block, offset, effects):
                continue
            names.append(f"{block.name}={block.levels[offset]}" if block.levels else block.name)
    return names


def _is_implied(
    design: Design, block: Block, offset: int, effects: set[tuple[tuple[str, ...], tuple[str, ...]]]
) -> bool:
    """Whether a column is redundant because it stands at reference levels.

    Summed over the levels of those factors, the columns give an effect that the model has without them.
    """
    last = {other.name: other.size - 1 for other in design.blocks if other.kind == "factor"}
    if block.kind == "factor":
        at_reference = [block.name] if offset == block.size - 1 else []
    else:
        levels = block.member_levels[offset] if block.member_levels else ()
        pairs = zip(block.members, levels, strict=True)
        at_reference = [name for name, level in pairs if level is not None and level == last[name]]
    return any(
        (tuple(name for name in block.factors if name not in dropped), block.covariates) in effects
        for size in range(1, len(at_reference) + 1)
        for dropped in combinations(at_reference, size)
    )


def _empty_cells(design: Design) -> list[str]:
    """Interactions of which some combinations of levels have no cases."""
    found = []
    for index, block in enumerate(design.blocks):
        empty = np.flatnonzero(design.empty[design.slice_of(index)])
        if block.kind != "interaction" or not len(empty) or block.covariates:
            continue
        shown = ", ".join(block.levels[offset] for offset in empty[:_SHOWN])
        more = f" and {len(empty) - _SHOWN} more" if len(empty) > _SHOWN else ""
        found.append(f"{block.name} ({shown}{more}; {len(empty)} of {block.size})")
    return found
