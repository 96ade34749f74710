"""What a reader must know before using the estimates: infinite ones, aliased ones, a boundary."""

import numpy as np

from orchestration.glm.design import Block, Design
from orchestration.glm.fit import Estimate

_MOVING = 1e-5


def list_warnings(design: Design, estimate: Estimate) -> tuple[str, ...]:
    """Warnings of a fit, the gravest first."""
    warnings = []
    if estimate.diverging is not None:
        warnings.append(_describe_infinite(design, estimate))
    if estimate.on_boundary:
        warnings.append(
            "There is no overdispersion: the ancillary parameter is estimated as 0, on its boundary, and the "
            "estimates are those of a Poisson model."
        )
    aliased = _aliased(design)
    if aliased:
        warnings.append(
            f"Besides the reference levels these parameters are redundant, because predictors determine each "
            f"other: {', '.join(aliased)}."
        )
    return tuple(warnings)


def _describe_infinite(design: Design, estimate: Estimate) -> str:
    """Name the levels or covariates whose estimates run away.

    A level is named where the linear predictors of all its patterns still move; so a reference level is
    found as well, although its own parameter is fixed at 0.
    """
    assert estimate.diverging is not None
    moving = np.abs(estimate.diverging) > _MOVING
    names = _moving_parameters(design, estimate)
    if moving.all():
        kind = "complete separation"
    else:
        kind = "quasi-complete separation, or a level without events"
        levels = [
            f"{block.name}={level}"
            for block in design.blocks
            if block.codes is not None and block.values is None
            for code, level in enumerate(_named_levels(block))
            if moving[block.codes == code].all()
        ]
        names = levels or names
    return (
        f"Infinite estimates ({kind}): the data fits perfectly along {', '.join(names)}. The estimates there "
        f"are where the iterations stopped; their standard errors and Wald tests mean nothing. Merge the "
        f"level with another, or drop the predictor."
    )


def _moving_parameters(design: Design, estimate: Estimate) -> list[str]:
    assert estimate.diverging_parameters is not None
    steps = np.abs(estimate.diverging_parameters)
    largest = steps[1:].max(initial=0.0)
    moving = steps > max(_MOVING, 1e-3 * largest)
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
    """Redundant parameters other than the last of each factor."""
    names = []
    for index, block in enumerate(design.blocks):
        columns = design.slice_of(index)
        redundant = [offset for offset in range(block.size) if not design.kept[columns.start + offset]]
        if block.kind == "factor":
            names += [f"{block.name}={block.levels[offset]}" for offset in redundant if offset < block.size - 1]
        elif redundant:
            names.append(block.name)
    return names
