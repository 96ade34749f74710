"""Errors of a step keep their words and their exit code on the way through Dagster."""

from __future__ import annotations

import dagster as dg
import pytest

from orchestration.assets import failures_in_words
from orchestration.errors import FrontierError, GateRefusal
from orchestration.refresh import foreseen_error


@pytest.mark.parametrize("error", [FrontierError("The file is cut."), GateRefusal("The gate refused the release.")])
def test_an_error_of_a_step_comes_out_as_it_went_in(error: FrontierError) -> None:
    @dg.op
    def step() -> None:
        with failures_in_words():
            raise error

    @dg.job
    def job() -> None:
        step()

    result = job.execute_in_process(raise_on_error=False)
    [failed] = [event for event in result.all_events if event.is_step_failure]
    failure = failed.step_failure_data.user_failure_data
    assert failure is not None
    raised = foreseen_error(failure)
    assert (type(raised), str(raised), raised.exit_code) == (type(error), str(error), error.exit_code)
