"""The errors that a user of the GLM engine may meet."""

from orchestration.errors import FrontierError


class GlmError(FrontierError):
    """A model cannot be fitted as specified; the message names the model and the remedy."""


class SpecificationError(GlmError):
    """A model specification is wrong, or asks for what the engine does not do."""


class ConvergenceError(GlmError):
    """The iterations ended without a maximum of the likelihood."""
