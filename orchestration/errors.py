"""The errors that a user of the product may meet, each with its exit code."""


class FrontierError(Exception):
    """Something failed and nothing was published. The message is one clear paragraph."""

    exit_code = 1


class UsageError(FrontierError):
    """The command was called in a way that it cannot serve."""

    exit_code = 2


class GateRefusal(FrontierError):
    """Everything ran, and the gate refused the candidate: findings, tests or deletions."""

    exit_code = 3
