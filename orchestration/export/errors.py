"""What can go wrong while a release is exported."""

from __future__ import annotations

from orchestration.errors import FrontierError


class ExportError(FrontierError):
    """The release holds something that a format cannot say; nothing was exported."""
