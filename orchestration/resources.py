"""Dagster resources: where the warehouse stands. Settings belong here, work does not."""

from pathlib import Path

import dagster as dg

from orchestration.release.candidate import Candidate, candidate_of_run
from orchestration.workspace import Workspace


class WarehouseResource(dg.ConfigurableResource):
    """The folders of the warehouse; the checkout's own where none is set."""

    raw: str = ""
    warehouse: str = ""
    expectations: str = ""

    @property
    def workspace(self) -> Workspace:
        """The folders as the plain packages take them."""
        return Workspace.of(*(Path(one) if one else None for one in (self.raw, self.warehouse, self.expectations)))

    def candidate(self, run: dg.DagsterRun) -> Candidate:
        """The candidate that this run builds; a run that resumes another builds on with its candidate."""
        return candidate_of_run(self.workspace, run.root_run_id or run.run_id)
