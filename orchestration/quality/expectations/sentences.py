"""The wording of expectations and of what was found, for a reader who does not know the library.

Imports Great Expectations: import this module only where suites are run.
"""

from __future__ import annotations

import re
from string import Template
from typing import Any

import great_expectations.expectations as gxe
from great_expectations.expectations.registry import get_renderer_impl
from great_expectations.render import LegacyRendererType

from orchestration.quality.expectations.suite_files import Condition

# Longer sets are cut in a sentence; the pages show them whole.
SHOWN_SET_VALUES = 6
_SET = re.compile(r"\$v__\d+(?:,? ?\$v__\d+)*")
_CONDITION = re.compile(r"^If \$condition_content, then ")
_REWORDED = (
    (
        "greater than or equal to $min_value and less than or equal to $max_value",
        "from $min_value to $max_value",
    ),
    ("greater than or equal to $min_value rows", "at least $min_value rows"),
    ("$column values", "values of $column"),
    ("$column distinct values", "distinct values of $column"),
)


def state_expectation(expectation: gxe.Expectation, where: Condition) -> str:
    """Return the expectation as one sentence, such as 'Where unit is text, values of value must be null.'"""
    statement = _render(expectation).strip().rstrip(".")
    if where:
        return f"Where {state_condition(where)}, {statement[0].lower()}{statement[1:]}."
    return f"{statement[0].upper()}{statement[1:]}."


def has_wording(expectation: gxe.Expectation) -> bool:
    """Whether the library has a sentence for an expectation, and not only its call."""
    inherited = vars(gxe.Expectation)["_prescriptive_renderer"].__func__
    return type(expectation)._prescriptive_renderer.__func__ is not inherited


def state_condition(where: Condition) -> str:
    """Return a condition in words: 'unit is persons or percent and value is empty'."""
    parts = []
    for column, wanted in where.items():
        options = wanted if isinstance(wanted, list) else [wanted]
        words = " or ".join("empty" if option is None else as_text(option) for option in options)
        parts.append(f"{column} is {words}")
    return " and ".join(parts)


def state_finding(
    is_success: bool,
    unexpected_count: int | None,
    judged_count: int | None,
    observed: str | None,
    sample: list[str],
    things: str = "values",
) -> str:
    """Return what was found as one sentence; `judged_count` is the number of values that are not null."""
    separator = "; " if any(", " in one for one in sample) else ", "
    example = f", for example {separator.join(sample)}" if sample else ""
    if unexpected_count is None or judged_count is None:
        found = f": observed {observed}" if observed is not None else example.replace(", for example", ":")
        return f"{'Holds' if is_success else 'Does not hold'}{found}."
    if unexpected_count == 0:
        return (
            "Holds: there is no value to judge." if judged_count == 0 else f"Holds for all {judged_count:,} {things}."
        )
    verb = "Holds within its tolerance, though not" if is_success else "Does not hold"
    return f"{verb} for {unexpected_count:,} of {judged_count:,} {things}{example}."


def as_text(value: Any) -> str:
    """Return a value as a reader writes it: whole floats without a point, lists with commas."""
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, list | tuple | set):
        return ", ".join(as_text(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {as_text(item)}" for key, item in value.items())
    return "empty" if value is None else str(value)


def _render(expectation: gxe.Expectation) -> str:
    if not has_wording(expectation):
        return _spell_out(expectation)
    renderer = get_renderer_impl(expectation.expectation_type, LegacyRendererType.PRESCRIPTIVE)
    assert renderer is not None
    blocks: Any = renderer.renderer(
        configuration=expectation.configuration,
        runtime_configuration={"include_column_name": True},
    )
    # Some expectations have a table beside their sentence; some give plain mappings.
    contents = [block if isinstance(block, dict) else block.to_json_dict() for block in blocks]
    templates = [content["string_template"] for content in contents if "string_template" in content]
    return " ".join(_fill_in(template) for template in templates)


def _spell_out(expectation: gxe.Expectation) -> str:
    arguments = {
        key: value
        for key, value in expectation.configuration.kwargs.items()
        if key not in ("batch_id", "row_condition")
    }
    return f"{expectation.expectation_type.replace('_', ' ')} ({as_text(arguments)})"


def _fill_in(string_template: dict[str, Any]) -> str:
    params = dict(string_template["params"])
    template = _CONDITION.sub("", string_template["template"])
    for theirs, ours in _REWORDED:
        template = template.replace(theirs, ours)
    if params.get("min_value") == params.get("max_value"):
        template = template.replace("from $min_value to $max_value", "exactly $min_value")
    members = [value for key, value in params.items() if re.fullmatch(r"v__\d+", key)]
    if members:
        shown = ", ".join(as_text(member) for member in members[:SHOWN_SET_VALUES])
        more = f" and {len(members) - SHOWN_SET_VALUES} more" if len(members) > SHOWN_SET_VALUES else ""
        params["shown_set"] = shown + more
        template = _SET.sub("$shown_set", template)
    text = Template(template).safe_substitute({key: as_text(value) for key, value in params.items()})
    return " ".join(text.split())
