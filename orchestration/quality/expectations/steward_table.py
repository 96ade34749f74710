"""The table of expectations on a page: the library's, with the severity and the reason of each entry.

Imports Great Expectations: import this module only where suites are run.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

from great_expectations.render.renderer.content_block import (
    ValidationResultsTableContentBlockRenderer,
)

from orchestration.quality.expectations.expectation_types import ENTRY_META

HEADER = ["Result", "Severity", "Expected", "Found", "Why"]


class StewardTable(ValidationResultsTableContentBlockRenderer):
    """Renders one row per expectation, in the columns of HEADER.

    The library's own way to more columns, `meta_properties_to_render`, fails in 1.24 as an argument
    that no expectation has.
    """

    @classmethod
    def _process_content_block(cls, content_block: Any, has_failed_evr: Any, render_object: Any = None) -> None:
        super()._process_content_block(content_block, has_failed_evr, render_object)
        content_block.header_row = HEADER
        content_block.header_row_options = {}

    @classmethod
    def _get_content_block_fn(cls, expectation_type: str, expectation_config: Any = None) -> Callable[..., Any]:
        render_row = super()._get_content_block_fn(expectation_type, expectation_config)
        assert render_row is not None

        def render_entry(*, result: Any, **options: Any) -> list[Any]:
            [[status, sentence, observed]] = render_row(result=result, **options)
            entry = result.expectation_config.meta["attributes"][ENTRY_META]
            return [
                [
                    status,
                    entry["severity"],
                    sentence,
                    observed,
                    html.escape(entry["why"]),
                ]
            ]

        return render_entry
