"""What the property tests of identities share: how a rule is read, and how many pages of figures are tried."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from pydantic import TypeAdapter

from orchestration.quality.identities.rules import Identity

RULE: TypeAdapter[Identity] = TypeAdapter(Identity)
# Each example is a page of many instances, so that few examples try many values; pages are not made smaller.
PAGES = settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
