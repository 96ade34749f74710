"""`frontier serve`: the Dagster UI and its daemon on the loopback interface."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from orchestration.refresh import prepare_dagster_home
from orchestration.workspace import Workspace


def run_server(workspace: Workspace, port: int) -> None:
    """Replace this process by `dagster dev` on the warehouse."""
    home = prepare_dagster_home(workspace)
    os.environ |= {
        "DAGSTER_HOME": str(home),
        "FRONTIER_RAW": str(workspace.raw),
        "FRONTIER_WAREHOUSE": str(workspace.warehouse),
        "FRONTIER_EXPECTATIONS": str(workspace.expectations),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    sys.stdout.write(f"Dagster on http://127.0.0.1:{port} (end with Ctrl-C)\n")
    sys.stdout.flush()
    command = [
        sys.executable, "-m", "dagster", "dev", "-m", "orchestration.definitions", "-h", "127.0.0.1", "-p", str(port),
    ]  # fmt: skip
    os.execv(sys.executable, command)
