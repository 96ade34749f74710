"""`frontier docs`: the documentation of the models and the released tables, as one page."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from orchestration.errors import UsageError
from orchestration.modelling.dbt_runner import write_docs
from orchestration.workspace import Workspace


def run_docs(workspace: Workspace, to: Path | None) -> None:
    """Write the page beside the releases, or where it is asked for, in one step."""
    if not workspace.database.is_file():
        raise UsageError(f"Nothing has been published in {workspace.warehouse} yet: run `frontier refresh`.")
    page = (to or workspace.warehouse / "docs.html").resolve()
    if not page.parent.is_dir():
        raise UsageError(f"The folder {page.parent} does not exist: make it, or name another page with --to.")
    with tempfile.TemporaryDirectory(prefix="frontier-docs-") as folder:
        # dbt opens its database for writing, which the published one is closed to.
        database = Path(folder) / workspace.database.name
        shutil.copyfile(workspace.database, database)
        written = write_docs(database, Path(folder) / "target", workspace.dbt_project)
        unfinished = page.with_name(f".{page.name}.part")
        shutil.copyfile(written, unfinished)
        unfinished.replace(page)
    sys.stdout.write(f"The tables, their columns, tests and lineage are documented in {page}\n")
