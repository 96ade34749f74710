"""Parsing YAML, in one way for every declaration: safe, and by the fast loader where it is built in."""

from __future__ import annotations

from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_yaml(text: str) -> Any:
    """The content of a YAML document; `yaml.YAMLError` when it is none."""
    return yaml.load(text, Loader=_LOADER)
